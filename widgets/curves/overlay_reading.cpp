// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/overlay_reading.h"

#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/curves/series_buffer.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace orrery::ui {
namespace {

constexpr int kMaxMarks = 8;

QString tr(const char *text) { return QCoreApplication::translate("orrery::ui::OverlayReading", text); }

/// A run or a group at the place.
struct Row {
    QString name, value;
    QColor color;
    double number = 0, distance = 0;
    bool isThere = false;
    std::vector<std::pair<QString, QString>> details = {};
};

QString placeTitle(const OverlayReadingAsk &ask)
{
    if (!ask.x) return tr("Latest of each run");
    switch (ask.mode) {
    case XMode::Time:
        return tr("After %1").arg(exactDurationText(*ask.x));
    case XMode::Tokens:
        return tr("At %1 tokens").arg(compactText(*ask.x));
    case XMode::Clock:
        return tr("At %1").arg(clockTimeText(*ask.x));
    case XMode::Step:
        break;
    }
    return tr("At step %1").arg(integerText(qRound64(*ask.x)));
}

Reading arrange(const OverlayReadingAsk &ask, std::vector<Row> rows, const QString &heading)
{
    const bool isPointed = bool(ask.distance);
    std::stable_sort(rows.begin(), rows.end(), [&](const Row &a, const Row &b) {
        if (a.isThere != b.isThere) return a.isThere;
        const double one = isPointed ? a.distance : a.number, other = isPointed ? b.distance : b.number;
        if (std::isnan(one) || std::isnan(other)) return !std::isnan(one) && std::isnan(other);
        return one < other;
    });
    Reading reading;
    reading.title = placeTitle(ask);
    reading.rows.push_back({ReadingKind::Head, ask.series, heading, {}, ask.seriesId});
    for (Row &row : rows) {
        reading.rows.push_back({ReadingKind::Run, row.name, row.isThere ? row.value : unknownText(), row.color});
        for (const auto &[label, text] : row.details)
            reading.rows.push_back({ReadingKind::Detail, label, text, {}});
    }
    return reading;
}

/// The bucket that stands for the run at x; nothing where it has not begun or has ended.
std::optional<size_t> bucketAt(const ShownSeries &shown, const XAxis &axis, std::optional<double> x, double reach)
{
    const auto newest = newestBucket(shown);
    if (!x || !newest) return newest;
    const auto index = nearestBucket(shown, axis, *x);
    if (!index) return std::nullopt;
    const double here = axis.of(shown.buckets[*index]);
    const double last = axis.of(shown.buckets[*newest]);
    const auto first = std::find_if(shown.buckets.begin(), shown.buckets.end(),
                                    [](const SeriesBucket &bucket) { return !bucket.isSuperseded; });
    const bool isOutside = (*x > last && here == last) || (*x < here && here == axis.of(*first));
    return isOutside && std::abs(*x - here) > reach ? std::nullopt : index;
}

/// Whether fewer than two runs are there: a gap ends at the place that bears its NaN.
bool isInGap(const std::vector<GroupPoint> &points, double x)
{
    for (size_t i = 1; i < points.size(); ++i)
        if (points[i].numRuns == 0 && points[i - 1].x < x && x < points[i].x) return true;
    return false;
}

} // namespace

Reading readRuns(const OverlayReadingAsk &ask, const std::vector<const OverlayRun *> &runs,
                 const std::vector<QColor> &colors)
{
    std::vector<Row> rows;
    int numThere = 0;
    for (size_t i = 0; i < runs.size(); ++i) {
        const OverlayRun &run = *runs[i];
        Row row{run.title, {}, colors[i], std::nan(""), 0};
        const ShownSeries &shown = run.of(ask.which);
        const auto index =
            run.axis.canPlace() && !run.isDimmed ? bucketAt(shown, run.axis, ask.x, ask.reach) : std::nullopt;
        if (index) {
            const SeriesBucket &bucket = shown.buckets[*index];
            // As it is drawn; a bucket without a number says which one it was.
            row.number = shown.smoothed[*index];
            row.value = readingNumber(std::isnan(row.number) ? bucket.last : row.number, ask.format);
            row.isThere = true;
            if (ask.distance) row.distance = ask.distance(row.number);
            ++numThere;
        }
        if (!run.isDimmed) rows.push_back(std::move(row));
    }
    Reading reading = arrange(ask, std::move(rows), counted(numThere, tr("1 run"), tr("%1 runs")));
    reading.foot = ask.isSmoothed ? tr("smoothed, as drawn")
                                  : tr("means of the buckets drawn");
    return reading;
}

Reading readGroups(const OverlayReadingAsk &ask, const std::vector<const DrawnGroup *> &groups)
{
    std::vector<Row> rows;
    for (const DrawnGroup *one : groups) {
        const DrawnGroup &group = *one;
        Row row{group.label, {}, group.drawn.color, std::nan(""), 0};
        const std::vector<GroupPoint> &points = group.curve.points;
        const GroupPoint *point = nullptr;
        for (const GroupPoint &place : points) {
            if (place.numRuns == 0) continue; // a gap
            if (point == nullptr || !ask.x || std::abs(place.x - *ask.x) < std::abs(point->x - *ask.x)) point = &place;
        }
        const bool isOutside = point && ask.x &&
                               (*ask.x < points.front().x || *ask.x > points.back().x ||
                                (group.curve.numRuns > 1 && isInGap(points, *ask.x)));
        if (point && !(isOutside && std::abs(point->x - *ask.x) > ask.reach)) {
            row.isThere = true;
            row.number = point->mean;
            row.value = readingNumber(point->mean, ask.format);
            if (ask.distance) row.distance = ask.distance(point->mean);
            const QString band = ask.band == BandKind::Extremes    ? tr("min … max")
                                 : ask.band == BandKind::Deviation ? tr("mean ± s")
                                                                   : tr("95 % interval");
            if (point->numRuns > 1)
                row.details.emplace_back(band, readingNumber(point->low, ask.format) + QStringLiteral(" … ") +
                                                   readingNumber(point->high, ask.format));
            row.details.emplace_back(tr("runs here"), tr("n = %1 of %2").arg(point->numRuns).arg(group.curve.numRuns));
        } else if (group.curve.numRuns > 0) {
            row.details.emplace_back(tr("runs here"), tr("fewer than 2 of %1").arg(group.curve.numRuns));
        }
        rows.push_back(std::move(row));
    }
    Reading reading =
        arrange(ask, std::move(rows), counted(std::ssize(groups), tr("1 group"), tr("%1 groups")));
    reading.foot = ask.isSmoothed ? tr("means of smoothed lines") : tr("means over runs");
    return reading;
}

void addMarks(Reading &reading, const OverlayReadingAsk &ask, const std::vector<PlotMark> &marks)
{
    if (!ask.x) return;
    QStringList texts;
    for (const PlotMark &mark : marks)
        if (std::abs(mark.nearest(*ask.x) - *ask.x) <= ask.reach && !texts.contains(mark.text) && texts.size() < kMaxMarks)
            texts << mark.text;
    if (texts.isEmpty()) return;
    reading.rows.push_back({ReadingKind::Head, tr("Near here"), {}, {}});
    for (const QString &text : std::as_const(texts)) reading.rows.push_back({ReadingKind::Mark, text, {}, {}});
}

} // namespace orrery::ui
