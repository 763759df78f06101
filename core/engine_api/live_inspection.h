// SPDX-License-Identifier: Apache-2.0
// A question to a running training, answered at a step boundary by the trainer thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/inspection.h"

#include <atomic>
#include <cstdint>

namespace orrery {

/// Which layer of which pass a look is at: one number, so that nobody sees half of a change. Any thread.
class LookProgress {
public:
    void set(const InspectPassAmount &amount)
    {
        uint64_t packed = 0;
        for (const int64_t part : {amount.layer, amount.layers, amount.pass, amount.passes})
            packed = packed << kBits | (static_cast<uint64_t>(part) & kMask);
        m_packed.store(packed, std::memory_order_relaxed);
    }
    [[nodiscard]] InspectPassAmount get() const
    {
        const uint64_t packed = m_packed.load(std::memory_order_relaxed);
        const auto part = [packed](int number) { return static_cast<int64_t>(packed >> (number * kBits) & kMask); };
        return packed == 0 ? InspectPassAmount{} : InspectPassAmount{part(3), part(2), part(1), part(0)};
    }

private:
    static constexpr int kBits = 16;
    static constexpr uint64_t kMask = (uint64_t{1} << kBits) - 1;
    std::atomic<uint64_t> m_packed{0}; ///< 0: it has not begun
};

/// Shared by who asks and the trainer. The trainer sets the answer once and never waits; who asked waits on isAnswered, or
/// gives up by isCancelled.
struct LiveInspection {
    InspectRequest request;
    std::atomic<bool> isCancelled{false};
    std::atomic<bool> isAnswered{false}; ///< set (release) and notified when the answer is there
    LookProgress progress;               ///< of the trainer, from the step boundary on at which it looks
    Result<InspectReport> answer = InspectReport{};
};

} // namespace orrery
