// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/scale_bar.h"

#include "widgets/attention/color_scale.h"
#include "widgets/common/tone_label.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QLinearGradient>
#include <QPainter>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kBarWidth = 72, kGap = 5, kThick = 9;

QString kindText(const HeatScale &scale)
{
    return scale.kind == ScaleKind::Linear ? QCoreApplication::translate("ScaleBar", "linear")
                                           : QCoreApplication::translate("ScaleBar", "√ scale");
}

} // namespace

void paintScaleBar(QPainter &painter, const QRectF &area, const HeatScale &scale, const QString &what,
                   const FigureStyle &style)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(style.small);
    const QFontMetricsF metrics(style.small);
    const double least = scale.isDifference ? -scale.limit : 0;
    double x = area.left();
    const auto text = [&](const QString &words, double width) {
        painter.setPen(style.tokens.secondary);
        painter.drawText(QRectF(x, area.top(), width + 1, area.height()), Qt::AlignLeft | Qt::AlignVCenter,
                         metrics.elidedText(words, Qt::ElideRight, width + 1));
        x += width + kGap;
    };
    text(tickText(least), metrics.horizontalAdvance(tickText(least)));
    const QRectF bar(x, std::round(area.center().y() - kThick / 2) + 0.5, kBarWidth, kThick);
    constexpr int kStops = 32;
    QLinearGradient colors(bar.topLeft(), bar.topRight());
    const ColorMap &map = scale.isDifference ? style.diverging() : style.sequential();
    for (int i = 0; i <= kStops; ++i)
        colors.setColorAt(double(i) / kStops, QColor::fromRgb(map.at(double(i) / kStops)));
    painter.setPen(QPen(style.tokens.border, 1));
    painter.setBrush(colors);
    painter.drawRect(bar);
    x += kBarWidth + kGap;
    text(tickText(scale.limit), metrics.horizontalAdvance(tickText(scale.limit)));
    text(u"%1, %2"_s.arg(what, kindText(scale)), std::max(0.0, area.right() - x));
    painter.restore();
}

ScaleBar::ScaleBar(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        updateGeometry();
        update();
    });
}

void ScaleBar::setScale(const HeatScale &scale, const QString &what)
{
    m_scale = scale;
    m_what = what;
    setAccessibleName(tr("Colour scale"));
    setAccessibleDescription(text());
    setToolTip(text());
    update();
}

QString ScaleBar::text() const
{
    const double least = m_scale.isDifference ? -m_scale.limit : 0;
    return tr("%1, %2 … %3, %4").arg(m_what, tickText(least), tickText(m_scale.limit), kindText(m_scale));
}

QSize ScaleBar::sizeHint() const
{
    const QFontMetrics metrics(typeFont(TypeSize::Small));
    return {220, metrics.height() + 4};
}

QSize ScaleBar::minimumSizeHint() const { return {160, sizeHint().height()}; }

void ScaleBar::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    paintScaleBar(painter, QRectF(rect()).adjusted(6, 0, -6, 0), m_scale, m_what, FigureStyle::ofTheme());
}

} // namespace orrery::ui
