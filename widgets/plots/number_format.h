// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as people read them in charts and tables: the same in every panel. Pure functions; any thread.
#pragma once

#include <QString>

#include <cstdint>

namespace orrery::ui {

/// 8,210
QString formatCount(qint64 value);
/// Significant digits, without exponent from 0.001 to 99,999: 1.412, 0.05123; else 6.200 × 10⁻⁴. "NaN", "∞",
/// "−∞".
QString formatValue(double value, int digits = 4);
enum class Zeros : uint8_t { Keep, Trim };
/// Three significant digits with k, M, G: 12.4k, 812, 3.10M. Keep zeros where numbers stand in columns or
/// change in place.
QString formatCompact(double value, Zeros zeros = Zeros::Keep);
/// 42 s, 3:05 min, 1:07 h, 2 d 3 h
QString formatDuration(double seconds);
/// "× 10⁻⁴" for -4.
QString formatPowerOfTen(int exponent);
/// Fixed number of decimals, with a true minus sign and thousands commas.
QString formatFixed(double value, int decimals);

} // namespace orrery::ui
