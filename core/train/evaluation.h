// SPDX-License-Identifier: Apache-2.0
// Validation loss. Trainer thread only.
#pragma once

#include "core/nn/transformer.h"
#include "core/train/batch_source.h"

#include <functional>
#include <optional>

namespace orrery {

struct EvaluationSettings {
    int64_t maxTokens = 0; ///< at most so many tokens, but one window at least; 0: all
    int64_t batchSize = 1; ///< windows per forward pass
    at::ScalarType dtype = at::kFloat;
    uint64_t seed = 0; ///< of the source's draws, which are the same at every evaluation
    std::span<nn::Probe *const> probes = {}; ///< who is shown the passes
    std::function<void()> beforePass = {};   ///< may be empty, and may take its time
};

/// Mean loss (nats per target) over the first windows of a source, in order.
/// @return nothing when there is no window or no target; NaN is what the model gives
std::optional<double> evaluateLoss(nn::Transformer &model, ValidationSource &source,
                                   const EvaluationSettings &settings);

} // namespace orrery
