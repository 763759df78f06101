// SPDX-License-Identifier: Apache-2.0
// Counter-based randomness: every number is a pure function of (seed, step, sample, layer, purpose, index), so nothing
// that reads random numbers can move anybody else's. No state, any thread.
// Source: Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3", Philox4x32 with 10 rounds.
#pragma once

#include <array>
#include <cstdint>

namespace orrery {

/// What a stream of numbers is used for. Values are part of checkpoints' meaning: append only.
enum class RngPurpose : uint32_t {
    Unknown = 0,
    WeightInit = 1,
    BatchOrder = 2,
    Dropout = 3,
    AttentionDropout = 4,
    StochasticDepth = 5,
    Sampling = 6,
    Split = 7,
    Objective = 8,       ///< kind of a sequence, its prefix or hole
    ModalityDropout = 9, ///< which modalities of a sequence are hidden
    Replay = 10,         ///< what a continual training keeps of earlier data, and which of it comes back
    SyntheticData = 20,  ///< worlds that are made up, such as gen:shapes
    DetectorWindows = 21, ///< windows that the modality detector is trained and measured on
    Benchmark = 22,       ///< tasks of the benchmarks
};

struct RngKey {
    uint64_t seed = 0;
    uint64_t step = 0;
    uint32_t sample = 0;
    uint32_t layer = 0;
    RngPurpose purpose = RngPurpose::Unknown;
};

/// Philox4x32-10 block function.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// A cheap random-access generator over one key: block(i) gives numbers 4i … 4i+3.
class CounterRng {
public:
    explicit CounterRng(const RngKey &key);
    [[nodiscard]] std::array<uint32_t, 4> block(uint64_t index) const;
    [[nodiscard]] uint32_t bits(uint64_t index) const { return block(index / 4)[index % 4]; }
    /// Uniform in [0, 1), 24 bits.
    [[nodiscard]] float uniform(uint64_t index) const { return static_cast<float>(bits(index) >> 8) * 0x1p-24f; }
    /// Uniform in [0, 1), 53 bits, from numbers 2·index and 2·index + 1.
    [[nodiscard]] double uniformDouble(uint64_t index) const;
    /// Standard normal by Box-Muller from numbers 2·index and 2·index + 1.
    [[nodiscard]] float normal(uint64_t index) const;
    /// Uniform integer in [0, bound), bound >= 1, without modulo bias to 2^-64 (multiply-shift on 64 bits).
    [[nodiscard]] uint64_t below(uint64_t index, uint64_t bound) const;
    /// Key and counter words for kernels that draw on the device: {key0, key1, counter2, counter3}.
    [[nodiscard]] std::array<uint32_t, 4> words() const { return {m_key[0], m_key[1], m_high[0], m_high[1]}; }

private:
    std::array<uint32_t, 2> m_key;
    std::array<uint32_t, 2> m_high;
};

} // namespace orrery
