// SPDX-License-Identifier: Apache-2.0
#include "core/base/assert.h"
#include "core/data/tokenizer.h"
#include "core/inspect/inspect.h"

namespace orrery {

Result<std::vector<int32_t>> plainIds(const Tokenizer &tokenizer, const GenerateRequest &request)
{
    std::vector<int32_t> ids = request.promptIds;
    if (ids.empty()) ORRERY_TRY(tokenizer.encode(request.prompt, ids));
    ids.insert(ids.end(), request.answerIds.begin(), request.answerIds.end());
    return ids;
}

InspectInput describeTokens(const Tokenizer &tokenizer, std::vector<int32_t> ids,
                            const ModalityBatch *modalities)
{
    const bool isMixed = modalities && !modalities->isTextOnly();
    ORRERY_ASSERT(!isMixed || modalities->modality_BT.size() == ids.size());
    InspectInput input;
    std::vector<size_t> numPlaced(isMixed ? modalities->rows.size() : 0);
    int64_t item = -1;
    for (size_t t = 0; t < ids.size(); ++t) {
        InspectedToken token;
        const size_t modality = isMixed ? modalities->modality_BT[t] : 0;
        if (modality == 0) {
            token.id = ids[t];
            token.bytes = tokenizer.tokenBytes(ids[t]);
        } else {
            token.modality = modality < kNumModalities ? kModalities[modality] : Modality::Unknown;
            token.place = modalities->rows[modality].places_N[numPlaced[modality]++];
            // Each picture and recording begins with its place 0.
            if (token.place == 0) ++item;
            token.item = item;
        }
        input.tokens.push_back(std::move(token));
    }
    input.ids = std::move(ids);
    if (isMixed) input.modalities = modalities;
    return input;
}

} // namespace orrery
