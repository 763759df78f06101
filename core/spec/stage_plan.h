// SPDX-License-Identifier: Apache-2.0
// Which of several data a step learns from. Values; any thread.
#pragma once

#include "core/spec/run_spec.h"

#include <cstdint>

namespace orrery {

/// Stages share the steps that the run was made for equally; what a resume adds belongs to the last one, which ends
/// where the training does.
struct StagePlan {
    int64_t numStages = 1;
    int64_t numSteps = 1; ///< of the frozen spec

    static StagePlan of(const RunSpec &spec)
    {
        return {1 + static_cast<int64_t>(spec.continual.stages.size()),
                spec.schedule.totalSteps > 0 ? spec.schedule.totalSteps : spec.train.steps};
    }
    /// Finished updates with which a stage (from 0) ends.
    [[nodiscard]] int64_t end(int64_t stage) const { return numSteps * (stage + 1) / numStages; }
    [[nodiscard]] int64_t begin(int64_t stage) const { return stage == 0 ? 0 : end(stage - 1); }
    /// A training that ends here, or before, never sees its last text.
    [[nodiscard]] int64_t lastBegin() const { return begin(numStages - 1); }
    /// Of the update that follows `step` finished ones.
    [[nodiscard]] int64_t stageAt(int64_t step) const
    {
        int64_t stage = 0;
        while (stage + 1 < numStages && step >= end(stage)) ++stage;
        return stage;
    }
    /// Stages that have ended when `step` updates are finished.
    [[nodiscard]] int64_t numEnded(int64_t step) const
    {
        int64_t number = 0;
        while (number < numStages && step >= end(number)) ++number;
        return number;
    }
    [[nodiscard]] bool isEnd(int64_t step) const { return step > 0 && numEnded(step) > numEnded(step - 1); }
};

} // namespace orrery
