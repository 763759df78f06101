// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/compare_facts.h"

#include "widgets/common/number_text.h"

#include <QCoreApplication>

#include <cmath>

namespace orrery::ui {
namespace {

constexpr int kMaxAncestors = 64; // a circle ends

QString tr(const char *text) { return QCoreApplication::translate("CompareFacts", text); }

} // namespace

SeriesEnds seriesEnds(const SeriesData &series)
{
    SeriesEnds ends;
    for (const SeriesBucket &bucket : series.buckets) {
        if (bucket.isSuperseded) continue;
        ends.minimum = std::fmin(ends.minimum, bucket.minimum); // NaN gives way to a number
        ends.maximum = std::fmax(ends.maximum, bucket.maximum);
        ends.numPoints += bucket.numPoints;
        ends.numNonFinite += bucket.numNonFinite;
        if (bucket.lastStep < ends.lastStep) continue;
        ends.lastStep = bucket.lastStep;
        ends.last = bucket.last;
    }
    return ends;
}

std::optional<StepRange> smallestAt(const SeriesData &series)
{
    const SeriesBucket *best = nullptr;
    for (const SeriesBucket &bucket : series.buckets)
        if (!bucket.isSuperseded && std::isfinite(bucket.minimum) &&
            (!best || bucket.minimum < best->minimum ||
             (bucket.minimum == best->minimum && bucket.firstStep < best->firstStep)))
            best = &bucket;
    if (!best) return std::nullopt;
    return StepRange{best->firstStep, best->lastStep};
}

TokensSeen tokensSeen(const CompareFacts &run, const FactsOf &facts)
{
    TokensSeen seen{0, {}, false};
    const auto unknown = [](const QString &why, bool isWaiting = false) {
        return TokensSeen{std::numeric_limits<double>::quiet_NaN(), why, isWaiting};
    };
    const CompareFacts *now = &run;
    qint64 until = run.status.step;
    for (int i = 0; i < kMaxAncestors; ++i) {
        const QString title = fromStd(now->status.name.empty() ? now->status.id : now->status.name);
        if (now->settings.isWaiting()) return unknown(tr("The settings are being read."), true);
        if (!now->settings.value) return unknown(now->settings.problem);
        const RunSettings &settings = **now->settings.value;
        if (!settings.importedFrom.isEmpty())
            return unknown(tr("Imported from another program's log, which does not say how many tokens a step has."));
        const double perStep = settings.tokensPerStep();
        if (perStep <= 0) return unknown(tr("The settings of “%1” cannot be read: %2").arg(title, settings.problem));
        const qint64 from = now->status.parent.empty() ? 0 : std::max<qint64>(now->status.parentStep, 0);
        seen.tokens += perStep * double(std::max<qint64>(until - from, 0));
        if (now->status.parent.empty()) return seen;
        const QString parent = fromStd(now->status.parent);
        now = facts(parent);
        if (!now)
            return unknown(tr("It was branched from “%1”, which is gone: how many tokens its steps had is not known.")
                               .arg(parent));
        until = from;
    }
    return unknown(tr("Its ancestors go in a circle."));
}

} // namespace orrery::ui
