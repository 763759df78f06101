// SPDX-License-Identifier: Apache-2.0
// SIGINT and SIGTERM as a flag. The first asks the work to stop at its next boundary, the second ends the
// process at once. Made once in main, before any other thread, so that every thread inherits the blocked
// signals.
#pragma once

#include <atomic>
#include <thread>

namespace orrery::worker {

class StopSignals {
public:
    StopSignals();
    /// Set from the first signal on; what long work polls.
    [[nodiscard]] const std::atomic<bool> &flag() const { return m_isRequested; }
    [[nodiscard]] bool isRequested() const { return m_isRequested.load(std::memory_order_relaxed); }

private:
    std::atomic<bool> m_isRequested{false};
};

/// The process's own one.
StopSignals &stopSignals();

} // namespace orrery::worker
