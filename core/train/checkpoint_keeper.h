// SPDX-License-Identifier: Apache-2.0
// Which checkpoints stay: the newest ones and the best one. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace orrery {

/// Steps to delete after `newest` was written and verified: all but the last `keepLast` up to newest and,
/// when it is
/// >= 0, bestStep. Steps after newest come from an older attempt that a resume left behind; they stay until
/// this attempt reaches them.
/// @param steps existing ones, ascending
std::vector<int64_t> checkpointsToDelete(const std::vector<int64_t> &steps, int64_t newest, int64_t keepLast,
                                         int64_t bestStep);

} // namespace orrery
