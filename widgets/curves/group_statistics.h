// SPDX-License-Identifier: GPL-3.0-or-later
// Several curves as one: their mean and a band around it, on common places of x. Pure; any thread.
#pragma once

#include <QPointF>

#include <cstdint>
#include <span>
#include <vector>

namespace orrery::ui {

enum class BandKind : uint8_t {
    Extremes,   ///< lowest to highest run
    Deviation,  ///< mean ± standard deviation (of a sample: n − 1)
    Confidence, ///< 95 % interval of the mean, Student's t with n − 1 degrees of freedom
};

/// What the runs say at one x. The band is between `low` and `high`.
struct GroupPoint {
    double x = 0;
    double mean = 0;
    double low = 0;
    double high = 0;
    int numRuns = 0;
    bool operator==(const GroupPoint &) const = default;
};

struct GroupCurve {
    std::vector<GroupPoint> points; ///< ascending in x; NaN in mean, low and high is a gap
    int numRuns = 0;                ///< that have a point at all
    [[nodiscard]] bool isEmpty() const { return points.empty(); }
};

inline constexpr size_t kMaxGroupPoints = 16'384;

/// Places are those at which some run has a value, thinned evenly above kMaxGroupPoints. Between two of its values
/// a run is the straight line; outside them, and beside a value that is not finite, it is absent. Only places where
/// at least two runs are present are kept, what lies between two stretches of them is a gap.
/// @param runs each ascending in x
GroupCurve groupCurve(std::span<const std::vector<QPointF>> runs, BandKind band);

/// 97.5 % quantile of Student's t: mean ± t·s/√n holds the true mean in 95 % of all cases.
/// @param degrees of freedom, 1 or more
/// Source: Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 26.7.5, above 30 degrees, where it is
/// right to five digits; a table up to there.
double studentQuantile(int degrees);

} // namespace orrery::ui
