// SPDX-License-Identifier: Apache-2.0
// From the logits of one position to the next token. Pure functions of their arguments, no torch; any thread.
// Order, as Hugging Face transformers has it: repetition penalty (RepetitionPenaltyLogitsProcessor), then
// temperature, top-k, top-p, min-p, typical (TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper,
// MinPLogitsWarper, TypicalLogitsWarper). Each cut sees what the one before it left, renormalised.
// Differs from it where several tokens tie at the edge of a cut: of equally probable ones the lower id wins,
// so that top-k keeps exactly k and top-p and typical no more than they need.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"

#include <cstdint>
#include <span>
#include <vector>

namespace orrery {

inline constexpr double kMaxTemperature = 10.0;
inline constexpr double kMinRepetitionPenalty = 0.1;
inline constexpr double kMaxRepetitionPenalty = 10.0;
inline constexpr int64_t kMaxGeneratedTokens = 1'000'000;
inline constexpr int32_t kMaxAlternatives = 50;

/// Ranges: temperature 0 … 10, top_k 0 or more, top_p above 0 … 1, min_p 0 … 1, typical_p above 0 … 1,
/// repetition_penalty 0.1 … 10, penalty_window 0 or more, maxTokens 1 … 1,000,000, numAlternatives 0 … 50,
/// and the texts that checkStopTexts() takes.
/// @error InvalidInput naming the setting, its value and the range
Result<void> checkSampling(const SamplingSettings &settings);

/// Uniform number in [0, 1) that decides token `index` (from 0) of a generation; a pure function of both.
double samplingUniform(uint64_t seed, int64_t index);

struct CandidateToken {
    int32_t id = 0;
    double probability = 0; ///< softmax at temperature 1, before penalties and cuts
    double chance = 0;      ///< to be drawn: behind all of them; 0: it was cut
};

struct TokenChoice {
    int32_t id = 0;
    double probability = 0;                   ///< as CandidateToken's
    double entropy = 0;                       ///< nats, of the same distribution as the probability
    double chance = 0;                        ///< as CandidateToken's
    std::vector<CandidateToken> alternatives; ///< most probable first, ties by lower id
};

/// Draws by inverse cumulative: survivors of the cuts in order of id, the first whose cumulative weight
/// passes uniform·total. Temperature 0 takes the largest logit behind the penalty, the lower id on a tie.
/// Settings are checked already.
/// @param logits_V   @param uniform in [0, 1)
/// @param history all tokens before this one, the newest last: what the repetition penalty looks at
/// @error InvalidInput when a logit is NaN or +Inf, or all are -Inf (broken weights)
Result<TokenChoice> sampleToken(std::span<const float> logits_V, const SamplingSettings &settings,
                                double uniform, std::span<const int32_t> history = {});

} // namespace orrery
