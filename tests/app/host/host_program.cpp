// SPDX-License-Identifier: Apache-2.0
// A host in a process of its own, to be killed: host_program HOME SOCKET [idle seconds].
#include "app/engine/host/host.h"
#include "core/base/exit_code.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

int main(int argc, char **argv)
{
    ::alarm(3600); // none outlives a test that was killed
    if (argc < 3) return orrery::kExitUsage;
    orrery::HostOptions options;
    options.home = argv[1];
    options.socketPath = argv[2];
    if (argc > 3) options.idleExitSeconds = std::atof(argv[3]);
    const auto ended = orrery::runHost(options);
    if (ended.ok()) return orrery::kExitOk;
    std::fprintf(stderr, "%s\n", ended.error().text().c_str());
    return orrery::exitCodeFor(ended.error().code);
}
