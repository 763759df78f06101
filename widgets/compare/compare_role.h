// SPDX-License-Identifier: GPL-3.0-or-later
// What the tables of the comparison tell besides what they show. Values.
#pragma once

#include <Qt>

namespace orrery::ui::compare_role {

enum Role : int {
    Run = Qt::UserRole + 1, ///< id; empty in the row of a group
    IsGroup,                ///< a row above others
    IsBest,                 ///< the best of its column
    Color,                  ///< of the run, in the first column
    Exact,                  ///< for programs: all digits
    Key,                    ///< of a setting
};

} // namespace orrery::ui::compare_role
