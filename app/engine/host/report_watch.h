// SPDX-License-Identifier: Apache-2.0
// Finds trainings that say nothing any more (AlarmKind::NoReport): a worker that hangs, is stopped or waits
// for its disk cannot tell of it. Any thread; calls take turns. Owned by HostRuns, used by whoever tells a
// status.
#pragma once

#include "core/base/platform.h"
#include "core/spec/run_records.h"

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace orrery {

/// A running training may be silent for this long, whatever it did before, in seconds.
inline constexpr double kReportPatience = 60;
/// … and for so many times the time that usually lies between two of its reports.
inline constexpr double kReportPatienceFactor = 10;

class ReportWatch {
public:
    /// @param now Unix seconds   @param awake seconds that stand still while the machine sleeps. Tests have
    /// their own.
    explicit ReportWatch(std::function<double()> now = wallSeconds,
                         std::function<double()> awake = monotonicSeconds)
        : m_now(std::move(now)), m_awake(std::move(awake)), m_asleep(m_now() - m_awake())
    {
    }
    /// Adds the alarm to the status of a running training whose last report is older than kReportPatience and
    /// kReportPatienceFactor times its usual interval, and takes it away from every other status.
    /// @param run its folder
    void tell(const std::filesystem::path &run, RunStatus &status);
    /// Forgets runs that are not in the list any more.
    void keepOnly(const std::vector<std::filesystem::path> &runs);

private:
    struct Seen {
        int32_t attempt = -1;
        int64_t reportEvery = 1;
        double startedAt = 0; ///< of the worker of this attempt
        double runningSince =
            0; ///< it went on after a pause, a start or the machine's sleep; 0: it ran when first seen
        double lookedAt = 0;
        double lastReportAt = 0;
        double interval =
            0; ///< seconds between reports as they were seen, the newest weighing most; 0: not known
        bool isRunning = false;
    };
    static double usualInterval(const Seen &seen, const RunStatus &status);

    void wakeUp(double now);

    const std::function<double()> m_now, m_awake;
    std::mutex m_mutex;
    double m_asleep; ///< by how much the two clocks differ
    std::map<std::filesystem::path, Seen> m_seen;
};

} // namespace orrery
