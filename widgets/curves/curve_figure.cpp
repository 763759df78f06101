// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/curve_figure.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/plots/polyline.h"
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme_tokens.h"

#include <QDateTime>
#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kWidth = 900, kLargeHeight = 340, kSmallHeight = 190, kGap = 20, kMargin = 12;
constexpr double kLeft = 56, kRight = 76, kSmallRight = 8, kBottom = 38, kTop = 24;
constexpr double kNameGap = 6;
constexpr float kNameVeil = 0.75F;
constexpr int kKeyColumns = 4;
constexpr double kKeyHeight = 15, kKeyLine = 20;
constexpr double kBandOpacity = 0.18;
/// Points of all lines of a figure with a legend: a dozen characters each, and 300 to begin a line, are below 300 kB.
constexpr qsizetype kMaxPoints = 12'000;
constexpr double kTolerances[] = {0.1, 0.2, 0.4, 0.8, 1.6}; ///< pixels
constexpr double kLargeShare = 0.6; ///< of the points where noise needs more: of the large chart

/// Values on one axis to places in the plot.
struct Scale {
    PlotRange range;
    double begin = 0, end = 1; ///< pixels
    bool isLogarithmic = false;
    [[nodiscard]] double of(double value) const
    {
        const auto measure = [this](double v) { return isLogarithmic ? std::log10(v) : v; };
        const double from = measure(range.from), to = measure(range.to);
        return begin + (measure(value) - from) / (to - from) * (end - begin);
    }
    [[nodiscard]] bool canShow(double value) const
    {
        return std::isfinite(value) && (!isLogarithmic || value > 0);
    }
};

/// The lowest and the highest point of each of some parts of a line: what noise is from afar.
QPolygonF extremesOf(const QPolygonF &line, qsizetype maxPoints)
{
    if (line.size() <= maxPoints) return line;
    const qsizetype numParts = std::max<qsizetype>(1, (maxPoints - 2) / 2);
    QPolygonF result{line.first()};
    for (qsizetype part = 0; part < numParts; ++part) {
        const auto begin = line.begin() + part * line.size() / numParts;
        const auto end = line.begin() + (part + 1) * line.size() / numParts;
        const auto [low, high] = std::minmax_element(
            begin, end, [](const QPointF &a, const QPointF &b) { return a.y() < b.y(); });
        result << *std::min(low, high) << *std::max(low, high);
    }
    return result << line.last();
}

class ChartPainter {
public:
    ChartPainter(QPainter &painter, const QRectF &area, const FigureChart &chart, bool hasNames)
        : m_painter(painter), m_chart(chart), m_tokens(themeTokens(ThemeKind::Light)),
          m_small(typeFont(TypeSize::Small)), m_area(area),
          m_plot(area.adjusted(kLeft, kTop, -rightOf(area, chart, hasNames), -kBottom)),
          m_hasNames(hasNames), m_x{chart.x, m_plot.left(), m_plot.right(), chart.isLogX}, m_y{chart.y,
                                                                                        m_plot.bottom(),
                                                                                        m_plot.top(),
                                                                                        chart.isLogY}
    {
    }
    /// Lines may lie this far beside their points; 0: they do not.
    void setTolerance(double tolerance) { m_tolerance = tolerance; }
    /// Of a stretch without a gap.
    void setMaxPoints(qsizetype maxPoints) { m_maxPoints = maxPoints; }
    [[nodiscard]] qsizetype numCurves() const { return std::ssize(m_chart.curves); }
    /// Of all lines, as they would be drawn.
    [[nodiscard]] qsizetype numPoints() const
    {
        qsizetype sum = 0;
        for (const PlotCurve &curve : m_chart.curves) {
            for (const QPolygonF &stretch : stretches(curve.line, pointOf)) sum += stretch.size();
            for (const QPolygonF &band : bands(curve)) sum += band.size();
        }
        return sum;
    }
    void paint()
    {
        paintTitle();
        paintGrid();
        m_painter.save();
        m_painter.setClipRect(m_plot.adjusted(0, -2, 3, 2));
        for (const PlotCurve &curve : m_chart.curves) paintCurve(curve);
        m_painter.restore();
        if (m_hasNames) paintNames();
    }

private:
    /// The names have a margin of their own where the lines leave them no room: charts below each other end at one edge.
    static double rightOf(const QRectF &area, const FigureChart &chart, bool hasNames)
    {
        if (!hasNames) return kSmallRight;
        const QFontMetricsF metrics(typeFont(TypeSize::Small));
        const Scale x{chart.x, area.left() + kLeft, area.right() - kSmallRight, chart.isLogX};
        for (const PlotCurve &curve : chart.curves) {
            double end = x.begin;
            for (const QPointF &point : curve.line)
                if (x.canShow(point.x()) && point.x() <= chart.x.to) end = std::max(end, x.of(point.x()));
            if (end + kNameGap + metrics.horizontalAdvance(curve.name) > x.end) return kRight;
        }
        return kSmallRight;
    }
    void paintTitle()
    {
        QFont bold = m_small;
        bold.setWeight(QFont::DemiBold);
        m_painter.setFont(bold);
        m_painter.setPen(m_tokens.text);
        const double base = m_area.top() + QFontMetricsF(bold).ascent();
        m_painter.drawText(QPointF(m_plot.left(), base), m_chart.title);
        if (m_chart.unit.isEmpty()) return;
        const double x = m_plot.left() + QFontMetricsF(bold).horizontalAdvance(m_chart.title) + 8;
        m_painter.setFont(m_small);
        m_painter.setPen(m_tokens.secondary);
        m_painter.drawText(QPointF(x, base), m_chart.unit);
    }
    void paintGrid()
    {
        const QFontMetricsF metrics(m_small);
        m_painter.setFont(m_small);
        const std::vector<double> ticks = figureTicks(m_chart.y, 5, m_chart.isLogY);
        double largest = 0;
        for (const double value : ticks) largest = std::max(largest, std::abs(value));
        for (const double value : ticks) {
            const double y = m_y.of(value);
            m_painter.setPen(QPen(m_tokens.grid, 1));
            m_painter.drawLine(QPointF(m_plot.left(), y), QPointF(m_plot.right(), y));
            m_painter.setPen(m_tokens.secondary);
            m_painter.drawText(QRectF(m_area.left(), y - 10, kLeft - 6, 20),
                               Qt::AlignRight | Qt::AlignVCenter, tickText(value, largest));
        }
        m_painter.setPen(QPen(m_tokens.border, 1));
        m_painter.drawLine(m_plot.bottomLeft(), m_plot.bottomRight());
        const int numWanted = int(m_plot.width() / 90);
        for (const double value : figureTicks(m_chart.x, std::max(2, numWanted), m_chart.isLogX)) {
            const double x = m_x.of(value);
            m_painter.setPen(QPen(m_tokens.border, 1));
            m_painter.drawLine(QPointF(x, m_plot.bottom()), QPointF(x, m_plot.bottom() + 3));
            m_painter.setPen(m_tokens.secondary);
            m_painter.drawText(QRectF(x - 60, m_plot.bottom() + 4, 120, metrics.height()), Qt::AlignCenter,
                               placeText(value));
        }
        m_painter.setPen(m_tokens.secondary);
        m_painter.drawText(
            QRectF(m_plot.left(), m_plot.bottom() + 4 + metrics.height(), m_plot.width(), metrics.height()),
            Qt::AlignRight, m_chart.xTitle);
    }
    [[nodiscard]] QString placeText(double value) const
    {
        switch (m_chart.xFormat) {
        case AxisFormat::Duration:
            return exactDurationText(value);
        case AxisFormat::Clock:
            return QDateTime::fromMSecsSinceEpoch(qRound64(value * 1000))
                .toString(m_chart.x.size() > 3 * 86400 ? u"MMM d"_s : u"MMM d hh:mm"_s);
        case AxisFormat::Compact:
            return compactText(value, Zeros::Trim);
        case AxisFormat::Count:
        case AxisFormat::Value:
            break;
        }
        return integerText(std::llround(value));
    }
    /// @param largest of the axis, whose unit all of it have: "5 k" below "10 k"
    [[nodiscard]] static QString tickText(double value, double largest)
    {
        const double size = std::abs(value);
        if (largest >= 10'000 && size >= 1'000) return compactText(value, Zeros::Trim);
        if (size >= 1'000 && value == std::round(value)) return integerText(std::llround(value));
        if (size > 0 && size < 0.001) return significantText(value, 2);
        return QString::number(value, 'g', 6).replace(u'-', u'−');
    }
    void paintCurve(const PlotCurve &curve)
    {
        QColor color = curve.color;
        if (curve.isDimmed) color.setAlphaF(0.35F);
        if (m_tolerance > 0) {
            QColor pale = color;
            pale.setAlphaF(float(kBandOpacity * color.alphaF()));
            m_painter.setPen(Qt::NoPen);
            m_painter.setBrush(pale);
            for (const QPolygonF &band : bands(curve)) m_painter.drawPolygon(band);
        } else if (!curve.raw.empty()) {
            QColor pale = color;
            pale.setAlphaF(0.25F * color.alphaF());
            m_painter.setPen(QPen(pale, 1));
            paintLine(curve.raw, [](const PlotBucket &bucket) { return QPointF(bucket.x, bucket.mean); });
            for (const PlotBucket &bucket : curve.raw)
                if (bucket.high > bucket.low && m_y.canShow(bucket.low) && isInside(bucket.x))
                    m_painter.drawLine(QPointF(m_x.of(bucket.x), m_y.of(bucket.low)),
                                       QPointF(m_x.of(bucket.x), m_y.of(bucket.high)));
        }
        m_painter.setPen(
            QPen(color, curve.isThin ? 1 : 1.5, curve.penStyle, Qt::RoundCap, Qt::RoundJoin));
        paintLine(curve.line, pointOf);
        m_painter.setBrush(color);
        m_painter.setPen(Qt::NoPen);
        if (curve.hasDots)
            for (const QPointF &point : curve.line)
                if (m_y.canShow(point.y()) && isInside(point.x()))
                    m_painter.drawEllipse(QPointF(m_x.of(point.x()), m_y.of(point.y())), 2, 2);
        m_painter.setBrush(Qt::NoBrush);
        m_painter.setPen(QPen(m_tokens.error, 1.5));
        for (const PlotGlyph &glyph : curve.nonFinite) { // never hidden
            const QPointF at(m_x.of(glyph.x), glyph.value < 0 ? m_plot.bottom() - 5 : m_plot.top() + 5);
            if (!isInside(glyph.x)) continue;
            m_painter.drawLine(at + QPointF(-3, -3), at + QPointF(3, 3));
            m_painter.drawLine(at + QPointF(-3, 3), at + QPointF(3, -3));
        }
    }
    static QPointF pointOf(const QPointF &point) { return point; }
    /// Up along the upper edge and back along the lower one.
    [[nodiscard]] std::vector<QPolygonF> bands(const PlotCurve &curve) const
    {
        if (m_tolerance <= 0) return {};
        std::vector<QPolygonF> upper =
            stretches(curve.raw, [](const PlotBucket &bucket) { return QPointF(bucket.x, bucket.high); });
        const std::vector<QPolygonF> lower =
            stretches(curve.raw, [](const PlotBucket &bucket) { return QPointF(bucket.x, bucket.low); });
        if (upper.size() != lower.size()) return {}; // a logarithmic axis cannot show one of them
        for (size_t i = 0; i < upper.size(); ++i)
            for (auto point = lower[i].rbegin(); point != lower[i].rend(); ++point) upper[i] << *point;
        return upper;
    }
    [[nodiscard]] bool isInside(double x) const
    {
        return x >= m_chart.x.from && x <= m_chart.x.to && m_x.canShow(x);
    }
    /// One path for each stretch without a gap; what lies outside is left out but for the next point.
    template <typename Points, typename Place>
    [[nodiscard]] std::vector<QPolygonF> stretches(const Points &points, const Place &place) const
    {
        std::vector<QPolygonF> all;
        bool isDrawing = false;
        for (size_t i = 0; i < points.size(); ++i) {
            const QPointF point = place(points[i]);
            const bool isNear = isInside(point.x()) || (i > 0 && isInside(place(points[i - 1]).x())) ||
                                (i + 1 < points.size() && isInside(place(points[i + 1]).x()));
            if (!m_y.canShow(point.y()) || !m_x.canShow(point.x()) || !isNear) {
                isDrawing = false;
                continue;
            }
            if (!std::exchange(isDrawing, true)) all.emplace_back();
            all.back() << QPointF(m_x.of(point.x()), m_y.of(point.y()));
        }
        if (m_tolerance <= 0) return all;
        for (QPolygonF &stretch : all) {
            stretch = extremesOf(simplified(stretch, m_tolerance), m_maxPoints);
            // A tenth of a pixel is as fine as print, and half the digits of a file.
            for (QPointF &point : stretch)
                point = {std::round(point.x() * 10) / 10, std::round(point.y() * 10) / 10};
        }
        return all;
    }
    template <typename Points, typename Place> void paintLine(const Points &points, const Place &place)
    {
        QPainterPath path;
        for (const QPolygonF &stretch : stretches(points, place)) path.addPolygon(stretch);
        m_painter.setBrush(Qt::NoBrush);
        m_painter.drawPath(path);
    }
    void paintNames()
    {
        const double height = QFontMetricsF(m_small).height();
        struct Name {
            double x, y;
            const PlotCurve *curve;
        };
        std::vector<Name> names;
        for (const PlotCurve &curve : m_chart.curves) {
            if (curve.name.isEmpty() || curve.isDimmed) continue;
            for (auto point = curve.line.rbegin(); point != curve.line.rend(); ++point)
                if (m_y.canShow(point->y()) && isInside(point->x())) {
                    names.push_back({m_x.of(point->x()),
                                     std::clamp(m_y.of(point->y()), m_plot.top(), m_plot.bottom()), &curve});
                    break;
                }
        }
        std::sort(names.begin(), names.end(),
                  [](const Name &left, const Name &right) { return left.y < right.y; });
        // They do not lie on each other, and not on the axis.
        double free = m_plot.top() - height;
        for (Name &name : names) free = name.y = std::max(name.y, free + height);
        double limit = m_plot.bottom() - height / 2 - 1;
        for (auto name = names.rbegin(); name != names.rend(); ++name) {
            name->y = std::min(name->y, limit);
            limit = name->y - height;
        }
        m_painter.setFont(m_small);
        const QFontMetricsF metrics(m_small);
        QColor veil = Qt::white; // a line that goes on behind a name is seen, and the name read
        veil.setAlphaF(kNameVeil);
        for (const Name &name : names) {
            const QRectF place(std::min(name.x, m_plot.right()) + kNameGap, name.y - height / 2, kRight - kNameGap, height);
            m_painter.fillRect(QRectF(place.topLeft(), QSizeF(metrics.horizontalAdvance(name.curve->name), height)), veil);
            m_painter.setPen(readableOn(name.curve->color, Qt::white));
            m_painter.drawText(place, Qt::AlignVCenter, name.curve->name);
        }
    }

    QPainter &m_painter;
    const FigureChart &m_chart;
    ThemeTokens m_tokens;
    QFont m_small;
    QRectF m_area, m_plot;
    bool m_hasNames;
    Scale m_x, m_y;
    double m_tolerance = 0;
    qsizetype m_maxPoints = std::numeric_limits<qsizetype>::max();
};

/// The finest lines that stay within the budget of points.
void makeFit(std::vector<ChartPainter> &painters)
{
    for (const double tolerance : kTolerances) {
        qsizetype numPoints = 0;
        for (ChartPainter &one : painters) {
            one.setTolerance(tolerance);
            numPoints += one.numPoints();
        }
        if (numPoints <= kMaxPoints) return;
    }
    for (size_t i = 0; i < painters.size(); ++i) {
        const double share = i == 0 ? kLargeShare : (1 - kLargeShare) / double(painters.size() - 1);
        const auto numCurves = double(std::max<qsizetype>(1, painters[i].numCurves()));
        painters[i].setMaxPoints(std::max<qsizetype>(8, qsizetype(share * double(kMaxPoints) / numCurves)));
    }
}

void paintKeys(QPainter &painter, const QRectF &area, const std::vector<FigureKey> &keys)
{
    const QFont font = typeFont(TypeSize::Small);
    const QFontMetricsF metrics(font);
    const double width = area.width() / kKeyColumns;
    const size_t numRows = (keys.size() + kKeyColumns - 1) / kKeyColumns;
    painter.setFont(font);
    for (size_t i = 0; i < keys.size(); ++i) {
        const double left = area.left() + double(i / numRows) * width;
        const double y = area.top() + (double(i % numRows) + 0.5) * kKeyHeight;
        painter.setPen(QPen(keys[i].color, 1.5, keys[i].penStyle));
        painter.drawLine(QPointF(left, y), QPointF(left + kKeyLine, y));
    }
    painter.setPen(themeTokens(ThemeKind::Light).text); // all at once: a change of pen is a group of its own in SVG
    for (size_t i = 0; i < keys.size(); ++i) {
        const double left = area.left() + double(i / numRows) * width + kKeyLine + 6;
        const double y = area.top() + double(i % numRows) * kKeyHeight;
        painter.drawText(QPointF(left, y + (kKeyHeight + metrics.ascent() - metrics.descent()) / 2),
                         metrics.elidedText(keys[i].text, Qt::ElideMiddle, width - kKeyLine - 14));
    }
}

} // namespace

std::vector<double> figureTicks(const PlotRange &range, int numWanted, bool isLogarithmic)
{
    std::vector<double> ticks;
    if (!(range.size() > 0) || !std::isfinite(range.size()) || numWanted < 1) return ticks;
    if (isLogarithmic && range.from > 0) {
        for (int exponent = int(std::ceil(std::log10(range.from))); std::pow(10, exponent) <= range.to;
             ++exponent)
            ticks.push_back(std::pow(10, exponent));
        if (ticks.size() >= 3) return ticks;
        ticks.clear();
    }
    const double least = range.size() / numWanted;
    const double power = std::pow(10, std::floor(std::log10(least)));
    double step = 10 * power;
    for (const double factor : {5.0, 2.0, 1.0})
        if (factor * power >= least) step = factor * power;
    for (double i = std::ceil(range.from / step); i * step <= range.to + 1e-9 * step; ++i)
        ticks.push_back(i * step == 0 ? 0 : i * step); // no −0
    return ticks;
}

PaperFigure curveFigure(const QString &title, std::vector<FigureChart> charts, std::vector<FigureKey> keys)
{
    const double heading = QFontMetricsF(typeFont(TypeSize::Heading)).height() + 10;
    const bool hasSmall = charts.size() > 1;
    const double chartsHeight = kLargeHeight + (hasSmall ? kGap + kSmallHeight : 0);
    const double keysHeight = double((keys.size() + kKeyColumns - 1) / kKeyColumns) * kKeyHeight;
    const QSizeF size(kWidth + 2 * kMargin, 2 * kMargin + heading + chartsHeight +
                                                (keys.empty() ? 0 : kGap / 2 + keysHeight));
    const auto shared = std::make_shared<std::vector<FigureChart>>(std::move(charts));
    return {title, size, [title, size, heading, chartsHeight, shared, keys = std::move(keys)](QPainter &painter) {
                painter.fillRect(QRectF(QPointF(), size), Qt::white);
                QFont font = typeFont(TypeSize::Base);
                font.setWeight(QFont::DemiBold);
                painter.setFont(font);
                painter.setPen(themeTokens(ThemeKind::Light).text);
                const QFontMetricsF metrics(font);
                painter.drawText(QPointF(kMargin, kMargin + metrics.ascent()),
                                 metrics.elidedText(title, Qt::ElideRight, kWidth));
                if (shared->empty()) return;
                const QRectF large(kMargin, kMargin + heading, kWidth, kLargeHeight);
                std::vector<ChartPainter> painters;
                painters.reserve(shared->size());
                painters.emplace_back(painter, large, shared->front(), true);
                const double numSmall = double(shared->size() - 1);
                const double width = (kWidth - (numSmall - 1) * kGap) / std::max(1.0, numSmall);
                for (size_t i = 1; i < shared->size(); ++i)
                    painters.emplace_back(painter,
                                          QRectF(kMargin + double(i - 1) * (width + kGap), large.bottom() + kGap,
                                                 width, kSmallHeight),
                                          shared->at(i), false);
                if (!keys.empty()) {
                    makeFit(painters);
                    paintKeys(painter, {kMargin + kLeft, large.top() + chartsHeight + kGap / 2, kWidth - kLeft, 0},
                              keys);
                }
                for (ChartPainter &one : painters) one.paint();
            }};
}

} // namespace orrery::ui
