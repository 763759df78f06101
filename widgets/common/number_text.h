// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, times and texts as the window shows them: the precision that means something, units always, and a
// dash for what is not known. Pure functions; any thread. Digits are grouped as in English whatever the
// locale, because numbers are copied into papers and scripts.
#pragma once

#include "core/base/result.h"

#include <QString>

#include <cstdint>
#include <string>
#include <string_view>

namespace orrery::ui {

/// What stands where a number is not known: an em dash.
QString unknownText();
/// UTF-8 from the engine; broken bytes become U+FFFD.
QString fromStd(std::string_view text);
std::string toStd(const QString &text);

/// Significant digits without exponent from 0.001 to 99,999, trailing zeros kept so that live numbers do not
/// jump: "1.412", "6.20 × 10⁻⁴", "∞". NaN is "NaN": callers that mean "not known" ask lossText() and friends.
QString significantText(double value, int numDigits = 4);
/// Fixed number of decimals, with a true minus sign and thousands commas.
QString fixedText(double value, int decimals);
enum class Zeros : uint8_t { Keep, Trim };
/// Three significant digits with k, M, G, for axes and narrow tables: 12.4 k, 812, 3.10 M. Keep zeros where
/// numbers stand in columns or change in place.
QString compactText(double value, Zeros zeros = Zeros::Keep);
/// "× 10⁻⁴" for -4.
QString powerOfTenText(int exponent);
QString lossText(double nats);             ///< 4 significant; dash when NaN
QString rateText(double rate);             ///< 3 significant; dash when NaN
QString percentText(double percent);       ///< "0.3 %", "41 %"
QString speedText(double tokensPerSecond); ///< "12.4 k tokens/s"
QString bytesText(quint64 bytes);          ///< "437 MiB"
QString countText(double value);           ///< "7.1 M"
QString integerText(qint64 value);         ///< "8,210"
QString durationText(double seconds);      ///< "42 min", for what is about right
QString exactDurationText(double seconds); ///< 2.5 s, 42 s, 3:05 min, 1:07 h, 2 d 3 h, for axes and readings
QString timeLeftText(double seconds);      ///< "about 42 min left"; dash when not known
QString relativeTimeText(double secondsAgo); ///< "0.4 s ago", "12 min ago", "3 days ago", "2 years ago"
QString clockTimeText(double unixSeconds);   ///< "14:03:27", with the date when it is not today
QString probabilityText(double probability); ///< "0.431", "< 0.001"

/// Seconds still to go at the average speed so far; NaN when it cannot be told.
double secondsLeft(qint64 step, qint64 totalSteps, double elapsedSeconds, qint64 firstStep = 0);

/// Message and hint on one line.
QString errorText(const Error &error);

/// Wall clock of the panels in Unix seconds. Tests fix it; a negative value returns to the system's clock.
double wallNow();
void setWallNowForTests(double unixSeconds);

} // namespace orrery::ui
