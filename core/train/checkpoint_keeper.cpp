// SPDX-License-Identifier: Apache-2.0
#include "core/train/checkpoint_keeper.h"

#include <algorithm>

namespace orrery {

std::vector<int64_t> checkpointsToDelete(const std::vector<int64_t> &steps, int64_t newest, int64_t keepLast,
                                         int64_t bestStep)
{
    std::vector<int64_t> own;
    for (const int64_t step : steps)
        if (step <= newest) own.push_back(step);
    const auto numKept = static_cast<size_t>(std::max<int64_t>(keepLast, 1));
    if (own.size() <= numKept) return {};
    own.resize(own.size() - numKept);
    std::erase(own, bestStep);
    return own;
}

} // namespace orrery
