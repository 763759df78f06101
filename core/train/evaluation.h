// SPDX-License-Identifier: Apache-2.0
// Validation loss. Trainer thread only.
#pragma once

#include "core/data/batch_sampler.h"
#include "core/nn/transformer.h"

namespace orrery {

/// Mean loss (nats per target) over the first windows of the validation split, in order.
/// @param maxTokens at most so many tokens, but one window at least; 0: all   @param batchSize windows per
/// forward pass
/// @return NaN when there is no window or no target
double evaluateLoss(nn::Transformer &model, const EvalWindows &windows, int64_t maxTokens, int64_t batchSize,
                    at::ScalarType dtype);

} // namespace orrery
