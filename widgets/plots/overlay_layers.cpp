// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/overlay_layers.h"

#include "widgets/common/number_text.h"
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme.h"

#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace orrery::ui {
namespace {

constexpr double kAlignedWithin = 60;
constexpr double kLabelGap = 9;   ///< from the line's end to its label
constexpr double kLegendGap = 16; ///< between two entries

struct EndLabel {
    QString text;
    QColor color;
    QRectF box;
    QPointF anchor;
};

/// Pushes boxes apart, keeping their order, inside [top, bottom]; few labels, so the simple way.
void spreadVertically(std::vector<EndLabel> &labels, double top, double bottom)
{
    std::sort(labels.begin(), labels.end(),
              [](const EndLabel &a, const EndLabel &b) { return a.box.top() < b.box.top(); });
    double free = top;
    for (EndLabel &label : labels) {
        label.box.moveTop(std::max(label.box.top(), free));
        free = label.box.bottom();
    }
    double limit = bottom;
    for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
        if (label->box.bottom() > limit) label->box.moveBottom(limit);
        limit = label->box.top();
    }
}

/// Labels that begin near each other begin in one line.
void alignLeft(std::vector<EndLabel> &labels, double right)
{
    double left = 0;
    for (const EndLabel &label : labels) left = std::max(left, label.box.left());
    for (EndLabel &label : labels)
        if (left - label.box.left() < kAlignedWithin && left + label.box.width() <= right)
            label.box.moveLeft(left);
}

struct LineEnd {
    QPointF point;
    bool isNewest = false; ///< the curve's last point, not where the view cuts it
};

/// Where the curve ends in the view: at its last point, or where it leaves through the right edge.
std::optional<LineEnd> lineEnd(const PlotCurve &curve, const QCPRange &range)
{
    const QPointF *beyond = nullptr;
    for (auto point = curve.line.rbegin(); point != curve.line.rend(); ++point) {
        if (!std::isfinite(point->y())) continue;
        if (point->x() > range.upper) {
            beyond = &*point;
            continue;
        }
        if (beyond == nullptr)
            return point->x() < range.lower ? std::nullopt : std::optional(LineEnd{*point, true});
        const double share = (range.upper - point->x()) / (beyond->x() - point->x());
        return LineEnd{{range.upper, point->y() + share * (beyond->y() - point->y())}, false};
    }
    return std::nullopt;
}

QColor markColor(MarkKind kind, const ThemeTokens &tokens)
{
    switch (kind) {
    case MarkKind::Setting:
    case MarkKind::Resumed:
        return tokens.accent;
    case MarkKind::Warning:
        return tokens.warning;
    case MarkKind::Error:
        return tokens.error;
    case MarkKind::BestCheckpoint:
    case MarkKind::Branch:
        return tokens.good;
    case MarkKind::Checkpoint:
    case MarkKind::Note:
        break;
    }
    return tokens.secondary;
}

bool isCheckpoint(MarkKind kind) { return kind == MarkKind::Checkpoint || kind == MarkKind::BestCheckpoint; }

/// The value of the curve's line at x: the nearest point, if it is near on screen.
std::optional<QPointF> nearestPoint(const PlotCurve &curve, double x)
{
    const auto after = std::lower_bound(curve.line.begin(), curve.line.end(), x,
                                        [](const QPointF &p, double value) { return p.x() < value; });
    std::optional<QPointF> best;
    for (const auto &candidate : {after, after == curve.line.begin() ? after : after - 1}) {
        if (candidate == curve.line.end() || !std::isfinite(candidate->y())) continue;
        if (!best || std::abs(candidate->x() - x) < std::abs(best->x() - x)) best = *candidate;
    }
    return best;
}

} // namespace

QFont endLabelFont()
{
    QFont font = Theme::instance().smallFont();
    font.setWeight(QFont::DemiBold);
    return font;
}

QString endLabelText(const PlotCurve &curve, const PlotScene &scene)
{
    if (curve.name.isEmpty() || curve.isDimmed) return {};
    for (auto point = curve.line.rbegin(); point != curve.line.rend(); ++point) {
        if (!std::isfinite(point->y())) continue;
        return curve.name + QLatin1String("  ") +
               (scene.valueText ? scene.valueText(point->y()) : significantText(point->y()));
    }
    return {};
}

std::vector<LegendPlace> legendPlaces(const PlotScene &scene, double width)
{
    std::vector<LegendPlace> places;
    const QFontMetricsF metrics(endLabelFont());
    double x = scene.legendLeft;
    int row = 0;
    for (const PlotCurve &curve : scene.curves) {
        const QString label = endLabelText(curve, scene);
        if (label.isEmpty()) continue;
        const QString text = scene.legendHasValues ? label : curve.name;
        const double wanted = kLegendLine + kLegendLineGap + metrics.horizontalAdvance(text);
        if (x > scene.legendLeft && x + wanted > width - kTitleRight) {
            x = scene.legendLeft;
            ++row;
        }
        places.push_back({&curve, text, x, row});
        x += wanted + kLegendGap;
    }
    return places;
}

AnnotationLayer::AnnotationLayer(QCustomPlot *plot, const PlotScene &scene)
    : QCPLayerable(plot, QStringLiteral("legend")), m_scene(scene)
{
}

void AnnotationLayer::draw(QCPPainter *painter)
{
    drawTitle(painter);
    drawNote(painter);
    if (m_scene.curves.empty()) {
        if (m_scene.emptyText.isEmpty()) return;
        painter->setPen(Theme::instance().tokens().secondary);
        painter->setFont(Theme::instance().baseFont());
        const QRect area = parentPlot()->viewport().adjusted(16, 8, -16, -8);
        painter->drawText(area, Qt::AlignCenter | Qt::TextWordWrap, m_scene.emptyText);
        return;
    }
    drawMarks(painter);
    if (m_scene.numLegendRows > 0)
        drawLegend(painter);
    else if (m_scene.hasEndLabels)
        drawEndLabels(painter);
}

void AnnotationLayer::drawTitle(QCPPainter *painter) const
{
    if (m_scene.valueTitle.isEmpty() || m_scene.curves.empty()) return;
    painter->setFont(Theme::instance().smallFont());
    painter->setPen(Theme::instance().tokens().secondary);
    const QRect area = parentPlot()->axisRect()->rect();
    const int height = QFontMetrics(painter->font()).height();
    // Above the value axis and in line with its numbers, where it can be read without turning the head.
    const QRect box(parentPlot()->viewport().left() + kTitleLeft, area.top() - height - 6, area.right(), height);
    painter->drawText(box, Qt::AlignLeft | Qt::AlignVCenter, m_scene.valueTitle);
}

/// At the right end of the row that the unit stands in.
void AnnotationLayer::drawNote(QCPPainter *painter) const
{
    if (m_scene.note.isEmpty() || m_scene.curves.empty()) return;
    painter->setFont(Theme::instance().smallFont());
    painter->setPen(Theme::instance().tokens().secondary);
    const QFontMetrics metrics(painter->font());
    const QRect area = parentPlot()->axisRect()->rect();
    const int left = area.left() + metrics.horizontalAdvance(m_scene.valueTitle);
    const QRect box(left, area.top() - metrics.height() - 6, area.right() - left, metrics.height());
    painter->drawText(box, Qt::AlignRight | Qt::AlignVCenter,
                      metrics.elidedText(m_scene.note, Qt::ElideRight, box.width()));
}

void AnnotationLayer::drawMarks(QCPPainter *painter) const
{
    const PixelMap mapX(parentPlot()->xAxis);
    const QCPRange range = parentPlot()->xAxis->range();
    const QRect area = parentPlot()->axisRect()->rect();
    const ThemeTokens &tokens = Theme::instance().tokens();
    painter->setAntialiasing(true);
    const double row = area.bottom() - kMarkRowHeight / 2.0 + 1;
    std::vector<double> checkpoints;
    for (const PlotMark &mark : m_scene.marks)
        if (isCheckpoint(mark.kind)) checkpoints.push_back(mapX(mark.x));
    for (const PlotMark &mark : m_scene.marks) {
        const QColor color = markColor(mark.kind, tokens);
        painter->setPen(Qt::NoPen);
        painter->setBrush(color);
        if (mark.xEnd > mark.x && mark.xEnd >= range.lower && mark.x <= range.upper) {
            const double left = mapX(std::max(mark.x, range.lower)), right = mapX(std::min(mark.xEnd, range.upper));
            painter->drawRect(QRectF(left, row - 1, std::max(1.0, right - left), 2));
            // An end that is there is drawn; what lasts still has none.
            if (!mark.isOpen && mark.xEnd <= range.upper) painter->drawRect(QRectF(right - 1, row - 4, 2, 8));
        }
        if (mark.x < range.lower || mark.x > range.upper) continue;
        const double x = mapX(mark.x);
        if (isCheckpoint(mark.kind)) {
            painter->drawPolygon(QPolygonF({{x - 3.6, row + 3.2}, {x + 3.6, row + 3.2}, {x, row - 3.2}}));
            continue;
        }
        // Above a checkpoint that stands at the same place.
        const bool isTaken = std::any_of(checkpoints.begin(), checkpoints.end(),
                                         [x](double other) { return std::abs(other - x) < 7; });
        const double y = isTaken ? row - 9 : row;
        painter->drawPolygon(QPolygonF({{x - 3.6, y}, {x, y - 3.6}, {x + 3.6, y}, {x, y + 3.6}}));
        QColor faint = color;
        faint.setAlphaF(0.35F);
        painter->setPen(QPen(faint, 1, Qt::DotLine));
        painter->drawLine(QPointF(x, area.top()), QPointF(x, y - 5));
    }
}

/// Above the curves, behind the unit.
void AnnotationLayer::drawLegend(QCPPainter *painter) const
{
    const QCPRange range = parentPlot()->xAxis->range();
    const QRectF area = parentPlot()->viewport();
    const QFontMetricsF metrics(endLabelFont());
    painter->setAntialiasing(true);
    painter->setFont(endLabelFont());
    for (const LegendPlace &place : legendPlaces(m_scene, area.width())) {
        const auto end = lineEnd(*place.curve, range);
        const double x = area.left() + place.x, top = area.top() + 2 + place.row * metrics.height();
        const double middle = top + metrics.height() / 2;
        painter->setPen(QPen(place.curve->color, 2, place.curve->penStyle));
        painter->drawLine(QPointF(x, middle), QPointF(x + kLegendLine, middle));
        painter->setPen(readableOn(place.curve->color, Theme::instance().tokens().surface));
        painter->drawText(QPointF(x + kLegendLine + kLegendLineGap, top + metrics.ascent()),
                          end && end->isNewest ? place.text : place.curve->name);
    }
}

void AnnotationLayer::drawEndLabels(QCPPainter *painter) const
{
    const PixelMap mapX(parentPlot()->xAxis), mapY(parentPlot()->yAxis);
    const QCPRange range = parentPlot()->xAxis->range();
    const QRectF area = parentPlot()->axisRect()->rect();
    const QColor ground = Theme::instance().tokens().surface;
    const QFont font = endLabelFont();
    const QFontMetricsF metrics(font);
    std::vector<EndLabel> labels;
    for (const PlotCurve &curve : m_scene.curves) {
        const QString text = endLabelText(curve, m_scene);
        if (text.isEmpty()) continue;
        const auto end = lineEnd(curve, range);
        if (!end) continue;
        EndLabel label;
        label.text = end->isNewest ? text : curve.name;
        label.color = readableOn(curve.color, ground);
        label.anchor = QPointF(mapX(end->point.x()), mapY(end->point.y()));
        if (label.anchor.y() < area.top() - 2 || label.anchor.y() > area.bottom() + 2) continue;
        const double width = metrics.horizontalAdvance(label.text), height = metrics.height();
        double left = label.anchor.x() + kLabelGap, top = label.anchor.y() - height / 2;
        if (left + width > area.right()) {
            left = area.right() - width - 2;
            top = label.anchor.y() - height - 5; // no room at the end: above the line
        }
        label.box = QRectF(left, top, width, height);
        labels.push_back(std::move(label));
    }
    alignLeft(labels, area.right());
    spreadVertically(labels, area.top(), area.bottom() - (m_scene.marks.empty() ? 0 : kMarkRowHeight));
    painter->setAntialiasing(true);
    for (const EndLabel &label : labels) {
        QPainterPath path;
        path.addText(label.box.left(), label.box.top() + metrics.ascent(), font, label.text);
        QColor halo = ground;
        halo.setAlphaF(0.85F);
        painter->strokePath(path, QPen(halo, 3.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter->setFont(font);
        painter->setPen(label.color);
        painter->drawText(QPointF(label.box.left(), label.box.top() + metrics.ascent()), label.text);
    }
}

CursorLayer::CursorLayer(QCustomPlot *plot, const PlotScene &scene)
    : QCPLayerable(plot, QStringLiteral("overlay")), m_scene(scene)
{
}

void CursorLayer::draw(QCPPainter *painter)
{
    const QRect area = parentPlot()->axisRect()->rect();
    const ThemeTokens &tokens = Theme::instance().tokens();
    if (m_scene.cursorX && !m_scene.curves.empty()) {
        const PixelMap mapX(parentPlot()->xAxis), mapY(parentPlot()->yAxis);
        const double x = mapX(*m_scene.cursorX);
        if (x >= area.left() && x <= area.right() + 1) {
            painter->setAntialiasing(false);
            painter->setPen(QPen(tokens.secondary, 1, Qt::DotLine));
            painter->drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
            painter->setAntialiasing(true);
            painter->setClipRect(area.adjusted(-5, -5, 5, 5));
            for (const PlotCurve &curve : m_scene.curves) {
                const auto point = curve.isDimmed ? std::nullopt : nearestPoint(curve, *m_scene.cursorX);
                if (!point || std::abs(mapX(point->x()) - x) > 24) continue;
                // In a crowd the rings would hide each other, and the lines.
                painter->setPen(curve.isThin ? QPen(Qt::NoPen) : QPen(tokens.surface, 1.5));
                painter->setBrush(curve.color);
                const double radius = curve.isThin ? 2 : 4;
                painter->drawEllipse(QPointF(mapX(point->x()), mapY(point->y())), radius, radius);
            }
            painter->setClipping(false);
        }
    }
    if (m_scene.rubberBand) {
        QColor fill = tokens.accent;
        fill.setAlphaF(0.12F);
        painter->setAntialiasing(false);
        painter->setPen(QPen(tokens.accent, 1));
        painter->setBrush(fill);
        painter->drawRect(*m_scene.rubberBand);
    }
    if (m_scene.hasFocusRing) {
        painter->setAntialiasing(true);
        painter->setPen(QPen(tokens.accent, 1));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(QRectF(parentPlot()->viewport()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    }
}

} // namespace orrery::ui
