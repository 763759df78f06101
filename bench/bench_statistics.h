// SPDX-License-Identifier: Apache-2.0
// Medians and their intervals, without assumptions about how times are distributed, and means over seeds with
// Student's interval. Pure; any thread.
#pragma once

#include <cstddef>
#include <limits>
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

struct MeanInterval {
    double mean = std::numeric_limits<double>::quiet_NaN();
    double low = std::numeric_limits<double>::quiet_NaN(); ///< of 95 %; NaN below two values
    double high = std::numeric_limits<double>::quiet_NaN();
    size_t count = 0;
};

/// Mean and 95 % t interval. Without values all is NaN.
MeanInterval meanInterval(const std::vector<double> &values);

/// Student's t that is not exceeded with 97.5 %.   @param freedom 1 or more
double studentQuantile(size_t freedom);

} // namespace orrery::bench
