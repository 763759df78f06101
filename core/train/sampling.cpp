// SPDX-License-Identifier: Apache-2.0
#include "core/train/sampling.h"

#include "core/base/counter_rng.h"
#include "core/nn/modality_input.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace orrery {
namespace {

/// Inverse cumulative over softmax(logits / temperature). Logits that are not numbers count as impossible.
int32_t drawToken(const float *logits, int64_t count, double uniform)
{
    double largest = -INFINITY;
    for (int64_t i = 0; i < count; ++i)
        if (logits[i] > largest) largest = logits[i];
    std::vector<double> weights(static_cast<size_t>(count));
    double total = 0;
    for (int64_t i = 0; i < count; ++i) {
        const double weight = std::exp((logits[i] - largest) / kSampleTemperature);
        weights[static_cast<size_t>(i)] = std::isfinite(weight) ? weight : 0.0;
        total += weights[static_cast<size_t>(i)];
    }
    double left = uniform * total;
    for (int64_t i = 0; i < count; ++i)
        if ((left -= weights[static_cast<size_t>(i)]) < 0) return static_cast<int32_t>(i);
    return static_cast<int32_t>(std::max_element(weights.begin(), weights.end()) - weights.begin());
}

at::Tensor lastLogits(nn::Transformer &model, const std::vector<int32_t> &ids, size_t begin,
                      const nn::ForwardContext &context)
{
    const std::vector<int64_t> wide(ids.begin() + static_cast<int64_t>(begin), ids.end());
    const at::Tensor ids_BT = at::tensor(wide).unsqueeze(0).to(model.parameters().front().master.device());
    return model.logits(ids_BT, context).select(0, 0).select(0, -1).to(at::kCPU, at::kFloat).contiguous();
}

} // namespace

DrawnSample drawSample(nn::Transformer &model, const Tokenizer &tokenizer, const SampleRequest &request)
{
    const at::NoGradGuard noGrad;
    const auto context = static_cast<size_t>(model.spec().context);
    const auto endOfText = tokenizer.specialId(SpecialToken::EndOfText);
    std::vector<int32_t> ids;
    if (!tokenizer.encode(request.prompt, ids).ok()) ids.clear(); // a pattern exploded on it: begins with nothing
    std::optional<nn::ModalityInput> modalities;
    if (request.media) {
        ids = request.media->ids;
        modalities =
            nn::makeModalityInput(request.media->modalities, 1, model.parameters().front().master.device());
    }
    if (ids.empty()) ids.push_back(tokenizer.startId());
    const CounterRng rng({.seed = request.seed,
                          .step = static_cast<uint64_t>(request.step),
                          .sample = request.number,
                          .purpose = RngPurpose::Sampling});
    nn::KvCache cache = model.makeCache(1, model.spec().context);
    nn::ForwardContext forward;
    forward.dtype = request.dtype;
    forward.cache = &cache;
    forward.modalities = modalities ? &*modalities : nullptr;
    size_t numRead = ids.size() > context ? ids.size() - context : 0;
    DrawnSample drawn;
    for (int64_t i = 0; i < request.maxTokens; ++i) {
        if (static_cast<size_t>(cache.length) + ids.size() - numRead > context) {
            if (request.media) break;
            const size_t numKept = std::max<size_t>(1, context / 2);
            // Of the kept tokens the last one has not been read yet.
            cache.restart(static_cast<int64_t>(numKept - (ids.size() - numRead)));
            numRead = ids.size() - numKept;
        }
        const at::Tensor logits_V = lastLogits(model, ids, numRead, forward);
        numRead = ids.size();
        forward.modalities = nullptr;
        const int32_t id = drawToken(logits_V.data_ptr<float>(), logits_V.numel(),
                                     rng.uniformDouble(static_cast<uint64_t>(i)));
        if (id == endOfText) break;
        ids.push_back(id);
        drawn.ids.push_back(id);
        drawn.text += tokenizer.tokenBytes(id);
    }
    return drawn;
}

} // namespace orrery
