// SPDX-License-Identifier: Apache-2.0
// How much a strategy of several texts in turn does beside its updates: core/train/continual goes by these numbers, and
// so does the estimate of its time. Any thread.
#pragma once

#include <cstdint>

namespace orrery {

inline constexpr int64_t kFisherWindows = 64; ///< of a stage; ewc goes forward and back through each by itself
/// Of a stage, whose use of slots sparse_memory counts, at most; forward and back, each by itself. Few would leave the
/// slots of most of what the stage taught without a trace, open to what comes next.
inline constexpr int64_t kCountedWindows = 1024;
inline constexpr double kDreamShare = 0.5;    ///< of what rehearsal replays: texts that the model made up
inline constexpr int64_t kMaxDreams = 8192;   ///< of an earlier stage at one stage's end; a longer one meets them again
inline constexpr int64_t kDreamsAtOnce = 256; ///< that are made up side by side, at most

} // namespace orrery
