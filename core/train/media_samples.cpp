// SPDX-License-Identifier: Apache-2.0
#include "core/train/media_samples.h"

#include "core/data/multimodal/description.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr uint64_t kMostDocumentsLookedAt = 1000;

} // namespace

std::vector<MediaPrompt> mediaPrompts(const MultiModalSource &source, const Tokenizer &tokenizer,
                                      const ModelSpec &model, size_t count)
{
    std::vector<MediaPrompt> prompts;
    const uint64_t numDocuments = std::min(source.numRecords(Split::Validation), kMostDocumentsLookedAt);
    MultiModalRecord record;
    for (uint64_t index = 0; index < numDocuments && prompts.size() < count; ++index) {
        if (source.numPositions(Split::Validation, index) > static_cast<uint64_t>(model.context)) continue;
        source.readWhole(Split::Validation, index, record);
        const auto told = std::find(record.loss_L.begin() + 1, record.loss_L.end(), 1);
        if (told == record.loss_L.end()) continue;
        const auto length = static_cast<size_t>(told - record.loss_L.begin());
        const MultiModalRecord front = sliceRecord(record, 0, length, source.frontEnd());
        MediaPrompt prompt;
        prompt.title = "validation " + std::to_string(index) + ": " + recordPreview(front, tokenizer);
        prompt.expected =
            recordPreview(sliceRecord(record, length, record.size() - length, source.frontEnd()), tokenizer);
        prompt.ids = front.ids_L;
        prompt.modalities = modalitiesOf(front, source.frontEnd(), model.attention.numModalities);
        prompts.push_back(std::move(prompt));
    }
    return prompts;
}

} // namespace orrery
