// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/similarity_order.h"

namespace orrery::memory_ui {

std::vector<int> orderByLikeness(const Similarity &similarity)
{
    const int count = similarity.size();
    std::vector<int> order;
    std::vector<bool> isTaken(static_cast<size_t>(count), false);
    int last = 0;
    while (static_cast<int>(order.size()) < count) {
        order.push_back(last);
        isTaken[static_cast<size_t>(last)] = true;
        int nearest = -1;
        for (int other = 0; other < count; ++other) {
            if (isTaken[static_cast<size_t>(other)]) continue;
            // What is no number is like nothing, and comes in the order of time.
            if (nearest < 0 || similarity.at(last, other) > similarity.at(last, nearest)) nearest = other;
        }
        last = nearest;
    }
    return order;
}

} // namespace orrery::memory_ui
