// SPDX-License-Identifier: Apache-2.0
// Keep masks for dropout, filled straight from the counter-based generator. Pure functions of their
// arguments, so a mask can be made in any number of pieces by any number of threads and has the same bits.
// Any thread.
#pragma once

#include "core/base/counter_rng.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace orrery::kernels {

/// Numbers come in blocks of this many; a mask that is made in pieces is cut at multiples of it.
inline constexpr size_t kPhiloxBlock = 4;

/// A number below this means "dropped": round(p·2^32), at most 2^32 - 1.
uint32_t dropThreshold(double p);

/// Fills out[0 … count) with `keep` where number 4·firstBlock + i of the stream is >= threshold, else with 0.
/// @param words CounterRng::words() of the stream   @param out any alignment
using FillKeepMask = void(const std::array<uint32_t, 4> &words, uint64_t firstBlock, size_t count,
                          uint32_t threshold, float keep, float *out);

/// The variant that suits this processor.
FillKeepMask fillKeepMask;
/// The slow, obviously right twin: one CounterRng block after the other.
FillKeepMask fillKeepMaskReference;

/// All variants that run here, by name, for the test that compares them bit by bit.
struct KeepMaskVariant {
    const char *name = "";
    FillKeepMask *fill = nullptr;
};
std::vector<KeepMaskVariant> keepMaskVariants();

} // namespace orrery::kernels
