// SPDX-License-Identifier: Apache-2.0
// Texts that a model makes up, each going on where an excerpt of something it learned leaves off: replay that
// does not wear out. Drawn by counter (RngPurpose::Replay), one number per token: the same model, seed and
// starts give the same texts. Source: Sun, Ho and Lee (2020), "LAMOL: Language modeling for lifelong language
// learning"; that they begin as kept excerpts do is ours. Trainer thread only.
#pragma once

#include "core/nn/transformer.h"

#include <functional>
#include <vector>

namespace orrery {

/// Layer of the keys that the tokens are drawn with.
inline constexpr uint32_t kDreamStream = 4;

struct DreamRequest {
    std::vector<int32_t> starts_NP; ///< the first tokens of each text
    int64_t startLength = 0;        ///< P, 1 … length
    int64_t length = 0;             ///< of each text with its start, at most the model's context + 1
    uint64_t seed = 0;
    int64_t stage = 0;       ///< that has just ended
    int64_t firstNumber = 0; ///< of the first text among all of this stage's
    std::function<bool()> isCancelled = {}; ///< asked between two tokens; may be empty
};

/// @return [N, length]; nothing when it was cancelled
std::vector<int32_t> dreamTexts(nn::Transformer &model, const DreamRequest &request);

} // namespace orrery
