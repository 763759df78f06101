// SPDX-License-Identifier: Apache-2.0
// Axes: T tokens.
#include "bench/science/facts_recall.h"

#include <torch/types.h>

#include <algorithm>

namespace orrery::bench {
namespace {

at::Tensor idsOf(nn::Transformer &model, const std::vector<int32_t> &ids)
{
    return at::tensor(ids, at::kLong).to(model.parameters().front().master.device()).unsqueeze(0);
}

} // namespace

double recallFrom(nn::Transformer &model, const std::vector<FactSentence> &sentences,
                  const RememberedParts &remembered)
{
    const at::NoGradGuard noGrad;
    int64_t right = 0;
    for (const FactSentence &sentence : sentences) {
        std::vector<int32_t> row = {sentence.ids.back()}; // behind another one's end
        row.insert(row.end(), sentence.ids.begin(), sentence.ids.end());
        nn::KvCache cache = model.makeCache(1, std::ssize(row));
        for (auto &[name, part] : cache.parts)
            if (const auto found = remembered.find(name); found != remembered.end()) part = found->second->clone();
        nn::ForwardContext pass;
        pass.cache = &cache;
        const at::Tensor best_T = model.logits(idsOf(model, row), pass)[0].argmax(-1).cpu().contiguous();
        const int64_t *best = best_T.data_ptr<int64_t>();
        const size_t before = sentence.answerAt;
        right += best[before] == sentence.ids[before] && best[before + 1] == sentence.ids[before + 1];
    }
    return static_cast<double>(right) / static_cast<double>(std::max<size_t>(1, sentences.size()));
}

} // namespace orrery::bench
