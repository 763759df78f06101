// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/curve_layer.h"

#include "widgets/plots/overlay_layers.h"
#include "widgets/plots/polyline.h"
#include "widgets/theme/theme.h"

#include <QImage>
#include <QPaintEngine>
#include <QPolygonF>
#include <QTransform>

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery::ui {
namespace {

constexpr double kRawOpacity = 0.28;
// Half-transparent lines fade faster on dark grounds.
constexpr double kRawOpacityOnDark = 0.38;
constexpr double kRawOpacityInContrast = 0.6; // faint is what this theme is not for
constexpr double kDimmedOpacity = 0.4;
constexpr double kLineWidth = 1.8;
constexpr double kBridgedColumns = 8;
constexpr double kGlyphLabelRoom = 40;
constexpr double kTolerance = 0.1; ///< pixels that a line may lie beside its points
constexpr double kThinTolerance = 0.3;
constexpr double kCrowdOpacity = 0.16;
constexpr double kDotSpacing = 7; ///< dots nearer than this run into a line

QColor withOpacity(QColor color, double opacity)
{
    color.setAlphaF(float(opacity));
    return color;
}

/// Indices of what the axis shows, with one more on either side so that lines reach the edges,
/// but for what has no place on a logarithmic axis.
template <typename T, typename X>
std::pair<size_t, size_t> visibleSpan(const std::vector<T> &points, const QCPAxis *axis, X x)
{
    const QCPRange range = axis->range();
    const auto from = std::lower_bound(points.begin(), points.end(), range.lower,
                                       [&](const T &p, double value) { return x(p) < value; });
    const auto to = std::upper_bound(from, points.end(), range.upper,
                                     [&](double value, const T &p) { return value < x(p); });
    const size_t first = size_t(from - points.begin()), last = size_t(to - points.begin());
    const bool hasBefore =
        first > 0 && (axis->scaleType() != QCPAxis::stLogarithmic || x(points[first - 1]) > 0);
    return {hasBefore ? first - 1 : first, std::min(last + 1, points.size())};
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

/// One bar per device pixel column from its highest to its lowest point, each drawn once: even opacity, exact
/// extrema, and a cost that no zigzag can raise.
class ColumnBars {
public:
    ColumnBars(double pixelRatio, double minimumHeight) : m_ratio(pixelRatio), m_minimumHeight(minimumHeight)
    {
    }
    void add(double x, double top, double bottom)
    {
        const double here = std::floor(x * m_ratio);
        if (m_isOpen && here != m_column) close();
        m_top = m_isOpen ? std::min(m_top, top) : top;
        m_bottom = m_isOpen ? std::max(m_bottom, bottom) : bottom;
        m_column = here;
        m_isOpen = true;
    }
    /// Missing data: what follows does not touch what was before.
    void breakLine()
    {
        close();
        m_hasBefore = false;
    }
    /// @param clip what is seen, in the painter's coordinates
    void draw(QPainter *painter, const QColor &color, const QRect &clip)
    {
        close();
        if (isOfPixels(*painter)) return drawPixels(painter, color, clip);
        painter->setRenderHint(QPainter::Antialiasing, false);
        painter->setPen(Qt::NoPen);
        painter->setBrush(color);
        painter->drawRects(m_bars);
    }

private:
    /// Not a vector file, whose rectangles stay what they are, and nothing turned or moved between pixels.
    [[nodiscard]] bool isOfPixels(const QPainter &painter) const
    {
        const QTransform &map = painter.deviceTransform();
        return painter.paintEngine() && painter.paintEngine()->type() == QPaintEngine::Raster && map.type() <= QTransform::TxScale &&
               map.m11() == m_ratio && map.m22() == m_ratio;
    }

    /// The same pixels as drawRects() of the bars. Qt fills these as a span a row, 64 to a thread, and wakes threads for some
    /// thousands of spans of one pixel: with 2,000 spikes twice the time of all else.
    void drawPixels(QPainter *painter, const QColor &color, const QRect &clip) const
    {
        const QRectF seen(clip.left() * m_ratio, clip.top() * m_ratio, clip.width() * m_ratio, clip.height() * m_ratio);
        const QRect area = seen.toAlignedRect();
        if (area.isEmpty()) return;
        QRect used;
        QVector<QRect> pixels;
        pixels.reserve(m_bars.size());
        const auto limited = [](double value, int least, int most) { return qRound(std::clamp<double>(value, least, most)); };
        for (const QRectF &bar : m_bars) {
            const int left = limited(bar.left() * m_ratio, area.left(), area.right() + 1);
            const int right = limited(bar.right() * m_ratio, area.left(), area.right() + 1);
            const int top = limited(bar.top() * m_ratio, area.top(), area.bottom() + 1);
            const int bottom = limited(bar.bottom() * m_ratio, area.top(), area.bottom() + 1);
            const QRect inside(left, top, right - left, bottom - top);
            if (inside.isEmpty()) continue;
            pixels.append(inside);
            used |= inside;
        }
        if (used.isEmpty()) return;
        QImage image(used.size(), QImage::Format_ARGB32_Premultiplied);
        if (image.isNull()) return;
        image.fill(Qt::transparent);
        const QRgb filling = qPremultiply(color.rgba());
        auto *first = reinterpret_cast<QRgb *>(image.bits());
        const qsizetype stride = image.bytesPerLine() / qsizetype(sizeof(QRgb));
        for (const QRect &bar : pixels)
            for (int y = bar.top() - used.top(); y <= bar.bottom() - used.top(); ++y)
                std::fill_n(first + y * stride + (bar.left() - used.left()), bar.width(), filling);
        image.setDevicePixelRatio(m_ratio);
        painter->drawImage(QPointF(used.topLeft()) / m_ratio, image);
    }

    void close()
    {
        if (!m_isOpen) return;
        // Touch the column before, as a line would.
        const double upper = m_hasBefore ? std::min(m_top, m_beforeBottom) : m_top;
        const double lower = m_hasBefore ? std::max(m_bottom, m_beforeTop) : m_bottom;
        const double missing = std::max(0.0, m_minimumHeight - (lower - upper));
        // A few empty columns between neighbours are sampling, not missing data.
        const bool isNear = m_hasBefore && m_column - m_beforeColumn <= kBridgedColumns;
        const double left = isNear ? std::min(m_beforeColumn + 1, m_column) : m_column;
        m_bars.append(QRectF(left / m_ratio, upper - missing / 2, (m_column + 1 - left) / m_ratio,
                             lower - upper + missing));
        m_beforeTop = m_top;
        m_beforeBottom = m_bottom;
        m_beforeColumn = m_column;
        m_hasBefore = true;
        m_isOpen = false;
    }

    double m_ratio, m_minimumHeight;
    QVector<QRectF> m_bars;
    bool m_isOpen = false, m_hasBefore = false;
    double m_column = 0, m_top = 0, m_bottom = 0, m_beforeTop = 0, m_beforeBottom = 0, m_beforeColumn = 0;
};

/// In short stretches: the cost of stroking one path with antialiasing grows faster than its length.
void strokePolyline(QPainter *painter, const QPolygonF &line)
{
    constexpr qsizetype kStretch = 24;
    const QPolygonF points = simplified(line, kTolerance);
    for (qsizetype i = 0; i + 1 < points.size(); i += kStretch)
        painter->drawPolyline(points.constData() + i, int(std::min(kStretch + 1, points.size() - i)));
}

/// Many long strokes up and down: as many as columns, each some pixels high.
bool isZigzag(const QPolygonF &line)
{
    if (line.size() < 200) return false;
    double travel = 0;
    for (qsizetype i = 1; i < line.size(); ++i) travel += std::abs(line[i].y() - line[i - 1].y());
    const double width = line.last().x() - line.first().x();
    return double(line.size()) > 0.8 * width && travel > 3 * double(line.size());
}

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
            if (curve.isDimmed == isDimmed && !isInCrowd(curve)) drawRaw(painter, curve);
        if (!isDimmed) drawCrowd(painter);
        for (const PlotCurve &curve : m_scene.curves)
            if (curve.isDimmed == isDimmed) drawLine(painter, curve);
    }
    for (const PlotCurve &curve : m_scene.curves) drawGlyphs(painter, curve);
}

/// Whether its extremes are shown together with those of others: pale bands of many hues over each other show
/// less, and cost a bar for each column and curve.
bool CurveLayer::isInCrowd(const PlotCurve &curve) const
{
    if (!curve.isThin || curve.raw.empty()) return false;
    const auto [first, last] =
        visibleSpan(curve.raw, parentPlot()->xAxis, [](const PlotBucket &b) { return b.x; });
    return double(last - first) > std::max(1, parentPlot()->axisRect()->width()) * 0.5;
}

/// From the lowest to the highest report of all curves of the crowd, in each column.
void CurveLayer::drawCrowd(QCPPainter *painter) const
{
    const PixelMap mapX(parentPlot()->xAxis), mapY(parentPlot()->yAxis);
    const double ratio = parentPlot()->bufferDevicePixelRatio();
    const QRect area = clipRect();
    const auto numColumns = size_t(std::max(1.0, std::ceil((area.width() + 1) * ratio)));
    std::vector<double> top(numColumns, std::numeric_limits<double>::infinity());
    std::vector<double> bottom(numColumns, -std::numeric_limits<double>::infinity());
    bool isEmpty = true;
    for (const PlotCurve &curve : m_scene.curves) {
        if (curve.isDimmed || !isInCrowd(curve)) continue;
        const auto [first, last] =
            visibleSpan(curve.raw, parentPlot()->xAxis, [](const PlotBucket &b) { return b.x; });
        for (size_t i = first; i < last; ++i) {
            const PlotBucket &bucket = curve.raw[i];
            const double column = (mapX(bucket.x) - area.left()) * ratio;
            if (std::isnan(bucket.mean) || column < 0 || column >= double(numColumns)) continue;
            double &high = top[size_t(column)], &low = bottom[size_t(column)];
            high = std::min(high, mapY(bucket.high));
            low = std::max(low, mapY(bucket.low));
            isEmpty = false;
        }
    }
    if (isEmpty) return;
    ColumnBars bars(ratio, 1 / ratio);
    for (size_t i = 0; i < numColumns; ++i)
        if (top[i] <= bottom[i]) bars.add(area.left() + (double(i) + 0.5) / ratio, top[i], bottom[i]);
    bars.draw(painter, withOpacity(Theme::instance().tokens().secondary, kCrowdOpacity), area);
}

void CurveLayer::drawRaw(QCPPainter *painter, const PlotCurve &curve) const
{
    if (curve.raw.empty()) return;
    const auto [first, last] =
        visibleSpan(curve.raw, parentPlot()->xAxis, [](const PlotBucket &b) { return b.x; });
    if (first >= last) return;
    const Theme &theme = Theme::instance();
    const double usual = theme.kind() == ThemeKind::HighContrast ? kRawOpacityInContrast : theme.isDark() ? kRawOpacityOnDark : kRawOpacity;
    double opacity = usual * curve.rawOpacity;
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
    const PixelMap mapX(parentPlot()->xAxis), mapY(parentPlot()->yAxis);
    const double ratio = parentPlot()->bufferDevicePixelRatio();
    ColumnBars bars(ratio, 1 / ratio);
    for (size_t i = first; i < last; ++i) {
        const PlotBucket &bucket = curve.raw[i];
        if (std::isnan(bucket.mean))
            bars.breakLine();
        else
            bars.add(mapX(bucket.x), mapY(bucket.high), mapY(bucket.low));
    }
    bars.draw(painter, color, clipRect());
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
            strokePolyline(painter, middle);
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
        visibleSpan(curve.line, parentPlot()->xAxis, [](const QPointF &p) { return p.x(); });
    const QColor color = curve.isDimmed ? withOpacity(curve.color, kDimmedOpacity) : curve.color;
    // Up to one pixel Qt draws lines directly, wider ones as outlines: many times the cost in a crowd.
    const double width = curve.isThin ? 1 : curve.isDimmed ? 1.2 : kLineWidth;
    QPen pen(color, width, curve.penStyle, Qt::RoundCap, Qt::BevelJoin);
    painter->setAntialiasing(true);
    QPolygonF stretch;
    QPolygonF dots;
    QPointF end(std::nan(""), 0);
    ColumnReducer reducer(stretch);
    const auto flush = [&] {
        reducer.flush();
        painter->setBrush(Qt::NoBrush);
        painter->setPen(pen);
        if (isZigzag(stretch)) {
            ColumnBars bars(parentPlot()->bufferDevicePixelRatio(), pen.widthF());
            for (const QPointF &point : stretch) bars.add(point.x(), point.y(), point.y());
            bars.draw(painter, color, clipRect());
            painter->setAntialiasing(true);
        } else if (curve.isThin && stretch.size() > 1)
            painter->drawPolyline(simplified(stretch, kThinTolerance));
        else if (stretch.size() > 1)
            strokePolyline(painter, stretch);
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
        visibleSpan(curve.nonFinite, parentPlot()->xAxis, [](const PlotGlyph &g) { return g.x; });
    const PixelMap mapX(parentPlot()->xAxis);
    const QRect area = clipRect();
    const double size = 3.5;
    QColor color = Theme::instance().tokens().error;
    if (curve.isDimmed) color = withOpacity(color, 0.6);
    painter->setAntialiasing(true);
    painter->setPen(QPen(color, 1.6, Qt::SolidLine, Qt::RoundCap));
    painter->setFont(Theme::instance().smallFont());
    const double lift = QFontMetricsF(painter->font()).ascent() / 2 - 1;
    const double bottom = area.bottom() - (m_scene.marks.empty() ? 0 : kMarkRowHeight); // the marks have a row of their own
    double before = -1e9;
    for (size_t i = first; i < last; ++i) {
        const double value = curve.nonFinite[i].value;
        const double x = mapX(curve.nonFinite[i].x);
        const double next = i + 1 < last ? mapX(curve.nonFinite[i + 1].x) : 1e9;
        if (x - before < 2 && i + 1 < last) continue;
        before = x;
        const bool isBelow = std::isinf(value) && value < 0;
        const double y = isBelow ? bottom - 2 * size : area.top() + 2 * size;
        painter->drawLine(QPointF(x - size, y - size), QPointF(x + size, y + size));
        painter->drawLine(QPointF(x - size, y + size), QPointF(x + size, y - size));
        // What the cross means, behind the last one of a group.
        if (next - x > kGlyphLabelRoom && x + kGlyphLabelRoom < area.right())
            painter->drawText(QPointF(x + 2 * size, y + lift),
                              std::isnan(value) ? QStringLiteral("NaN") : isBelow ? QStringLiteral("\u2212Inf") : QStringLiteral("Inf"));
    }
}

} // namespace orrery::ui
