// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/probability_color.h"

#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QCoreApplication>
#include <QPainter>

#include <algorithm>
#include <array>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

struct Lab {
    double l, a, b;
};

double toLinear(double value)
{
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double fromLinear(double value)
{
    value = std::clamp(value, 0.0, 1.0);
    return value <= 0.0031308 ? 12.92 * value : 1.055 * std::pow(value, 1 / 2.4) - 0.055;
}

Lab toLab(const QColor &color)
{
    const double r = toLinear(color.redF()), g = toLinear(color.greenF()), b = toLinear(color.blueF());
    const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

QColor fromLab(const Lab &lab)
{
    const double l = std::pow(lab.l + 0.3963377774 * lab.a + 0.2158037573 * lab.b, 3);
    const double m = std::pow(lab.l - 0.1055613458 * lab.a - 0.0638541728 * lab.b, 3);
    const double s = std::pow(lab.l - 0.0894841775 * lab.a - 1.2914855480 * lab.b, 3);
    return QColor::fromRgbF(
        static_cast<float>(fromLinear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s)),
        static_cast<float>(fromLinear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s)),
        static_cast<float>(fromLinear(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)));
}

constexpr int kSteps = 256, kBarWidth = 96, kGap = 6;

const std::array<QColor, kSteps> &ramp()
{
    static std::array<QColor, kSteps> colors;
    static QColor madeFor;
    const QColor ground = Theme::instance().tokens().surface;
    if (madeFor == ground) return colors;
    madeFor = ground;
    const Lab from = toLab(Theme::instance().isDark() ? QColor(0x8F, 0x4E, 0x08) : QColor(0xF5, 0xA1, 0x4B));
    const Lab to = toLab(ground);
    for (int i = 0; i < kSteps; ++i) {
        const double t = i / (kSteps - 1.0);
        colors[static_cast<size_t>(i)] = fromLab(
            {from.l + (to.l - from.l) * t, from.a + (to.a - from.a) * t, from.b + (to.b - from.b) * t});
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
    text(legendLabel(), metrics.horizontalAdvance(legendLabel()) + 2);
    painter.restore();
}

} // namespace orrery::ui
