// SPDX-License-Identifier: Apache-2.0
// A host of this machine that is there and says nothing: which process it is, what it seems to wait for, and how it is ended
// so that another one can take its place. It is not dead: its lock is held, and nothing is started beside it. Any thread; asks
// the kernel, never the host, but for endSilentHost().
#pragma once

#include "core/rpc/host_connection.h"

#include <optional>

namespace orrery {

enum class SilenceReason : uint8_t { Unknown, Stopped, WaitsForDisk };

struct SilentHost {
    int64_t pid = 0; ///< 0: not known (what waits for it to be accepted fills its queue)
    SilenceReason reason = SilenceReason::Unknown;
    /// It runs as these options would start one, with the same home, so that another one is as good. One of a terminal or a
    /// service (`host --listen`) is not: who started it starts it again.
    bool isReplaceable = false;
};

/// Who listens at the socket of a host of this machine. That it is silent is what the caller has found out.
/// @return nothing: nobody listens there, or the options are not of a host of this machine
std::optional<SilentHost> silentHost(const HostConnectOptions &options);
/// What it seems to wait for, and what helps.
std::string silenceReason(const SilentHost &host);
/// The same, and how it is ended by hand.
std::string silenceHint(const SilentHost &host);
/// Ends one that is replaceable, by SIGKILL: a host holds nothing that is not on disk, and trainings are processes of their
/// own. It is asked once more before. Returns when it has ended. @param options of silentHost()
/// @error Conflict (it answers, another process listens there, or it is not replaceable), Unavailable (it does not end),
/// Cancelled, Io
Result<void> endSilentHost(const SilentHost &host, const HostConnectOptions &options);

} // namespace orrery
