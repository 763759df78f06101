// SPDX-License-Identifier: Apache-2.0
// What samples of a model with several modalities are drawn for: validation documents up to the text that has
// to be told. Any thread.
#pragma once

#include "core/data/multimodal/source.h"

#include <string>
#include <vector>

namespace orrery {

struct MediaPrompt {
    std::string title;    ///< "validation 3: [image: 16 patches] how many red?"
    std::string expected; ///< the text that follows in the document
    std::vector<int32_t> ids;
    ModalityBatch modalities; ///< of ids, as one sequence
};

/// The first validation documents with a text to tell whose front leaves room for an answer in the context.
std::vector<MediaPrompt> mediaPrompts(const MultiModalSource &source, const Tokenizer &tokenizer,
                                      const ModelSpec &model, size_t count);

} // namespace orrery
