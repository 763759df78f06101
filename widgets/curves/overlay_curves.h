// SPDX-License-Identifier: GPL-3.0-or-later
// Several runs as curves: each in its colour, or those with equal settings as one mean with a band. Pure; any
// thread.
#pragma once

#include "widgets/curves/group_statistics.h"
#include "widgets/curves/shown_series.h"

#include <QStringList>

#include <array>
#include <vector>

namespace orrery::ui {

/// What is drawn of each run.
enum class OverlaySeries : uint8_t { TrainLoss, ValLoss, Rate, Norm, Speed, Chosen };
inline constexpr size_t kNumOverlaySeries = 6;

/// A run as it is drawn beside others.
struct OverlayRun {
    QString id, title;
    int colorIndex = 0;
    XAxis axis;
    bool isLive = false;
    bool isDimmed = false; ///< others were chosen in the legend
    std::array<ShownSeries, kNumOverlaySeries> series;
    [[nodiscard]] const ShownSeries &of(OverlaySeries which) const { return series[size_t(which)]; }
};

/// How much ink a curve gets when many are drawn.
struct CrowdStyle {
    int numCurves = 1;
    [[nodiscard]] bool isThin() const { return numCurves > 8; }
    [[nodiscard]] double rawOpacity() const;
    /// Names at the ends of the lines, where there is room for them.
    [[nodiscard]] bool hasNames() const { return numCurves <= 6; }
};

std::vector<PlotCurve> runCurves(const OverlayRun &run, OverlaySeries which, const QColor &color,
                                 const CrowdStyle &crowd);

/// Runs with equal values of what they are grouped by.
struct RunGroup {
    QString label; ///< "0.001", or "0.001, 4" of several settings
    int colorIndex = 0; ///< of the member that was made first: groups keep their colour, too
    std::vector<const OverlayRun *> runs;
};

/// What is drawn of a group; of a single run its own line, without a band.
struct DrawnGroup {
    QString label;
    int colorIndex = 0;
    QStringList runs;
    GroupCurve curve;
    PlotCurve drawn;
};
DrawnGroup drawGroup(const RunGroup &group, OverlaySeries which, BandKind band, const QColor &color,
                     const CrowdStyle &crowd);

/// At most `length` characters, an ellipsis at the end.
QString shortened(const QString &text, int length = 24);

} // namespace orrery::ui
