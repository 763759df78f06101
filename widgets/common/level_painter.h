// SPDX-License-Identifier: GPL-3.0-or-later
// How loud a recording is from moment to moment, as thin lines beside each other. GUI thread only.
#pragma once

#include <QRectF>

#include <span>

class QPainter;

namespace orrery::ui {

/// @param levels 0 to 1, from left to right; each line is as high as the loudest of its share. None: nothing.
/// @param step from line to line, in pixels
void paintLevels(QPainter &painter, const QRectF &area, std::span<const float> levels, double step);

} // namespace orrery::ui
