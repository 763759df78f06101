// SPDX-License-Identifier: Apache-2.0
#include "core/train/evaluation.h"

#include "core/train/step_runner.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>

namespace orrery {

namespace {

/// No training reaches this step, so the draws of an evaluation are its own.
constexpr uint64_t kEvaluationStep = std::numeric_limits<uint64_t>::max();

} // namespace

double evaluateLoss(nn::Transformer &model, const EvalWindows &windows, const Objective &objective,
                    const EvaluationSettings &settings)
{
    const at::NoGradGuard noGrad;
    int64_t numWindows = windows.numWindows();
    if (settings.maxTokens > 0)
        numWindows = std::min(numWindows, std::max<int64_t>(1, settings.maxTokens / windows.context));
    Batch text;
    ModelBatch batch;
    BatchTensors tensors(model.parameters().front().master.device());
    nn::ForwardContext context;
    context.dtype = settings.dtype;
    double sum = 0;
    int64_t numTargets = 0;
    for (int64_t first = 0; first < numWindows; first += settings.batchSize) {
        windows.fill(first, std::min(settings.batchSize, numWindows - first), text);
        objective.prepare(
            text,
            {.seed = settings.seed, .step = kEvaluationStep, .firstSample = static_cast<uint32_t>(first)},
            batch);
        tensors.load(batch);
        tensors.describe(context);
        if (tensors.numTargets() == 0) continue;
        const at::Tensor loss = model.loss(tensors.ids_BT, tensors.targets_BT, tensors.mask_BT, context);
        sum += loss.item<double>() * static_cast<double>(tensors.numTargets());
        numTargets += tensors.numTargets();
    }
    return numTargets > 0 ? sum / static_cast<double>(numTargets) : std::numeric_limits<double>::quiet_NaN();
}

} // namespace orrery
