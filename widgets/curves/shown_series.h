// SPDX-License-Identifier: GPL-3.0-or-later
// A series as it is drawn and read: its buckets, their smoothed values, and the curves a PlotView takes.
// Pure; any thread.
#pragma once

#include "core/spec/run_records.h"
#include "widgets/plots/plot_types.h"

#include <QString>

#include <optional>
#include <vector>

namespace orrery::ui {

enum class XMode : uint8_t {
    Step,
    Time,   ///< seconds since the run's first report
    Tokens, ///< steps times tokens per step, those of its ancestors before
    Clock,  ///< Unix seconds
};

AxisFormat axisFormat(XMode mode);
QString axisTitle(XMode mode);

/// Where a bucket stands on the x axis.
struct XAxis {
    XMode mode = XMode::Step;
    double startTime = 0;     ///< Unix seconds; times are relative to it
    double tokensPerStep = 0; ///< 0: not known, the run has no place on an axis of tokens
    int64_t startStep = 0;    ///< of its parent, where it is a branch
    double startTokens = 0;   ///< that its ancestors had seen there: they may have had others in a step
    [[nodiscard]] double tokensAt(double step) const { return startTokens + (step - double(startStep)) * tokensPerStep; }
    [[nodiscard]] double of(const SeriesBucket &bucket) const;
    [[nodiscard]] double of(int64_t step, double wallTime) const;
    [[nodiscard]] bool isTime() const { return mode == XMode::Time || mode == XMode::Clock; }
    [[nodiscard]] bool canPlace() const { return mode != XMode::Tokens || tokensPerStep > 0; }
    bool operator==(const XAxis &) const = default;
};

struct ShownSeries {
    std::vector<SeriesBucket> buckets; ///< by attempt, then step
    std::vector<double> smoothed;      ///< same length; NaN where a bucket has no finite point
    [[nodiscard]] bool isEmpty() const { return buckets.empty(); }
};

/// Smooths along the steps that count: superseded tails go on from where their attempt left the others and
/// disturb nobody.
ShownSeries makeShown(std::vector<SeriesBucket> buckets, double smoothing);

/// How a series is drawn.
struct CurveStyle {
    QString name;
    QColor color;
    Qt::PenStyle penStyle = Qt::SolidLine;
    bool hasRaw = true; ///< raw line with extrema under the smoothed one
    bool hasDots = false;
    bool isLive = false;
};

/// One curve for what counts and one dimmed curve for each superseded tail, so that no line runs back in
/// time.
std::vector<PlotCurve> makeCurves(const ShownSeries &series, const XAxis &axis, const CurveStyle &style);

/// Index of the bucket nearest to x among those not superseded.
std::optional<size_t> nearestBucket(const ShownSeries &series, const XAxis &axis, double x);

/// Index of the last bucket that is not superseded.
std::optional<size_t> newestBucket(const ShownSeries &series);

/// First and last step between two x, for asking the store; grows by one bucket on either side.
std::pair<int64_t, int64_t> stepsBetween(const ShownSeries &series, const XAxis &axis, double from,
                                         double to);

/// When a step was reported, as far as the buckets know; 0: they know nothing of it.
double wallTimeAt(const ShownSeries &series, int64_t step);

} // namespace orrery::ui
