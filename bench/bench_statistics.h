// SPDX-License-Identifier: Apache-2.0
// Medians and their intervals, without assumptions about how times are distributed. Pure; any thread.
#pragma once

#include <vector>

namespace orrery::bench {

struct MedianInterval {
    double median = 0;
    double low =
        0; ///< order statistics that hold the median with at least 95 %; the extremes when there are too few
    double high = 0;
};

/// @param values at least one
MedianInterval medianInterval(std::vector<double> values);

} // namespace orrery::bench
