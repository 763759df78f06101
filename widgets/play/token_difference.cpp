// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/token_difference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace orrery::ui {
namespace {

size_t numBytes(const std::vector<GeneratedToken> &tokens)
{
    size_t sum = 0;
    for (const GeneratedToken &token : tokens) sum += token.bytes.size();
    return sum;
}

/// Goes through the bytes of tokens.
struct Cursor {
    const std::vector<GeneratedToken> &tokens;
    size_t token = 0, byte = 0;
    [[nodiscard]] bool isAtEnd() const { return token >= tokens.size(); }
    [[nodiscard]] char value() const { return tokens[token].bytes[byte]; }
    void skipEmpty()
    {
        while (!isAtEnd() && byte >= tokens[token].bytes.size()) {
            ++token;
            byte = 0;
        }
    }
    void next()
    {
        ++byte;
        skipEmpty();
    }
};

/// Bytes that both begin with.
size_t sharedBytes(const std::vector<GeneratedToken> &one, const std::vector<GeneratedToken> &other)
{
    Cursor a{one}, b{other};
    a.skipEmpty();
    b.skipEmpty();
    size_t shared = 0;
    while (!a.isAtEnd() && !b.isAtEnd() && a.value() == b.value()) {
        a.next();
        b.next();
        ++shared;
    }
    return shared;
}

} // namespace

std::vector<TokenDifference> tokenDifferences(const std::vector<ComparedTokens> &answers)
{
    std::vector<TokenDifference> differences(answers.size());
    if (answers.size() < 2) return differences;
    const std::vector<GeneratedToken> &first = *answers[0].tokens;
    size_t shared = numBytes(first);
    for (size_t i = 1; i < answers.size(); ++i) shared = std::min(shared, sharedBytes(first, *answers[i].tokens));
    // An answer of which no more is said than the others say has not parted, unless it has ended there.
    const bool doPart = std::count_if(answers.begin(), answers.end(), [shared](const ComparedTokens &answer) {
                            return answer.hasEnded || numBytes(*answer.tokens) > shared;
                        }) > 1;
    for (size_t i = 0; i < answers.size(); ++i) {
        const std::vector<GeneratedToken> &tokens = *answers[i].tokens;
        size_t end = 0;
        int &number = differences[i].numShared;
        while (number < std::ssize(tokens) && end + tokens[static_cast<size_t>(number)].bytes.size() <= shared)
            end += tokens[static_cast<size_t>(number++)].bytes.size();
        if (doPart && number < std::ssize(tokens)) differences[i].firstOwn = number;
    }
    return differences;
}

AnswerFigures figuresOf(const std::vector<GeneratedToken> &tokens)
{
    AnswerFigures figures;
    figures.numTokens = std::ssize(tokens);
    if (tokens.empty()) return figures;
    double surprise = 0, entropy = 0;
    for (const GeneratedToken &token : tokens) {
        surprise -= std::log(std::max(token.probability, std::numeric_limits<double>::min()));
        entropy += token.entropy;
    }
    figures.surprise = surprise / static_cast<double>(tokens.size());
    figures.entropy = entropy / static_cast<double>(tokens.size());
    return figures;
}

} // namespace orrery::ui
