// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/shown_series.h"

#include "widgets/curves/series_buffer.h"
#include "widgets/curves/smoothing.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery::ui {

AxisFormat axisFormat(XMode mode)
{
    switch (mode) {
    case XMode::Time:
        return AxisFormat::Duration;
    case XMode::Tokens:
        return AxisFormat::Compact;
    case XMode::Clock:
        return AxisFormat::Clock;
    case XMode::Step:
        break;
    }
    return AxisFormat::Count;
}

QString axisTitle(XMode mode)
{
    const auto tr = [](const char *text) { return QCoreApplication::translate("orrery::ui::CurvesPanel", text); };
    switch (mode) {
    case XMode::Time:
        return tr("time since the first report");
    case XMode::Tokens:
        return tr("tokens");
    case XMode::Clock:
        return tr("time of the day");
    case XMode::Step:
        break;
    }
    return tr("step");
}

double XAxis::of(const SeriesBucket &bucket) const
{
    const double step = double(bucket.firstStep) + double(bucket.lastStep - bucket.firstStep) / 2;
    const double time = (bucket.firstWallTime + bucket.lastWallTime) / 2;
    switch (mode) {
    case XMode::Time:
        return time - startTime;
    case XMode::Clock:
        return time;
    case XMode::Tokens:
        return tokensAt(step);
    case XMode::Step:
        break;
    }
    return step;
}

double XAxis::of(int64_t step, double wallTime) const
{
    SeriesBucket bucket;
    bucket.firstStep = bucket.lastStep = step;
    bucket.firstWallTime = bucket.lastWallTime = wallTime;
    return of(bucket);
}

ShownSeries makeShown(std::vector<SeriesBucket> buckets, double smoothing)
{
    ShownSeries shown;
    shown.buckets = std::move(buckets);
    shown.smoothed.resize(shown.buckets.size(), std::numeric_limits<double>::quiet_NaN());
    // Buckets that count ascend in step even across attempts, because a later attempt supersedes what it
    // repeats.
    DebiasedEma average(smoothing);
    DebiasedEma branch(smoothing);
    for (size_t i = 0; i < shown.buckets.size(); ++i) {
        const SeriesBucket &bucket = shown.buckets[i];
        if (!bucket.isSuperseded) {
            shown.smoothed[i] = average.add(bucket.mean, numFinite(bucket));
            continue;
        }
        const bool startsTail =
            i == 0 || !shown.buckets[i - 1].isSuperseded || shown.buckets[i - 1].attempt != bucket.attempt;
        if (startsTail) branch = average;
        shown.smoothed[i] = branch.add(bucket.mean, numFinite(bucket));
    }
    return shown;
}

std::vector<PlotCurve> makeCurves(const ShownSeries &series, const XAxis &axis, const CurveStyle &style)
{
    std::vector<PlotCurve> dimmed;
    PlotCurve main;
    main.name = style.name;
    main.color = style.color;
    main.penStyle = style.penStyle;
    main.hasDots = style.hasDots;
    main.isLive = style.isLive;
    PlotCurve *current = nullptr;
    int32_t attempt = -1, mainAttempt = -1;
    for (size_t i = 0; i < series.buckets.size(); ++i) {
        const SeriesBucket &bucket = series.buckets[i];
        if (!bucket.isSuperseded) {
            current = &main;
        } else if (current == nullptr || current == &main || attempt != bucket.attempt) {
            PlotCurve tail;
            tail.color = style.color;
            tail.penStyle = style.penStyle;
            tail.hasDots = style.hasDots;
            tail.isDimmed = true;
            dimmed.push_back(std::move(tail));
            current = &dimmed.back();
        }
        const double x = axis.of(bucket);
        const double nan = std::numeric_limits<double>::quiet_NaN();
        // The time between two attempts passed without training: no line crosses it.
        if (axis.isTime() && current == &main && !main.line.empty() &&
            mainAttempt != bucket.attempt) {
            if (style.hasRaw) main.raw.push_back({x, nan, nan, nan});
            main.line.emplace_back(x, nan);
        }
        attempt = bucket.attempt;
        if (current == &main) mainAttempt = bucket.attempt;
        if (style.hasRaw) {
            if (numFinite(bucket) > 0)
                current->raw.push_back({x, bucket.minimum, bucket.maximum, bucket.mean});
            else
                current->raw.push_back({x, nan, nan, nan});
        }
        current->line.emplace_back(x, series.smoothed[i]);
        if (bucket.numNonFinite > 0) {
            const double value = std::isfinite(bucket.last) ? nan : bucket.last;
            current->nonFinite.push_back({x, value});
        }
    }
    if (!main.line.empty()) dimmed.push_back(std::move(main));
    return dimmed;
}

std::optional<size_t> nearestBucket(const ShownSeries &series, const XAxis &axis, double x)
{
    // Those that count ascend in x; tails stand between them, so a search over the whole is linear but short
    // (≤ 8,192).
    std::optional<size_t> best;
    double distance = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < series.buckets.size(); ++i) {
        if (series.buckets[i].isSuperseded) continue;
        const double here = std::abs(axis.of(series.buckets[i]) - x);
        if (here < distance) {
            distance = here;
            best = i;
        }
    }
    return best;
}

std::optional<size_t> newestBucket(const ShownSeries &series)
{
    for (size_t i = series.buckets.size(); i > 0; --i)
        if (!series.buckets[i - 1].isSuperseded) return i - 1;
    return std::nullopt;
}

std::pair<int64_t, int64_t> stepsBetween(const ShownSeries &series, const XAxis &axis, double from, double to)
{
    if (axis.mode == XMode::Step)
        return {int64_t(std::max(0.0, std::floor(from))), int64_t(std::max(0.0, std::ceil(to)))};
    if (axis.mode == XMode::Tokens && axis.canPlace()) {
        const auto stepAt = [&axis](double tokens) {
            return double(axis.startStep) + (tokens - axis.startTokens) / axis.tokensPerStep;
        };
        return {int64_t(std::max(0.0, std::floor(stepAt(from)))), int64_t(std::max(0.0, std::ceil(stepAt(to))))};
    }
    const double zero = axis.mode == XMode::Time ? axis.startTime : 0;
    int64_t first = std::numeric_limits<int64_t>::max(), last = -1;
    for (size_t i = 0; i < series.buckets.size(); ++i) {
        const SeriesBucket &bucket = series.buckets[i];
        const double start = bucket.firstWallTime - zero, end = bucket.lastWallTime - zero;
        if (end < from || start > to) continue;
        first = std::min(first, series.buckets[i > 0 ? i - 1 : 0].firstStep);
        last = std::max(last, series.buckets[std::min(i + 1, series.buckets.size() - 1)].lastStep);
    }
    return {std::min(first, last), last};
}

double wallTimeAt(const ShownSeries &series, int64_t step)
{
    double time = 0;
    int64_t distance = std::numeric_limits<int64_t>::max();
    for (const SeriesBucket &bucket : series.buckets) {
        if (bucket.isSuperseded) continue;
        const bool isInside = bucket.firstStep <= step && step <= bucket.lastStep;
        const int64_t here = isInside ? 0 : step < bucket.firstStep ? bucket.firstStep - step : step - bucket.lastStep;
        if (here > distance) continue;
        distance = here;
        const double share = isInside && bucket.lastStep > bucket.firstStep
                                 ? double(step - bucket.firstStep) / double(bucket.lastStep - bucket.firstStep)
                             : step > bucket.lastStep ? 1
                                                      : 0;
        time = bucket.firstWallTime + share * (bucket.lastWallTime - bucket.firstWallTime);
    }
    return time;
}

} // namespace orrery::ui
