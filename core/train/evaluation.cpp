// SPDX-License-Identifier: Apache-2.0
#include "core/train/evaluation.h"

#include "core/train/step_runner.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>

namespace orrery {

double evaluateLoss(nn::Transformer &model, const EvalWindows &windows, int64_t maxTokens, int64_t batchSize,
                    at::ScalarType dtype)
{
    const at::NoGradGuard noGrad;
    int64_t numWindows = windows.numWindows();
    if (maxTokens > 0) numWindows = std::min(numWindows, std::max<int64_t>(1, maxTokens / windows.context));
    Batch batch;
    BatchTensors tensors(model.parameters().front().master.device());
    nn::ForwardContext context;
    context.dtype = dtype;
    double sum = 0;
    int64_t numTargets = 0;
    for (int64_t first = 0; first < numWindows; first += batchSize) {
        windows.fill(first, std::min(batchSize, numWindows - first), batch);
        tensors.load(batch);
        if (tensors.numTargets() == 0) continue;
        const at::Tensor loss = model.loss(tensors.ids_BT, tensors.targets_BT, tensors.mask_BT, context);
        sum += loss.item<double>() * static_cast<double>(tensors.numTargets());
        numTargets += tensors.numTargets();
    }
    return numTargets > 0 ? sum / static_cast<double>(numTargets) : std::numeric_limits<double>::quiet_NaN();
}

} // namespace orrery
