// SPDX-License-Identifier: Apache-2.0
#include "core/infer/sampler_reference.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace orrery {

namespace {

struct Token {
    int32_t id = 0;
    double weight = 0; ///< probability up to a common factor
};
using Tokens = std::vector<Token>; ///< those that are left

double totalOf(const Tokens &tokens)
{
    double sum = 0;
    for (const Token &token : tokens) sum += token.weight;
    return sum;
}

void sortBy(Tokens &tokens, const std::function<double(const Token &)> &key)
{
    std::sort(tokens.begin(), tokens.end(), [](const Token &a, const Token &b) { return a.id < b.id; });
    std::stable_sort(tokens.begin(), tokens.end(),
                     [](const Token &a, const Token &b) { return a.weight > b.weight; });
    std::stable_sort(tokens.begin(), tokens.end(),
                     [&key](const Token &a, const Token &b) { return key(a) < key(b); });
}

/// The first ones that have `share` of the whole together.
void keepShare(Tokens &tokens, double share)
{
    const double target = share * totalOf(tokens);
    size_t count = 0;
    for (double cumulative = 0; count < tokens.size() && cumulative < target; ++count)
        cumulative += tokens[count].weight;
    tokens.resize(std::max<size_t>(1, count));
}

std::vector<double> penalized(std::span<const float> logits_V, const SamplingSettings &settings,
                              std::span<const int32_t> history)
{
    std::vector<double> logit_V(logits_V.begin(), logits_V.end());
    const int64_t numSeen = settings.penaltyWindow == 0 ? std::ssize(history) : settings.penaltyWindow;
    for (int32_t id = 0; id < std::ssize(logit_V); ++id) {
        const auto from = history.end() - std::min(numSeen, std::ssize(history));
        if (std::find(from, history.end(), id) == history.end()) continue;
        double &logit = logit_V[static_cast<size_t>(id)];
        if (logit > 0)
            logit /= settings.repetitionPenalty;
        else
            logit *= settings.repetitionPenalty;
    }
    return logit_V;
}

void cut(Tokens &tokens, const SamplingSettings &settings)
{
    sortBy(tokens, [](const Token &token) { return -token.weight; });
    if (settings.topK > 0 && settings.topK < std::ssize(tokens))
        tokens.resize(static_cast<size_t>(settings.topK));
    if (settings.topP < 1) keepShare(tokens, settings.topP);
    const double largest = tokens.front().weight;
    std::erase_if(tokens, [&](const Token &token) { return token.weight < settings.minP * largest; });
    if (settings.typicalP >= 1) return;
    const double total = totalOf(tokens);
    double entropy = 0;
    for (const Token &token : tokens)
        if (token.weight > 0) entropy -= token.weight / total * std::log(token.weight / total);
    sortBy(tokens, [&](const Token &token) { return std::abs(-std::log(token.weight / total) - entropy); });
    keepShare(tokens, settings.typicalP);
}

} // namespace

std::vector<double> referenceDistribution(std::span<const float> logits_V, const SamplingSettings &settings,
                                          std::span<const int32_t> history)
{
    const std::vector<double> logit_V = penalized(logits_V, settings, history);
    const auto largest = std::max_element(logit_V.begin(), logit_V.end());
    std::vector<double> p_V(logit_V.size(), 0.0);
    if (settings.temperature == 0.0) {
        p_V[static_cast<size_t>(largest - logit_V.begin())] = 1.0;
        return p_V;
    }
    Tokens tokens;
    for (size_t i = 0; i < logit_V.size(); ++i)
        tokens.push_back({static_cast<int32_t>(i), std::exp((logit_V[i] - *largest) / settings.temperature)});
    cut(tokens, settings);
    const double total = totalOf(tokens);
    for (const Token &token : tokens) p_V[static_cast<size_t>(token.id)] = token.weight / total;
    return p_V;
}

int32_t referenceSample(std::span<const float> logits_V, const SamplingSettings &settings, double uniform,
                        std::span<const int32_t> history)
{
    const auto p_V = referenceDistribution(logits_V, settings, history);
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
