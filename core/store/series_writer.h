// SPDX-License-Identifier: Apache-2.0
// Private to core/store: turns reports into rows. Each commit appends one row with all its points to
// point_log; when a series has enough of them, they are folded into its chunks, a few series per commit, so
// that no commit is long. All calls inside a write transaction of the caller, one thread. An error is final:
// drop the object.
#pragma once

#include "core/spec/run_records.h"
#include "core/store/series_codec.h"
#include "core/store/sqlite_db.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace orrery::store {

class SeriesWriter {
public:
    /// Reads what an earlier writer left in point_log. Damaged rows there are dropped, with a warning.
    static Result<std::unique_ptr<SeriesWriter>> load(Database &database);

    Result<void> add(const StepReport &report);
    /// Ends a commit: folds what is due and logs the rest.
    Result<void> finishCommit();
    /// Folds everything and empties point_log: a finished run is as small and as quick to read as it can be.
    Result<void> foldAll();
    /// Number of the new attempt.
    Result<int32_t> beginAttempt(int64_t fromStep, double wallTime);
    /// Sentences about points that could not be kept as they came, since the last call.
    std::vector<std::string> takeWarnings() { return std::move(m_warnings); }

private:
    struct Series {
        int64_t id = 0;
        std::string name;
        int64_t foldedRow = 0;
        uint64_t numFolded = 0;
        int64_t firstStep = 0;
        int64_t lastStep = 0;
        int32_t attempt = 0;         ///< of the newest points
        int64_t attemptLastStep = 0; ///< newest step of that attempt
        bool hasAttempt = false;     ///< whether the two above are known
        bool hasWarned = false;
        std::vector<Point> pending; ///< committed or about to be, not in a chunk; all of `attempt`
        size_t numLogged = 0;       ///< how many of them stand in point_log
        int64_t firstLogRow = 0;    ///< oldest row they stand in, when numLogged > 0
    };

    explicit SeriesWriter(Database &database) : m_database(database) {}
    Result<void> prepareStatements();
    Result<void> loadSeries();
    Result<void> loadLog();
    Result<Series *> findOrAdd(const std::string &name);
    Result<void> setAttempt(Series &series, int32_t attempt);
    Result<void> fold(Series &series);
    Result<void> writeChunk(const Series &series, int64_t id, std::span<const Point> points);
    Result<void> foldDue();
    Result<void> trimLog();

    Database &m_database;
    std::vector<std::unique_ptr<Series>> m_series;
    std::unordered_map<std::string, Series *> m_byName;
    std::vector<std::string> m_warnings;
    int64_t m_nextRow = 1;  ///< of point_log, for the commit that is being made
    int64_t m_firstRow = 1; ///< oldest row that may still be there
    int64_t m_nextChunk = 1;

    Statement m_addSeries, m_updateSeries, m_lastStep, m_openChunk, m_readPoints;
    Statement m_putChunk, m_putPoints, m_putCoarse, m_putFine, m_putRow, m_trimRows, m_addAttempt;
};

} // namespace orrery::store
