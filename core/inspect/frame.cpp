// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/inspect_checks.h"
#include "core/inspect/inspect_pass.h"
#include "core/inspect/modality_flows.h"
#include "core/inspect/next_token.h"
#include "core/nn/torch_guard.h"

#include <c10/core/InferenceMode.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

/// The byte whose weight (frameWeight) has the nearest root.
uint8_t frameByte(float weight)
{
    return static_cast<uint8_t>(
        std::lround(255.0 * std::sqrt(std::clamp(static_cast<double>(weight), 0.0, 1.0))));
}

void append(std::vector<uint8_t> &bytes, const std::vector<float> &weights)
{
    std::transform(weights.begin(), weights.end(), std::back_inserter(bytes), frameByte);
}

} // namespace

Result<AttentionFrame> lookForFrame(nn::Transformer &model, const Tokenizer &tokenizer,
                                    const InspectInput &input, const std::vector<HeadRef> &heads,
                                    int64_t edge, at::ScalarType dtype)
{
    ORRERY_TRY(checkInput(model, input));
    ORRERY_TRY(checkHeads(model.spec(), heads, "head"));
    ORRERY_TRY(checkSize("edge", edge, 1, kMaxMapEdge));
    return nn::guardTorch("look inside the model", [&]() -> Result<AttentionFrame> {
        const int64_t numTokens = std::ssize(input.ids);
        const InspectPass pass(model, input, dtype, {});
        const c10::InferenceMode inference(pass.leavesNothing()); // false would allow gradients
        const at::NoGradGuard noGradients;
        WatchPlan plan = pass.plan();
        plan.whole = {heads.empty() ? allHeads(model.spec()) : heads,
                      shapeOf(0, numTokens, 0, numTokens, edge)};
        HostCopies copies;
        AttentionWatch watch(plan, copies);
        const at::Tensor hidden_BTC = pass.run(watch);
        const std::vector<at::Tensor> surprise = pass.surprise(hidden_BTC, copies);
        const at::Tensor logits_V = copies.begin(pass.logitsAt(hidden_BTC, numTokens - 1));
        copies.wait();
        AttentionFrame frame;
        frame.tokens = input.tokens;
        frame.heads = plan.whole.heads;
        frame.tokensPerCell = plan.whole.shape.rowsPerCell;
        frame.summaries = watch.summaries();
        frame.flows = watch.flows();
        addCrossModalWeights(model, frame.flows);
        noteSurprise(surprise, watch.isSeenBefore(), frame.tokens);
        for (const AttentionMap &map : watch.wholeMaps()) {
            append(frame.mean, map.mean);
            append(frame.maximum, map.maximum);
        }
        ORRERY_ASSIGN(const NextToken next, NextToken::create(logits_V));
        frame.candidates = next.likeliest(SamplingSettings{}.numAlternatives, tokenizer);
        return frame;
    });
}

} // namespace orrery
