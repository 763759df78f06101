// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/run_monitor.h"

#include "core/base/lock_file.h"
#include "core/base/platform.h"
#include "core/store/run_directory.h"

#include <algorithm>
#include <cmath>
#include <sys/stat.h>
#include <tuple>

namespace orrery {

namespace {

/// All fields, each by name: one that is new does not compile until it stands here, too.
auto partsOf(const RunStatus &status)
{
    const auto &[id, name, directory, state, step, totalSteps, attempt, createdAt, lastReportAt,
                 elapsedSeconds, loss, valLoss, bestValLoss, learningRate, gradNorm, tokensPerSecond,
                 viewerPercent, memoryBytes, numParameters, device, threads, error, lastCheckpointStep,
                 trainerWaits, diskWaits, numViewers, lastFrameId, breakpoints, pauseReason, pauseSeries,
                 parent, parentStep, labels, alarms] = status;
    return std::tie(id, name, directory, state, step, totalSteps, attempt, createdAt, lastReportAt,
                    elapsedSeconds, loss, valLoss, bestValLoss, learningRate, gradNorm, tokensPerSecond,
                    viewerPercent, memoryBytes, numParameters, device, threads, error, lastCheckpointStep,
                    trainerWaits, diskWaits, numViewers, lastFrameId, breakpoints, pauseReason, pauseSeries,
                    parent, parentStep, labels, alarms);
}

bool isSamePart(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
template <typename T> bool isSamePart(const T &a, const T &b) { return a == b; }

} // namespace

bool isSameStatus(const RunStatus &a, const RunStatus &b)
{
    return std::apply(
        [&b](const auto &...ofA) {
            return std::apply([&](const auto &...ofB) { return (isSamePart(ofA, ofB) && ...); }, partsOf(b));
        },
        partsOf(a));
}

RunMonitor::Fingerprint RunMonitor::fingerprintOf(const std::filesystem::path &run)
{
    Fingerprint fingerprint;
    for (const char *file :
         {"spec.json", "labels.json", "breakpoints.json", "run.db", "run.db-wal", "worker.json", "failure.json",
          "checkpoints"}) {
        struct stat info {};
        if (::stat((run / file).c_str(), &info) != 0) {
            fingerprint.parts.push_back(-1);
            continue;
        }
        for (const int64_t part :
             {static_cast<int64_t>(info.st_ino), static_cast<int64_t>(info.st_size),
              static_cast<int64_t>(info.st_mtim.tv_sec), static_cast<int64_t>(info.st_mtim.tv_nsec)})
            fingerprint.parts.push_back(part);
    }
    fingerprint.parts.push_back(LockFile::isHeld(run / "run.lock") ? 1 : 0);
    return fingerprint;
}

/// Nobody owned it when it was looked at last, and it has not changed since long. Its turn comes with its place.
bool RunMonitor::isResting(const Known &known, size_t place) const
{
    const bool isOwned = !known.fingerprint.parts.empty() && known.fingerprint.parts.back() != 0;
    return !isOwned && known.status.state != RunState::Unreadable && monotonicSeconds() - known.changedAt >= m_rest.afterSeconds &&
           (place + m_round) % m_rest.rounds != 0;
}

std::shared_ptr<const RunListing> RunMonitor::refresh(double maxAgeSeconds)
{
    const std::lock_guard lock(m_mutex);
    if (m_listing && maxAgeSeconds > 0 && monotonicSeconds() - m_refreshedAt < maxAgeSeconds)
        return m_listing;

    std::map<std::filesystem::path, Known> known;
    auto listing = std::make_shared<RunListing>();
    const std::vector<std::filesystem::path> paths = m_catalogue.scan();
    const bool mayRest = maxAgeSeconds > 0 && paths.size() >= m_rest.fromRuns;
    ++m_round;
    for (size_t place = 0; place < paths.size(); ++place) {
        const std::filesystem::path &path = paths[place];
        if (auto resting = mayRest ? m_known.find(path) : m_known.end(); resting != m_known.end() && isResting(resting->second, place)) {
            RunStatus status = resting->second.status;
            m_reports.tell(path, status);
            listing->runs.push_back(std::move(status));
            known.emplace(path, std::move(resting->second));
            continue;
        }
        ++m_numLooks;
        // Taken before reading: a change in between is seen the next time.
        Fingerprint fingerprint = fingerprintOf(path);
        auto old = m_known.find(path);
        Known entry;
        // What cannot be read may become readable by a change of rights, which no fingerprint shows.
        if (old != m_known.end() && old->second.fingerprint == fingerprint &&
            old->second.status.state != RunState::Unreadable) {
            entry = std::move(old->second);
        } else {
            auto status = readRunStatus(path);
            if (!status) continue; // deleted since the scan
            status->labels.notes.clear(); // they may be long, and a list is sent often
            entry = {std::move(fingerprint), std::move(*status), monotonicSeconds()};
        }
        RunStatus status = entry.status; // what is kept is as it was read; this alarm comes and goes with the clock
        m_reports.tell(path, status);
        listing->runs.push_back(std::move(status));
        known.emplace(path, std::move(entry));
    }
    m_known = std::move(known);
    m_reports.keepOnly(paths);
    std::stable_sort(listing->runs.begin(), listing->runs.end(),
                     [](const RunStatus &a, const RunStatus &b) { return a.createdAt > b.createdAt; });
    tellApart(listing->runs);
    const bool isSame = m_listing && std::equal(listing->runs.begin(), listing->runs.end(),
                                                m_listing->runs.begin(), m_listing->runs.end(), isSameStatus);
    if (!isSame) {
        listing->version = m_listing ? m_listing->version + 1 : 1;
        m_listing = std::move(listing);
    }
    m_refreshedAt = monotonicSeconds();
    return m_listing;
}

} // namespace orrery
