// SPDX-License-Identifier: Apache-2.0
// Trains an arm as a run is trained, in a folder that is gone afterwards. The thread that may call torch.
#pragma once

#include "bench/science/science_task.h"
#include "core/nn/transformer.h"
#include "core/train/run_data.h"

#include <map>
#include <memory>
#include <string>

namespace orrery::bench {

struct TrainedArm {
    std::unique_ptr<nn::Transformer> model; ///< as it is behind the last step
    std::map<std::string, std::map<int64_t, double>> series;
    int64_t steps = 0;
    double seconds = 0; ///< of training, evaluations in between included
};

/// A spec with what all arms have in common: no samples, no checkpoints but the last, threads of the setting.
RunSpec armSpec(const ScienceSetting &setting, uint64_t seed);

/// Loads the spec's plugins, trains to its last step. The plugins stay until the next arm.
/// @error those of createTrainer and Trainer::run; Cancelled
Result<TrainedArm> trainArm(RunSpec spec, const RunData &data, const ScienceSetting &setting);

} // namespace orrery::bench
