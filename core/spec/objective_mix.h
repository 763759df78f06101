// SPDX-License-Identifier: Apache-2.0
// What the settings of an objective come to. Pure; any thread.
#pragma once

#include "core/spec/run_spec.h"

namespace orrery {

/// Shares of the sequences that are trained one way or the other; they sum to 1. next_token has all of them.
struct ObjectiveShares {
    double nextToken = 1;
    double prefix = 0;
    double infill = 0;
};
/// Of a mix that is no mix (not three numbers, none above 0) the defaults': a checked spec has none such.
ObjectiveShares objectiveShares(const ObjectiveSpec &objective);

/// Marks around a hole: InfillPrefix, InfillSuffix, InfillMiddle, and the EndOfTurn that closes it.
inline constexpr int64_t kInfillMarks = 4;
/// The shortest context whose windows hold the marks and one token of text.
inline constexpr int64_t kMinInfillContext = kInfillMarks;

/// objective.span_mean, or what 0 stands for: a quarter of the context, 1 at least.
int64_t meanSpan(const ObjectiveSpec &objective, int64_t context);
/// Holes are 1 … 2·mean − 1 tokens long, all equally often.
constexpr int64_t longestSpan(int64_t mean) { return 2 * mean - 1; }
/// Tokens of text in a window of context + 1 tokens when the marks stand in it.
constexpr int64_t infillTextTokens(int64_t context) { return context + 1 - kInfillMarks; }
/// The largest mean whose longest hole fits into them.
constexpr int64_t largestMeanSpan(int64_t context) { return (infillTextTokens(context) + 1) / 2; }

} // namespace orrery
