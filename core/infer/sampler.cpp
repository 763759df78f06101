// SPDX-License-Identifier: Apache-2.0
#include "core/infer/sampler.h"

#include "core/base/counter_rng.h"
#include "core/base/text.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace orrery {

namespace {

Error badSetting(const std::string &name, const std::string &value, const std::string &range)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot generate text: " + name + " is " + value + ", expected " + range + ".",
                 "Set " + name + " to a value in this range."};
}

/// More probable first; the lower id on a tie. Makes every order below unique.
struct MoreProbable {
    const std::vector<double> &weight_V;
    bool operator()(int32_t a, int32_t b) const
    {
        const double wa = weight_V[static_cast<size_t>(a)];
        const double wb = weight_V[static_cast<size_t>(b)];
        return wa != wb ? wa > wb : a < b;
    }
};

/// exp((logit − max) / temperature): unnormalised probabilities, 1 at the largest.
std::vector<double> weightsOf(std::span<const float> logits_V, float largest, double temperature)
{
    std::vector<double> weight_V(logits_V.size());
    for (size_t i = 0; i < logits_V.size(); ++i)
        weight_V[i] =
            std::exp((static_cast<double>(logits_V[i]) - static_cast<double>(largest)) / temperature);
    return weight_V;
}

int32_t firstLargest(std::span<const float> logits_V)
{
    return static_cast<int32_t>(std::max_element(logits_V.begin(), logits_V.end()) - logits_V.begin());
}

double sumOf(const std::vector<double> &weight_V)
{
    double sum = 0;
    for (double weight : weight_V) sum += weight;
    return sum;
}

/// Walks in order of id. The last survivor takes what rounding leaves over.
int32_t drawFrom(const std::vector<double> &weight_V, double uniform)
{
    const double target = uniform * sumOf(weight_V);
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

std::vector<int32_t> allIds(size_t numIds)
{
    std::vector<int32_t> ids(numIds);
    std::iota(ids.begin(), ids.end(), 0);
    return ids;
}

/// Keeps the ids in `kept`, sets the others' weight to 0.
void keepOnly(std::vector<double> &weight_V, std::span<const int32_t> kept)
{
    std::vector<double> cut_V(weight_V.size(), 0.0);
    for (int32_t id : kept) cut_V[static_cast<size_t>(id)] = weight_V[static_cast<size_t>(id)];
    weight_V.swap(cut_V);
}

void cutTopK(std::vector<double> &weight_V, int64_t topK)
{
    if (topK <= 0 || topK >= static_cast<int64_t>(weight_V.size())) return;
    auto ids = allIds(weight_V.size());
    std::nth_element(ids.begin(), ids.begin() + (topK - 1), ids.end(), MoreProbable{weight_V});
    ids.resize(static_cast<size_t>(topK));
    keepOnly(weight_V, ids);
}

/// The smallest set of most probable tokens whose share reaches topP. A heap yields them one by one, so that
/// a peaked distribution over a large vocabulary is not sorted to its end.
void cutTopP(std::vector<double> &weight_V, double topP)
{
    if (topP >= 1.0) return;
    const double target = topP * sumOf(weight_V);
    auto ids = allIds(weight_V.size());
    const auto lessProbable = [more = MoreProbable{weight_V}](int32_t a, int32_t b) { return more(b, a); };
    std::make_heap(ids.begin(), ids.end(), lessProbable);
    std::vector<int32_t> kept;
    double cumulative = 0;
    while (!ids.empty()) {
        std::pop_heap(ids.begin(), ids.end(), lessProbable);
        const int32_t id = ids.back();
        ids.pop_back();
        kept.push_back(id);
        cumulative += weight_V[static_cast<size_t>(id)];
        if (cumulative >= target) break;
    }
    keepOnly(weight_V, kept);
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

} // namespace

Result<void> checkSampling(const SamplingSettings &settings)
{
    if (!(settings.temperature >= 0.0 && settings.temperature <= kMaxTemperature))
        return badSetting("temperature", formatSignificant(settings.temperature, 6), "0 … 10");
    if (!(settings.topP > 0.0 && settings.topP <= 1.0))
        return badSetting("top_p", formatSignificant(settings.topP, 6), "above 0 … 1");
    if (settings.topK < 0) return badSetting("top_k", std::to_string(settings.topK), "0 or more (0 is off)");
    if (settings.maxTokens < 1 || settings.maxTokens > kMaxGeneratedTokens)
        return badSetting("max_tokens", std::to_string(settings.maxTokens), "1 … 1,000,000");
    if (settings.numAlternatives < 0 || settings.numAlternatives > kMaxAlternatives)
        return badSetting("alternatives", std::to_string(settings.numAlternatives), "0 … 50");
    return {};
}

double samplingUniform(uint64_t seed, int64_t index)
{
    const CounterRng rng(
        RngKey{.seed = seed, .step = static_cast<uint64_t>(index), .purpose = RngPurpose::Sampling});
    return rng.uniformDouble(0);
}

Result<TokenChoice> sampleToken(std::span<const float> logits_V, const SamplingSettings &settings,
                                double uniform)
{
    ORRERY_TRY(checkLogits(logits_V));
    const int32_t largestId = firstLargest(logits_V);
    const float largest = logits_V[static_cast<size_t>(largestId)];

    // What is reported is the model's own belief: temperature 1, nothing cut.
    const std::vector<double> plain_V = weightsOf(logits_V, largest, 1.0);
    const double plainSum = sumOf(plain_V);
    TokenChoice choice;
    for (double weight : plain_V) {
        const double p = weight / plainSum;
        if (p > 0) choice.entropy -= p * std::log(p);
    }
    if (settings.numAlternatives > 0) {
        auto ids = allIds(plain_V.size());
        const auto numShown = std::min<size_t>(static_cast<size_t>(settings.numAlternatives), ids.size());
        std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(numShown), ids.end(),
                          MoreProbable{plain_V});
        for (size_t i = 0; i < numShown; ++i)
            choice.alternatives.push_back({ids[i], plain_V[static_cast<size_t>(ids[i])] / plainSum});
    }

    if (settings.temperature == 0.0) {
        choice.id = largestId;
    } else {
        auto weight_V = weightsOf(logits_V, largest, settings.temperature);
        cutTopK(weight_V, settings.topK);
        cutTopP(weight_V, settings.topP);
        choice.id = drawFrom(weight_V, uniform);
    }
    choice.probability = plain_V[static_cast<size_t>(choice.id)] / plainSum;
    return choice;
}

std::vector<double> referenceDistribution(std::span<const float> logits_V, const SamplingSettings &settings)
{
    const size_t numTokens = logits_V.size();
    const int32_t largestId = firstLargest(logits_V);
    std::vector<double> p_V(numTokens, 0.0);
    if (settings.temperature == 0.0) {
        p_V[static_cast<size_t>(largestId)] = 1.0;
        return p_V;
    }
    const auto weight_V = weightsOf(logits_V, logits_V[static_cast<size_t>(largestId)], settings.temperature);
    auto order = allIds(numTokens);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
        return weight_V[static_cast<size_t>(a)] > weight_V[static_cast<size_t>(b)];
    });
    if (settings.topK > 0 && static_cast<size_t>(settings.topK) < numTokens)
        order.resize(static_cast<size_t>(settings.topK));

    std::vector<double> kept_V(numTokens, 0.0);
    for (int32_t id : order) kept_V[static_cast<size_t>(id)] = weight_V[static_cast<size_t>(id)];
    const double keptSum = sumOf(kept_V);
    double cumulative = 0;
    for (int32_t id : order) {
        const bool isReached = settings.topP < 1.0 && cumulative >= settings.topP * keptSum;
        if (!isReached) p_V[static_cast<size_t>(id)] = kept_V[static_cast<size_t>(id)];
        cumulative += kept_V[static_cast<size_t>(id)];
    }
    const double sum = sumOf(p_V);
    for (double &p : p_V) p /= sum;
    return p_V;
}

int32_t referenceSample(std::span<const float> logits_V, const SamplingSettings &settings, double uniform)
{
    const auto p_V = referenceDistribution(logits_V, settings);
    double cumulative = 0;
    int32_t last = 0;
    for (size_t i = 0; i < p_V.size(); ++i) {
        if (p_V[i] <= 0) continue;
        cumulative += p_V[i];
        last = static_cast<int32_t>(i);
        if (cumulative > uniform) return last;
    }
    return last;
}

} // namespace orrery
