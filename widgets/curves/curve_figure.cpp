// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/curve_figure.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme_tokens.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <memory>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kWidth = 900, kLargeHeight = 340, kSmallHeight = 190, kGap = 20, kMargin = 12;
constexpr double kLeft = 56, kRight = 76, kSmallRight = 8, kBottom = 38, kTop = 24;

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

class ChartPainter {
public:
    ChartPainter(QPainter &painter, const QRectF &area, const FigureChart &chart, bool hasNames)
        : m_painter(painter), m_chart(chart), m_tokens(themeTokens(ThemeKind::Light)),
          m_small(typeFont(TypeSize::Small)), m_area(area),
          m_plot(area.adjusted(kLeft, kTop, hasNames ? -kRight : -kSmallRight, -kBottom)),
          m_hasNames(hasNames), m_x{chart.x, m_plot.left(), m_plot.right(), false}, m_y{chart.y,
                                                                                        m_plot.bottom(),
                                                                                        m_plot.top(),
                                                                                        chart.isLogY}
    {
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
        for (const double value : figureTicks(m_chart.y, 5, m_chart.isLogY)) {
            const double y = m_y.of(value);
            m_painter.setPen(QPen(m_tokens.grid, 1));
            m_painter.drawLine(QPointF(m_plot.left(), y), QPointF(m_plot.right(), y));
            m_painter.setPen(m_tokens.secondary);
            m_painter.drawText(QRectF(m_area.left(), y - 10, kLeft - 6, 20),
                               Qt::AlignRight | Qt::AlignVCenter, tickText(value));
        }
        m_painter.setPen(QPen(m_tokens.border, 1));
        m_painter.drawLine(m_plot.bottomLeft(), m_plot.bottomRight());
        const int numWanted = int(m_plot.width() / 90);
        for (const double value : figureTicks(m_chart.x, std::max(2, numWanted), false)) {
            const double x = m_x.of(value);
            m_painter.setPen(QPen(m_tokens.border, 1));
            m_painter.drawLine(QPointF(x, m_plot.bottom()), QPointF(x, m_plot.bottom() + 3));
            m_painter.setPen(m_tokens.secondary);
            const QString text =
                m_chart.isDuration ? exactDurationText(value) : integerText(std::llround(value));
            m_painter.drawText(QRectF(x - 60, m_plot.bottom() + 4, 120, metrics.height()), Qt::AlignCenter,
                               text);
        }
        m_painter.setPen(m_tokens.secondary);
        m_painter.drawText(
            QRectF(m_plot.left(), m_plot.bottom() + 4 + metrics.height(), m_plot.width(), metrics.height()),
            Qt::AlignRight, m_chart.xTitle);
    }
    [[nodiscard]] static QString tickText(double value)
    {
        const double size = std::abs(value);
        if (size >= 10'000) return compactText(value, Zeros::Trim);
        if (size > 0 && size < 0.001) return significantText(value, 2);
        return QString::number(value, 'g', 6).replace(u'-', u'−');
    }
    void paintCurve(const PlotCurve &curve)
    {
        QColor color = curve.color;
        if (curve.isDimmed) color.setAlphaF(0.35F);
        if (!curve.raw.empty()) {
            QColor pale = color;
            pale.setAlphaF(0.25F * color.alphaF());
            m_painter.setPen(QPen(pale, 1));
            paintLine(curve.raw, [](const PlotBucket &bucket) { return QPointF(bucket.x, bucket.mean); });
            for (const PlotBucket &bucket : curve.raw)
                if (bucket.high > bucket.low && m_y.canShow(bucket.low) && isInside(bucket.x))
                    m_painter.drawLine(QPointF(m_x.of(bucket.x), m_y.of(bucket.low)),
                                       QPointF(m_x.of(bucket.x), m_y.of(bucket.high)));
        }
        m_painter.setPen(QPen(color, 1.5, curve.penStyle, Qt::RoundCap, Qt::RoundJoin));
        paintLine(curve.line, [](const QPointF &point) { return point; });
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
    [[nodiscard]] bool isInside(double x) const { return x >= m_chart.x.from && x <= m_chart.x.to; }
    /// One path for each stretch without a gap; what lies outside is left out but for the next point.
    template <typename Points, typename Place> void paintLine(const Points &points, const Place &place)
    {
        QPainterPath path;
        bool isDrawing = false;
        for (size_t i = 0; i < points.size(); ++i) {
            const QPointF point = place(points[i]);
            const bool isNear = isInside(point.x()) || (i > 0 && isInside(place(points[i - 1]).x())) ||
                                (i + 1 < points.size() && isInside(place(points[i + 1]).x()));
            if (!m_y.canShow(point.y()) || !isNear) {
                isDrawing = false;
                continue;
            }
            const QPointF at(m_x.of(point.x()), m_y.of(point.y()));
            if (isDrawing)
                path.lineTo(at);
            else
                path.moveTo(at);
            isDrawing = true;
        }
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
        double free = m_plot.top() - height;
        m_painter.setFont(m_small);
        for (const Name &name : names) {
            const double y = std::max(name.y, free + height); // they do not lie on each other
            free = y;
            m_painter.setPen(name.curve->color);
            m_painter.drawText(
                QRectF(std::min(name.x, m_plot.right()) + 6, y - height / 2, kRight - 6, height),
                Qt::AlignVCenter, name.curve->name);
        }
    }

    QPainter &m_painter;
    const FigureChart &m_chart;
    ThemeTokens m_tokens;
    QFont m_small;
    QRectF m_area, m_plot;
    bool m_hasNames;
    Scale m_x, m_y;
};

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

PaperFigure curveFigure(const QString &title, std::vector<FigureChart> charts)
{
    const double heading = QFontMetricsF(typeFont(TypeSize::Heading)).height() + 10;
    const bool hasSmall = charts.size() > 1;
    const QSizeF size(kWidth + 2 * kMargin,
                      2 * kMargin + heading + kLargeHeight + (hasSmall ? kGap + kSmallHeight : 0));
    const auto shared = std::make_shared<std::vector<FigureChart>>(std::move(charts));
    return {title, size, [title, size, heading, shared](QPainter &painter) {
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
                ChartPainter(painter, large, shared->front(), true).paint();
                const double numSmall = double(shared->size() - 1);
                const double width = (kWidth - (numSmall - 1) * kGap) / std::max(1.0, numSmall);
                for (size_t i = 1; i < shared->size(); ++i)
                    ChartPainter(painter,
                                 QRectF(kMargin + double(i - 1) * (width + kGap), large.bottom() + kGap,
                                        width, kSmallHeight),
                                 shared->at(i), false)
                        .paint();
            }};
}

} // namespace orrery::ui
