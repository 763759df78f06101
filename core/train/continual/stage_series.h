// SPDX-License-Identifier: Apache-2.0
// Series of runs on several data in turn. All but the first have a point where a stage ends. Any thread.
#pragma once

#include <cstddef>
#include <string>

namespace orrery::series {

inline constexpr const char *kStage = "stage"; ///< that is learned, from 1
inline constexpr const char *kForgetting = "forgetting";
inline constexpr const char *kBackwardTransfer = "backward_transfer";
inline constexpr const char *kStageLossPrefix = "stage_loss/";
/// Loss of a stage's validation text at the ends of all stages: a column of the R-matrix.
inline std::string stageLoss(size_t stage) { return kStageLossPrefix + std::to_string(stage); }
/// The same at every evaluation.
inline std::string stageValLoss(size_t stage) { return "val_loss/stage" + std::to_string(stage); }

} // namespace orrery::series
