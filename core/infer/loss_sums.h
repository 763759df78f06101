// SPDX-License-Identifier: Apache-2.0
// What an evaluation adds up, and the figures of it. Values; any thread. Private to this folder.
#pragma once

#include "core/spec/generation.h"

#include <cmath>
#include <cstdint>
#include <limits>

namespace orrery {

struct LossSums {
    double nats = 0;        ///< over all targets
    int64_t numTargets = 0; ///< that carry loss
    int64_t numBytes = 0;   ///< of text behind them; 0: only ends of texts and turns carry loss
};

/// Bits per byte are NaN where there is no byte: there is nothing to divide by. @param sums of one target at
/// least
inline EvaluateSummary summaryOf(const LossSums &sums)
{
    EvaluateSummary summary;
    summary.tokens = sums.numTargets;
    summary.loss = sums.nats / static_cast<double>(sums.numTargets);
    summary.perplexity = std::exp(summary.loss);
    summary.bitsPerByte = sums.numBytes > 0 ? sums.nats / std::log(2.0) / static_cast<double>(sums.numBytes)
                                            : std::numeric_limits<double>::quiet_NaN();
    return summary;
}

} // namespace orrery
