// SPDX-License-Identifier: Apache-2.0
#include "core/data/split_plan.h"

#include "core/base/assert.h"
#include "core/base/counter_rng.h"

#include <algorithm>
#include <cmath>

namespace orrery {

namespace {

/// Up to this many units the share is exact (the k smallest hashes); above, a threshold is as good and needs
/// no memory.
constexpr uint64_t kMaxRanked = 10'000;

} // namespace

UnitChooser::UnitChooser(uint64_t seed, uint64_t count, double fraction) : m_seed(seed)
{
    ORRERY_ASSERT(count >= 2);
    if (count > kMaxRanked) {
        m_limit =
            static_cast<uint64_t>(std::clamp(fraction, 1.0 / static_cast<double>(count), 0.999) * 0x1p64);
        return;
    }
    std::vector<uint64_t> hashes(count);
    for (uint64_t i = 0; i < count; ++i) hashes[i] = hash(i);
    const auto wanted = static_cast<uint64_t>(std::llround(fraction * static_cast<double>(count)));
    const uint64_t chosen = std::clamp<uint64_t>(wanted, 1, count - 1);
    std::nth_element(hashes.begin(), hashes.begin() + static_cast<ptrdiff_t>(chosen - 1), hashes.end());
    m_limit = hashes[chosen - 1];
}

uint64_t UnitChooser::hash(uint64_t index) const
{
    const auto words = CounterRng({.seed = m_seed, .purpose = RngPurpose::Split}).block(index);
    return (static_cast<uint64_t>(words[0]) << 32) | words[1];
}

Split UnitChooser::splitOf(uint64_t index) const
{
    return hash(index) <= m_limit ? Split::Validation : Split::Train;
}

std::vector<uint64_t> cutIntoParts(uint64_t numTokens, uint64_t minTokens,
                                   const std::function<bool(uint64_t index)> &mayCutAfter)
{
    std::vector<uint64_t> ends;
    uint64_t begin = 0;
    while (numTokens - begin >= 2 * minTokens) {
        uint64_t end = begin + minTokens;
        while (end < numTokens && !mayCutAfter(end - 1)) ++end;
        // What is left must be a part of its own, else it belongs to this one.
        if (numTokens - end < minTokens) break;
        ends.push_back(end);
        begin = end;
    }
    if (numTokens > begin) ends.push_back(numTokens);
    return ends;
}

std::vector<TokenRange> planParts(const std::vector<uint64_t> &partEnds, uint64_t seed, double fraction,
                                  uint64_t context)
{
    const UnitChooser chooser(seed, partEnds.size(), fraction);
    auto isValidation = [&](size_t part) { return chooser.splitOf(part) == Split::Validation; };
    std::vector<TokenRange> ranges;
    for (size_t part = 0; part < partEnds.size(); ++part) {
        TokenRange range{chooser.splitOf(part), part == 0 ? 0 : partEnds[part - 1], partEnds[part]};
        if (range.split == Split::Train) {
            if (part > 0 && isValidation(part - 1)) range.begin = std::min(range.begin + context, range.end);
            if (part + 1 < partEnds.size() && isValidation(part + 1))
                range.end = std::max(range.begin, range.end - std::min(range.end, context));
        }
        ranges.push_back(range);
    }
    return ranges;
}

std::vector<TokenRange> planTail(uint64_t numTokens, double fraction, uint64_t context)
{
    ORRERY_ASSERT(numTokens >= 2 * (context + 1));
    const auto wanted = static_cast<uint64_t>(std::llround(fraction * static_cast<double>(numTokens)));
    const uint64_t numVal = std::clamp<uint64_t>(wanted, context + 1, numTokens - (context + 1));
    return {{Split::Train, 0, numTokens - numVal}, {Split::Validation, numTokens - numVal, numTokens}};
}

bool isUsableSplit(uint64_t numTrain, uint64_t numVal, double fraction, uint64_t context)
{
    const auto total = static_cast<double>(numTrain + numVal);
    return numTrain > context && numVal > context &&
           static_cast<double>(numVal) <= std::max(0.5, fraction * 1.5) * total;
}

} // namespace orrery
