// SPDX-License-Identifier: Apache-2.0
#include "core/store/frame_store.h"
#include "core/store/run_store.h"
#include "core/store/schema.h"
#include "core/store/series_query.h"
#include "core/store/sqlite_db.h"
#include "core/store/status_json.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace orrery {

namespace {

using store::Database;
using store::Statement;
using store::Transaction;

constexpr int32_t kMaxEvents = 100'000;

/// One connection, one short read transaction per call; the mutex lets several threads share the object.
class SqliteRunReader final : public RunReader {
public:
    SqliteRunReader(std::unique_ptr<Database> database, std::filesystem::path runDirectory)
        : m_database(std::move(database)), m_run(std::move(runDirectory))
    {
    }

    Result<RunStatus> status() override;
    Result<std::vector<SeriesInfo>> listSeries() override;
    Result<std::vector<SeriesBucket>> query(const SeriesQuery &query) override;
    Result<std::vector<RunEvent>> events(int64_t afterId, int32_t maxEvents) override;
    Result<std::vector<CheckpointInfo>> checkpoints() override;
    Result<std::vector<FrameInfo>> frames(const FrameQuery &query) override;
    Result<std::string> frameBytes(int64_t id) override;

private:
    /// Runs work(database) in a read transaction of its own.
    template <typename Work> auto read(Work work) -> decltype(work(std::declval<Database &>()))
    {
        std::lock_guard lock(m_mutex);
        ORRERY_ASSIGN(Transaction transaction, Transaction::begin(*m_database, Transaction::Kind::Read));
        auto result = work(*m_database);
        ORRERY_TRY(transaction.commit());
        return result;
    }

    std::mutex m_mutex;
    std::unique_ptr<Database> m_database;
    const std::filesystem::path m_run;
};

Result<RunStatus> SqliteRunReader::status()
{
    return read([](Database &database) -> Result<RunStatus> {
        ORRERY_ASSIGN(Statement find, database.prepare("SELECT json FROM status WHERE id = 1"));
        ORRERY_ASSIGN(const bool hasRow, find.step());
        if (!hasRow) return RunStatus{};
        ORRERY_ASSIGN(RunStatus status, store::statusFromJson(find.bytes(0)));
        // A worker that was killed may have kept frames behind its last status.
        ORRERY_ASSIGN(status.lastFrameId, store::readLastFrameId(database));
        return status;
    });
}

Result<std::vector<SeriesInfo>> SqliteRunReader::listSeries()
{
    return read([](Database &database) -> Result<std::vector<SeriesInfo>> {
        struct Row {
            SeriesInfo info;
            int64_t foldedRow;
        };
        std::map<int64_t, Row> rows;
        int64_t oldestRow = std::numeric_limits<int64_t>::max();
        ORRERY_ASSIGN(Statement all,
                      database.prepare("SELECT id, name, folded_row, num_points, first_step, last_step, "
                                       "last_value FROM series"));
        while (true) {
            ORRERY_ASSIGN(const bool hasRow, all.step());
            if (!hasRow) break;
            const SeriesInfo info{all.text(1), static_cast<uint64_t>(all.integer(3)), all.integer(4),
                                  all.integer(5), all.real(6)};
            rows[all.integer(0)] = Row{info, all.integer(2)};
            oldestRow = std::min(oldestRow, all.integer(2));
        }
        ORRERY_TRY(
            store::forEachLogPart(database, oldestRow, [&rows](int64_t row, const store::LogPart &part) {
                const auto found = rows.find(part.series);
                if (found == rows.end() || row <= found->second.foldedRow || part.points.empty()) return;
                SeriesInfo &info = found->second.info;
                const int64_t first = part.points.front().step;
                const int64_t last = part.points.back().step;
                info.firstStep = info.numPoints ? std::min(info.firstStep, first) : first;
                info.lastStep = info.numPoints ? std::max(info.lastStep, last) : last;
                info.numPoints += part.points.size();
                info.lastValue = part.points.back().value;
            }));
        std::vector<SeriesInfo> list;
        for (auto &[id, row] : rows)
            if (row.info.numPoints > 0) list.push_back(std::move(row.info));
        return list;
    });
}

Result<std::vector<SeriesBucket>> SqliteRunReader::query(const SeriesQuery &query)
{
    return read([&query](Database &database) { return store::querySeries(database, query); });
}

Result<std::vector<RunEvent>> SqliteRunReader::events(int64_t afterId, int32_t maxEvents)
{
    if (maxEvents < 1)
        return Error{
            ErrorCode::InvalidInput,
            "Cannot read events: max_events is " + std::to_string(maxEvents) + ", expected 1 or more.", ""};
    return read([afterId, maxEvents](Database &database) -> Result<std::vector<RunEvent>> {
        ORRERY_ASSIGN(Statement rows,
                      database.prepare("SELECT id, step, wall_us, attempt, kind, text, payload FROM event "
                                       "WHERE id > ?1 ORDER BY id LIMIT ?2"));
        rows.bind(1, afterId).bind(2, std::min(maxEvents, kMaxEvents));
        std::vector<RunEvent> events;
        while (true) {
            ORRERY_ASSIGN(const bool hasRow, rows.step());
            if (!hasRow) return events;
            RunEvent event;
            event.id = rows.integer(0);
            event.step = rows.integer(1);
            event.wallTime = store::toSeconds(rows.integer(2));
            event.attempt = static_cast<int32_t>(rows.integer(3));
            event.kind = eventKindFromName(rows.text(4));
            event.text = rows.text(5);
            event.payload = rows.text(6);
            events.push_back(std::move(event));
        }
    });
}

Result<std::vector<CheckpointInfo>> SqliteRunReader::checkpoints()
{
    return read([](Database &database) -> Result<std::vector<CheckpointInfo>> {
        ORRERY_ASSIGN(Statement rows,
                      database.prepare("SELECT step, wall_us, val_loss, is_best, is_verified, num_bytes, "
                                       "directory FROM checkpoint ORDER BY step"));
        std::vector<CheckpointInfo> list;
        while (true) {
            ORRERY_ASSIGN(const bool hasRow, rows.step());
            if (!hasRow) return list;
            CheckpointInfo info;
            info.step = rows.integer(0);
            info.wallTime = store::toSeconds(rows.integer(1));
            info.valLoss = rows.real(2);
            info.isBest = rows.integer(3) != 0;
            info.isVerified = rows.integer(4) != 0;
            info.numBytes = static_cast<uint64_t>(rows.integer(5));
            info.directory = rows.text(6);
            list.push_back(std::move(info));
        }
    });
}

Result<std::vector<FrameInfo>> SqliteRunReader::frames(const FrameQuery &query)
{
    return read([&query](Database &database) { return store::readFrames(database, query); });
}

Result<std::string> SqliteRunReader::frameBytes(int64_t id)
{
    constexpr int kTries = 5;
    const auto find = [this, id] {
        return read([id](Database &database) { return store::findFrame(database, id); });
    };
    ORRERY_ASSIGN(store::FramePlace place, find());
    for (int i = 0; i < kTries; ++i) {
        auto bytes = store::readFrameBytes(m_run, id, place);
        if (bytes || bytes.error().code != ErrorCode::NotFound) return bytes;
        // Thinning moves frames to other files.
        const int64_t before = place.file;
        ORRERY_ASSIGN(place, find());
        if (place.file == before) break;
    }
    const std::string path = store::frameFilePath(m_run, place.file).string();
    return Error{ErrorCode::InvalidInput,
                 "Cannot read frame " + std::to_string(id) + " in \"" + path +
                     "\": there is no such file, expected the frames that run.db names.",
                 "Other frames can still be read; restore the file from a copy."};
}

} // namespace

Result<std::unique_ptr<RunReader>> RunReader::open(const std::filesystem::path &runDirectory)
{
    const std::filesystem::path path = runDirectory / store::kDatabaseName;
    ORRERY_ASSIGN(auto database, store::openForReading(path));
    ORRERY_TRY(database->exec("PRAGMA cache_size=-16384"));
    return std::unique_ptr<RunReader>(std::make_unique<SqliteRunReader>(std::move(database), runDirectory));
}

} // namespace orrery
