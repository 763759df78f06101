// SPDX-License-Identifier: GPL-3.0-or-later
// The curves as a figure in a paper: white ground, thin grid, names at the ends of the lines. Pure but for
// the fonts; GUI thread only.
#pragma once

#include "widgets/common/paper_figure.h"
#include "widgets/plots/plot_types.h"

#include <vector>

namespace orrery::ui {

struct FigureChart {
    QString title, unit; ///< "Loss", "nats / token"
    std::vector<PlotCurve> curves;
    PlotRange x, y; ///< what is shown
    bool isLogY = false;
    AxisFormat xFormat = AxisFormat::Count;
    QString xTitle;
    bool isLogX = false;
};

/// A line of the legend of several runs.
struct FigureKey {
    QString text;
    QColor color;
    Qt::PenStyle penStyle = Qt::SolidLine;
};

/// The first chart large, the others in a row under it.
/// @param keys of several runs: a legend at the foot. With it, `raw` of a curve is the band of a group, and lines lose
/// points that nobody sees, so that an SVG of 50 runs stays below 300 kB.
PaperFigure curveFigure(const QString &title, std::vector<FigureChart> charts, std::vector<FigureKey> keys = {});
/// Even numbers between the ends, in steps of 1, 2 or 5; of a logarithmic axis powers of ten where there are
/// enough of them.
std::vector<double> figureTicks(const PlotRange &range, int numWanted, bool isLogarithmic);

} // namespace orrery::ui
