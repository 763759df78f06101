// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/fuzzy_match.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace orrery::ui {
namespace {

constexpr int kLetter = 1;     ///< for each letter that fits
constexpr int kWordStart = 8;  ///< more, where it begins a word
constexpr int kInARow = 6;     ///< more, where it follows the one before
constexpr int kMaxGapCost = 4; ///< less, for letters that are skipped
constexpr qsizetype kMaxText = 256, kMaxWord = 64;
constexpr int kNever = std::numeric_limits<int>::min() / 4;

bool beginsWord(QStringView text, qsizetype at)
{
    if (at == 0) return true;
    const QChar before = text[at - 1], here = text[at];
    return (!before.isLetterOrNumber() && here.isLetterOrNumber()) || (before.isLower() && here.isUpper());
}

/// Best way to find all letters of one word, by the letters before: score[i][j] when letter i stands at j.
std::optional<FuzzyMatch> matchWord(QStringView word, QStringView text)
{
    const qsizetype rows = word.size(), columns = text.size();
    if (rows > columns) return std::nullopt;
    std::vector<int> score(size_t(rows * columns), kNever);
    std::vector<int> from(size_t(rows * columns), -1);
    const auto at = [columns](qsizetype i, qsizetype j) { return size_t(i * columns + j); };
    for (qsizetype i = 0; i < rows; ++i) {
        int best = kNever, bestAt = -1; // over j' < j − 1, with a gap
        for (qsizetype j = i; j < columns; ++j) {
            if (i > 0 && j >= 2 && score[at(i - 1, j - 2)] > best) {
                best = score[at(i - 1, j - 2)];
                bestAt = int(j - 2);
            }
            if (word[i].toCaseFolded() != text[j].toCaseFolded()) continue;
            const int own = kLetter + (beginsWord(text, j) ? kWordStart : 0);
            if (i == 0) {
                score[at(i, j)] = own - int(std::min<qsizetype>(j, kMaxGapCost));
                continue;
            }
            const int inARow = j > 0 ? score[at(i - 1, j - 1)] : kNever;
            const bool goesOn = inARow > kNever && inARow + kInARow >= best - kMaxGapCost;
            if (!goesOn && best <= kNever) continue;
            score[at(i, j)] = own + (goesOn ? inARow + kInARow : best - kMaxGapCost);
            from[at(i, j)] = goesOn ? int(j - 1) : bestAt;
        }
    }
    const auto last = score.begin() + std::ptrdiff_t(at(rows - 1, 0));
    const auto top = std::max_element(last, score.end());
    if (*top <= kNever) return std::nullopt;
    FuzzyMatch match{*top, {}};
    qsizetype place = top - last;
    for (qsizetype i = rows - 1; i >= 0; --i) {
        match.places.prepend(int(place));
        place = from[at(i, place)];
    }
    return match;
}

} // namespace

std::optional<FuzzyMatch> fuzzyMatch(QStringView query, QStringView text)
{
    FuzzyMatch all;
    for (const QStringView word : query.split(u' ', Qt::SkipEmptyParts)) {
        const auto one = matchWord(word.left(kMaxWord), text.left(kMaxText));
        if (!one) return std::nullopt;
        all.score += one->score;
        all.places += one->places;
    }
    std::sort(all.places.begin(), all.places.end());
    all.places.erase(std::unique(all.places.begin(), all.places.end()), all.places.end());
    return all;
}

} // namespace orrery::ui
