// SPDX-License-Identifier: Apache-2.0
// A home with many finished runs, as somebody has after some weeks: for measuring lists, comparisons and the window. Each run
// is written by the writer that a training has; its numbers follow from its settings, with noise, spikes and seeds. Any thread.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace orrery {

struct ManyRuns {
    int numRuns = 500;
    int numSeries = 20;       ///< of each run; the first ones have the names that a training gives
    int64_t numPoints = 20'000; ///< of each series
};

/// @param home gets them under runs/; those that are there already are kept, so that a second call makes what is missing
/// @param onRun called after each; false ends it  @error InvalidInput (a number out of range), Cancelled, Io
Result<void> makeManyRuns(const std::filesystem::path &home, const ManyRuns &many, const std::function<bool(int numDone)> &onRun = {});

/// Makes them where they are missing, then lists all three times as a host does that starts, and reads all series of 50 as a
/// viewer asks for them. @return JSON with figures, bounds and "passed"
std::string runManyRunsBench(const std::filesystem::path &home, const ManyRuns &many, const std::function<bool(int numDone)> &onRun = {});

} // namespace orrery
