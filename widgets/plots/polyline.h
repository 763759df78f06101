// SPDX-License-Identifier: GPL-3.0-or-later
// Lines with fewer points that look the same. Pure; any thread.
#pragma once

#include <QPolygonF>

namespace orrery::ui {

/// Drops points that lie within `tolerance` pixels, up or down, of the line between their neighbours: nobody sees
/// them, and stroking costs by the point. Greedy, keeps the first, the last and every turn that shows.
QPolygonF simplified(const QPolygonF &line, double tolerance);

} // namespace orrery::ui
