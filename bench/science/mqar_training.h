// SPDX-License-Identifier: Apache-2.0
// Trains one model on sequences of MQAR that are never seen twice, and measures it on others. The thread that
// may call torch; the plugins that the spec uses are loaded.
#pragma once

#include "bench/science/mqar_data.h"
#include "core/base/result.h"
#include "core/spec/run_spec.h"

#include <atomic>
#include <functional>
#include <string>

namespace orrery::bench {

/// A stretch of training on one shape.
struct MqarStage {
    MqarShape shape;
    int64_t steps = 0;
    int64_t batch = 64;
};

struct MqarPlan {
    std::vector<MqarStage> stages; ///< easier ones first; the last is what is measured
    double peakRate = 2e-3;        ///< linear over the first 5 % of all steps, then a cosine to 0
    int64_t numMeasured = 1024;    ///< sequences
};

struct MqarOutcome {
    double accuracy = 0;       ///< of the answers, whole sequences at once
    double cachedAccuracy = 0; ///< of a few, in pieces with a cache: what generation does
    double loss = 0;           ///< nats per answer
    uint64_t parameters = 0;
    int64_t steps = 0;
    double seconds = 0; ///< of training
};

/// @param tell "step 300 of 2,000, loss 1.23"; may be empty   @param cancel may be null
/// @error those of building a model; Cancelled
Result<MqarOutcome> trainMqar(const ModelSpec &model, const MqarPlan &plan, uint64_t seed,
                              const std::string &device, const std::function<void(const std::string &)> &tell,
                              const std::atomic<bool> *cancel);

} // namespace orrery::bench
