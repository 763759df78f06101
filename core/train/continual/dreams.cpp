// SPDX-License-Identifier: Apache-2.0
#include "core/train/continual/dreams.h"

#include "core/base/counter_rng.h"
#include "core/spec/continual_work.h"

#include <torch/types.h>

#include <algorithm>

namespace orrery {
namespace {

constexpr int64_t kCacheBytes = int64_t{128} << 20; ///< of all texts that are drawn at once

/// Of the model's shape alone, so that a resume draws in the same batches.
int64_t numAtOnce(const ModelSpec &model, int64_t length)
{
    const double bytes = 8.0 * static_cast<double>(length) * static_cast<double>(model.layers) *
                         static_cast<double>(model.width);
    return std::clamp<int64_t>(static_cast<int64_t>(static_cast<double>(kCacheBytes) / bytes), 1, kDreamsAtOnce);
}

/// One token per row from softmax(logits), by inverse cumulative sums.
at::Tensor drawTokens(const at::Tensor &logits_NV, const at::Tensor &uniform_N)
{
    const at::Tensor sums_NV = logits_NV.to(at::kCPU, at::kDouble).softmax(-1).cumsum(-1);
    const at::Tensor goal_N1 = (uniform_N * sums_NV.select(1, -1)).unsqueeze(1);
    return (sums_NV <= goal_N1).sum(-1).clamp_max(logits_NV.size(-1) - 1);
}

} // namespace

std::vector<int32_t> dreamTexts(nn::Transformer &model, const DreamRequest &request)
{
    const at::NoGradGuard noGrad;
    const at::Device device = model.parameters().front().master.device();
    const auto numTexts = std::ssize(request.starts_NP) / request.startLength;
    const at::Tensor starts_NP =
        at::tensor(request.starts_NP, at::kLong).view({numTexts, request.startLength});
    std::vector<at::Tensor> made;
    const int64_t atOnce = numAtOnce(model.spec(), request.length);
    for (int64_t first = 0; first < numTexts; first += atOnce) {
        const int64_t count = std::min(atOnce, numTexts - first);
        std::vector<CounterRng> numbers;
        for (int64_t i = first; i < first + count; ++i)
            numbers.emplace_back(RngKey{.seed = request.seed,
                                        .step = static_cast<uint64_t>(request.stage),
                                        .sample = static_cast<uint32_t>(request.firstNumber + i),
                                        .layer = kDreamStream,
                                        .purpose = RngPurpose::Replay});
        nn::KvCache cache = model.makeCache(count, request.length);
        nn::ForwardContext context;
        context.cache = &cache;
        std::vector<at::Tensor> text = {starts_NP.narrow(0, first, count)};
        for (int64_t length = request.startLength; length < request.length; ++length) {
            if (request.isCancelled && request.isCancelled()) return {};
            const at::Tensor logits_NV = model.logits(text.back().to(device), context).select(1, -1);
            at::Tensor uniform_N = at::empty({count}, at::kDouble);
            for (int64_t i = 0; i < count; ++i)
                uniform_N.data_ptr<double>()[i] =
                    numbers[static_cast<size_t>(i)].uniformDouble(static_cast<uint64_t>(length));
            text.push_back(drawTokens(logits_NV, uniform_N).unsqueeze(1));
        }
        made.push_back(at::cat(text, 1).to(at::kInt));
    }
    const at::Tensor all = at::cat(made).contiguous();
    return {all.data_ptr<int32_t>(), all.data_ptr<int32_t>() + all.numel()};
}

} // namespace orrery
