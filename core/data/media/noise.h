// SPDX-License-Identifier: Apache-2.0
// Noise of a stated strength, for measuring how a model fares with bad input. Pure functions of their seed;
// any thread.
#pragma once

#include "core/data/media/media_files.h"

namespace orrery {

/// White noise whose power is that of the picture's deviation from its mean, 10^(-decibels / 10) times; cut
/// to 0 … 255. A flat picture stays as it is.
void addNoise(Image &image, double decibels, uint64_t seed);
/// The same against the mean square of the samples; cut to full scale and rounded to the levels of 16 bit.
void addNoise(Audio &audio, double decibels, uint64_t seed);

} // namespace orrery
