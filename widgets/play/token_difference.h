// SPDX-License-Identifier: GPL-3.0-or-later
// Where answers to the same question part, by their bytes, so that models with other tokenizers compare too. Pure; any thread.
#pragma once

#include "core/spec/generation.h"

#include <limits>
#include <vector>

namespace orrery::ui {

/// Of one of several answers.
struct TokenDifference {
    int numShared = 0;  ///< tokens at its beginning that say what all others say
    int firstOwn = -1;  ///< the first token that does not, where another one says something else; -1: none yet
};

struct ComparedTokens {
    const std::vector<GeneratedToken> *tokens;
    bool hasEnded; ///< else more may come, and a shorter answer does not differ
};
std::vector<TokenDifference> tokenDifferences(const std::vector<ComparedTokens> &answers);

/// Figures of a whole answer.
struct AnswerFigures {
    int64_t numTokens = 0;
    double surprise = std::numeric_limits<double>::quiet_NaN(); ///< mean −log p, nats/token
    double entropy = std::numeric_limits<double>::quiet_NaN();  ///< mean, nats
};
AnswerFigures figuresOf(const std::vector<GeneratedToken> &tokens);

} // namespace orrery::ui
