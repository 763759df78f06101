// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/remote_host.h"

#include "core/base/text.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace orrery::cli {

namespace {

/// "runs copy"
std::string wordsOf(const CLI::App &command)
{
    const CLI::App *parent = command.get_parent();
    return (parent && parent->get_parent() ? wordsOf(*parent) + ' ' : std::string()) + command.get_name();
}

} // namespace

Result<void> refuseThere(const CLI::App &command, const Session &session, const std::vector<std::string> &options, const std::string &hint)
{
    for (const std::string &option : options)
        if (command.count(option) > 0)
            return Error{ErrorCode::InvalidInput,
                         "Cannot do \"" + wordsOf(command) + "\" on \"" + sanitizeUtf8(session.host) + "\" with " + option +
                             ": it is about files of this machine, expected a command without it.",
                         hint};
    return {};
}

void finishHere(CLI::App *command, Session &session, const std::string &nextStep, std::function<int()> action)
{
    command->add_option("--host", session.host)->group(""); // not in --help: it is understood in order to be refused
    finish(command, session, [command, &session, nextStep, action = std::move(action)] {
        // Of a variable CLI11 tells all commands, also those that do not read it.
        const std::string host = sanitizeUtf8(std::exchange(session.host, {}));
        if (command->count("--host") > 0)
            return fail(session, Error{ErrorCode::InvalidInput,
                                       "Cannot do \"" + wordsOf(*command) + "\" on \"" + host +
                                           "\": it works on files of this machine alone, expected no --host.",
                                       nextStep});
        if (!host.empty())
            std::fprintf(stderr, "note: \"%s\" works on this machine, not on \"%s\" (ORRERY_HOST)\n", wordsOf(*command).c_str(), host.c_str());
        return action();
    });
}

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
