// SPDX-License-Identifier: Apache-2.0
#include "bench/bench_statistics.h"

#include "core/base/assert.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace orrery::bench {

MedianInterval medianInterval(std::vector<double> values)
{
    ORRERY_ASSERT(!values.empty());
    std::sort(values.begin(), values.end());
    const size_t count = values.size();
    const double median = count % 2 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
    // The number of values below the true median is binomial(n, 1/2): leave out ranks of 2.5 % on either
    // side.
    double probability = std::pow(0.5, static_cast<double>(count)), cumulative = probability;
    size_t rank = 0;
    while (cumulative <= 0.025 && rank + 1 < count / 2) {
        ++rank;
        probability *= static_cast<double>(count - rank + 1) / static_cast<double>(rank);
        cumulative += probability;
    }
    if (rank > 0 && cumulative > 0.025) --rank;
    return {median, values[rank], values[count - 1 - rank]};
}

// Exact for 1 and 2; else the asymptotic expansion around the normal quantile, off by 0.004 at 3 and less
// behind it. Source: Abramowitz and Stegun (1964), "Handbook of mathematical functions", 26.7.5.
double studentQuantile(size_t freedom)
{
    ORRERY_ASSERT(freedom >= 1);
    if (freedom == 1) return std::tan(std::numbers::pi * 0.475);
    if (freedom == 2) return 0.95 * std::sqrt(2.0 / (1.0 - 0.95 * 0.95));
    const double x = 1.959963984540054, n = static_cast<double>(freedom), x2 = x * x;
    return x + x * (x2 + 1) / (4 * n) + x * ((5 * x2 + 16) * x2 + 3) / (96 * n * n) +
           x * (((3 * x2 + 19) * x2 + 17) * x2 - 15) / (384 * n * n * n) +
           x * ((((79 * x2 + 776) * x2 + 1482) * x2 - 1920) * x2 - 945) / (92160 * n * n * n * n);
}

MeanInterval meanInterval(const std::vector<double> &values)
{
    MeanInterval interval;
    interval.count = values.size();
    if (values.empty()) return interval;
    const auto count = static_cast<double>(values.size());
    interval.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    if (values.size() < 2) return interval;
    double squares = 0;
    for (const double value : values) squares += (value - interval.mean) * (value - interval.mean);
    const double half = studentQuantile(values.size() - 1) * std::sqrt(squares / (count - 1) / count);
    interval.low = interval.mean - half;
    interval.high = interval.mean + half;
    return interval;
}

} // namespace orrery::bench
