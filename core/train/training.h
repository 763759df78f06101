// SPDX-License-Identifier: Apache-2.0
// Makes the Trainer of a run directory. The caller (a worker) holds run.lock and owns all arguments for the
// trainer's life.
#pragma once

#include "core/engine_api/trainer.h"
#include "core/nn/prepare_plugins.h"
#include "core/store/run_directory.h"
#include "core/train/run_data.h"

#include <functional>
#include <memory>

namespace orrery {

struct TrainingOptions {
    bool startPaused = false;
    nn::PreparePlugins preparePlugins;   ///< loads the plugins that the spec uses; they outlive the trainer
    std::string initWeights;             ///< safetensors to start from (parity runs), own parameter names
    std::string fixedBatches;            ///< int32 file used in order (parity runs)
    std::function<bool()> stopRequested; ///< polled at step boundaries (signals)
    std::function<double()> viewerCpuSeconds; ///< CPU used for viewers so far, for the viewer_percent series
    std::function<WaitCounts()> waits;        ///< of the trainer thread so far, for the status
    std::function<int64_t()> lastFrameId;     ///< of the newest kept frame, for the status; any thread
    std::function<double()> clock; ///< of the probe budget, seconds; empty: the machine's. For tests
    double spaceCheckSeconds = 5; ///< how often a run that waits for room on the disk looks for it, at first
};

struct TrainingStart {
    int64_t step = 0;       ///< finished updates in the checkpoint; 0 for a new run
    int64_t totalSteps = 0; ///< to train to, over all attempts; 0: as in the spec
    int64_t totalStepsBefore = 0; ///< where changeTotalSteps changed it, what it was; 0: as in the spec
    std::string note; ///< "checkpoint 1200 is damaged (model.safetensors: blocks.0…); resumed from 1000", or
                      ///< other CPU
};
/// The newest checkpoint that verifies, and the total that the newest attempt had: as run.db knows it, else
/// as that checkpoint does. @error InvalidInput: made with another spec; Io
Result<TrainingStart> findTrainingStart(const RunDirectory &run);
/// A new total, as asked for with --steps; it is kept for the resumes that follow. @param totalSteps 0:
/// nothing new
/// @error InvalidInput when more steps than that are done, or the last of several texts would not be reached
Result<void> changeTotalSteps(TrainingStart &start, const RunDirectory &run, int64_t totalSteps);

/// Loads the checkpoint of `start` when there is one (state, optimizer, cursor, setting changes), else starts
/// anew. @param attempt number from RunWriter::beginAttempt, which the caller runs with start.step
Result<std::unique_ptr<Trainer>> createTrainer(const RunDirectory &run, const RunData &data,
                                               TrainerObserver &observer, const TrainingStart &start,
                                               int32_t attempt, const TrainingOptions &options);

} // namespace orrery
