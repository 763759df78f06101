// SPDX-License-Identifier: GPL-3.0-or-later
// The colours and type that a picture of attention is drawn with: those of the theme on the screen, those of
// paper in an export. GUI thread only.
#pragma once

#include "widgets/theme/color_map.h"
#include "widgets/theme/theme.h"

namespace orrery::ui {

struct FigureStyle {
    ThemeTokens tokens;
    MapGround ground = MapGround::Light;
    QFont base, small, mono;

    static FigureStyle ofTheme();
    static FigureStyle ofPaper(); ///< white ground, dark text
    [[nodiscard]] const ColorMap &sequential() const { return ColorMaps::sequential(ground); }
    [[nodiscard]] const ColorMap &diverging() const { return ColorMaps::diverging(ground); }
    /// What zero looks like.
    [[nodiscard]] QColor zero() const { return QColor::fromRgb(sequential().at(0)); }
    /// Of the n-th of several heads that are shown in one picture.
    [[nodiscard]] QColor headColor(int index) const;
};

} // namespace orrery::ui
