// SPDX-License-Identifier: GPL-3.0-or-later
// Contrast between two colours as people see it, and a colour made readable on a ground. Pure functions; any
// thread.
#pragma once

#include <QColor>

namespace orrery::ui {

/// Smallest contrast that text may have on its ground (WCAG 2.1, 1.4.3).
inline constexpr double kMinTextContrast = 4.5;

/// And text of what cannot be used now, which the standard leaves free: it can still be read.
inline constexpr double kMinDisabledContrast = 3;

/// Relative luminance of an sRGB colour, 0 (black) … 1 (white); alpha is ignored. Source: WCAG 2.1, "relative
/// luminance".
double relativeLuminance(const QColor &color);

/// (L1 + 0.05) / (L2 + 0.05) with the lighter one on top, 1 … 21.
double contrastRatio(const QColor &first, const QColor &second);

/// The colour itself when its contrast on `ground` is at least `ratio`, else the nearest shade of the same
/// hue, darker on light grounds and lighter on dark ones, that reaches it.
QColor readableOn(const QColor &color, const QColor &ground, double ratio = kMinTextContrast);

/// `amount` (0 … 1) of `top` over `ground`, opaque.
QColor mixed(const QColor &top, const QColor &ground, double amount);

} // namespace orrery::ui
