// SPDX-License-Identifier: GPL-3.0-or-later
// A word-sized curve. Scales to the finite values; a gap stays a gap and ends in a mark where the values stop
// being finite. GUI thread only.
#pragma once

#include <QColor>
#include <QRectF>

#include <vector>

class QPainter;

namespace orrery::ui {

/// Draws values from left to right over the whole width. NaN and Inf break the line and are marked in
/// `alarm`.
void paintSparkline(QPainter &painter, const QRectF &area, const std::vector<double> &values,
                    const QColor &color, const QColor &alarm);

} // namespace orrery::ui
