// SPDX-License-Identifier: Apache-2.0
// A TCP connection that is made while somebody may cancel it. Private to core/rpc and its tests. Any thread.
#pragma once

#include "core/base/files.h"
#include "core/rpc/remote_target.h"

#include <chrono>
#include <functional>

namespace orrery {

/// Waits for events of poll() in short turns. @return false: the time is over or somebody cancelled
bool waitForSocket(int descriptor, short events, std::chrono::steady_clock::time_point until,
                   const std::function<bool()> &isCancelled);
/// Tries the addresses of a name one after the other; the socket is non-blocking.
/// @error Unavailable (the name is not known, nobody listens, no answer in time), Cancelled
Result<FileDescriptor> connectTcp(const TcpAddress &address, std::chrono::steady_clock::time_point until,
                                  const std::function<bool()> &isCancelled);

} // namespace orrery
