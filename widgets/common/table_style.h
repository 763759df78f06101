// SPDX-License-Identifier: GPL-3.0-or-later
// One look for all tables: whole rows, no grid, room beside the text so that numbers line up with their
// headers, elision instead of sideways scrolling. GUI thread only.
#pragma once

class QTableView;

namespace orrery::ui {

/// Read-only table of rows of one height; the last column takes the rest of the width.
void styleTable(QTableView *view);

} // namespace orrery::ui
