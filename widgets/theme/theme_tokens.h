// SPDX-License-Identifier: GPL-3.0-or-later
// The colour tables behind Theme. Pure data; any thread.
#pragma once

#include "widgets/theme/theme.h"

namespace orrery::ui {

/// Tokens of Light, Dark or HighContrast; System counts as Light.
ThemeTokens themeTokens(ThemeKind kind);

inline constexpr int kNumRunColors = 12;

/// Entry 0 … kNumRunColors - 1 of the colour-blind-safe run list, or its lighter twin for dark grounds.
QColor runColorEntry(int entry, bool isDark);

} // namespace orrery::ui
