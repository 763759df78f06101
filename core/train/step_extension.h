// SPDX-License-Identifier: Apache-2.0
// What a training adds to a plain update: terms of the loss, changes of gradients and of weights. Trainer
// thread only.
#pragma once

#include "core/nn/transformer.h"

namespace orrery {

class BatchTensors;

class StepExtension {
public:
    virtual ~StepExtension() = default;
    /// Loss of the micro-batch that was filled last, a mean over its targets; differentiable.
    virtual at::Tensor loss(nn::Transformer &model, const BatchTensors &batch,
                            const nn::ForwardContext &context) = 0;
    /// The step's gradients are complete, and neither measured nor clipped.
    virtual void changeGradients(nn::Transformer &model) = 0;
    /// The optimiser has moved the masters by update number `step`.
    virtual void afterUpdate(nn::Transformer &model, int64_t step) = 0;
};

} // namespace orrery
