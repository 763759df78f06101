// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/theme/contrast.h"

#include <algorithm>
#include <cmath>

namespace orrery::ui {
namespace {

double linear(double channel)
{
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

} // namespace

double relativeLuminance(const QColor &color)
{
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

double contrastRatio(const QColor &first, const QColor &second)
{
    const auto [low, high] = std::minmax({relativeLuminance(first), relativeLuminance(second)});
    return (high + 0.05) / (low + 0.05);
}

QColor readableOn(const QColor &color, const QColor &ground, double ratio)
{
    const QColor end = relativeLuminance(ground) > 0.18 ? QColor(Qt::black) : QColor(Qt::white);
    constexpr int kShades = 40;
    for (int i = 0; i <= kShades; ++i) {
        const QColor shade = mixed(end, color, double(i) / kShades);
        if (contrastRatio(shade, ground) >= ratio) return shade;
    }
    return end;
}

QColor mixed(const QColor &top, const QColor &ground, double amount)
{
    const double rest = 1.0 - amount;
    return QColor::fromRgbF(float(top.redF() * amount + ground.redF() * rest),
                            float(top.greenF() * amount + ground.greenF() * rest),
                            float(top.blueF() * amount + ground.blueF() * rest));
}

} // namespace orrery::ui
