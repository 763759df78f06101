// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/probability_color.h"

#include "widgets/common/tone_label.h"
#include "widgets/theme/color_map.h"
#include "widgets/theme/theme.h"

#include <QCoreApplication>
#include <QPainter>

#include <algorithm>
#include <array>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kSteps = 256, kBarWidth = 96, kGap = 6;

const std::array<QColor, kSteps> &ramp()
{
    static std::array<QColor, kSteps> colors;
    static QColor madeFor;
    const QColor ground = Theme::instance().tokens().surface;
    if (madeFor == ground) return colors;
    madeFor = ground;
    const Oklab from =
        toOklab(Theme::instance().isDark() ? QColor(0x8F, 0x4E, 0x08) : QColor(0xF5, 0xA1, 0x4B));
    const Oklab to = toOklab(ground);
    for (int i = 0; i < kSteps; ++i) {
        const double t = i / (kSteps - 1.0);
        colors[static_cast<size_t>(i)] =
            fromOklab({from.lightness + (to.lightness - from.lightness) * t, from.a + (to.a - from.a) * t,
                       from.b + (to.b - from.b) * t});
    }
    return colors;
}

QString legendLabel() { return QCoreApplication::translate("ProbabilityLegend", "probability, linear"); }

} // namespace

QColor probabilityColor(double probability)
{
    const double clamped = std::isnan(probability) ? 0 : std::clamp(probability, 0.0, 1.0);
    return ramp()[static_cast<size_t>(std::lround(clamped * (kSteps - 1)))];
}

int probabilityLegendWidth()
{
    const QFontMetrics metrics(typeFont(TypeSize::Small));
    return metrics.horizontalAdvance(u"0.0"_s) * 2 + kBarWidth + 3 * kGap +
           metrics.horizontalAdvance(legendLabel()) + 2;
}

void paintProbabilityLegend(QPainter &painter, const QRect &area)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    painter.save();
    painter.setFont(typeFont(TypeSize::Small));
    const QFontMetrics metrics = painter.fontMetrics();
    painter.setPen(tokens.secondary);
    const int numberWidth = metrics.horizontalAdvance(u"0.0"_s);
    int x = area.left();
    auto text = [&](const QString &label, int width) {
        painter.drawText(QRect(x, area.top(), width, area.height()), Qt::AlignLeft | Qt::AlignVCenter, label);
        x += width + kGap;
    };
    text(u"0.0"_s, numberWidth);
    const QRect bar(x, area.center().y() - 5, kBarWidth, 11);
    for (int i = 0; i < kBarWidth; ++i)
        painter.fillRect(bar.left() + i, bar.top(), 1, bar.height(), probabilityColor(i / (kBarWidth - 1.0)));
    painter.setPen(tokens.border);
    painter.drawRect(bar.adjusted(0, 0, -1, -1));
    painter.setPen(tokens.secondary);
    x += kBarWidth + kGap;
    text(u"1.0"_s, numberWidth);
    // A word that is cut in the middle of a letter looks broken: with less room it says less.
    for (const QString &label : {legendLabel(), legendLabel().section(u',', 0, 0)}) {
        const int width = metrics.horizontalAdvance(label) + 2;
        if (x + width > area.right() + 1) continue;
        text(label, width);
        break;
    }
    painter.restore();
}

} // namespace orrery::ui
