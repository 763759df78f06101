// SPDX-License-Identifier: Apache-2.0
// What samples of a model with several modalities are drawn for, and what its frames are of: validation documents up
// to the text that has to be told. Any thread.
#pragma once

#include "core/data/multimodal/source.h"

#include <string>
#include <string_view>
#include <vector>

namespace orrery {

struct MediaPrompt {
    std::string title;    ///< "validation 3: [image: 16 patches] how many red?"
    std::string expected; ///< the text that follows in the document
    std::vector<int32_t> ids;
    ModalityBatch modalities;          ///< of ids, as one sequence
    std::vector<std::string> pictures; ///< as the model sees them, at most kShownPixels a side, PNG in base64
    std::vector<std::vector<double>> recordings; ///< loudness of each frame, 0 (-80 dB) to 1 (full scale)
    /// Of each recording, as the model hears it: a pixel a frame, the lowest band below, black -80 dB, white full
    /// scale, in 16 grays; PNG in base64. Empty: one of more than kShownFrames.
    std::vector<std::string> spectrograms;
};

inline constexpr int64_t kShownPixels = 32;
inline constexpr int64_t kShownFrames = 2048; ///< 25 seconds

/// RFC 4648, section 4.
std::string base64(std::string_view bytes);

/// As many documents as are looked at for that: a prompt's number is below.
inline constexpr uint64_t kMostDocumentsLookedAt = 1000;

/// The first validation documents with a text to tell whose front leaves room for an answer in the context.
std::vector<MediaPrompt> mediaPrompts(const MultiModalSource &source, const Tokenizer &tokenizer,
                                      const ModelSpec &model, size_t count);

} // namespace orrery
