// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_ticker.h"

#include "widgets/common/number_text.h"

#include <QDateTime>

#include <algorithm>
#include <array>
#include <cmath>

namespace orrery::ui {
namespace {

constexpr int kMaxTicks = 60; ///< a guard against ranges that rounding made absurd

int decimalsOf(double step)
{
    // 0.25 never occurs: steps are 1, 2 or 5 times a power of ten.
    return std::max(0, int(-std::floor(std::log10(step) + 1e-9)));
}

/// Whole minutes and hours without their zeros: 10 min, 2 h, but 1:30 h.
QString durationLabel(double seconds)
{
    if (seconds == 0) return QStringLiteral("0");
    const qint64 whole = qRound64(std::abs(seconds));
    const bool isWhole = std::abs(std::abs(seconds) - double(whole)) < 1e-6;
    if (isWhole && whole < 3600 && whole % 60 == 0)
        return fixedText(seconds / 60, 0) + QStringLiteral(" min");
    if (isWhole && whole < 48 * 3600 && whole % 3600 == 0)
        return fixedText(seconds / 3600, 0) + QStringLiteral(" h");
    return exactDurationText(seconds);
}

/// Seconds that local time is ahead of UTC.
double localOffset(double unixSeconds)
{
    return QDateTime::fromSecsSinceEpoch(qint64(unixSeconds)).offsetFromUtc();
}

/// A date where ticks are days apart (or a day begins), else the time of the day.
QString clockLabel(double unixSeconds, double step)
{
    const QDateTime time = QDateTime::fromMSecsSinceEpoch(qRound64(unixSeconds * 1000));
    if (step >= 86400 || time.time() == QTime(0, 0)) return time.toString(QStringLiteral("MMM d"));
    return time.toString(step < 1    ? QStringLiteral("hh:mm:ss.zzz")
                         : step < 60 ? QStringLiteral("hh:mm:ss")
                                     : QStringLiteral("hh:mm"));
}

} // namespace

double niceStep(double step)
{
    const double power = std::pow(10.0, std::floor(std::log10(step)));
    for (const double mantissa : {1.0, 2.0, 5.0})
        if (mantissa * power >= step * (1 - 1e-9)) return mantissa * power;
    return 10 * power;
}

double niceDurationStep(double seconds)
{
    if (seconds <= 1) return niceStep(seconds);
    static constexpr std::array kSteps = {1.,   2.,   5.,    10.,   15.,   30.,    60.,    120.,   300.,
                                          600., 900., 1800., 3600., 7200., 10800., 21600., 43200., 86400.};
    for (const double step : kSteps)
        if (step >= seconds * (1 - 1e-9)) return step;
    return niceStep(seconds / 86400) * 86400;
}

int PlotTicker::neededExponent(const PlotRange &range) const
{
    if (m_format != AxisFormat::Value || m_isLogarithmic) return 0;
    const double largest = std::max(std::abs(range.from), std::abs(range.to));
    if (!(largest > 0) || (largest >= 0.01 && largest < 1e5)) return 0;
    return int(std::floor(std::log10(largest) + 1e-9));
}

double PlotTicker::getTickStep(const QCPRange &range)
{
    const double exact = range.size() / std::max(mTickCount, 1);
    if (!(exact > 0) || !std::isfinite(exact)) return m_step = 1;
    switch (m_format) {
    case AxisFormat::Duration:
    case AxisFormat::Clock:
        m_step = niceDurationStep(exact);
        break;
    case AxisFormat::Count:
        m_step = std::max(1.0, niceStep(exact));
        break;
    case AxisFormat::Value:
    case AxisFormat::Compact:
        m_step = niceStep(exact);
        break;
    }
    return m_step;
}

QVector<double> PlotTicker::createTickVector(double tickStep, const QCPRange &range)
{
    m_hasDecades = m_isLogarithmic && range.lower > 0 && range.upper / range.lower >= 8;
    if (m_hasDecades) return logTicks(range);
    QVector<double> ticks;
    // Days and hours begin by local time.
    const double shift = m_format == AxisFormat::Clock ? localOffset(range.lower) : 0;
    const double first = std::ceil((range.lower + shift) / tickStep - 1e-9);
    for (int i = 0; i < kMaxTicks; ++i) {
        const double tick = (first + i) * tickStep - shift;
        if (tick > range.upper + tickStep * 1e-9) break;
        ticks.append(tick);
    }
    return ticks;
}

QVector<double> PlotTicker::logTicks(const QCPRange &range) const
{
    const int low = int(std::floor(std::log10(range.lower)));
    const int high = int(std::ceil(std::log10(range.upper)));
    const int numDecades = std::max(1, high - low);
    const int stride = std::max(1, int(std::ceil(double(numDecades) / std::max(mTickCount, 2))));
    QVector<double> ticks;
    for (int exponent = low; exponent <= high; exponent += stride) {
        const double power = std::pow(10.0, exponent);
        for (const double mantissa : {1.0, 2.0, 5.0}) {
            if (mantissa > 1 && numDecades * 3 > std::max(mTickCount * 2, 6)) break;
            const double tick = mantissa * power;
            if (tick >= range.lower * (1 - 1e-9) && tick <= range.upper * (1 + 1e-9)) ticks.append(tick);
        }
    }
    return ticks;
}

QString PlotTicker::getTickLabel(double tick, const QLocale &, QChar, int)
{
    if (std::abs(tick) < m_step * 1e-9 && !m_hasDecades) tick = 0;
    switch (m_format) {
    case AxisFormat::Duration:
        return durationLabel(tick);
    case AxisFormat::Clock:
        return clockLabel(tick, m_step);
    case AxisFormat::Count:
        return std::abs(tick) >= 1e6 ? compactText(tick, Zeros::Trim) : fixedText(tick, 0);
    case AxisFormat::Compact:
        if (std::abs(tick) >= 1000) return compactText(tick, Zeros::Trim);
        break;
    case AxisFormat::Value:
        break;
    }
    if (m_hasDecades) return significantText(tick, 1);
    const double scale = std::pow(10.0, m_exponent);
    return fixedText(tick / scale, decimalsOf(m_step / scale));
}

} // namespace orrery::ui
