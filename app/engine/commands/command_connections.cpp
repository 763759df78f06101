// SPDX-License-Identifier: Apache-2.0
// connections: the hosts of other machines that this user knows, by name. The window keeps the same list.
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"

#include "core/base/text.h"
#include "core/rpc/tls_identity.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <iostream>
#include <termios.h>
#include <unistd.h>

namespace orrery::cli {

namespace {

struct AddArguments {
    Connection connection;
    bool isReplacing = false;
};

/// What is typed is not shown.
class SilentTerminal {
public:
    SilentTerminal()
    {
        m_isTerminal = ::tcgetattr(STDIN_FILENO, &m_before) == 0;
        termios silent = m_before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        if (m_isTerminal) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    ~SilentTerminal()
    {
        if (m_isTerminal) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &m_before);
    }
    SilentTerminal(const SilentTerminal &) = delete;
    SilentTerminal &operator=(const SilentTerminal &) = delete;

private:
    termios m_before{};
    bool m_isTerminal = false;
};

/// From ORRERY_TOKEN, else from the terminal or a pipe: an argument would stand in every list of processes.
std::string readToken(const std::string &name)
{
    if (!tokenOfEnvironment().empty()) return tokenOfEnvironment();
    const bool isTerminal = ::isatty(STDIN_FILENO) != 0;
    if (isTerminal) std::fprintf(stderr, "Token for %s (it is not shown): ", sanitizeUtf8(name).c_str());
    std::string token;
    {
        const SilentTerminal silent;
        std::getline(std::cin, token);
    }
    if (isTerminal) std::fprintf(stderr, "\n");
    while (!token.empty() && (token.back() == '\r' || token.back() == ' ')) token.pop_back();
    return token;
}

nlohmann::json jsonOf(const Connection &connection)
{
    nlohmann::json json = {{"name", connection.name}};
    if (connection.isSocket())
        json["socket"] = connection.socketPath;
    else
        json.update({{"address", connection.address}, {"fingerprint", connection.fingerprint}, {"has_token", !connection.token.empty()}});
    if (!connection.sshTarget.empty()) json["ssh"] = connection.sshTarget;
    return json;
}

int list(const Session &session)
{
    const auto connections = ConnectionBook().list();
    if (!connections) return fail(session, connections.error());
    for (const Connection &connection : *connections) {
        if (session.json)
            printJson(jsonOf(connection));
        else
            std::printf("%-20s %s\n", connection.name.c_str(), (connection.isSocket() ? connection.socketPath : connection.address).c_str());
    }
    if (connections->empty() && !session.json)
        std::printf("No connections yet. Add one: orrery-engine connections add NAME tcp://HOST:PORT\n");
    return kExitOk;
}

/// Without a fingerprint only what the host shows is told: to trust it is a decision, made with the next command.
Result<void> completeFingerprint(Connection &connection)
{
    if (connection.isSocket() || !connection.fingerprint.empty()) return {};
    ORRERY_ASSIGN(const TcpAddress address, parseTcpAddress(connection.address));
    if (address.isPlain) return {};
    ORRERY_ASSIGN(const PeerCertificate peer, fetchPeerCertificate(address, std::chrono::seconds(10)));
    return Error{ErrorCode::Conflict,
                 "Cannot add \"" + connection.name + "\" yet: its certificate has to be compared. It shows " + peer.fingerprint + ".",
                 "Compare it with what the host printed when it started (or orrery-engine host certificate there); when both are the "
                 "same, repeat with: --fingerprint " + peer.fingerprint};
}

int add(const Session &session, AddArguments &arguments)
{
    Connection &connection = arguments.connection;
    if (const auto known = completeFingerprint(connection); !known) return fail(session, known.error());
    if (!connection.isSocket()) connection.token = readToken(connection.name);
    const auto kept = ConnectionBook().put(connection, arguments.isReplacing ? connection.name : "");
    if (!kept) return fail(session, kept.error());
    if (session.json)
        printJson({{"event", "done"}, {"connection", connection.name}});
    else
        std::printf("added %s; try it: orrery-engine connections test %s\n", connection.name.c_str(), connection.name.c_str());
    if (!session.json && connection.isSocket())
        std::printf("its socket comes with: %s\n", sshForwardCommand(connection).c_str());
    return kExitOk;
}

int removeOne(const Session &session, const std::string &name)
{
    const auto removed = ConnectionBook().remove(name);
    if (!removed) return fail(session, removed.error());
    if (session.json)
        printJson({{"event", "done"}, {"removed", name}});
    else
        std::printf("removed %s; its token still works there until it is revoked\n", name.c_str());
    return kExitOk;
}

int test(Session &session, const std::string &name)
{
    session.host = name;
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const auto roundTrip = remote->client.ping();
    if (!roundTrip) return fail(session, roundTrip.error());
    const HostDescription &host = remote->host;
    if (session.json)
        printJson({{"connection", name},
                   {"machine", host.machine},
                   {"version", host.version},
                   {"protocol", std::to_string(host.protocolMajor) + "." + std::to_string(host.protocolMinor)},
                   {"cpu", host.cpuModel},
                   {"cores", host.numCores},
                   {"cuda_devices", host.numCudaDevices},
                   {"round_trip_ms", *roundTrip * 1e3}});
    else
        std::printf("%s answers: %s, %s, %s, %d cores, %d GPUs; a round trip takes %.1f ms\n", name.c_str(),
                    host.machine.c_str(), host.version.c_str(), host.cpuModel.c_str(), host.numCores, host.numCudaDevices,
                    *roundTrip * 1e3);
    return kExitOk;
}

} // namespace

void addConnections(CLI::App &app, Session &session)
{
    static AddArguments added;
    static std::string name;
    auto *command = app.add_subcommand("connections", "Hosts of other machines that --host and the window know by name");
    command->require_subcommand(1);
    finish(command->add_subcommand("list", "Names and addresses; tokens are not shown"), session, [&session] { return list(session); });
    auto *addCommand = command->add_subcommand("add", "Remember a host; its token is read from ORRERY_TOKEN or the terminal");
    addCommand->add_option("name", added.connection.name, "What it shall be called")->required();
    auto *address = addCommand->add_option("address", added.connection.address, "tcp://HOST:PORT, or plain://127.0.0.1:PORT for a forwarded port");
    addCommand->add_option("--fingerprint", added.connection.fingerprint, "Of its certificate, as the host prints it");
    addCommand->add_option("--socket", added.connection.socketPath, "Instead of an address: a socket that ssh forwards")->excludes(address);
    addCommand->add_option("--ssh", added.connection.sshTarget, "USER@MACHINE that ssh forwards it from");
    addCommand->add_flag("--replace", added.isReplacing, "In place of the one of that name");
    finish(addCommand, session, [&session] { return add(session, added); });
    auto *removeCommand = command->add_subcommand("remove", "Forget a host and its token");
    removeCommand->add_option("name", name, "Its name")->required();
    finish(removeCommand, session, [&session] { return removeOne(session, name); });
    auto *testCommand = command->add_subcommand("test", "Connect, and say what answers and how long a round trip takes");
    testCommand->add_option("name", name, "Its name, or tcp://HOST:PORT")->required();
    finish(testCommand, session, [&session] { return test(session, name); });
}

} // namespace orrery::cli
