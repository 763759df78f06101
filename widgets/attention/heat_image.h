// SPDX-License-Identifier: GPL-3.0-or-later
// Turns weights into pixels, one a cell, and says where on a colour scale a weight lies. Pure; GUI thread
// only, because the colour maps are.
#pragma once

#include "widgets/attention/figure_style.h"
#include "widgets/attention/head_matrix.h"

#include <QImage>

#include <vector>

namespace orrery::ui {

enum class ScaleKind : uint8_t { SquareRoot, Linear };

/// From a number to a place on a colour map.
struct HeatScale {
    ScaleKind kind = ScaleKind::SquareRoot;
    bool isDifference = false;
    double limit = 1; ///< what the end of the map stands for
    /// 0 … 1: of a weight from 0, of a difference from −limit.
    [[nodiscard]] double position(double value) const;
    [[nodiscard]] QRgb color(double value, const FigureStyle &style) const
    {
        return (isDifference ? style.diverging() : style.sequential()).at(position(value));
    }
    /// Round numbers of the scale, smallest first, ends included.
    [[nodiscard]] std::vector<double> ticks() const;
};

/// 1, 0.5, 0.2, 0.1, 0.05 …: the smallest that holds the value; so that a scale rarely changes while steps go
/// by.
double niceLimit(double largest);

/// One pixel a cell.
QImage heatImage(const HeadMatrix &matrix, CellValue value, const HeatScale &scale, const FigureStyle &style);
/// The colour of a cell in which several heads are shown: that of each by the share it gives, as strong as
/// the strongest.
QRgb overlayColor(const std::vector<HeadMatrix> &heads, CellValue value, const HeatScale &scale,
                  const FigureStyle &style, int row, int column);
/// The same of all cells, a pixel a cell. @param heads of one shape, at least one
QImage overlayImage(const std::vector<HeadMatrix> &heads, CellValue value, const HeatScale &scale,
                    const FigureStyle &style);
/// Cells of `perCell` × `perCell` cells, each the one that is farthest from 0.
HeadMatrix pooled(const HeadMatrix &matrix, CellValue value, int perCell);

} // namespace orrery::ui
