// SPDX-License-Identifier: GPL-3.0-or-later
// What the layers of a PlotView share, and the fast way from values to pixels. Private to widgets/plots.
#pragma once

#include "widgets/plots/plot_types.h"
#include "widgets/plots/qcustomplot_wrapper.h"

#include <QRectF>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <vector>

namespace orrery::ui {

struct PlotScene {
    std::vector<PlotCurve> curves;
    std::vector<PlotMark> marks;
    QString valueTitle;
    QString emptyText;
    QString note; ///< what a logarithmic axis cannot show; empty: nothing
    std::function<QString(double)> valueText; ///< of figures that stand alone; null: four significant digits
    bool hasEndLabels = false;
    int numLegendRows = 0; ///< in place of labels at the ends, where these would lie on the curves
    bool legendHasValues = true; ///< behind the names; they have less need to be there than these
    double legendLeft = 0; ///< behind the unit, which stands in its last row
    bool hasFocusRing = false;
    std::optional<double> cursorX;
    std::optional<QRectF> rubberBand;
};

/// Maps one axis to pixels without a virtual call per point.
class PixelMap {
public:
    explicit PixelMap(const QCPAxis *axis) : m_isLog(axis->scaleType() == QCPAxis::stLogarithmic)
    {
        const QCPRange range = axis->range();
        const double from = axis->coordToPixel(range.lower), to = axis->coordToPixel(range.upper);
        const double low = place(range.lower), high = place(range.upper);
        m_scale = high > low ? (to - from) / (high - low) : 0;
        m_offset = from - low * m_scale;
        m_floor = from;
    }
    /// On a log axis, what is not positive stands at the lower edge.
    [[nodiscard]] double operator()(double value) const
    {
        if (m_isLog && value <= 0) return m_floor;
        // Qt's rasteriser works in 24.8 fixed point: far outside the view is as good as just outside.
        return std::clamp(m_offset + place(value) * m_scale, -20000.0, 40000.0);
    }

private:
    [[nodiscard]] double place(double value) const { return m_isLog ? std::log10(value) : value; }
    bool m_isLog;
    double m_scale = 0, m_offset = 0, m_floor = 0;
};

/// Name and value that stand at the end of a line: "train 1.412". Empty when the curve has no label or no
/// finite point.
QString endLabelText(const PlotCurve &curve, const PlotScene &scene);
QFont endLabelFont();

/// Where the entries of the legend begin, within the width of the whole view; in the order of the curves.
struct LegendPlace {
    const PlotCurve *curve;
    QString text;
    double x;
    int row;
};
std::vector<LegendPlace> legendPlaces(const PlotScene &scene, double width);
inline constexpr double kLegendLine = 14, kLegendLineGap = 5; ///< a piece of the curve before its name

} // namespace orrery::ui
