// SPDX-License-Identifier: Apache-2.0
// The host: one per user and machine. Lists runs, starts workers, answers queries from the run stores,
// forwards the rest to the right worker. Holds nothing that is not on disk: kill it, start another, and that
// one knows the same.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <functional>
#include <string>

namespace orrery {

/// Where other machines may come in.
struct HostListen {
    std::string address;                 ///< HOST:PORT; empty: nobody
    std::filesystem::path certificate;   ///< PEM files; both empty: remote/host.crt and host.key, made when missing
    std::filesystem::path key;
    bool isPlain = false; ///< no TLS: loopback only
};

struct HostOptions {
    std::filesystem::path home; ///< empty: userDataDir()
    std::string socketPath;     ///< empty: runtimeDir()/host.sock; its lock stands beside it (.lock)
    double idleExitSeconds =
        0; ///< ends after this long without a client, a call or a worker of its own; 0: never
    std::function<bool()> stopRequested; ///< polled 10 times a second (signals)
    std::function<void()> onListening;   ///< called once when clients can connect
    HostListen listen;
    /// Called once after that when the port is open: its number, and the certificate's fingerprint (empty: plain).
    std::function<void(uint16_t port, const std::string &fingerprint)> onPort;
};

/// Where a host of this home keeps what lets other machines in: tokens.json, host.crt, host.key. Mode 0700.
std::filesystem::path hostRemoteFolder(const std::filesystem::path &home);

/// Serves until stopRequested, idle, or replaced by another build. Workers of runs are left alive; workers
/// that serve models end with the host.
/// One that is to listen takes the place of an idle one of the same home that does not (trainings go on).
/// @error Conflict (another host: names its pid and what it does), Io, InvalidInput (socket path above 107 bytes; an address that others
/// reach without TLS or without a token)
Result<void> runHost(const HostOptions &options);

} // namespace orrery
