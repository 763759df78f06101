// SPDX-License-Identifier: Apache-2.0
// state.json of a checkpoint: what a training loop needs besides weights and moments. Everything random is a
// function of the seed and the step, so the generator's state and the data cursor are two numbers. Values;
// any thread.
#pragma once

#include "core/base/result.h"
#include "core/train/live_settings.h"
#include "core/train/run_watch.h"

#include <limits>

namespace orrery {

inline constexpr int kLoopStateVersion = 1;

struct LoopState {
    int64_t step = 0;       ///< finished updates; also the data cursor and the optimiser's count
    int64_t totalSteps = 0; ///< that the attempt trained to; 0 in checkpoints of older programs
    uint64_t seed = 0;
    double elapsedSeconds = 0;                                 ///< of training over all attempts
    double valLoss = std::numeric_limits<double>::quiet_NaN(); ///< newest measurement
    int64_t valStep = -1;
    double bestValLoss = std::numeric_limits<double>::quiet_NaN(); ///< of the best checkpoint
    int64_t bestStep = -1;
    Patience patience;
    std::vector<LoggedChange> changes;
    std::vector<std::string> data; ///< RunData::identities(); empty in checkpoints of older programs
    /// Of a training on several data in turn: the validation loss of each (column) at the end of each (row).
    std::vector<std::vector<double>> stageLosses;
};

std::string loopStateToJson(const LoopState &state);
/// @param origin named in errors   @error InvalidInput: broken, or of a newer version
Result<LoopState> loopStateFromJson(const std::string &text, const std::string &origin);

} // namespace orrery
