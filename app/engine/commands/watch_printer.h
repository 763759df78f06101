// SPDX-License-Identifier: Apache-2.0
// Prints a run's history and then its live tail, for `watch`: of a run of this machine and of one behind a host alike. Main
// thread only.
#pragma once

#include "app/engine/commands/command.h"
#include "core/rpc/values.h"

#include <compare>
#include <map>

namespace orrery::cli {

/// Where the history of one run is read.
class WatchHistory {
public:
    virtual ~WatchHistory() = default;
    /// Looks anew. @return the names of its series; none where nothing was written yet
    virtual Result<std::vector<std::string>> open() = 0;
    /// At most 2,000 buckets per attempt. @param fromStep 0: from the beginning
    virtual Result<std::vector<SeriesBucket>> query(const std::string &series, int64_t fromStep) = 0;
    virtual Result<std::vector<RunEvent>> events(int64_t afterId, int32_t maxEvents) = 0;
};

/// Prints every report and event of a run once, whether its history or the live tail brings it first.
class WatchPrinter {
public:
    WatchPrinter(const Session &session, WatchHistory &history) : m_session(session), m_history(history) {}

    /// Prints what the history holds beyond what was printed: series as at most 2,000 reports, all events.
    Result<void> replay();
    Result<void> print(const WatchBatch &batch);

private:
    /// Where a point stands: later attempts come after earlier ones, whatever their steps.
    struct Place {
        int32_t attempt = -1;
        int64_t step = 0;
        auto operator<=>(const Place &) const = default;
    };
    struct Line {
        StepReport report; ///< values of one place
        std::vector<RunEvent> events;
    };
    using Lines = std::map<Place, Line>;

    Result<void> collectSeries(const std::string &series, Lines &lines) const;
    Result<void> collectEvents(Lines &lines) const;
    void printReport(const StepReport &report); ///< the values that were not printed yet
    void printEvent(const RunEvent &event);

    const Session &m_session;
    WatchHistory &m_history;
    std::map<std::string, Place> m_last; ///< printed, by series
    int64_t m_lastEvent = 0;             ///< printed, with all before it: a batch that lacks some says so
};

} // namespace orrery::cli
