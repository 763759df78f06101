// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/number_format.h"

#include <algorithm>
#include <cmath>

namespace orrery::ui {
namespace {

const QChar kMinus(0x2212);

QString withCommas(QString digits)
{
    const qsizetype point = digits.indexOf(QLatin1Char('.'));
    for (qsizetype i = (point < 0 ? digits.size() : point) - 3; i > 0; i -= 3)
        digits.insert(i, QLatin1Char(','));
    return digits;
}

QString nonFinite(double value)
{
    if (std::isnan(value)) return QStringLiteral("NaN");
    return value > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
}

QString superscript(int number)
{
    static const QString digits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    QString text;
    for (const QChar c : QString::number(std::abs(number))) text += digits.at(c.digitValue());
    return number < 0 ? QStringLiteral("⁻") + text : text;
}

QString trimmedZeros(QString text)
{
    if (!text.contains(QLatin1Char('.'))) return text;
    while (text.endsWith(QLatin1Char('0'))) text.chop(1);
    if (text.endsWith(QLatin1Char('.'))) text.chop(1);
    return text;
}

} // namespace

QString formatFixed(double value, int decimals)
{
    if (!std::isfinite(value)) return nonFinite(value);
    QString digits = QString::number(std::abs(value), 'f', std::clamp(decimals, 0, 15));
    const bool isZero = std::all_of(digits.cbegin(), digits.cend(),
                                    [](QChar c) { return c == QLatin1Char('0') || c == QLatin1Char('.'); });
    digits = withCommas(digits);
    return value < 0 && !isZero ? kMinus + digits : digits;
}

QString formatCount(qint64 value) { return formatFixed(double(value), 0); }

QString formatPowerOfTen(int exponent) { return QStringLiteral("× 10") + superscript(exponent); }

QString formatValue(double value, int digits)
{
    if (!std::isfinite(value)) return nonFinite(value);
    if (value == 0) return QStringLiteral("0");
    // The exponent after rounding to the digits shown: 9.9996 is 10.00, not 10.000.
    const QString scientific = QString::number(std::abs(value), 'e', std::max(digits - 1, 0));
    const int exponent = scientific.mid(scientific.indexOf(QLatin1Char('e')) + 1).toInt();
    if (exponent >= -3 && exponent <= 4) return formatFixed(value, std::max(digits - 1 - exponent, 0));
    const QString mantissa = scientific.left(scientific.indexOf(QLatin1Char('e')));
    return (value < 0 ? QString(kMinus) : QString()) + mantissa + QLatin1Char(' ') +
           formatPowerOfTen(exponent);
}

QString formatCompact(double value, Zeros zeros)
{
    if (!std::isfinite(value)) return nonFinite(value);
    static constexpr const char *kSuffix[] = {"", "k", "M", "G", "T"};
    double scaled = std::abs(value);
    int power = 0;
    // 999.5 would round to 1000 of the lower unit.
    while (scaled >= 999.5 && power < 4) {
        scaled /= 1000;
        ++power;
    }
    const int decimals = scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
    QString text = QString::number(scaled, 'f', power == 0 && scaled == std::floor(scaled) ? 0 : decimals);
    text = (zeros == Zeros::Trim ? trimmedZeros(text) : text) + QLatin1String(kSuffix[power]);
    return value < 0 && scaled != 0 ? kMinus + text : text;
}

QString formatDuration(double seconds)
{
    if (!std::isfinite(seconds)) return nonFinite(seconds);
    if (seconds < 0) return kMinus + formatDuration(-seconds);
    if (seconds < 10) return QStringLiteral("%1 s").arg(trimmedZeros(QString::number(seconds, 'f', 1)));
    const qint64 whole = qRound64(seconds);
    if (whole < 60) return QStringLiteral("%1 s").arg(whole);
    const auto pair = [](qint64 big, qint64 small) {
        return QStringLiteral("%1:%2").arg(big).arg(small, 2, 10, QLatin1Char('0'));
    };
    if (whole < 3600) return pair(whole / 60, whole % 60) + QStringLiteral(" min");
    const qint64 minutes = whole / 60;
    if (minutes < 48 * 60) return pair(minutes / 60, minutes % 60) + QStringLiteral(" h");
    return QStringLiteral("%1 d %2 h").arg(minutes / 1440).arg(minutes % 1440 / 60);
}

} // namespace orrery::ui
