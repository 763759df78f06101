// SPDX-License-Identifier: GPL-3.0-or-later
// Ground colour of a token by its probability: the panel's own ground at 1, amber at 0, in between by equal
// steps of perceived difference (OKLab, Ottosson 2020). Text stays readable on every value. GUI thread only.
#pragma once

#include <QColor>

class QPainter;
class QRect;

namespace orrery::ui {

/// @param probability 0 … 1; NaN is shown as 0
QColor probabilityColor(double probability);
/// The scale with its numbers: "0.0 ▒▒▒ 1.0 probability, linear".
void paintProbabilityLegend(QPainter &painter, const QRect &area);
int probabilityLegendWidth();

} // namespace orrery::ui
