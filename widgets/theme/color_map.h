// SPDX-License-Identifier: GPL-3.0-or-later
// Colours that stand for numbers: one map for weights from 0 to 1 and one for differences from -1 to 1 whose
// zero is neutral. Equal steps of the number look like equal steps of colour. GUI thread only. Colour space:
// B. Ottosson (2020), "A perceptual color space for image processing" (Oklab), matrices of 2021-01-25.
#pragma once

#include <QColor>

#include <array>

namespace orrery::ui {

/// A colour as lightness (0 black … 1 white) and two opponent axes, green to red and blue to yellow.
struct Oklab {
    double lightness = 0, a = 0, b = 0;
};
Oklab toOklab(const QColor &color);
/// The nearest sRGB colour; what lies outside is cut by channel.
QColor fromOklab(const Oklab &lab);
/// The same by a table, at most one level of a channel off: for pictures of millions of cells.
QRgb rgbOfOklab(const Oklab &lab);
double oklabDistance(const Oklab &first, const Oklab &second);

class ColorMap {
public:
    static constexpr int kNumColors = 256;

    /// @param position 0 … 1 from one end to the other; outside: the end; NaN: the start
    [[nodiscard]] QRgb at(double position) const
    {
        if (!(position > 0)) return m_colors.front();
        return m_colors[position >= 1 ? kNumColors - 1
                                      : static_cast<size_t>(position * (kNumColors - 1) + 0.5)];
    }
    [[nodiscard]] const std::array<QRgb, kNumColors> &colors() const { return m_colors; }

private:
    friend class ColorMaps;
    std::array<QRgb, kNumColors> m_colors{};
};

/// On what a map is drawn: its zero is near the ground, its end far from it.
enum class MapGround : uint8_t { Light, Dark, Black };

class ColorMaps {
public:
    /// Weights: lightness falls (on a light ground) or rises (on a dark one) all the way.
    static const ColorMap &sequential(MapGround ground);
    /// Differences: position 0 is -1, 0.5 is zero, 1 is +1. Orange is less, blue is more.
    static const ColorMap &diverging(MapGround ground);
    /// Of the theme as it is now.
    static MapGround themeGround();
};

} // namespace orrery::ui
