// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/breakpoint_text.h"

#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"

#include <QCoreApplication>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString words(const char *text) { return QCoreApplication::translate("orrery::ui::BreakpointText", text); }

/// "loss > 4: loss was 4.312" in its two parts; empty: it is written in another way.
struct ReasonParts {
    QString condition, value;
};

ReasonParts partsOf(const RunStatus &status)
{
    const QString reason = fromStd(status.pauseReason);
    const QString middle = u": "_s + fromStd(status.pauseSeries) + u" was "_s;
    const qsizetype at = status.pauseSeries.empty() ? -1 : reason.indexOf(middle);
    if (at < 0) return {};
    return {reason.left(at), reason.mid(at + middle.size())};
}

} // namespace

QString seriesWords(const QString &series)
{
    const std::pair<const char *, QString> known[] = {
        {series::kLoss, words("loss")},
        {series::kValLoss, words("validation loss")},
        {series::kLearningRate, words("learning rate")},
        {series::kGradNorm, words("gradient norm")},
        {series::kTokensPerSecond, words("speed in tokens per second")},
        {series::kViewerPercent, words("viewer cost in percent")},
        {series::kMemoryMiB, words("memory in MiB")},
    };
    for (const auto &[name, text] : known)
        if (series == QLatin1String(name)) return text;
    const QStringList parts = series.split(u'/');
    if (parts.size() == 3 && parts[0] == u"head") return words("%1 of head %2").arg(parts[2], parts[1]);
    return series;
}

QString pauseSentence(const RunStatus &status)
{
    const QString who =
        words("%1 paused at step %2").arg(runTitle(status), integerText(static_cast<qint64>(status.step)));
    if (status.pauseReason.empty()) return who + u'.';
    const ReasonParts parts = partsOf(status);
    if (parts.condition.isEmpty()) return who + u": "_s + fromStd(status.pauseReason);
    return words("%1: %2 is %3 (%4)")
        .arg(who, seriesWords(fromStd(status.pauseSeries)), parts.value, parts.condition);
}

QString pauseCondition(const RunStatus &status) { return partsOf(status).condition; }

QStringList commonSeries()
{
    QStringList names;
    for (const char *name : {series::kLoss, series::kValLoss, series::kGradNorm, series::kLearningRate,
                             series::kTokensPerSecond, series::kMemoryMiB, series::kViewerPercent})
        names << QLatin1String(name);
    return names << u"entropy"_s << u"memory"_s;
}

} // namespace orrery::ui
