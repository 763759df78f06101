// SPDX-License-Identifier: Apache-2.0
// What sampleToken() means, by full sorts and nothing clever: the reference that its tests compare it with.
// Shares no code with it. Pure functions; any thread.
#pragma once

#include "core/spec/generation.h"

#include <cstdint>
#include <span>
#include <vector>

namespace orrery {

/// The distribution that sampleToken draws from. @return probability_V, zero for tokens that were cut
std::vector<double> referenceDistribution(std::span<const float> logits_V, const SamplingSettings &settings,
                                          std::span<const int32_t> history = {});
/// The draw of the reference.
int32_t referenceSample(std::span<const float> logits_V, const SamplingSettings &settings, double uniform,
                        std::span<const int32_t> history = {});

} // namespace orrery
