// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/remote_host.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace orrery::cli {

#ifndef ORRERY_HAS_RPC

void addHostOption(CLI::App *, Session &) {}

#else

void addHostOption(CLI::App *command, Session &session)
{
    command
        ->add_option("--host", session.host,
                     "Host of another machine: the name of a connection, or tcp://HOST:PORT (its token in ORRERY_TOKEN)")
        ->envname("ORRERY_HOST");
}

const std::string &tokenOfEnvironment()
{
    static const std::string token = [] {
        char *value = std::getenv("ORRERY_TOKEN");
        if (!value) return std::string();
        std::string copy = value;
        std::memset(value, 0, copy.size()); // /proc/PID/environ shows this memory
        ::unsetenv("ORRERY_TOKEN");
        return copy;
    }();
    return token;
}

Result<HostConnection> connectToRemote(const Session &session)
{
    ORRERY_ASSIGN(const Connection connection, ConnectionBook().resolve(session.host, tokenOfEnvironment()));
    ORRERY_ASSIGN(HostConnection remote, connectOrStartHost(connectOptionsFor(connection)));
    if (!remote.note.empty()) std::fprintf(stderr, "note: %s\n", remote.note.c_str());
    return remote;
}

#endif

} // namespace orrery::cli
