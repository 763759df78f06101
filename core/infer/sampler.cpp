// SPDX-License-Identifier: Apache-2.0
#include "core/infer/sampler.h"

#include "core/base/counter_rng.h"
#include "core/base/text.h"
#include "core/infer/sampler_cuts.h"
#include "core/infer/stop_text.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery {

namespace {

Error badSetting(const std::string &name, const std::string &value, const std::string &range)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot generate text: " + name + " is " + value + ", expected " + range + ".",
                 "Set " + name + " to a value in this range."};
}

/// exp((logit − max) / temperature): unnormalised probabilities, 1 at the largest.
template <typename Logit>
std::vector<double> weightsOf(std::span<const Logit> logits_V, Logit largest, double temperature)
{
    std::vector<double> weight_V(logits_V.size());
    for (size_t i = 0; i < logits_V.size(); ++i)
        weight_V[i] =
            std::exp((static_cast<double>(logits_V[i]) - static_cast<double>(largest)) / temperature);
    return weight_V;
}

template <typename Logit> int32_t firstLargest(std::span<const Logit> logits_V)
{
    return static_cast<int32_t>(std::max_element(logits_V.begin(), logits_V.end()) - logits_V.begin());
}

/// Walks in order of id. The last survivor takes what rounding leaves over.
int32_t drawFrom(const std::vector<double> &weight_V, double sum, double uniform)
{
    const double target = uniform * sum;
    double cumulative = 0;
    int32_t last = 0;
    for (size_t i = 0; i < weight_V.size(); ++i) {
        if (weight_V[i] <= 0) continue;
        cumulative += weight_V[i];
        last = static_cast<int32_t>(i);
        if (cumulative > target) return last;
    }
    return last;
}

/// What is drawn from: probabilities up to a common factor, 0 where a token was cut.
template <typename Logit>
std::vector<double> drawingWeights(std::span<const Logit> logits_V, const SamplingSettings &settings)
{
    const int32_t largestId = firstLargest(logits_V);
    if (settings.temperature == 0.0) {
        std::vector<double> weight_V(logits_V.size(), 0.0);
        weight_V[static_cast<size_t>(largestId)] = 1;
        return weight_V;
    }
    std::vector<double> weight_V =
        weightsOf(logits_V, logits_V[static_cast<size_t>(largestId)], settings.temperature);
    cutTopK(weight_V, settings.topK);
    cutTopP(weight_V, settings.topP);
    cutMinP(weight_V, settings.minP);
    cutTypical(weight_V, settings.typicalP);
    return weight_V;
}

std::vector<double> drawingWeights(std::span<const float> logits_V, const SamplingSettings &settings,
                                   std::span<const int32_t> history)
{
    if (settings.repetitionPenalty == 1.0) return drawingWeights(logits_V, settings);
    const std::vector<double> penalized_V =
        penalizedLogits(logits_V, history, settings.repetitionPenalty, settings.penaltyWindow);
    return drawingWeights(std::span<const double>(penalized_V), settings);
}

Result<void> checkLogits(std::span<const float> logits_V)
{
    bool hasFinite = false;
    for (size_t i = 0; i < logits_V.size(); ++i) {
        if (std::isnan(logits_V[i]) || logits_V[i] == std::numeric_limits<float>::infinity())
            return Error{ErrorCode::InvalidInput,
                         "Cannot choose a token: the model's logit of token " + std::to_string(i) + " is " +
                             (std::isnan(logits_V[i]) ? "NaN" : "Inf") + ", expected a finite number.",
                         "The weights are broken: choose another step of the run or another model."};
        hasFinite = hasFinite || std::isfinite(logits_V[i]);
    }
    if (!hasFinite)
        return Error{ErrorCode::InvalidInput,
                     "Cannot choose a token: all " + std::to_string(logits_V.size()) +
                         " logits are -Inf, expected at least one finite number.",
                     "The weights are broken: choose another step of the run or another model."};
    return {};
}

Result<void> checkCuts(const SamplingSettings &settings)
{
    if (settings.topK < 0) return badSetting("top_k", std::to_string(settings.topK), "0 or more (0 is off)");
    if (!(settings.topP > 0.0 && settings.topP <= 1.0))
        return badSetting("top_p", formatSignificant(settings.topP, 6), "above 0 … 1 (1 is off)");
    if (!(settings.minP >= 0.0 && settings.minP <= 1.0))
        return badSetting("min_p", formatSignificant(settings.minP, 6), "0 … 1 (0 is off)");
    if (!(settings.typicalP > 0.0 && settings.typicalP <= 1.0))
        return badSetting("typical_p", formatSignificant(settings.typicalP, 6), "above 0 … 1 (1 is off)");
    return {};
}

} // namespace

Result<void> checkSampling(const SamplingSettings &settings)
{
    if (!(settings.temperature >= 0.0 && settings.temperature <= kMaxTemperature))
        return badSetting("temperature", formatSignificant(settings.temperature, 6), "0 … 10");
    ORRERY_TRY(checkCuts(settings));
    if (!(settings.repetitionPenalty >= kMinRepetitionPenalty &&
          settings.repetitionPenalty <= kMaxRepetitionPenalty))
        return badSetting("repetition_penalty", formatSignificant(settings.repetitionPenalty, 6),
                          "0.1 … 10 (1 is off)");
    if (settings.penaltyWindow < 0)
        return badSetting("penalty_window", std::to_string(settings.penaltyWindow),
                          "0 or more tokens (0 is all)");
    if (settings.maxTokens < 1 || settings.maxTokens > kMaxGeneratedTokens)
        return badSetting("max_tokens", std::to_string(settings.maxTokens), "1 … 1,000,000");
    if (settings.numAlternatives < 0 || settings.numAlternatives > kMaxAlternatives)
        return badSetting("alternatives", std::to_string(settings.numAlternatives), "0 … 50");
    return checkStopTexts(settings.stop);
}

double samplingUniform(uint64_t seed, int64_t index)
{
    const CounterRng rng(
        RngKey{.seed = seed, .step = static_cast<uint64_t>(index), .purpose = RngPurpose::Sampling});
    return rng.uniformDouble(0);
}

Result<TokenChoice> sampleToken(std::span<const float> logits_V, const SamplingSettings &settings,
                                double uniform, std::span<const int32_t> history)
{
    ORRERY_TRY(checkLogits(logits_V));
    // The model's own belief: temperature 1, nothing changed or cut.
    const float largest = logits_V[static_cast<size_t>(firstLargest(logits_V))];
    const std::vector<double> plain_V = weightsOf(logits_V, largest, 1.0);
    const double plainSum = sumOf(plain_V);
    TokenChoice choice;
    for (double weight : plain_V) {
        const double p = weight / plainSum;
        if (p > 0) choice.entropy -= p * std::log(p);
    }
    const std::vector<double> drawn_V = drawingWeights(logits_V, settings, history);
    const double drawnSum = sumOf(drawn_V);
    const auto candidate = [&](int32_t id) {
        const auto place = static_cast<size_t>(id);
        return CandidateToken{id, plain_V[place] / plainSum, drawn_V[place] / drawnSum};
    };
    if (settings.numAlternatives > 0) {
        auto ids = allIds(plain_V.size());
        const auto numShown = std::min<size_t>(static_cast<size_t>(settings.numAlternatives), ids.size());
        std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(numShown), ids.end(),
                          MoreProbable{plain_V});
        for (size_t i = 0; i < numShown; ++i) choice.alternatives.push_back(candidate(ids[i]));
    }
    const CandidateToken drawn = candidate(drawFrom(drawn_V, drawnSum, uniform));
    choice.id = drawn.id;
    choice.probability = drawn.probability;
    choice.chance = drawn.chance;
    return choice;
}

} // namespace orrery
