// SPDX-License-Identifier: Apache-2.0
// The list of all runs, kept cheaply: a run is read again only when its files or its lock changed, and of many runs those
// that nobody owns and that have not changed for a while are looked at less often. Nothing runs while nobody asks. Any thread;
// calls take turns.
#pragma once

#include "app/engine/host/report_watch.h"
#include "core/spec/run_records.h"
#include "core/store/catalogue.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace orrery {

/// Newest first. Without the notes of their labels.
struct RunListing {
    uint64_t version = 0; ///< grows when anything in the list changed
    std::vector<RunStatus> runs;
};

/// Which runs of a list that is followed are looked at in each n-th round only.
struct RunRest {
    size_t fromRuns = 64;     ///< with fewer all are looked at each time
    double afterSeconds = 10; ///< without a change and without an owner
    size_t rounds = 4;
};

class RunMonitor {
public:
    /// @param reports adds the alarm of trainings that say nothing
    RunMonitor(const Catalogue &catalogue, ReportWatch &reports, const RunRest &rest = {})
        : m_catalogue(catalogue), m_reports(reports), m_rest(rest)
    {
    }
    /// The list as it is now; with maxAgeSeconds as it was less than that ago, in which a run that rests may be as it was some
    /// rounds before.
    std::shared_ptr<const RunListing> refresh(double maxAgeSeconds = 0);
    /// Runs whose files were looked at, so far.
    [[nodiscard]] uint64_t numLooks() const { return m_numLooks; }

private:
    struct Fingerprint {
        std::vector<int64_t> parts;
        bool operator==(const Fingerprint &) const = default;
    };
    struct Known {
        Fingerprint fingerprint;
        RunStatus status;
        double changedAt = 0; ///< monotonic: when it was read
    };
    [[nodiscard]] bool isResting(const Known &known, size_t place) const;
    static Fingerprint fingerprintOf(const std::filesystem::path &run);

    const Catalogue &m_catalogue;
    ReportWatch &m_reports;
    std::mutex m_mutex;
    std::map<std::filesystem::path, Known> m_known;
    std::shared_ptr<const RunListing> m_listing;
    double m_refreshedAt = 0; ///< monotonic
    const RunRest m_rest;
    size_t m_round = 0;
    std::atomic<uint64_t> m_numLooks{0};
};

/// Whether two statuses show the same, NaN being equal to NaN.
bool isSameStatus(const RunStatus &a, const RunStatus &b);

} // namespace orrery
