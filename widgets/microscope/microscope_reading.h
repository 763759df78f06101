// SPDX-License-Identifier: GPL-3.0-or-later
// What an answer about one token says: which token was said behind it, how likely that was, what else could
// have come, which layer decided, what mattered, where a head looked. Pure functions of the answer; any
// thread.
#pragma once

#include "core/spec/inspection.h"

#include <QString>

#include <limits>
#include <optional>
#include <vector>

namespace orrery::ui {

inline constexpr double kUnknownNumber = std::numeric_limits<double>::quiet_NaN();

/// What stands behind the token that is asked about.
struct SaidToken {
    bool exists = false; ///< false: the token that is asked about is the last one
    bool isText = false; ///< false: a patch or frame, which no model says
    int32_t id = -1;
    QString label;                       ///< as partSentence()
    double probability = kUnknownNumber; ///< NaN: the model did not say how likely it was
    double surprise = kUnknownNumber;    ///< nats
    int rank = 0;                        ///< from 1; 0: beyond the candidates
    [[nodiscard]] double surpriseBits() const;
};
SaidToken saidToken(const InspectReport &report);

/// One line of what could have come.
struct Choice {
    TokenAlternative token;
    int rank = 0; ///< from 1; 0: beyond those that were counted
    bool isSaid = false;
};
/// The candidates, likeliest first, and what was said behind them where it is not among them and its
/// probability is known.
std::vector<Choice> choicesOf(const InspectReport &report);

/// How open the choice was.
struct ChoiceEntropy {
    double nats = kUnknownNumber;
    bool isExact = false; ///< false: at least that much; what is not listed counts as one token
};
ChoiceEntropy entropyOf(const InspectReport &report);

/// The end of the text up to and with a token, as it reads: newlines as "↵", bytes that are no character as
/// \xNN; an ellipsis where it is cut. Never cuts a character in two.
QString textBefore(const std::vector<InspectedToken> &tokens, int64_t token, qsizetype maxCharacters);

/// Which token is followed through the layers, and from where on it is the first choice.
struct LensPath {
    int32_t id = -1;
    QString label;
    bool isSaid = false;     ///< false: nothing was said, or it is no text; the model's first choice instead
    int64_t firstLayer = -1; ///< from here on always first; −1: it is not first at the end
};
/// Nothing: there are no rows.
std::optional<LensPath> lensPath(const InspectReport &report);

/// Places with an attribution other than 0, the strongest first (by absolute value; of equals the later).
std::vector<int> strongestAttributions(const std::vector<float> &attribution);

/// What a token looked at, heaviest first; a map of a long text has cells of several tokens.
struct AttentionShare {
    TokenRange range;
    double weight = 0; ///< of a cell of several tokens: their sum
};
/// Nothing: the answer has no map of this head with this row.
std::optional<std::vector<AttentionShare>> attentionShares(const InspectReport &report, const HeadRef &head);
/// One weight a token, 0 where none is known; of a cell the mean.
std::vector<float> attentionByToken(const InspectReport &report, const HeadRef &head);

/// 0.001, 0.0015, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01 …: the smallest that holds the value.
double roundLimit(double largest);
/// "+0.132", "−1.50": signed, three digits behind the point below 1.
QString signedNatsText(double nats);

} // namespace orrery::ui
