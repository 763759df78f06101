// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/report_watch.h"

#include "core/store/run_directory.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

namespace orrery {

namespace {

/// Looks that are further apart than this may have missed reports, and say nothing about the time between
/// two.
constexpr double kCloseLooks = 2;
constexpr double kNewestWeight = 0.5;
/// The clocks drift apart by less than this while the machine is awake.
constexpr double kShortestSleep = 5;

std::string secondsText(double seconds)
{
    char text[48];
    if (seconds < 120)
        std::snprintf(text, sizeof text, seconds < 10 ? "%.2g s" : "%.0f s", seconds);
    else
        std::snprintf(text, sizeof text, "%.0f min", seconds / 60);
    return text;
}

RunAlarm alarmOf(const RunStatus &status, double since, double usual, double patience)
{
    RunAlarm alarm;
    alarm.kind = AlarmKind::NoReport;
    alarm.step = status.step;
    alarm.wallTime = since;
    // No text that changes with the clock: the list would be sent again and again.
    alarm.text =
        "No report for more than " + secondsText(patience) + " since step " + std::to_string(status.step) +
        (usual > 0 ? ", expected one every " + secondsText(usual) + " or so" : ", expected the next one") +
        ". See whether the machine sleeps, swaps or waits for its disk, and whether the worker is stopped; "
        "if "
        "it does not come back, stop the run and resume it from its last checkpoint.";
    return alarm;
}

} // namespace

double ReportWatch::usualInterval(const Seen &seen, const RunStatus &status)
{
    // Over the whole training, evaluations and checkpoints included; and as seen, as the setting may have
    // been changed.
    const int64_t steps = status.step - std::max<int64_t>(0, status.parentStep);
    const double average =
        steps > 0 && status.elapsedSeconds > 0
            ? status.elapsedSeconds / static_cast<double>(steps) * static_cast<double>(seen.reportEvery)
            : 0;
    return std::max(average, seen.interval);
}

/// Who was asleep could not report; the same holds when the clock was set.
void ReportWatch::wakeUp(double now)
{
    const double asleep = now - m_awake();
    if (asleep - m_asleep > kShortestSleep)
        for (auto &[run, seen] : m_seen) seen.runningSince = now;
    m_asleep = asleep;
}

void ReportWatch::tell(const std::filesystem::path &run, RunStatus &status)
{
    const double now = m_now();
    std::erase_if(status.alarms, [](const RunAlarm &alarm) { return alarm.kind == AlarmKind::NoReport; });
    const std::lock_guard lock(m_mutex);
    wakeUp(now);
    const bool isRunning = status.state == RunState::Running;
    const auto known = m_seen.find(run);
    if (!isRunning) {
        if (known != m_seen.end())
            known->second.isRunning = false;
        else
            m_seen[run].lookedAt = now; // that it will be seen to start
        return;
    }
    const bool isNew = known == m_seen.end();
    Seen &seen = isNew ? m_seen[run] : known->second;
    if (seen.attempt != status.attempt) {
        seen.attempt = status.attempt;
        if (const auto directory = RunDirectory::open(run); directory.ok()) {
            seen.reportEvery = std::max<int64_t>(1, directory->frozen().spec.train.reportEvery);
            if (const auto worker = directory->liveWorker()) seen.startedAt = worker->startedAt;
        }
    }
    if (!seen.isRunning && !isNew) seen.runningSince = now;
    if (seen.isRunning && now - seen.lookedAt <= kCloseLooks && seen.lastReportAt > 0 &&
        status.lastReportAt > seen.lastReportAt) {
        const double interval = status.lastReportAt - seen.lastReportAt;
        seen.interval =
            seen.interval > 0 ? kNewestWeight * interval + (1 - kNewestWeight) * seen.interval : interval;
    }
    seen.isRunning = true;
    seen.lookedAt = now;
    seen.lastReportAt = std::max(seen.lastReportAt, status.lastReportAt);
    if (status.lastReportAt <= 0)
        return; // it has never reported: its first step may take as long as it likes
    const double usual = usualInterval(seen, status);
    const double patience = std::max(kReportPatience, kReportPatienceFactor * usual);
    const double since = std::max({seen.lastReportAt, seen.startedAt, seen.runningSince});
    if (now - since > patience) status.alarms.push_back(alarmOf(status, since, usual, patience));
}

void ReportWatch::keepOnly(const std::vector<std::filesystem::path> &runs)
{
    const std::set<std::filesystem::path> kept(runs.begin(), runs.end());
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_seen, [&kept](const auto &entry) { return !kept.contains(entry.first); });
}

} // namespace orrery
