// SPDX-License-Identifier: Apache-2.0
#include "bench/science/mqar_data.h"

#include "core/base/assert.h"
#include "core/base/counter_rng.h"

#include <cmath>
#include <numeric>

namespace orrery::bench {

namespace {

/// Numbers of one sequence, one after the other.
class Draws {
public:
    Draws(uint64_t seed, uint64_t number)
        : m_rng({.seed = seed, .step = number, .purpose = RngPurpose::Benchmark})
    {
    }
    int64_t below(int64_t bound)
    {
        return static_cast<int64_t>(m_rng.below(m_index++, static_cast<uint64_t>(bound)));
    }
    double uniform() { return m_rng.uniformDouble(kFirstUniform + m_index++); }

private:
    static constexpr uint64_t kFirstUniform = uint64_t{1} << 32; ///< uniformDouble counts in other units
    CounterRng m_rng;
    uint64_t m_index = 0;
};

/// count different numbers from first … first + size − 1, in random order.
std::vector<int32_t> chooseFrom(Draws &draws, int64_t first, int64_t size, int64_t count)
{
    std::vector<int32_t> all(static_cast<size_t>(size));
    std::iota(all.begin(), all.end(), static_cast<int32_t>(first));
    for (int64_t i = 0; i < count; ++i)
        std::swap(all[static_cast<size_t>(i)], all[static_cast<size_t>(i + draws.below(size - i))]);
    all.resize(static_cast<size_t>(count));
    return all;
}

/// Places 0 … numPlaces − 1 without replacement, each with p ∝ (place + 1)^(power − 1).
std::vector<int64_t> choosePlaces(Draws &draws, int64_t numPlaces, int64_t count, double power)
{
    std::vector<double> weights;
    for (int64_t i = 1; i <= numPlaces; ++i) weights.push_back(std::pow(static_cast<double>(i), power - 1));
    std::vector<int64_t> places;
    double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (int64_t n = 0; n < count; ++n) {
        double left = draws.uniform() * total;
        size_t chosen = 0;
        for (size_t i = 0; i < weights.size(); ++i) {
            if (weights[i] <= 0) continue;
            chosen = i; // the last one that is free, should rounding leave a rest
            left -= weights[i];
            if (left < 0) break;
        }
        places.push_back(static_cast<int64_t>(chosen));
        total -= weights[chosen];
        weights[chosen] = 0;
    }
    return places;
}

} // namespace

MqarSequence makeMqarSequence(const MqarShape &shape, uint64_t seed, uint64_t number)
{
    const int64_t first = 2 * shape.numPairs + shape.gap, numPlaces = (shape.numTokens - first) / 2;
    const int64_t half = shape.vocabSize / 2;
    ORRERY_ASSERT(shape.gap % 2 == 0 && numPlaces >= shape.numPairs && half > shape.numPairs);
    Draws draws(seed, number);
    const auto keys = chooseFrom(draws, 1, half - 1, shape.numPairs);
    const auto values = chooseFrom(draws, half, half, shape.numPairs);
    const auto places = choosePlaces(draws, numPlaces, shape.numPairs, shape.power);
    MqarSequence made;
    made.ids.resize(static_cast<size_t>(shape.numTokens));
    made.answers.assign(made.ids.size(), static_cast<int32_t>(kNoAnswer));
    for (size_t i = 0; i < keys.size(); ++i) {
        made.ids[2 * i] = keys[i];
        made.ids[2 * i + 1] = values[i];
        const auto query = static_cast<size_t>(first + 2 * places[i]);
        made.ids[query] = keys[i];
        made.answers[query] = values[i];
    }
    for (int32_t &id : made.ids) // 0 is no key and no value: what is still empty
        if (id == 0) id = static_cast<int32_t>(draws.below(shape.vocabSize));
    return made;
}

} // namespace orrery::bench
