// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/color_scale.h"

#include "widgets/common/number_text.h"
#include "widgets/theme/contrast.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QLinearGradient>
#include <QPainter>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("ColorScale", text); }

constexpr double kBar = 12, kGap = 7, kTallest = 280;

/// Colours of a bar from its foot (0) to its top (1).
QColor barColor(const ScaleLegend &legend, const FigureStyle &style, int head, double position)
{
    if (head < 0)
        return QColor::fromRgb(
            (legend.scale.isDifference ? style.diverging() : style.sequential()).at(position));
    const Oklab top = toOklab(style.headColor(head)), ground = toOklab(style.zero());
    const auto mix = [position](double a, double b) { return a * position + b * (1 - position); };
    return fromOklab({mix(top.lightness, ground.lightness), mix(top.a, ground.a), mix(top.b, ground.b)});
}

void paintBar(QPainter &painter, const QRectF &bar, const ScaleLegend &legend, const FigureStyle &style,
              int head)
{
    // One gradient, not many bands: between bands a line of the ground is seen at fractional pixels and in
    // vectors.
    constexpr int kStops = 48;
    QLinearGradient colors(bar.bottomLeft(), bar.topLeft());
    for (int i = 0; i <= kStops; ++i)
        colors.setColorAt(double(i) / kStops, barColor(legend, style, head, double(i) / kStops));
    painter.setPen(QPen(style.tokens.border, 1));
    painter.setBrush(colors);
    painter.drawRect(bar.adjusted(-0.5, -0.5, 0.5, 0.5));
}

double numbersWidth(const ScaleLegend &legend, const FigureStyle &style)
{
    const QFontMetricsF metrics(style.small);
    double width = 0;
    for (double tick : legend.scale.ticks())
        width = std::max(width, metrics.horizontalAdvance(tickText(tick)));
    return width;
}

} // namespace

QString tickText(double value)
{
    QString text = QString::number(std::abs(value), 'f', 4);
    while (text.endsWith(u'0')) text.chop(1);
    if (text.endsWith(u'.')) text.chop(1);
    if (value == 0) return u"0"_s;
    return value < 0 ? u'−' + text : text;
}

QString scaleTitle(const ScaleLegend &legend)
{
    QString what;
    if (legend.scale.isDifference)
        what = legend.baseStep < 0 ? tr("difference")
                                   : tr("difference to step %1").arg(integerText(legend.baseStep));
    else if (!legend.isPooled)
        what = tr("weight");
    else
        what = legend.value == CellValue::Maximum ? tr("largest weight") : tr("mean weight");
    return legend.scale.kind == ScaleKind::Linear ? tr("%1, linear").arg(what) : tr("%1, √ scale").arg(what);
}

/// Room for the name of a head, turned, before its bar.
static double nameWidth(const ScaleLegend &legend, const FigureStyle &style)
{
    return legend.headNames.isEmpty() ? 0 : std::ceil(QFontMetricsF(style.small).height()) + 1;
}

double colorScaleWidth(const ScaleLegend &legend, const FigureStyle &style)
{
    const auto bars = static_cast<double>(std::max<qsizetype>(1, legend.headNames.size()));
    return bars * (nameWidth(legend, style) + kBar) + (bars - 1) * 3 + kGap + numbersWidth(legend, style) +
           kGap + QFontMetricsF(style.small).height();
}

void paintColorScale(QPainter &painter, const QRectF &area, const ScaleLegend &legend,
                     const FigureStyle &style)
{
    painter.save();
    painter.setFont(style.small);
    const QFontMetricsF metrics(style.small);
    const double half = metrics.height() / 2;
    QRectF bar(std::round(area.left()), std::round(area.top() + half), kBar,
               std::min(kTallest, std::round(area.height() - 2 * half)));
    const auto bars = static_cast<int>(std::max<qsizetype>(1, legend.headNames.size()));
    const double nameRoom = nameWidth(legend, style);
    bar.translate(nameRoom, 0);
    for (int i = 0; i < bars; ++i) {
        paintBar(painter, bar, legend, style, legend.headNames.isEmpty() ? -1 : i);
        if (!legend.headNames.isEmpty()) {
            painter.save();
            painter.setPen(style.tokens.text);
            painter.translate(bar.left() - nameRoom, bar.bottom());
            painter.rotate(-90);
            painter.drawText(QRectF(0, 0, bar.height(), metrics.height()), Qt::AlignLeft | Qt::AlignVCenter,
                             metrics.elidedText(legend.headNames[i], Qt::ElideRight, bar.height()));
            painter.restore();
        }
        if (i + 1 < bars) bar.translate(kBar + 3 + nameRoom, 0);
    }
    painter.setPen(style.tokens.secondary);
    double lastY = 1e9;
    for (double tick : legend.scale.ticks()) {
        const double y = bar.bottom() - bar.height() * legend.scale.position(tick);
        if (lastY - y < metrics.height() * 0.9 && tick != legend.scale.limit)
            continue; // no number over another
        lastY = y;
        painter.drawLine(QPointF(bar.right() + 1, y), QPointF(bar.right() + 4, y));
        painter.drawText(QRectF(bar.right() + kGap + 1, y - half, 100, metrics.height()),
                         Qt::AlignLeft | Qt::AlignVCenter, tickText(tick));
    }
    // The title reads upwards beside the numbers; it is cut rather than longer than the map.
    painter.translate(bar.right() + kGap + numbersWidth(legend, style) + kGap, bar.bottom());
    painter.rotate(-90);
    const double room = std::max(bar.height(), area.height() - half);
    painter.drawText(QRectF(0, 0, room, metrics.height()), Qt::AlignLeft | Qt::AlignVCenter,
                     metrics.elidedText(scaleTitle(legend), Qt::ElideRight, room));
    painter.restore();
}

QString weightText(double weight, bool isDifference)
{
    if (!isDifference) return probabilityText(weight); // weights of a row sum to 1
    return (weight > 0 ? u"+"_s : QString()) + fixedText(weight, 3);
}

} // namespace orrery::ui
