// SPDX-License-Identifier: Apache-2.0
#include "core/base/counter_rng.h"

#include "core/base/assert.h"

#include <cmath>
#include <numbers>

namespace orrery {

namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53u;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57u;
constexpr uint32_t kWeyl0 = 0x9E3779B9u; // golden ratio
constexpr uint32_t kWeyl1 = 0xBB67AE85u; // sqrt(3) - 1

constexpr uint32_t low(uint64_t value) { return static_cast<uint32_t>(value); }
constexpr uint32_t high(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

} // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key)
{
    for (int round = 0; round < 10; ++round) {
        const uint64_t product0 = static_cast<uint64_t>(kMultiplier0) * counter[0];
        const uint64_t product1 = static_cast<uint64_t>(kMultiplier1) * counter[2];
        counter = {high(product1) ^ counter[1] ^ key[0], low(product1), high(product0) ^ counter[3] ^ key[1],
                   low(product0)};
        key[0] += kWeyl0;
        key[1] += kWeyl1;
    }
    return counter;
}

CounterRng::CounterRng(const RngKey &key)
{
    // The block function is a bijection of its counter for a fixed key, so within one seed and purpose no two
    // (step, sample, layer) share a stream; the second pass separates purposes.
    const auto place =
        philox4x32({low(key.step), high(key.step), key.sample, key.layer}, {low(key.seed), high(key.seed)});
    const auto words = philox4x32(place, {static_cast<uint32_t>(key.purpose), 0x4F525259u});
    m_key = {words[0], words[1]};
    m_high = {words[2], words[3]};
}

std::array<uint32_t, 4> CounterRng::block(uint64_t index) const
{
    return philox4x32({low(index), high(index), m_high[0], m_high[1]}, m_key);
}

namespace {

uint64_t pairOf(const CounterRng &rng, uint64_t index)
{
    const auto block = rng.block(index / 2);
    const size_t first = (index % 2) * 2;
    return (static_cast<uint64_t>(block[first + 1]) << 32) | block[first];
}

} // namespace

double CounterRng::uniformDouble(uint64_t index) const
{
    return static_cast<double>(pairOf(*this, index) >> 11) * 0x1p-53;
}

float CounterRng::normal(uint64_t index) const
{
    const uint64_t pair = pairOf(*this, index);
    const double radius = (static_cast<double>(low(pair)) + 1.0) * 0x1p-32; // (0, 1]: the logarithm is finite
    const double angle = static_cast<double>(high(pair)) * 0x1p-32;
    return static_cast<float>(std::sqrt(-2.0 * std::log(radius)) * std::cos(2.0 * std::numbers::pi * angle));
}

uint64_t CounterRng::below(uint64_t index, uint64_t bound) const
{
    ORRERY_ASSERT(bound >= 1);
    __extension__ using Wide = unsigned __int128;
    return static_cast<uint64_t>((static_cast<Wide>(pairOf(*this, index)) * bound) >> 64);
}

} // namespace orrery
