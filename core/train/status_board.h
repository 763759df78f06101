// SPDX-License-Identifier: Apache-2.0
// The newest status for everybody who asks. The trainer writes without ever waiting; readers wait for each
// other at most.
#pragma once

#include "core/spec/run_records.h"

#include <array>
#include <atomic>
#include <mutex>

namespace orrery {

class StatusBoard {
public:
    /// Trainer thread only, wait-free.
    void publish(const RunStatus &status);
    /// Any thread.
    [[nodiscard]] RunStatus read() const;

private:
    static constexpr uint8_t kFresh = 4; ///< set in m_middle while nobody has read it

    // Triple buffer: writer and readers own one slot each, the third changes hands by one exchange.
    mutable std::array<RunStatus, 3> m_slots;
    uint8_t m_back = 0;
    mutable std::atomic<uint8_t> m_middle{1};
    mutable std::mutex m_readers; ///< never taken by the trainer
    mutable uint8_t m_front = 2;
};

} // namespace orrery
