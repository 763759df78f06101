// SPDX-License-Identifier: Apache-2.0
// Axes: T tokens, N slots, C width. A text's gradient is other than 0 in the rows of the values that it read:
// that tells which ones they are without a look into the model's parts.
#include "plugins/memory/engine/consolidation.h"

#include "core/base/assert.h"
#include "core/nn/torch_guard.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace orrery::memory {

namespace {

nn::Parameter *findValues(nn::Transformer &model)
{
    for (nn::Parameter &parameter : model.parameters())
        if (parameter.name.ends_with("memory.semantic.values")) return &parameter;
    return nullptr;
}

Error noSemanticMemory()
{
    return Error{ErrorCode::NotFound, "Cannot consolidate: the model has no semantic memory.",
                 "Train it with plugins.memory.semantic_size above 0."};
}

/// Rows of the table of values.
int64_t numSlotsOf(const nn::Parameter &values) { return values.master.size(0) * values.master.size(1); }

/// Mean loss of a text; its gradient in the values alone. @return [N, C]
std::pair<double, at::Tensor> lossAndGradient(nn::Transformer &model, const nn::Parameter &values,
                                              const std::vector<int32_t> &text)
{
    const int64_t length = std::min<int64_t>(std::ssize(text) - 1, model.spec().context);
    const at::Tensor ids = at::tensor(text, at::kLong).to(values.master.device());
    const at::Tensor loss =
        model.loss(ids.narrow(0, 0, length).unsqueeze(0), ids.narrow(0, 1, length).unsqueeze(0), {}, {});
    const auto gradient = torch::autograd::grad({loss}, {values.master}, {}, false, false, true).front();
    const at::Tensor found = gradient.defined() ? gradient : at::zeros_like(values.master);
    return {loss.item<double>(), found.reshape({numSlotsOf(values), -1})};
}

bool isText(const std::vector<int32_t> &text) { return text.size() >= 2; }

} // namespace

std::vector<int64_t> chooseSlots(std::span<const int64_t> counts, const SlotBackground &background,
                                 int64_t count)
{
    ORRERY_ASSERT(counts.size() == background.numTextsWith.size());
    const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
    std::vector<std::pair<double, int64_t>> scored;
    for (size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] <= 0) continue;
        const double rarity = std::log(static_cast<double>(background.numTexts + 1) /
                                       static_cast<double>(background.numTextsWith[i] + 1));
        const double score = static_cast<double>(counts[i]) / total * rarity;
        if (score > 0) scored.emplace_back(-score, static_cast<int64_t>(i));
    }
    std::sort(scored.begin(), scored.end());
    scored.resize(std::min<size_t>(scored.size(), static_cast<size_t>(std::max<int64_t>(0, count))));
    std::vector<int64_t> slots;
    for (const auto &[score, slot] : scored) slots.push_back(slot);
    std::sort(slots.begin(), slots.end());
    return slots;
}

std::vector<std::vector<int32_t>> replayTexts(const std::vector<MemoryEvent> &events)
{
    std::vector<std::vector<int32_t>> texts;
    for (size_t i = 0; i < events.size(); ++i) {
        // Events of one source that touch are one text: what leads from one to the next is learned too.
        const bool goesOn = i > 0 && events[i].source == events[i - 1].source &&
                            events[i].firstToken == events[i - 1].lastToken + 1;
        if (!goesOn) texts.emplace_back();
        texts.back().insert(texts.back().end(), events[i].tokenIds.begin(), events[i].tokenIds.end());
    }
    std::erase_if(texts, [](const auto &text) { return !isText(text); });
    return texts;
}

Result<SlotBackground> countReads(nn::Transformer &model, const std::vector<std::vector<int32_t>> &texts)
{
    nn::Parameter *values = findValues(model);
    if (!values) return noSemanticMemory();
    return nn::guardTorch("count what texts read", [&]() -> Result<SlotBackground> {
        SlotBackground counted;
        at::Tensor total_N = at::zeros({numSlotsOf(*values)}, at::kLong);
        for (const auto &text : texts) {
            if (!isText(text)) continue;
            const at::Tensor gradient = lossAndGradient(model, *values, text).second;
            total_N += (gradient != 0).any(1).to(at::kCPU, at::kLong);
            ++counted.numTexts;
        }
        counted.numTextsWith.assign(total_N.data_ptr<int64_t>(),
                                    total_N.data_ptr<int64_t>() + total_N.numel());
        return counted;
    });
}

Result<Consolidation> consolidate(nn::Transformer &model, const std::vector<std::vector<int32_t>> &texts,
                                  const SlotBackground &background, const ConsolidationSettings &settings,
                                  const std::atomic<bool> *cancel)
{
    nn::Parameter *values = findValues(model);
    if (!values) return noSemanticMemory();
    if (std::none_of(texts.begin(), texts.end(), isText))
        return Error{ErrorCode::InvalidInput,
                     "Cannot consolidate: there is no text of two tokens or more to learn from.",
                     "Let the episodic memory store something first."};
    ORRERY_ASSIGN(const SlotBackground own, countReads(model, texts));
    return nn::guardTorch("consolidate", [&]() -> Result<Consolidation> {
        Consolidation result;
        result.numTexts = own.numTexts;
        result.slots = chooseSlots(own.numTextsWith, background, settings.numSlots);
        const at::Tensor before = values->master.detach().clone();
        const at::Tensor rows = at::tensor(result.slots, at::kLong).to(before.device());
        const auto pass = [&](bool learns) {
            double sum = 0;
            for (const auto &text : texts) {
                if (!isText(text)) continue;
                const auto [loss, gradient_NC] = lossAndGradient(model, *values, text);
                sum += loss / static_cast<double>(own.numTexts);
                if (!learns || result.slots.empty()) continue;
                const at::NoGradGuard noGrad;
                values->master.view({numSlotsOf(*values), -1})
                    .index_add_(0, rows, gradient_NC.index_select(0, rows), -settings.learningRate);
                model.mastersChanged();
            }
            return sum;
        };
        result.lossBefore = pass(false);
        for (int64_t i = 0; i < settings.numPasses; ++i) {
            if (cancel && cancel->load(std::memory_order_relaxed)) {
                const at::NoGradGuard noGrad;
                values->master.copy_(before);
                model.mastersChanged();
                return Error{ErrorCode::Cancelled, "Cannot finish consolidating: it was cancelled.", ""};
            }
            (void)pass(true);
        }
        result.lossAfter = pass(false);
        return result;
    });
}

} // namespace orrery::memory
