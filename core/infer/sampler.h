// SPDX-License-Identifier: Apache-2.0
// From the logits of one position to the next token. Pure functions of their arguments, no torch; any thread.
// Order of the cuts: temperature, then top-k, then top-p over what top-k left (renormalised), as Hugging Face
// transformers does it (TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper).
// Differs from it by keeping exactly k tokens when several tie at the k-th place: the lower id wins.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"

#include <cstdint>
#include <span>
#include <vector>

namespace orrery {

inline constexpr double kMaxTemperature = 10.0;
inline constexpr int64_t kMaxGeneratedTokens = 1'000'000;
inline constexpr int32_t kMaxAlternatives = 50;

/// Ranges: temperature 0 … 10, top_p above 0 … 1, top_k 0 or more, maxTokens 1 … 1,000,000, numAlternatives 0
/// … 50.
/// @error InvalidInput naming the setting, its value and the range
Result<void> checkSampling(const SamplingSettings &settings);

/// Uniform number in [0, 1) that decides token `index` (from 0) of a generation; a pure function of both.
double samplingUniform(uint64_t seed, int64_t index);

struct CandidateToken {
    int32_t id = 0;
    double probability = 0;
};

struct TokenChoice {
    int32_t id = 0;
    double probability = 0; ///< softmax at temperature 1, before any cut
    double entropy = 0;     ///< nats, of the same distribution
    std::vector<CandidateToken>
        alternatives; ///< of the same distribution, most probable first, ties by lower id
};

/// Draws by inverse cumulative: survivors of the cuts in order of id, the first whose cumulative weight
/// passes uniform·total. Temperature 0 takes the largest logit, the lower id on a tie. Settings are checked
/// already.
/// @param logits_V   @param uniform in [0, 1)
/// @error InvalidInput when a logit is NaN or +Inf, or all are -Inf (broken weights)
Result<TokenChoice> sampleToken(std::span<const float> logits_V, const SamplingSettings &settings,
                                double uniform);

/// The distribution that sampleToken draws from, by full sorts and nothing clever: the reference for its
/// test.
/// @return probability_V, zero for tokens that were cut
std::vector<double> referenceDistribution(std::span<const float> logits_V, const SamplingSettings &settings);
/// The draw of the reference.
int32_t referenceSample(std::span<const float> logits_V, const SamplingSettings &settings, double uniform);

} // namespace orrery
