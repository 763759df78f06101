// SPDX-License-Identifier: GPL-3.0-or-later
// What a comparison knows of one run: its status, its settings, and the ends and extrema of its series. Values; any thread.
#pragma once

#include "core/spec/run_records.h"
#include "widgets/compare/run_settings.h"
#include "widgets/session/engine_session.h"

#include <functional>
#include <limits>
#include <map>
#include <optional>

namespace orrery::ui {

/// Of the points that no later attempt wrote again.
struct SeriesEnds {
    double last = std::numeric_limits<double>::quiet_NaN();
    double minimum = std::numeric_limits<double>::quiet_NaN(); ///< over finite points
    double maximum = std::numeric_limits<double>::quiet_NaN();
    qint64 lastStep = -1;
    quint64 numPoints = 0, numNonFinite = 0;
};
SeriesEnds seriesEnds(const SeriesData &series);

/// Steps among which the smallest value of a series is; first = last once it is found.
struct StepRange {
    qint64 first = -1, last = -1;
    [[nodiscard]] bool isExact() const { return first == last; }
    bool operator==(const StepRange &) const = default;
};
/// The first bucket with the smallest finite value. Nothing: there is none.
std::optional<StepRange> smallestAt(const SeriesData &series);

/// An answer of the engine that may not have come yet.
template <typename T> struct Asked {
    std::optional<T> value;
    QString problem; ///< why it does not come
    [[nodiscard]] bool isWaiting() const { return !value && problem.isEmpty(); }
};

/// What has to be asked for of a run before something can be shown.
enum class FactNeed : uint8_t { None, Settings, Series, BestStep };

struct CompareFacts {
    RunStatus status;
    Asked<RunSettings::Ptr> settings;
    Asked<std::map<std::string, SeriesEnds>> series;
    Asked<std::optional<qint64>> bestStep; ///< of the validation loss; nothing: it was never measured
    qint64 seriesStep = -1; ///< of the status when series and best step were asked for
};

/// Facts of any run that is known; null: it is not.
using FactsOf = std::function<const CompareFacts *(const QString &run)>;

/// Tokens that the weights of a run have seen, also in the runs that it was branched from, whose steps may have had other
/// sizes. NaN with a reason: settings have not come, or an ancestor is gone.
struct TokensSeen {
    double tokens = std::numeric_limits<double>::quiet_NaN();
    QString why;
    bool isWaiting = false;
};
TokensSeen tokensSeen(const CompareFacts &run, const FactsOf &facts);

} // namespace orrery::ui
