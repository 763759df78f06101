// SPDX-License-Identifier: Apache-2.0
// The list of all runs, kept cheaply: a run is read again only when its files or its lock changed. Nothing
// runs while nobody asks. Any thread; calls take turns.
#pragma once

#include "app/engine/host/report_watch.h"
#include "core/spec/run_records.h"
#include "core/store/catalogue.h"

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

class RunMonitor {
public:
    /// @param reports adds the alarm of trainings that say nothing
    RunMonitor(const Catalogue &catalogue, ReportWatch &reports) : m_catalogue(catalogue), m_reports(reports) {}
    /// The list as it is now, or as it was less than maxAgeSeconds ago.
    std::shared_ptr<const RunListing> refresh(double maxAgeSeconds = 0);

private:
    struct Fingerprint {
        std::vector<int64_t> parts;
        bool operator==(const Fingerprint &) const = default;
    };
    struct Known {
        Fingerprint fingerprint;
        RunStatus status;
    };
    static Fingerprint fingerprintOf(const std::filesystem::path &run);

    const Catalogue &m_catalogue;
    ReportWatch &m_reports;
    std::mutex m_mutex;
    std::map<std::filesystem::path, Known> m_known;
    std::shared_ptr<const RunListing> m_listing;
    double m_refreshedAt = 0; ///< monotonic
};

/// Whether two statuses show the same, NaN being equal to NaN.
bool isSameStatus(const RunStatus &a, const RunStatus &b);

} // namespace orrery
