// SPDX-License-Identifier: Apache-2.0
// What a strategy keeps of the texts of earlier stages: it goes with their size, which estimateRun() does not
// know. Any thread.
#pragma once

#include "core/spec/run_spec.h"

#include <cstdint>

namespace orrery {

/// Of each token that derpp keeps, as core/train/continual keeps them; a test there compares.
inline constexpr uint64_t kLogitBytesPerToken = 32 * (2 + 4); ///< the largest ones: fp16 values and their ids

/// Bytes of the logits that derpp keeps until the run ends: of buffer_percent of each text but the last. 0
/// for other strategies. Sums that do not fit into 64 bits saturate.
/// @param trainTokens of a text; the others are taken to be as long. 0: not known
uint64_t keptLogitBytes(const RunSpec &spec, uint64_t trainTokens);

} // namespace orrery
