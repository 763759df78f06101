// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/number_text.h"

#include "core/base/platform.h"
#include "core/base/text.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

double fixedNow = -1;

QString tr(const char *text) { return QCoreApplication::translate("NumberText", text); }

QString superscript(int exponent)
{
    static const QString digits = u"⁰¹²³⁴⁵⁶⁷⁸⁹"_s;
    QString text = exponent < 0 ? u"⁻"_s : QString();
    for (QChar digit : QString::number(std::abs(exponent))) text += digits[digit.digitValue()];
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
    if (std::isnan(value)) return u"NaN"_s;
    if (std::isinf(value)) return value > 0 ? u"∞"_s : u"−∞"_s;
    if (value == 0) return u"0"_s;
    // Rounding may carry into the next decade (9.9996 → 10.00), so the exponent is taken from the rounded
    // text.
    const QString scientific = QString::number(value, 'e', numDigits - 1);
    const qsizetype split = scientific.indexOf(u'e');
    const int exponent = scientific.mid(split + 1).toInt();
    QString text;
    if (exponent >= -2 && exponent < 6)
        text = QString::number(value, 'f', std::max(0, numDigits - 1 - exponent));
    else
        text = scientific.left(split) + u" × 10"_s + superscript(exponent);
    return text.replace(u'-', u'−');
}

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

QString integerText(qint64 value) { return QLocale(QLocale::English, QLocale::UnitedStates).toString(value); }

QString durationText(double seconds)
{
    return std::isfinite(seconds) ? fromStd(formatDuration(seconds)) : unknownText();
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
    return days == 1 ? tr("1 day ago") : tr("%1 days ago").arg(days);
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
