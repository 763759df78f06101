// SPDX-License-Identifier: GPL-3.0-or-later
// In which order events stand beside each other in the map of their similarity. Pure; any thread.
#pragma once

#include <QtGlobal>

#include <vector>

namespace orrery::memory_ui {

/// How alike n events are, [n, n], with their ids.
struct Similarity {
    std::vector<qint64> events; ///< oldest first
    std::vector<float> values;
    [[nodiscard]] int size() const { return static_cast<int>(events.size()); }
    [[nodiscard]] float at(int row, int column) const
    {
        return values[static_cast<size_t>(row) * events.size() + static_cast<size_t>(column)];
    }
    [[nodiscard]] bool isWhole() const { return values.size() == events.size() * events.size(); }
};

/// Groups stand together: after each event the one that is most like it of those that are left, beginning
/// with the oldest. Of equals the older one.
std::vector<int> orderByLikeness(const Similarity &similarity);

} // namespace orrery::memory_ui
