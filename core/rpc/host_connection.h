// SPDX-License-Identifier: Apache-2.0
// How a command line or a window comes to its host: connect to the user's host on this machine, or start one; or
// connect to one of another machine.
// Any thread.
#pragma once

#include "core/rpc/client.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

/// runtimeDir()/host.sock. @error as runtimeDir()
Result<std::string> hostSocketPath();

struct HostConnectOptions {
    std::string socketPath;              ///< empty: hostSocketPath()
    std::filesystem::path engineProgram; ///< orrery-engine; empty: beside the running program
    std::vector<std::string> arguments;  ///< empty: see hostArguments()
    std::chrono::milliseconds wait = std::chrono::seconds(5);
    CancelToken token; ///< as in EngineClient::connect; also ends the wait for a host that was started
    RemoteTarget remote; ///< with an address: this host, and nothing is started
    bool mayStart = true; ///< where nobody listens; false for a socket that ssh forwards
};

/// What the engine is started with: `host --background`, and `--socket` where it is not to listen at the
/// usual place.
std::vector<std::string> hostArguments(const HostConnectOptions &options);

struct HostConnection {
    EngineClient client;
    HostDescription host;
    std::string note; ///< that this is not the host one would start now, and why it was left; empty: it is
};

/// @error Unavailable when no host listens
Result<EngineClient> connectToHost(const std::string &socketPath = {});
/// Connects; when nobody listens starts the engine in a session of its own (no terminal, all descriptors
/// closed, output to host.out beside the socket) and waits until it listens. Two callers at once end up with
/// one host. A host that was started from this engine's file before that was updated, or from a file that is
/// gone, is asked to retire, and a new one takes its place; where it refuses, belongs to another
/// installation, or answers from another machine (a forwarded socket), it stays and the note says so.
/// One that is there and does not answer is waited for, and nothing is started beside it (silent_host.h).
/// A remote host is only connected to. Either is asked for its protocol.
/// @error Unavailable (it did not come up: the hint holds its last words; or it is silent), NotFound (no engine program),
/// Cancelled, Conflict (another protocol, another certificate), Io (the token is refused)
Result<HostConnection> connectOrStartHost(const HostConnectOptions &options = {});
/// Whether that process of this machine is who listens at the socket; behind a forwarded one it is not.
bool isListening(int64_t pid, const HostConnectOptions &options);
/// How a host differs from the one that `engineProgram` would be now: a sentence, empty when it does not.
std::string hostDifference(const HostDescription &host, const std::filesystem::path &engineProgram);

} // namespace orrery
