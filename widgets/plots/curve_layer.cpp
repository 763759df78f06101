// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/curve_layer.h"

#include "widgets/theme/theme.h"

#include <QPolygonF>

#include <algorithm>
#include <cmath>

namespace orrery::ui {
namespace {

constexpr double kRawOpacity = 0.25;
constexpr double kRawOpacityOnDark = 0.32;
constexpr double kDimmedOpacity = 0.4;
constexpr double kLineWidth = 1.8;
constexpr double kBridgedColumns = 8;
constexpr double kDotSpacing = 7; ///< dots nearer than this run into a line

QColor withOpacity(QColor color, double opacity)
{
    color.setAlphaF(float(opacity));
    return color;
}

/// Indices of what the range shows, with one more on either side so that lines reach the edges.
template <typename T, typename X>
std::pair<size_t, size_t> visibleSpan(const std::vector<T> &points, const QCPRange &range, X x)
{
    const auto from = std::lower_bound(points.begin(), points.end(), range.lower,
                                       [&](const T &p, double value) { return x(p) < value; });
    const auto to = std::upper_bound(from, points.end(), range.upper,
                                     [&](double value, const T &p) { return value < x(p); });
    const size_t first = size_t(from - points.begin()), last = size_t(to - points.begin());
    return {first > 0 ? first - 1 : 0, std::min(last + 1, points.size())};
}

/// Points of one pixel column, in the order they came, reduced to what can be seen of them.
class ColumnReducer {
public:
    explicit ColumnReducer(QPolygonF &out) : m_out(out) {}
    void add(const QPointF &p)
    {
        const double column = std::floor(p.x());
        if (m_count > 0 && column != m_column) flush();
        if (m_count == 0) {
            m_column = column;
            m_first = m_low = m_high = p;
        } else {
            if (p.y() < m_low.y()) m_low = p;
            if (p.y() > m_high.y()) m_high = p;
        }
        m_last = p;
        ++m_count;
    }
    void flush()
    {
        if (m_count == 0) return;
        m_out << m_first;
        if (m_count > 2) {
            const bool isLowFirst = m_low.x() <= m_high.x();
            for (const QPointF &p : {isLowFirst ? m_low : m_high, isLowFirst ? m_high : m_low})
                if (p != m_first && p != m_last) m_out << p;
        }
        if (m_count > 1) m_out << m_last;
        m_count = 0;
    }

private:
    QPolygonF &m_out;
    int m_count = 0;
    double m_column = 0;
    QPointF m_first, m_low, m_high, m_last;
};

} // namespace

CurveLayer::CurveLayer(QCustomPlot *plot, const PlotScene &scene)
    : QCPLayerable(plot, QStringLiteral("main")), m_scene(scene)
{
}

QRect CurveLayer::clipRect() const { return parentPlot()->axisRect()->rect(); }

void CurveLayer::draw(QCPPainter *painter)
{
    // Old attempts below, then all raw bands, then all lines, so that no band covers a line.
    for (const bool isDimmed : {true, false}) {
        for (const PlotCurve &curve : m_scene.curves)
            if (curve.isDimmed == isDimmed) drawRaw(painter, curve);
        for (const PlotCurve &curve : m_scene.curves)
            if (curve.isDimmed == isDimmed) drawLine(painter, curve);
    }
    for (const PlotCurve &curve : m_scene.curves) drawGlyphs(painter, curve);
}

void CurveLayer::drawRaw(QCPPainter *painter, const PlotCurve &curve) const
{
    if (curve.raw.empty()) return;
    const QCPRange range = parentPlot()->xAxis->range();
    const auto [first, last] = visibleSpan(curve.raw, range, [](const PlotBucket &b) { return b.x; });
    if (first >= last) return;
    double opacity = Theme::instance().isDark() ? kRawOpacityOnDark : kRawOpacity;
    if (curve.isDimmed) opacity *= kDimmedOpacity;
    const QColor color = withOpacity(curve.color, opacity);
    const double columns = std::max(1, parentPlot()->axisRect()->width());
    if (double(last - first) > columns * 0.5)
        drawDenseRaw(painter, curve, first, last, color);
    else
        drawSparseRaw(painter, curve, first, last, color);
}

void CurveLayer::drawDenseRaw(QCPPainter *painter, const PlotCurve &curve, size_t first, size_t last,
                              QColor color) const
{
    // One bar per device pixel column, each drawn once, so that the opacity is even and the extrema are
    // exact.
    const PixelMap mapX(parentPlot()->xAxis), mapY(parentPlot()->yAxis);
    const double ratio = parentPlot()->bufferDevicePixelRatio();
    QVector<QRectF> bars;
    bool isOpen = false, hasBefore = false;
    double column = 0, top = 0, bottom = 0, beforeTop = 0, beforeBottom = 0, beforeColumn = 0;
    const auto close = [&] {
        if (!isOpen) return;
        double upper = top, lower = bottom;
        // Touch the column before, as a line would.
        if (hasBefore && upper > beforeBottom) upper = beforeBottom;
        if (hasBefore && lower < beforeTop) lower = beforeTop;
        const double height = std::max(lower - upper, 1.0 / ratio);
        // A few empty columns between neighbours are sampling, not missing data.
        const bool isNear = hasBefore && column - beforeColumn <= kBridgedColumns;
        const double left = isNear ? std::min(beforeColumn + 1, column) : column;
        bars.append(QRectF(left / ratio, upper, (column + 1 - left) / ratio, height));
        beforeTop = top;
        beforeBottom = bottom;
        beforeColumn = column;
        hasBefore = true;
        isOpen = false;
    };
    for (size_t i = first; i < last; ++i) {
        const PlotBucket &bucket = curve.raw[i];
        if (std::isnan(bucket.mean)) {
            close();
            hasBefore = false;
            continue;
        }
        const double here = std::floor(mapX(bucket.x) * ratio);
        if (isOpen && here != column) close();
        const double y0 = mapY(bucket.high), y1 = mapY(bucket.low);
        top = isOpen ? std::min(top, y0) : y0;
        bottom = isOpen ? std::max(bottom, y1) : y1;
        column = here;
        isOpen = true;
    }
    close();
    painter->setAntialiasing(false);
    painter->setPen(Qt::NoPen);
    painter->setBrush(color);
    painter->drawRects(bars);
}

void CurveLayer::drawSparseRaw(QCPPainter *painter, const PlotCurve &curve, size_t first, size_t last,
                               QColor color) const
{
    const PixelMap mapX(parentPlot()->xAxis), mapY(parentPlot()->yAxis);
    QPolygonF middle, upper, lower;
    bool hasBand = false;
    painter->setAntialiasing(true);
    const auto flush = [&] {
        if (middle.size() == 1) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(color);
            painter->drawEllipse(middle.first(), 1.5, 1.5);
            if (hasBand)
                painter->drawRect(QRectF(upper.first() - QPointF(0.5, 0), lower.first() + QPointF(0.5, 0)));
        } else if (middle.size() > 1) {
            if (hasBand) {
                QPolygonF band = upper;
                std::reverse(lower.begin(), lower.end());
                band += lower;
                painter->setPen(Qt::NoPen);
                painter->setBrush(color);
                painter->drawPolygon(band);
            }
            painter->setBrush(Qt::NoBrush);
            painter->setPen(
                QPen(hasBand ? color : withOpacity(color, std::min(1.0, color.alphaF() * 1.6)), 1.0));
            painter->drawPolyline(middle);
        }
        middle.clear();
        upper.clear();
        lower.clear();
        hasBand = false;
    };
    for (size_t i = first; i < last; ++i) {
        const PlotBucket &bucket = curve.raw[i];
        if (std::isnan(bucket.mean)) {
            flush();
            continue;
        }
        const double x = mapX(bucket.x);
        middle << QPointF(x, mapY(bucket.mean));
        upper << QPointF(x, mapY(bucket.high));
        lower << QPointF(x, mapY(bucket.low));
        hasBand = hasBand || bucket.low < bucket.high;
    }
    flush();
}

void CurveLayer::drawLine(QCPPainter *painter, const PlotCurve &curve) const
{
    if (curve.line.empty()) return;
    const PixelMap mapX(parentPlot()->xAxis), mapY(parentPlot()->yAxis);
    const auto [first, last] =
        visibleSpan(curve.line, parentPlot()->xAxis->range(), [](const QPointF &p) { return p.x(); });
    const QColor color = curve.isDimmed ? withOpacity(curve.color, kDimmedOpacity) : curve.color;
    QPen pen(color, curve.isDimmed ? 1.2 : kLineWidth, curve.penStyle, Qt::RoundCap, Qt::RoundJoin);
    painter->setAntialiasing(true);
    QPolygonF stretch;
    QPolygonF dots;
    QPointF end(std::nan(""), 0);
    ColumnReducer reducer(stretch);
    const auto flush = [&] {
        reducer.flush();
        painter->setBrush(Qt::NoBrush);
        painter->setPen(pen);
        if (stretch.size() > 1)
            painter->drawPolyline(stretch);
        else if (stretch.size() == 1 && !curve.hasDots) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(color);
            painter->drawEllipse(stretch.first(), 2, 2);
        }
        stretch.clear();
    };
    double nearest = kDotSpacing;
    for (size_t i = first; i < last; ++i) {
        if (!std::isfinite(curve.line[i].y())) {
            flush();
            continue;
        }
        const QPointF point(mapX(curve.line[i].x()), mapY(curve.line[i].y()));
        reducer.add(point);
        if (curve.hasDots) {
            if (!dots.isEmpty()) nearest = std::min(nearest, point.x() - dots.last().x());
            dots << point;
        }
        end = point;
    }
    flush();
    painter->setPen(Qt::NoPen);
    painter->setBrush(color);
    if (curve.hasDots && nearest >= kDotSpacing)
        for (const QPointF &dot : dots) painter->drawEllipse(dot, 2.4, 2.4);
    if (curve.isLive && last == curve.line.size() && !std::isnan(end.x())) {
        painter->setPen(QPen(Theme::instance().tokens().surface, 1.5));
        painter->drawEllipse(end, 4.5, 4.5);
    }
}

void CurveLayer::drawGlyphs(QCPPainter *painter, const PlotCurve &curve) const
{
    if (curve.nonFinite.empty()) return;
    const auto [first, last] =
        visibleSpan(curve.nonFinite, parentPlot()->xAxis->range(), [](const PlotGlyph &g) { return g.x; });
    const PixelMap mapX(parentPlot()->xAxis);
    const QRect area = clipRect();
    const double size = 3.5;
    QColor color = Theme::instance().tokens().error;
    if (curve.isDimmed) color = withOpacity(color, 0.6);
    painter->setAntialiasing(true);
    painter->setPen(QPen(color, 1.6, Qt::SolidLine, Qt::RoundCap));
    double before = -1e9;
    for (size_t i = first; i < last; ++i) {
        const double x = mapX(curve.nonFinite[i].x);
        if (x - before < 2 && i + 1 < last) continue;
        before = x;
        const bool isBelow = std::isinf(curve.nonFinite[i].value) && curve.nonFinite[i].value < 0;
        const double y = isBelow ? area.bottom() - 2 * size : area.top() + 2 * size;
        painter->drawLine(QPointF(x - size, y - size), QPointF(x + size, y + size));
        painter->drawLine(QPointF(x - size, y + size), QPointF(x + size, y - size));
    }
}

} // namespace orrery::ui
