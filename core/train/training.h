// SPDX-License-Identifier: Apache-2.0
// Makes the Trainer of a run directory. The caller (a worker) holds run.lock and owns all arguments for the
// trainer's life.
#pragma once

#include "core/data/batch_sampler.h"
#include "core/engine_api/trainer.h"
#include "core/store/run_directory.h"

#include <functional>
#include <memory>

namespace orrery {

struct TrainingOptions {
    int64_t stepsOverride = 0; ///< --steps of a resume: new total, 0 keeps the spec's
    bool startPaused = false;
    std::string initWeights;             ///< safetensors to start from (parity runs), own parameter names
    std::string fixedBatches;            ///< int32 file used in order (parity runs)
    std::function<bool()> stopRequested; ///< polled at step boundaries (signals)
    std::function<double()> viewerCpuSeconds; ///< CPU used for viewers so far, for the viewer_percent series
    std::function<WaitCounts()> waits;        ///< of the trainer thread so far, for the status
};

/// Loads the newest verifying checkpoint when there is one (state, optimizer, cursor, setting changes), else
/// starts anew. attempt: number from RunWriter::beginAttempt, which the caller runs with resumeStep().
struct TrainingStart {
    int64_t step = 0; ///< finished updates in the checkpoint; 0 for a new run
    std::string note; ///< "checkpoint 1200 is damaged (model.safetensors: blocks.0…); resumed from 1000", or
                      ///< other CPU
};
Result<TrainingStart> findTrainingStart(const RunDirectory &run);

Result<std::unique_ptr<Trainer>> createTrainer(const RunDirectory &run, const TokenShards &shards,
                                               TrainerObserver &observer, const TrainingStart &start,
                                               int32_t attempt, const TrainingOptions &options);

} // namespace orrery
