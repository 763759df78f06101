// SPDX-License-Identifier: Apache-2.0
// One training from taking the run's lock to its last status. Lives on the main thread; the training itself
// has a thread of its own, the only one that calls ATen.
#pragma once

#include "app/worker/display.h"
#include "core/base/result.h"
#include "core/spec/run_records.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace orrery::worker {

struct TrainRequest {
    std::filesystem::path runDirectory;
    int64_t steps = 0; ///< new total; 0: the one the run has
    DisplayMode display = DisplayMode::None;
    std::string socket; ///< empty: a name of our own
    bool startPaused = false;
};

struct TrainOutcome {
    RunStatus status;    ///< as last written
    Result<void> result; ///< Cancelled after a signal
};

/// Runs the training to its end. `display` is told all the while; the caller finishes it afterwards, when the
/// lock is free again. @error Conflict (a live worker owns the run), and all of prepareData, createTrainer
/// and Trainer::run
TrainOutcome trainRun(const TrainRequest &request, Display &display);

} // namespace orrery::worker
