// SPDX-License-Identifier: Apache-2.0
// Episodic to semantic: what a memory of events holds is read again, and the few semantic values that it uses
// more than other text does learn it; nothing else of the model changes. The thread that owns the model; not
// while it is trained. Source: Lin et al. (2025), "Continual learning via sparse memory finetuning",
// section 3.
#pragma once

#include "core/nn/transformer.h"
#include "core/spec/memory_events.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace orrery::memory {

/// How often texts read each slot: what the choice is held against, and what it is made from.
struct SlotBackground {
    std::vector<int64_t> numTextsWith; ///< by slot: texts that read it
    int64_t numTexts = 0;
    std::vector<int64_t> numReads = {}; ///< by slot: reads of it, by all tokens and heads
};

/// The slots that these texts use more than others: count_i / Σ count · log((B + 1) / (b_i + 1)), B
/// background texts of which b_i read slot i. Those with the largest value, at most `count`, none that is 0
/// or below; equal ones by their number.
/// @pre counts and background.numTextsWith are of one length
std::vector<int64_t> chooseSlots(std::span<const int64_t> counts, const SlotBackground &background,
                                 int64_t count);

struct CountWatch {
    const std::atomic<bool> *cancel = nullptr;
    std::function<void(int64_t numDone, int64_t numTotal)> onText = {}; ///< before each text and behind the last; may be empty
};
/// Texts of 2 tokens or more; longer ones than a context are read in windows of one.
/// @return of each of the model's semantic slots how many of the texts read it, and how often
/// @error NotFound: the model has no semantic memory; Cancelled
Result<SlotBackground> countReads(nn::Transformer &model, const std::vector<std::vector<int32_t>> &texts,
                                  const CountWatch &watch = {});

/// Every window of every text is read in each pass and moves the chosen slots once (Adam): an element goes
/// about settings.learningRate times the root mean square of the table's values, whatever the scale of the
/// gradients. @return losses over all tokens of all texts
/// @param replayed texts of all kinds: beside each window one of theirs is learned again, in turn, so that
/// what they need of the chosen slots stays. Empty: nothing is
/// @error NotFound as above; InvalidInput: no text to learn from, a loss or a value that is no finite number any
/// more; Cancelled (nothing has changed then, in any of these)
Result<Consolidation> consolidate(nn::Transformer &model, const std::vector<std::vector<int32_t>> &texts,
                                  const SlotBackground &background, const ConsolidationSettings &settings,
                                  const std::atomic<bool> *cancel = nullptr,
                                  const std::vector<std::vector<int32_t>> &replayed = {});

/// The whole of it: counts what the background reads, learns beside it, and measures on some of its texts, spread over all,
/// what that does to them. @error as both above
Result<Consolidation> consolidateBeside(nn::Transformer &model, const std::vector<std::vector<int32_t>> &texts,
                                        const std::vector<std::vector<int32_t>> &background,
                                        const ConsolidationSettings &settings, const std::atomic<bool> &cancel);

} // namespace orrery::memory
