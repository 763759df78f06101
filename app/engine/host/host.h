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

struct HostOptions {
    std::filesystem::path home; ///< empty: userDataDir()
    std::string socketPath;     ///< empty: runtimeDir()/host.sock; its lock stands beside it (.lock)
    double idleExitSeconds =
        0; ///< ends after this long without a client, a call or a worker of its own; 0: never
    std::function<bool()> stopRequested; ///< polled 10 times a second (signals)
    std::function<void()> onListening;   ///< called once when clients can connect
};

/// Serves until stopRequested, idle, or replaced by another build. Workers of runs are left alive; workers
/// that serve models end with the host.
/// @error Conflict (another host: names its pid), Io, InvalidInput (socket path above 107 bytes)
Result<void> runHost(const HostOptions &options);

} // namespace orrery
