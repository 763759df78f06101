// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/figure_style.h"

#include "widgets/common/tone_label.h"
#include "widgets/theme/theme_tokens.h"

#include <array>

namespace orrery::ui {
namespace {

FigureStyle withFonts(FigureStyle style)
{
    style.base = typeFont(TypeSize::Base);
    style.small = typeFont(TypeSize::Small);
    style.mono = typeFont(TypeSize::Mono);
    return style;
}

} // namespace

FigureStyle FigureStyle::ofTheme()
{
    return withFonts({.tokens = Theme::instance().tokens(), .ground = ColorMaps::themeGround()});
}

FigureStyle FigureStyle::ofPaper()
{
    FigureStyle style{.tokens = themeTokens(ThemeKind::Light), .ground = MapGround::Light};
    style.tokens.window = style.tokens.surface = Qt::white;
    return withFonts(style);
}

QColor FigureStyle::headColor(int index) const
{
    // Of the run colours those four that stay apart when they are mixed with the ground.
    constexpr std::array kEntries = {0, 5, 2, 3};
    return runColorEntry(kEntries[static_cast<size_t>(index) % kEntries.size()], ground != MapGround::Light);
}

} // namespace orrery::ui
