// SPDX-License-Identifier: Apache-2.0
// A host in a process of its own, to be killed: host_program HOME SOCKET [idle seconds [HOST:PORT to listen on]]. When that is
// open, its port and fingerprint stand on standard output.
#include "app/engine/host/host.h"
#include "core/base/exit_code.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>

int main(int argc, char **argv)
{
    ::alarm(3600); // none outlives a test that was killed
    if (argc < 3) return orrery::kExitUsage;
    orrery::HostOptions options;
    options.home = argv[1];
    options.socketPath = argv[2];
    if (argc > 3) options.idleExitSeconds = std::atof(argv[3]);
    if (argc > 4) options.listen.address = argv[4];
    options.onPort = [](uint16_t port, const std::string &fingerprint) {
        std::printf("%u %s\n", static_cast<unsigned>(port), fingerprint.c_str());
        std::fflush(stdout);
    };
    const auto ended = orrery::runHost(options);
    if (ended.ok()) return orrery::kExitOk;
    std::fprintf(stderr, "%s\n", ended.error().text().c_str());
    return orrery::exitCodeFor(ended.error().code);
}
