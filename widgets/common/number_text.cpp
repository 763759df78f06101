// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/number_text.h"

#include "core/base/platform.h"
#include "core/base/text.h"

#include <QCoreApplication>
#include <QDateTime>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

double fixedNow = -1;

QString tr(const char *text) { return QCoreApplication::translate("NumberText", text); }

const QChar kMinus(0x2212);

QString superscript(int exponent)
{
    static const QString digits = u"⁰¹²³⁴⁵⁶⁷⁸⁹"_s;
    QString text = exponent < 0 ? u"⁻"_s : QString();
    for (QChar digit : QString::number(std::abs(exponent))) text += digits[digit.digitValue()];
    return text;
}

QString nonFiniteText(double value)
{
    if (std::isnan(value)) return u"NaN"_s;
    return value > 0 ? u"∞"_s : u"−∞"_s;
}

QString withCommas(QString digits)
{
    const qsizetype point = digits.indexOf(u'.');
    for (qsizetype i = (point < 0 ? digits.size() : point) - 3; i > 0; i -= 3) digits.insert(i, u',');
    return digits;
}

QString trimmedZeros(QString text)
{
    if (!text.contains(u'.')) return text;
    while (text.endsWith(u'0')) text.chop(1);
    if (text.endsWith(u'.')) text.chop(1);
    return text;
}

} // namespace

QString unknownText() { return u"—"_s; }

QString fromStd(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

std::string toStd(const QString &text) { return text.toStdString(); }

QString significantText(double value, int numDigits)
{
    if (!std::isfinite(value)) return nonFiniteText(value);
    if (value == 0) return u"0"_s;
    // Rounding may carry into the next decade (9.9996 → 10.00), so the exponent is taken from the rounded
    // text.
    const QString scientific = QString::number(std::abs(value), 'e', std::max(numDigits - 1, 0));
    const qsizetype split = scientific.indexOf(u'e');
    const int exponent = scientific.mid(split + 1).toInt();
    if (exponent >= -3 && exponent <= 4) return fixedText(value, std::max(numDigits - 1 - exponent, 0));
    return (value < 0 ? QString(kMinus) : QString()) + scientific.left(split) + u' ' +
           powerOfTenText(exponent);
}

QString fixedText(double value, int decimals)
{
    if (!std::isfinite(value)) return nonFiniteText(value);
    QString digits = QString::number(std::abs(value), 'f', std::clamp(decimals, 0, 15));
    const bool isZero =
        std::all_of(digits.cbegin(), digits.cend(), [](QChar c) { return c == u'0' || c == u'.'; });
    digits = withCommas(digits);
    return value < 0 && !isZero ? kMinus + digits : digits;
}

QString compactText(double value, Zeros zeros)
{
    if (!std::isfinite(value)) return nonFiniteText(value);
    static constexpr const char *kSuffix[] = {"", " k", " M", " G", " T"};
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

QString powerOfTenText(int exponent) { return u"× 10"_s + superscript(exponent); }

QString lossText(double nats) { return std::isnan(nats) ? unknownText() : significantText(nats, 4); }

QString rateText(double rate) { return std::isnan(rate) ? unknownText() : significantText(rate, 3); }

QString percentText(double percent)
{
    if (std::isnan(percent)) return unknownText();
    return QString::number(percent, 'f', std::abs(percent) < 9.95 && percent != 0 ? 1 : 0) + u" %"_s;
}

QString speedText(double tokensPerSecond)
{
    if (std::isnan(tokensPerSecond)) return unknownText();
    return tr("%1 tokens/s").arg(countText(tokensPerSecond));
}

QString bytesText(quint64 bytes) { return fromStd(formatBytes(bytes)); }

QString countText(double value) { return std::isnan(value) ? unknownText() : fromStd(formatCount(value)); }

QString integerText(qint64 value)
{
    const QString digits =
        withCommas(QString::number(value < 0 ? -static_cast<quint64>(value) : static_cast<quint64>(value)));
    return value < 0 ? kMinus + digits : digits;
}

QString durationText(double seconds)
{
    return std::isfinite(seconds) ? fromStd(formatDuration(seconds)) : unknownText();
}

QString exactDurationText(double seconds)
{
    if (!std::isfinite(seconds)) return nonFiniteText(seconds);
    if (seconds < 0) return kMinus + exactDurationText(-seconds);
    if (seconds < 10) return trimmedZeros(QString::number(seconds, 'f', 1)) + u" s"_s;
    const qint64 whole = qRound64(seconds);
    if (whole < 60) return u"%1 s"_s.arg(whole);
    const auto pair = [](qint64 big, qint64 small) {
        return u"%1:%2"_s.arg(big).arg(small, 2, 10, QChar(u'0'));
    };
    if (whole < 3600) return pair(whole / 60, whole % 60) + u" min"_s;
    const qint64 minutes = whole / 60;
    if (minutes < 48 * 60) return pair(minutes / 60, minutes % 60) + u" h"_s;
    return u"%1 d %2 h"_s.arg(minutes / 1440).arg(minutes % 1440 / 60);
}

QString timeLeftText(double seconds)
{
    return std::isfinite(seconds) ? tr("about %1 left").arg(durationText(seconds)) : unknownText();
}

QString relativeTimeText(double secondsAgo)
{
    if (!std::isfinite(secondsAgo)) return unknownText();
    const double seconds = std::max(0.0, secondsAgo);
    if (seconds < 9.95) return tr("%1 s ago").arg(seconds, 0, 'f', 1);
    if (seconds < 60) return tr("%1 s ago").arg(static_cast<int>(seconds));
    if (seconds < 3600) return tr("%1 min ago").arg(static_cast<int>(seconds / 60));
    if (seconds < 86400) return tr("%1 h ago").arg(static_cast<int>(seconds / 3600));
    const int days = static_cast<int>(seconds / 86400);
    if (days < 730) return days == 1 ? tr("1 day ago") : tr("%1 days ago").arg(days);
    return tr("%1 years ago").arg(days / 365);
}

QString clockTimeText(double unixSeconds)
{
    if (!(unixSeconds > 0)) return unknownText();
    const QDateTime time = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(unixSeconds * 1000));
    const QDateTime now = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(wallNow() * 1000));
    return time.date() == now.date() ? time.toString(u"HH:mm:ss"_s) : time.toString(u"yyyy-MM-dd HH:mm:ss"_s);
}

QString probabilityText(double probability)
{
    if (std::isnan(probability)) return unknownText();
    if (probability > 0 && probability < 0.0005) return u"< 0.001"_s;
    return QString::number(probability, 'f', 3);
}

double secondsLeft(qint64 step, qint64 totalSteps, double elapsedSeconds, qint64 firstStep)
{
    const qint64 done = step - firstStep;
    if (done <= 0 || totalSteps <= step || !(elapsedSeconds > 0))
        return std::numeric_limits<double>::quiet_NaN();
    return elapsedSeconds / static_cast<double>(done) * static_cast<double>(totalSteps - step);
}

QString errorText(const Error &error) { return fromStd(error.text()); }

double wallNow() { return fixedNow >= 0 ? fixedNow : wallSeconds(); }

void setWallNowForTests(double unixSeconds) { fixedNow = unixSeconds; }

} // namespace orrery::ui
