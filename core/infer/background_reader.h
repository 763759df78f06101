// SPDX-License-Identifier: Apache-2.0
// What a model was trained on, read again as texts that it shall go on knowing (background_texts.h).
#pragma once

#include "core/data/media/front_end.h"
#include "core/data/tokenizer.h"
#include "core/spec/run_spec.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace orrery {

struct BackgroundRequest {
    std::vector<std::string> paths; ///< one or more: text, a manifest or a generator. Each gives an equal share
    DataSpec data;                  ///< how they are tokenized; its path is not looked at
    FrontEnd frontEnd;              ///< of the model's pictures and recordings
    const Tokenizer *tokenizer = nullptr;
    int64_t context = 0; ///< of the model
    size_t maxTexts = 256;
    std::function<void(int64_t numDone, int64_t numTotal)> onPath = {}; ///< paths that were read; may be empty
};

/// Texts of a context and a token at most. Of documents with pictures and recordings the texts alone, as if the
/// document had never had the others; some of the training split's, spread over all of it.
/// @error as listCorpus, readDocuments and openMultiModal; InvalidInput (no text in any of them), Cancelled
Result<std::vector<std::vector<int32_t>>> readBackground(const BackgroundRequest &request,
                                                         const std::atomic<bool> &cancel);

} // namespace orrery
