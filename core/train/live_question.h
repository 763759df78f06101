// SPDX-License-Identifier: Apache-2.0
// A question to a running training, made ready on the thread of who asks: checked, cut into tokens, and of a text that is
// longer than the context its window found. What is left to the trainer is one pass of at most a context of tokens, which
// is not divided between steps: all of an answer is of the same weights. Values; one thread at a time.
#pragma once

#include "core/engine_api/live_inspection.h"
#include "core/inspect/inspect.h"
#include "core/nn/transformer.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

inline constexpr size_t kMaxLiveBytes = size_t{1} << 20; ///< of a prompt
inline constexpr int64_t kMaxLiveTokens = int64_t{1} << 16;

struct LiveQuestion {
    std::shared_ptr<LiveInspection> inspection;
    std::optional<InspectInput> text; ///< what is read; nothing: a text that is kept for frames
    InspectRequest asked;             ///< in the places of that
    int64_t origin = 0;               ///< of it in the whole text
    std::vector<InspectedToken> whole; ///< all of a longer text; empty: it is the one that is read
    std::string note;

    /// In the places of the whole text.
    void finish(InspectReport &report);
};

/// @param run its id, for messages  @error InvalidInput: more than plain text, too long, or nothing that a running training
/// has; rows, columns or a token that are not there
Result<LiveQuestion> prepareQuestion(std::shared_ptr<LiveInspection> inspection, const nn::Transformer &model,
                                     const Tokenizer &tokenizer, const std::string &run);

} // namespace orrery
