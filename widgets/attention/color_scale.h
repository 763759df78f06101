// SPDX-License-Identifier: GPL-3.0-or-later
// The scale beside every map: the colours with their numbers, and whether equal lengths are equal numbers.
// GUI thread only.
#pragma once

#include "widgets/attention/heat_image.h"

#include <QRectF>
#include <QStringList>

class QPainter;

namespace orrery::ui {

/// What stands beside the map.
struct ScaleLegend {
    HeatScale scale;
    CellValue value = CellValue::Maximum;
    bool isPooled = false;
    int64_t baseStep = -1; ///< of a difference
    QStringList headNames; ///< of an overlay; empty: the colours of one map
};
/// "largest weight, √ scale": short enough to stand beside a small scale.
QString scaleTitle(const ScaleLegend &legend);
/// Width that the scale takes, numbers and turned title included.
double colorScaleWidth(const ScaleLegend &legend, const FigureStyle &style);
/// Upright, in the given area; no higher than 280 pixels.
void paintColorScale(QPainter &painter, const QRectF &area, const ScaleLegend &legend,
                     const FigureStyle &style);
/// "0.05", "0.2", "1": as short as the number allows.
QString tickText(double value);
/// Of one cell: "0.327", "< 0.001", and of a difference "+0.012".
QString weightText(double weight, bool isDifference);

} // namespace orrery::ui
