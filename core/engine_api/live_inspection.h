// SPDX-License-Identifier: Apache-2.0
// A question to a running training, answered at a step boundary by the trainer thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/inspection.h"

#include <atomic>

namespace orrery {

/// Shared by who asks and the trainer. The trainer sets the answer once and never waits; who asked waits on isAnswered, or
/// gives up by isCancelled.
struct LiveInspection {
    InspectRequest request;
    std::atomic<bool> isCancelled{false};
    std::atomic<bool> isAnswered{false}; ///< set (release) and notified when the answer is there
    Result<InspectReport> answer = InspectReport{};
};

} // namespace orrery
