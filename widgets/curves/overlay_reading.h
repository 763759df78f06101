// SPDX-License-Identifier: GPL-3.0-or-later
// What several runs say at one place: a row for each run or group, the one nearest to the pointer first. Pure; any
// thread.
#pragma once

#include "widgets/curves/overlay_curves.h"
#include "widgets/curves/reading.h"

#include <functional>

namespace orrery::ui {

struct OverlayReadingAsk {
    XMode mode = XMode::Step;
    std::optional<double> x;   ///< nothing: the newest value of each
    double reach = 0;          ///< how far beside its ends a run still counts, and how far marks are listed
    QString series, seriesId;  ///< "Train loss", "loss"
    ReadingFormat format = ReadingFormat::Loss;
    OverlaySeries which = OverlaySeries::TrainLoss;
    bool isSmoothed = false;
    BandKind band = BandKind::Extremes;
    /// Pixels between what is pointed at and a value; empty: by value.
    std::function<double(double)> distance;
};

/// @param colors in the order of the runs
Reading readRuns(const OverlayReadingAsk &ask, const std::vector<const OverlayRun *> &runs,
                 const std::vector<QColor> &colors);
Reading readGroups(const OverlayReadingAsk &ask, const std::vector<const DrawnGroup *> &groups);
/// Those within reach under the rows, each text once.
void addMarks(Reading &reading, const OverlayReadingAsk &ask, const std::vector<PlotMark> &marks);

} // namespace orrery::ui
