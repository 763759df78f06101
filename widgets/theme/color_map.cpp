// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/theme/color_map.h"

#include "widgets/theme/theme.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace orrery::ui {
namespace {

double toLinear(double value)
{
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double fromLinear(double value)
{
    value = std::clamp(value, 0.0, 1.0);
    return value <= 0.0031308 ? 12.92 * value : 1.055 * std::pow(value, 1 / 2.4) - 0.055;
}

/// As people mix colours: hue in degrees (29 red, 90 yellow, 142 green, 195 cyan, 264 blue), chroma 0 … about
/// 0.3.
struct Anchor {
    double lightness, chroma, hue;
};

Oklab toLab(const Anchor &anchor)
{
    const double angle = anchor.hue * std::numbers::pi / 180;
    return {anchor.lightness, anchor.chroma * std::cos(angle), anchor.chroma * std::sin(angle)};
}

/// Catmull-Rom through four values.
double spline(double p0, double p1, double p2, double p3, double t)
{
    return 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t +
                  (3 * p1 - p0 - 3 * p2 + p3) * t * t * t);
}

/// A smooth way through the anchors: straight in lightness between neighbours, so that it never turns, curved
/// in hue.
Oklab onWay(const std::vector<Oklab> &anchors, double position)
{
    const auto last = static_cast<std::ptrdiff_t>(anchors.size()) - 1;
    const double place = position * static_cast<double>(last);
    const auto index = std::clamp(static_cast<std::ptrdiff_t>(place), std::ptrdiff_t{0}, last - 1);
    const double t = place - static_cast<double>(index);
    const auto at = [&](std::ptrdiff_t i) -> const Oklab & {
        return anchors[static_cast<size_t>(std::clamp(i, std::ptrdiff_t{0}, last))];
    };
    const Oklab &p0 = at(index - 1), &p1 = at(index), &p2 = at(index + 1), &p3 = at(index + 2);
    return {p1.lightness + (p2.lightness - p1.lightness) * t, spline(p0.a, p1.a, p2.a, p3.a, t),
            spline(p0.b, p1.b, p2.b, p3.b, t)};
}

/// `count` colours of the way, each as far from the next as any other.
std::vector<QRgb> evenSteps(const std::vector<Anchor> &anchors, int count)
{
    constexpr int kFine = 4000;
    std::vector<Oklab> corners;
    for (const Anchor &anchor : anchors) corners.push_back(toLab(anchor));
    std::vector<double> lengths(kFine + 1, 0);
    Oklab before = onWay(corners, 0);
    for (int i = 1; i <= kFine; ++i) {
        const Oklab here = onWay(corners, double(i) / kFine);
        lengths[size_t(i)] = lengths[size_t(i) - 1] + oklabDistance(before, here);
        before = here;
    }
    std::vector<QRgb> colors;
    for (int i = 0; i < count; ++i) {
        const double wanted = lengths.back() * i / (count - 1);
        const auto found = std::lower_bound(lengths.begin(), lengths.end(), wanted);
        colors.push_back(fromOklab(onWay(corners, double(found - lengths.begin()) / kFine)).rgb());
    }
    return colors;
}

std::vector<Anchor> sequentialAnchors(MapGround ground)
{
    switch (ground) {
    case MapGround::Light:
        return {{0.968, 0.004, 250}, {0.84, 0.075, 215}, {0.70, 0.115, 232},
                {0.555, 0.155, 258}, {0.41, 0.150, 279}, {0.265, 0.095, 300}};
    case MapGround::Dark:
        return {{0.270, 0.018, 265}, {0.40, 0.105, 282}, {0.53, 0.140, 262},
                {0.67, 0.125, 222},  {0.82, 0.115, 172}, {0.955, 0.105, 112}};
    case MapGround::Black:
        break;
    }
    return {{0.115, 0.012, 265}, {0.33, 0.110, 282}, {0.50, 0.150, 262},
            {0.67, 0.125, 222},  {0.84, 0.115, 172}, {0.985, 0.060, 112}};
}

/// From zero to one end; the other side of zero is made of the second list.
std::pair<std::vector<Anchor>, std::vector<Anchor>> divergingAnchors(MapGround ground)
{
    switch (ground) {
    case MapGround::Light:
        return {{{0.968, 0.004, 250}, {0.80, 0.085, 245}, {0.62, 0.135, 255}, {0.42, 0.150, 264}},
                {{0.968, 0.004, 70}, {0.82, 0.095, 70}, {0.63, 0.135, 55}, {0.42, 0.105, 42}}};
    case MapGround::Dark:
        return {{{0.270, 0.008, 250}, {0.44, 0.100, 258}, {0.62, 0.135, 250}, {0.84, 0.085, 230}},
                {{0.270, 0.008, 70}, {0.44, 0.085, 48}, {0.64, 0.135, 55}, {0.84, 0.115, 75}}};
    case MapGround::Black:
        break;
    }
    return {{{0.115, 0.006, 250}, {0.40, 0.110, 258}, {0.66, 0.135, 250}, {0.93, 0.035, 225}},
            {{0.115, 0.006, 70}, {0.40, 0.080, 48}, {0.68, 0.140, 58}, {0.93, 0.055, 85}}};
}

} // namespace

Oklab toOklab(const QColor &color)
{
    const double r = toLinear(color.redF()), g = toLinear(color.greenF()), b = toLinear(color.blueF());
    const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

namespace {

/// Red, green and blue as light; may lie outside of 0 … 1.
std::array<double, 3> linearOfOklab(const Oklab &lab)
{
    const auto cubed = [](double value) { return value * value * value; };
    const double l = cubed(lab.lightness + 0.3963377774 * lab.a + 0.2158037573 * lab.b);
    const double m = cubed(lab.lightness - 0.1055613458 * lab.a - 0.0638541728 * lab.b);
    const double s = cubed(lab.lightness - 0.0894841775 * lab.a - 1.2914855480 * lab.b);
    return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

} // namespace

QColor fromOklab(const Oklab &lab)
{
    const auto [red, green, blue] = linearOfOklab(lab);
    return QColor::fromRgbF(static_cast<float>(fromLinear(red)), static_cast<float>(fromLinear(green)),
                            static_cast<float>(fromLinear(blue)));
}

QRgb rgbOfOklab(const Oklab &lab)
{
    constexpr int kLast = 8191; // fine enough for the steep start of the curve
    static const std::vector<uint8_t> levels = [] {
        std::vector<uint8_t> made(kLast + 1);
        for (int i = 0; i <= kLast; ++i)
            made[size_t(i)] = static_cast<uint8_t>(std::lround(255 * fromLinear(double(i) / kLast)));
        return made;
    }();
    const auto level = [](double light) {
        return int(levels[static_cast<size_t>(std::clamp(light, 0.0, 1.0) * kLast + 0.5)]);
    };
    const auto [red, green, blue] = linearOfOklab(lab);
    return qRgb(level(red), level(green), level(blue));
}

double oklabDistance(const Oklab &first, const Oklab &second)
{
    return std::hypot(first.lightness - second.lightness, first.a - second.a, first.b - second.b);
}

const ColorMap &ColorMaps::sequential(MapGround ground)
{
    const auto make = [](MapGround on) {
        ColorMap map;
        const std::vector<QRgb> colors = evenSteps(sequentialAnchors(on), ColorMap::kNumColors);
        std::copy(colors.begin(), colors.end(), map.m_colors.begin());
        return map;
    };
    static const std::array<ColorMap, 3> maps = {make(MapGround::Light), make(MapGround::Dark),
                                                 make(MapGround::Black)};
    return maps[static_cast<size_t>(ground)];
}

const ColorMap &ColorMaps::diverging(MapGround ground)
{
    const auto make = [](MapGround on) {
        constexpr int kHalf = ColorMap::kNumColors / 2;
        const auto [more, less] = divergingAnchors(on);
        const std::vector<QRgb> up = evenSteps(more, kHalf), down = evenSteps(less, kHalf);
        ColorMap map;
        for (int i = 0; i < kHalf; ++i) {
            map.m_colors[size_t(kHalf + i)] = up[size_t(i)];
            map.m_colors[size_t(kHalf - 1 - i)] = down[size_t(i)];
        }
        // Zero lies between the two halves: both of its neighbours are the neutral colour.
        map.m_colors[size_t(kHalf - 1)] = map.m_colors[size_t(kHalf)];
        return map;
    };
    static const std::array<ColorMap, 3> maps = {make(MapGround::Light), make(MapGround::Dark),
                                                 make(MapGround::Black)};
    return maps[static_cast<size_t>(ground)];
}

MapGround ColorMaps::themeGround()
{
    const Theme &theme = Theme::instance();
    if (theme.tokens().surface == QColor(Qt::black)) return MapGround::Black;
    return theme.isDark() ? MapGround::Dark : MapGround::Light;
}

} // namespace orrery::ui
