// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/reading.h"

#include "widgets/common/number_text.h"
#include "widgets/curves/curves_feed.h"
#include "widgets/curves/series_buffer.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace orrery::ui {
namespace {

constexpr size_t kMaxMarks = 6;

QString tr(const char *text) { return QCoreApplication::translate("orrery::ui::Reading", text); }

QString stepText(const SeriesBucket &bucket)
{
    if (bucket.firstStep == bucket.lastStep) return integerText(bucket.firstStep);
    return QStringLiteral("%1–%2").arg(integerText(bucket.firstStep), integerText(bucket.lastStep));
}

void addSeries(Reading &reading, const ReadingSource &source, const XAxis &axis, double x,
               const SeriesBucket &place)
{
    const auto index = nearestBucket(*source.series, axis, x);
    if (!index) return;
    const SeriesBucket &bucket = source.series->buckets[*index];
    const bool isMany = numFinite(bucket) > 1;
    const double value = isMany ? bucket.mean : bucket.numPoints == 1 ? bucket.last : bucket.mean;
    const auto detail = [&](const QString &label, const QString &text) {
        reading.rows.push_back({ReadingKind::Detail, label, text, {}, source.id});
    };
    reading.rows.push_back(
        {ReadingKind::Head, source.name, readingNumber(value, source.format), source.color, source.id});
    if (source.hasSmoothed) detail(tr("smoothed"), readingNumber(source.series->smoothed[*index], source.format));
    if (source.hasExtrema && isMany) {
        detail(tr("min … max"), readingNumber(bucket.minimum, source.format) + QStringLiteral(" … ") +
                                    readingNumber(bucket.maximum, source.format));
    }
    if (bucket.numNonFinite > 0 && bucket.numPoints > 1)
        detail(tr("NaN or infinite"), tr("%1 of %2 reports").arg(integerText(qint64(bucket.numNonFinite)), integerText(qint64(bucket.numPoints))));
    // Validation has its own rhythm: say where the value comes from.
    const bool isElsewhere = bucket.lastStep < place.firstStep || bucket.firstStep > place.lastStep;
    if (isElsewhere) detail(tr("at step"), stepText(bucket));
}

} // namespace

QString readingNumber(double value, ReadingFormat format)
{
    switch (format) {
    case ReadingFormat::Loss:
        return significantText(value, 4);
    case ReadingFormat::Rate:
        return significantText(value, 3);
    case ReadingFormat::Compact:
        return compactText(value);
    }
    return {};
}

Reading makeReading(const std::vector<ReadingSource> &sources, const XAxis &axis, std::optional<double> x,
                    const std::vector<RunMark> &marks, double reach)
{
    Reading reading;
    const ReadingSource *first = nullptr;
    for (const ReadingSource &source : sources)
        if (first == nullptr && source.series && !source.series->isEmpty()) first = &source;
    if (first == nullptr) return reading;
    const std::optional<size_t> index =
        x ? nearestBucket(*first->series, axis, *x) : newestBucket(*first->series);
    if (!index) return reading;
    const SeriesBucket &place = first->series->buckets[*index];
    const double here = axis.of(place);
    if (!x)
        reading.title = tr("Latest, step %1").arg(integerText(place.lastStep));
    else
        reading.title =
            (place.firstStep == place.lastStep ? tr("At step %1") : tr("At steps %1")).arg(stepText(place));
    if (axis.mode == XMode::Time)
        reading.rows.push_back({ReadingKind::Head, tr("Time"), exactDurationText(here), {}});
    if (place.numPoints > 1) // a curve of many reports is drawn from a few numbers for each pixel
        reading.foot = tr("Each number is the mean of %1 reports; zoom in to read single ones.")
                           .arg(integerText(qint64(place.numPoints)));
    for (const ReadingSource &source : sources)
        if (source.series && !source.series->isEmpty()) addSeries(reading, source, axis, here, place);
    if (!x) return reading;
    size_t numListed = 0;
    for (const RunMark &mark : marks) {
        const double at = axis.of(mark.step, mark.wallTime);
        const double end = mark.endStep >= 0 ? std::max(at, axis.of(mark.endStep, mark.endTime)) : at;
        if (here < at - reach || here > end + reach || numListed == kMaxMarks) continue;
        if (numListed == 0) reading.rows.push_back({ReadingKind::Head, tr("Near here"), {}, {}});
        reading.rows.push_back({ReadingKind::Mark, mark.text, {}, {}});
        ++numListed;
    }
    return reading;
}

QString Reading::tsv() const
{
    QStringList lines{title};
    for (const ReadingRow &row : rows)
        lines << (row.kind == ReadingKind::Mark ? row.label : row.label + QLatin1Char('\t') + row.value);
    if (!foot.isEmpty()) lines << foot;
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

} // namespace orrery::ui
