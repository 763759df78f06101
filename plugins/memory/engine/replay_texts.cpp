// SPDX-License-Identifier: Apache-2.0
#include "plugins/memory/engine/replay_texts.h"

#include <algorithm>

namespace orrery::memory {

std::vector<std::vector<int32_t>> replayTexts(const EpisodicStore &store)
{
    std::vector<const Slot *> kept;
    for (const Slot &slot : store.slots())
        if (slot.event != 0 && slot.strength > 0 && slot.modality == Modality::Text) kept.push_back(&slot);
    std::sort(kept.begin(), kept.end(), [](const Slot *a, const Slot *b) { return a->serial < b->serial; });

    std::vector<std::vector<int32_t>> texts;
    for (size_t i = 0; i < kept.size(); ++i) {
        const bool goesOn = i > 0 && kept[i]->position == kept[i - 1]->position + 1 &&
                            (kept[i]->event == kept[i - 1]->event ||
                             store.sourceOf(*kept[i]) == store.sourceOf(*kept[i - 1]));
        if (!goesOn) texts.emplace_back();
        texts.back().push_back(kept[i]->tokenId);
    }
    std::erase_if(texts, [](const auto &text) { return text.size() < 2; });
    return texts;
}

} // namespace orrery::memory
