// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T tokens, C width.
#include "core/infer/text_generator.h"
#include "core/spec/objective_mix.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

namespace orrery {

Result<EmbedSummary> embedText(LoadedModel &loaded, const EmbedRequest &request,
                               const std::atomic<bool> &cancel)
{
    const at::NoGradGuard noGradients;
    ORRERY_ASSIGN(const std::vector<int32_t> ids, encodeFor(loaded, request.text, "embed a text with"));
    if (ids.empty())
        return Error{ErrorCode::InvalidInput,
                     "Cannot embed a text with \"" + loaded.info.name +
                         "\": the text is empty, expected one byte or more.",
                     "Give a text, or a file that has one."};
    const ObjectiveShares shares = objectiveShares(loaded.objective);
    nn::ForwardContext context;
    // A model that never saw what stands behind a token can make nothing of it. Prefixes show it; holes are
    // learned from left to right.
    context.maskPolicy = shares.prefix > 0 ? "bidirectional" : "causal";

    std::vector<int64_t> wide(ids.begin(), ids.end());
    const int64_t numTokens = std::ssize(wide), length = loaded.model->spec().context;
    const int64_t numWindows = (numTokens + length - 1) / length;
    at::Tensor sum_C = at::zeros({loaded.model->spec().width}, at::kDouble);
    for (int64_t window = 0; window < numWindows; ++window) {
        if (cancel.load(std::memory_order_relaxed))
            return Error{ErrorCode::Cancelled,
                         "Cannot finish embedding with \"" + loaded.info.name + "\": it was cancelled.", ""};
        const int64_t begin = window * numTokens / numWindows, end = (window + 1) * numTokens / numWindows;
        const at::Tensor ids_BT = at::from_blob(wide.data() + begin, {1, end - begin}, at::kLong)
                                      .to(at::Device(loaded.device), at::kLong, false, true);
        const at::Tensor hidden_BTC = loaded.model->hidden(ids_BT, context);
        sum_C += hidden_BTC.select(0, 0).sum(0).to(at::kCPU, at::kDouble);
    }
    const at::Tensor mean_C = (sum_C / static_cast<double>(numTokens)).to(at::kFloat).contiguous();
    EmbedSummary summary;
    summary.embedding.assign(mean_C.const_data_ptr<float>(), mean_C.const_data_ptr<float>() + mean_C.numel());
    summary.tokens = numTokens;
    summary.mask = context.maskPolicy;
    summary.model = loaded.info.name;
    summary.step = loaded.info.step;
    return summary;
}

} // namespace orrery
