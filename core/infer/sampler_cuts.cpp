// SPDX-License-Identifier: Apache-2.0
#include "core/infer/sampler_cuts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace orrery {

namespace {

/// Keeps the ids in `kept`, sets the others' weight to 0.
void keepOnly(std::vector<double> &weight_V, std::span<const int32_t> kept)
{
    std::vector<double> cut_V(weight_V.size(), 0.0);
    for (int32_t id : kept) cut_V[static_cast<size_t>(id)] = weight_V[static_cast<size_t>(id)];
    weight_V.swap(cut_V);
}

/// The first ids by `isBefore` whose weights reach `target` together. A heap yields them one by one, so that
/// a peaked distribution over a large vocabulary is not sorted to its end.
template <typename IsBefore>
std::vector<int32_t> firstThatReach(const std::vector<double> &weight_V, double target, IsBefore isBefore)
{
    auto ids = allIds(weight_V.size());
    const auto isBehind = [isBefore](int32_t a, int32_t b) { return isBefore(b, a); };
    std::make_heap(ids.begin(), ids.end(), isBehind);
    std::vector<int32_t> kept;
    double cumulative = 0;
    while (!ids.empty()) {
        std::pop_heap(ids.begin(), ids.end(), isBehind);
        const int32_t id = ids.back();
        ids.pop_back();
        kept.push_back(id);
        cumulative += weight_V[static_cast<size_t>(id)];
        if (cumulative >= target) break;
    }
    return kept;
}

} // namespace

double sumOf(const std::vector<double> &weight_V)
{
    double sum = 0;
    for (double weight : weight_V) sum += weight;
    return sum;
}

std::vector<int32_t> allIds(size_t numIds)
{
    std::vector<int32_t> ids(numIds);
    std::iota(ids.begin(), ids.end(), 0);
    return ids;
}

std::vector<double> penalizedLogits(std::span<const float> logits_V, std::span<const int32_t> history,
                                    double penalty, int64_t window)
{
    std::vector<double> penalized_V(logits_V.begin(), logits_V.end());
    if (window > 0 && window < std::ssize(history)) history = history.last(static_cast<size_t>(window));
    for (const int32_t id : history) {
        if (id < 0 || id >= std::ssize(logits_V)) continue;
        const auto place = static_cast<size_t>(id);
        const double logit = static_cast<double>(logits_V[place]);
        penalized_V[place] = logit < 0 ? logit * penalty : logit / penalty;
    }
    return penalized_V;
}

void cutTopK(std::vector<double> &weight_V, int64_t topK)
{
    if (topK <= 0 || topK >= std::ssize(weight_V)) return;
    auto ids = allIds(weight_V.size());
    std::nth_element(ids.begin(), ids.begin() + (topK - 1), ids.end(), MoreProbable{weight_V});
    ids.resize(static_cast<size_t>(topK));
    keepOnly(weight_V, ids);
}

void cutTopP(std::vector<double> &weight_V, double topP)
{
    if (topP >= 1.0) return;
    keepOnly(weight_V, firstThatReach(weight_V, topP * sumOf(weight_V), MoreProbable{weight_V}));
}

void cutMinP(std::vector<double> &weight_V, double minP)
{
    if (minP <= 0.0) return;
    const double least = minP * *std::max_element(weight_V.begin(), weight_V.end());
    for (double &weight : weight_V)
        if (weight < least) weight = 0;
}

void cutTypical(std::vector<double> &weight_V, double typicalP)
{
    if (typicalP >= 1.0) return;
    const double sum = sumOf(weight_V);
    double entropy = 0;
    std::vector<double> distance_V(weight_V.size(), std::numeric_limits<double>::infinity());
    for (size_t i = 0; i < weight_V.size(); ++i) {
        const double p = weight_V[i] / sum;
        if (p <= 0) continue;
        distance_V[i] = -std::log(p);
        entropy += p * distance_V[i];
    }
    for (double &distance : distance_V) distance = std::abs(distance - entropy);
    const auto isMoreTypical = [&distance_V, isMoreProbable = MoreProbable{weight_V}](int32_t a, int32_t b) {
        const double da = distance_V[static_cast<size_t>(a)], db = distance_V[static_cast<size_t>(b)];
        return da != db ? da < db : isMoreProbable(a, b);
    };
    keepOnly(weight_V, firstThatReach(weight_V, typicalP * sum, isMoreTypical));
}

} // namespace orrery
