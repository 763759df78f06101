// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/polyline.h"

#include <algorithm>

namespace orrery::ui {

QPolygonF simplified(const QPolygonF &line, double tolerance)
{
    if (line.size() < 3) return line;
    QPolygonF result{line.first()};
    double lowest = -1e18, highest = 1e18; // slopes that keep all dropped points within the tolerance
    QPointF start = line.first(), before = line.first();
    for (qsizetype i = 1; i < line.size(); ++i) {
        const QPointF &p = line[i];
        const double dx = p.x() - start.x();
        const double slope = dx > 1e-9 ? (p.y() - start.y()) / dx : 0;
        const bool fits = dx > 1e-9 && slope >= lowest && slope <= highest;
        if (!fits && before != start) {
            result << before;
            start = before;
            lowest = -1e18;
            highest = 1e18;
        }
        const double width = p.x() - start.x();
        if (width > 1e-9) {
            lowest = std::max(lowest, (p.y() - tolerance - start.y()) / width);
            highest = std::min(highest, (p.y() + tolerance - start.y()) / width);
        } else if (p != start) { // straight up or down: no slope holds it
            result << p;
            start = p;
            lowest = -1e18;
            highest = 1e18;
        }
        before = p;
    }
    if (result.last() != line.last()) result << line.last();
    return result;
}

} // namespace orrery::ui
