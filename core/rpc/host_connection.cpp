// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/host_connection.h"

#include "core/base/child_process.h"
#include "core/base/lock_file.h"
#include "core/base/platform.h"
#include "core/base/program_build.h"
#include "core/base/text.h"
#include "core/rpc/protocol_version.h"
#include "core/rpc/silent_host.h"
#include "core/rpc/unix_server.h"

#include <algorithm>
#include <optional>
#include <thread>

namespace orrery {

namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kLastWordsBytes = 600;
constexpr std::chrono::milliseconds kConnectTimeout = std::chrono::seconds(2);
constexpr std::chrono::milliseconds kLeastWait{1};
constexpr auto kRemoteTimeout = std::chrono::seconds(10);

bool isSameFile(const std::filesystem::path &a, const std::filesystem::path &b)
{
    std::error_code failed;
    return std::filesystem::weakly_canonical(a, failed) == std::filesystem::weakly_canonical(b, failed);
}

/// False also where it cannot be told.
bool isGone(const std::filesystem::path &file)
{
    std::error_code failed;
    return std::filesystem::status(file, failed).type() == std::filesystem::file_type::not_found;
}

Error cancelled(const HostConnectOptions &options)
{
    return {ErrorCode::Cancelled,
            "Cannot connect to a host at \"" + options.socketPath + "\": the attempt was cancelled.",
            "Connect again."};
}

Result<HostConnection> described(EngineClient client)
{
    ORRERY_ASSIGN(HostDescription host, client.host());
    return HostConnection{std::move(client), std::move(host), {}};
}

/// A host that stays whatever it speaks, so it has to be one that we understand.
Result<HostConnection> understood(Result<HostConnection> connection, const std::string &label)
{
    if (!connection.ok()) return connection;
    ORRERY_TRY(checkProtocol(connection->host, label));
    // One of another installation may be of another version, too, which decides what it can do.
    if (const std::string versions = protocolNote(connection->host, label); !versions.empty())
        connection->note = connection->note.empty() ? versions : versions + ' ' + connection->note; // it ends in a command
    return connection;
}

Result<HostConnection> connectRemote(const HostConnectOptions &options)
{
    ORRERY_ASSIGN(EngineClient client, EngineClient::connectRemote(options.remote, kRemoteTimeout, options.token));
    return understood(described(std::move(client)), options.remote.label());
}

/// Makes the place free for a host of this engine's build. @error why the one that is there stays
Result<void> replaceHost(const HostConnection &old, const HostConnectOptions &options)
{
    // Two installations that replaced each other's host would do so for ever.
    const bool isOurs = isSameFile(old.host.program, options.engineProgram) || isGone(old.host.program);
    if (old.host.build.empty() || !isOurs)
        return Error{ErrorCode::Conflict, "It is used as it is.",
                     "To use this program's own, end it first: kill " + std::to_string(old.host.pid)};
    const Result<void> asked = old.client.retire();
    // Another window may have asked before us, and it is going.
    if (!asked.ok() && asked.error().code != ErrorCode::Unavailable) return asked.error();
    for (const auto until = Clock::now() + options.wait; Clock::now() < until;) {
        if (options.token.isCancelled()) return cancelled(options);
        if (probeSocket(options.socketPath) != SocketProbe::Listening) {
            if (!LockFile::isHeld(options.socketPath + ".lock")) return {};
        } else if (const auto client =
                       EngineClient::connect(options.socketPath, kConnectTimeout, options.token);
                   client.ok()) {
            const auto host = client->host();
            if (host.ok() && host->pid != old.host.pid) return {};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return Error{ErrorCode::Unavailable,
                 "It was asked to end and did not within " +
                     formatDuration(std::chrono::duration<double>(options.wait).count()) + ".",
                 "Start this program again."};
}

std::string lastWords(const std::filesystem::path &file)
{
    const Result<std::string> text = readFile(file, 16 << 20);
    if (!text || text->empty()) return "It said nothing; run it in a terminal to see why.";
    const size_t begin = text->size() > kLastWordsBytes ? text->size() - kLastWordsBytes : 0;
    return "It said: " + sanitizeUtf8(text->substr(begin));
}

/// Somebody listens and took no connection: it begins or ends just now, its machine is busy, or it hangs. Nothing is started
/// beside it. @return nothing: it has gone
Result<std::optional<HostConnection>> awaitAnswer(const HostConnectOptions &options)
{
    for (const auto until = Clock::now() + options.wait; Clock::now() < until;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        Result<EngineClient> client =
            EngineClient::connect(options.socketPath, std::clamp(left, kLeastWait, kConnectTimeout), options.token);
        if (client.ok()) {
            ORRERY_ASSIGN(HostConnection connection, described(std::move(*client)));
            return std::optional(std::move(connection));
        }
        if (options.token.isCancelled()) return cancelled(options);
        if (!silentHost(options)) return std::optional<HostConnection>();
    }
    const std::optional<SilentHost> host = silentHost(options);
    if (!host) return std::optional<HostConnection>();
    return Error{ErrorCode::Unavailable,
                 "Cannot connect to the host at \"" + options.socketPath + "\": it is there and does not answer.",
                 silenceHint(*host)};
}

/// Starts a host where nobody listens, and waits until one does.
Result<HostConnection> startHost(const HostConnectOptions &options)
{
    ChildOptions child;
    child.program = options.engineProgram;
    child.arguments = hostArguments(options);
    child.outputFile = std::filesystem::path(options.socketPath).parent_path() / "host.out";
    child.parent = ChildParent::Init;
    ORRERY_TRY(startInNewSession(child));
    // Somebody else may have started one meanwhile: then ours says Conflict and ends, and theirs answers.
    for (const auto until = Clock::now() + options.wait; Clock::now() < until;) {
        if (options.token.isCancelled()) return cancelled(options);
        if (probeSocket(options.socketPath) == SocketProbe::Listening) {
            Result<EngineClient> client =
                EngineClient::connect(options.socketPath, kConnectTimeout, options.token);
            if (client.ok()) return described(std::move(*client));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return Error{ErrorCode::Unavailable,
                 "Cannot connect to a host at \"" + options.socketPath +
                     "\": the one that was started did not listen within " +
                     formatDuration(std::chrono::duration<double>(options.wait).count()) + ".",
                 lastWords(child.outputFile)};
}

} // namespace

Result<std::string> hostSocketPath()
{
    ORRERY_ASSIGN(const std::filesystem::path folder, runtimeDir());
    return (folder / "host.sock").string();
}

std::vector<std::string> hostArguments(const HostConnectOptions &options)
{
    if (!options.arguments.empty()) return options.arguments;
    std::vector<std::string> arguments = {"host", "--background"};
    const Result<std::string> usual = hostSocketPath();
    if (!options.socketPath.empty() && (!usual.ok() || *usual != options.socketPath))
        arguments.insert(arguments.end(), {"--socket", options.socketPath});
    return arguments;
}

bool isListening(int64_t pid, const HostConnectOptions &options)
{
    if (!options.remote.address.empty()) return false;
    const Result<std::string> socket =
        options.socketPath.empty() ? hostSocketPath() : Result<std::string>(options.socketPath);
    return socket.ok() && listeningProcess(*socket) == pid;
}

Result<EngineClient> connectToHost(const std::string &socketPath)
{
    std::string path = socketPath;
    if (path.empty()) {
        ORRERY_ASSIGN(path, hostSocketPath());
    }
    return EngineClient::connect(path);
}

std::string hostDifference(const HostDescription &host, const std::filesystem::path &engineProgram)
{
    const Result<std::string> build = programBuild(engineProgram);
    if (!build.ok() || *build == host.build) return {};
    const std::string who =
        "The engine that answers (" + host.version + ", pid " + std::to_string(host.pid) + ")";
    if (host.build.empty()) return who + " is older than this program.";
    if (isSameFile(host.program, engineProgram)) return who + " was started before this program was updated.";
    if (isGone(host.program)) return who + " was started from \"" + host.program + "\", which is gone.";
    return who + " belongs to another installation, \"" + host.program + "\".";
}

namespace {

Result<HostConnection> connectOrStartLocal(const HostConnectOptions &options)
{
    Result<EngineClient> client = EngineClient::connect(options.socketPath, kConnectTimeout, options.token);
    if (!client.ok() && (client.error().code != ErrorCode::Unavailable || !options.mayStart))
        return std::move(client).error();
    if (!client.ok() && silentHost(options)) {
        ORRERY_ASSIGN(std::optional<HostConnection> late, awaitAnswer(options));
        if (late) return std::move(*late);
    }
    if (client.ok()) {
        ORRERY_ASSIGN(HostConnection connection, described(std::move(*client)));
        connection.note = hostDifference(connection.host, options.engineProgram);
        if (connection.note.empty()) return connection;
        // Behind a forwarded socket somebody else's machine answers: its paths and pids say nothing here, and
        // its host is not ours to end.
        if (listeningProcess(options.socketPath) != connection.host.pid) {
            connection.note =
                "The engine that answers (" + connection.host.version +
                ") runs elsewhere and is of another build than this program. It is used as it is.";
            return connection;
        }
        if (const Result<void> left = replaceHost(connection, options); !left.ok()) {
            connection.note += " " + left.error().text();
            return connection;
        }
        // Another window may have been quicker.
        if (Result<EngineClient> next =
                EngineClient::connect(options.socketPath, kConnectTimeout, options.token);
            next.ok())
            return described(std::move(*next));
    }
    return startHost(options);
}

} // namespace

Result<HostConnection> connectOrStartHost(const HostConnectOptions &given)
{
    if (!given.remote.address.empty()) return connectRemote(given);
    HostConnectOptions options = given;
    if (options.socketPath.empty()) {
        ORRERY_ASSIGN(options.socketPath, hostSocketPath());
    }
    if (options.engineProgram.empty()) options.engineProgram = programDir() / "orrery-engine";
    return understood(connectOrStartLocal(options), options.remote.name.empty() ? options.socketPath : options.remote.name);
}

} // namespace orrery
