// SPDX-License-Identifier: Apache-2.0
#include "bench/bench_statistics.h"

#include "core/base/assert.h"

#include <algorithm>
#include <cmath>

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

} // namespace orrery::bench
