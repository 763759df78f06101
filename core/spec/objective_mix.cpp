// SPDX-License-Identifier: Apache-2.0
#include "core/spec/objective_mix.h"

#include <algorithm>

namespace orrery {

ObjectiveShares objectiveShares(const ObjectiveSpec &objective)
{
    if (objective.name != "hybrid") return {};
    std::vector<double> mix = objective.mix;
    const auto isUsable = [&] {
        return mix.size() == 3 && *std::min_element(mix.begin(), mix.end()) >= 0 &&
               *std::max_element(mix.begin(), mix.end()) > 0;
    };
    if (!isUsable()) mix = ObjectiveSpec{}.mix;
    // Divided by the largest first: huge weights would overflow in the sum.
    const double largest = *std::max_element(mix.begin(), mix.end());
    double sum = 0;
    for (double &weight : mix) sum += weight /= largest;
    return {mix[0] / sum, mix[1] / sum, mix[2] / sum};
}

int64_t meanSpan(const ObjectiveSpec &objective, int64_t context)
{
    if (objective.spanMean > 0) return objective.spanMean;
    return std::max<int64_t>(1, context / 4);
}

} // namespace orrery
