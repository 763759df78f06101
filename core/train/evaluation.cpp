// SPDX-License-Identifier: Apache-2.0
#include "core/train/evaluation.h"

#include "core/train/step_runner.h"

#include <torch/types.h>

#include <algorithm>

namespace orrery {

std::optional<double> evaluateLoss(nn::Transformer &model, ValidationSource &source,
                                   const EvaluationSettings &settings)
{
    const at::NoGradGuard noGrad;
    int64_t numWindows = source.numWindows();
    if (settings.maxTokens > 0)
        numWindows = std::min(numWindows, std::max<int64_t>(1, settings.maxTokens / source.context()));
    ModelBatch batch;
    BatchTensors tensors(model.parameters().front().master.device());
    nn::ForwardContext context;
    context.dtype = settings.dtype;
    context.probes = settings.probes;
    double sum = 0;
    int64_t numTargets = 0;
    for (int64_t first = 0; first < numWindows; first += settings.batchSize) {
        if (settings.beforePass) settings.beforePass();
        source.fill(first, std::min(settings.batchSize, numWindows - first), settings.seed, batch);
        tensors.load(batch);
        tensors.describe(context);
        if (tensors.numTargets() == 0) continue;
        const at::Tensor loss = model.loss(tensors.ids_BT, tensors.targets_BT, tensors.mask_BT, context);
        sum += loss.item<double>() * static_cast<double>(tensors.numTargets());
        numTargets += tensors.numTargets();
    }
    if (numTargets == 0) return std::nullopt;
    return sum / static_cast<double>(numTargets);
}

} // namespace orrery
