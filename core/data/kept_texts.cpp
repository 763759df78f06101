// SPDX-License-Identifier: Apache-2.0
#include "core/data/kept_texts.h"

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/data/multimodal/media_prompts.h"
#include "core/data/tokenizer.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr int64_t kTextTokens = 64; ///< of the validation text, looked at beside the prompts

std::vector<KeptText> keptDocuments(const KeptTextSources &from)
{
    std::vector<KeptText> texts;
    const size_t count = std::max({size_t{1}, from.prompts.size(), from.leastDocuments});
    for (MediaPrompt &prompt : mediaPrompts(*from.documents, *from.tokenizer, *from.model, count))
        texts.push_back({.number = static_cast<int32_t>(texts.size()),
                         .ids = std::move(prompt.ids),
                         .modalities = std::move(prompt.modalities)});
    for (KeptText &text : texts) text.numTokens = text.ids.size();
    return texts;
}

std::vector<int32_t> idsOf(const Tokenizer &tokenizer, const std::string &prompt)
{
    std::vector<int32_t> ids;
    if (const auto encoded = tokenizer.encode(prompt, ids); !encoded.ok()) {
        logWarning("A probe prompt is read as empty: " + encoded.error().text());
        ids.clear();
    }
    if (ids.empty()) ids.push_back(tokenizer.startId()); // as samples begin then
    return ids;
}

} // namespace

std::vector<KeptText> keptTexts(const KeptTextSources &from)
{
    if (from.documents) return keptDocuments(from);
    std::vector<KeptText> texts;
    const auto context = static_cast<size_t>(from.model->context);
    for (size_t i = 0; i < from.prompts.size(); ++i) {
        KeptText text{.number = static_cast<int32_t>(i < from.numFrozen ? i : i + 1),
                      .prompt = from.prompts[i],
                      .ids = idsOf(*from.tokenizer, from.prompts[i])};
        text.numTokens = text.ids.size();
        text.ids.resize(std::min(text.ids.size(), context));
        texts.push_back(std::move(text));
    }
    // And one that is long enough to see heads at work, whatever the prompts are.
    if (!from.text) return texts;
    const uint64_t numTokens = from.text->numTokens(Split::Validation);
    KeptText text{.number = static_cast<int32_t>(from.numFrozen)};
    text.ids.resize(std::min<uint64_t>(
        numTokens, static_cast<uint64_t>(std::min(from.model->context, kTextTokens))));
    if (text.ids.empty()) return texts;
    from.text->read(Split::Validation, 0, text.ids.size(), text.ids.data());
    text.numTokens = text.ids.size();
    texts.push_back(std::move(text));
    return texts;
}

KeptText withAnswer(KeptText text, std::span<const int32_t> answerIds, int64_t context)
{
    text.ids.insert(text.ids.end(), answerIds.begin(), answerIds.end());
    text.numTokens = text.ids.size();
    if (const auto longest = static_cast<size_t>(context); text.ids.size() > longest) {
        text.said = text.ids[longest];
        text.ids.resize(longest);
    }
    if (!text.modalities.isTextOnly()) text.modalities.modality_BT.resize(text.ids.size(), 0);
    return text;
}

std::string numbersOf(const std::vector<KeptText> &texts)
{
    std::vector<std::string> numbers;
    for (const KeptText &text : texts) numbers.push_back(std::to_string(text.number));
    return joinText(numbers, ", ");
}

} // namespace orrery
