// SPDX-License-Identifier: Apache-2.0
#include "core/store/schema.h"

#include "core/store/run_store.h"

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

namespace orrery::store {

namespace {

// Headers and blobs stand apart: a scan over the chunks of a long series touches headers only.
// chunk.id is the row of its points and of its two finer levels of the pyramid (blocks of 512 and of 64
// points). point_log holds what is committed but not yet folded into chunks, one row per commit, all series
// together; a series counts only rows after its folded_row. A superseded point is never rewritten:
// attempt.from_step says where it ends.
constexpr const char *kVersion1 = R"sql(
CREATE TABLE series(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, folded_row INTEGER NOT NULL, num_points INTEGER NOT NULL,
    first_step INTEGER NOT NULL, last_step INTEGER NOT NULL, last_value REAL);
CREATE TABLE chunk(
    series INTEGER NOT NULL, attempt INTEGER NOT NULL, first_step INTEGER NOT NULL, id INTEGER NOT NULL,
    last_step INTEGER NOT NULL, first_wall_us INTEGER NOT NULL, last_wall_us INTEGER NOT NULL,
    num_points INTEGER NOT NULL, num_nonfinite INTEGER NOT NULL, minimum REAL, maximum REAL, mean REAL, last REAL,
    PRIMARY KEY(series, attempt, first_step, id)) WITHOUT ROWID;
CREATE TABLE chunk_points(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE chunk_coarse(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE chunk_fine(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE point_log(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE attempt(number INTEGER PRIMARY KEY, from_step INTEGER NOT NULL, wall_us INTEGER NOT NULL);
CREATE TABLE event(
    id INTEGER PRIMARY KEY AUTOINCREMENT, step INTEGER NOT NULL, wall_us INTEGER NOT NULL, attempt INTEGER NOT NULL,
    kind TEXT NOT NULL, text TEXT NOT NULL, payload TEXT NOT NULL);
CREATE TABLE checkpoint(
    step INTEGER PRIMARY KEY, wall_us INTEGER NOT NULL, val_loss REAL, is_best INTEGER NOT NULL,
    is_verified INTEGER NOT NULL, num_bytes INTEGER NOT NULL, directory TEXT NOT NULL);
CREATE TABLE status(id INTEGER PRIMARY KEY CHECK(id = 1), json TEXT NOT NULL);
)sql";

// Where each frame stands in frames/. Ids are never given twice, so that "behind this id" means new.
constexpr const char *kVersion2 = R"sql(
CREATE TABLE frame(
    id INTEGER PRIMARY KEY AUTOINCREMENT, step INTEGER NOT NULL, wall_us INTEGER NOT NULL, attempt INTEGER NOT NULL,
    kind TEXT NOT NULL, prompt INTEGER NOT NULL, file INTEGER NOT NULL, offset INTEGER NOT NULL,
    num_bytes INTEGER NOT NULL, checksum INTEGER NOT NULL);
CREATE INDEX frame_order ON frame(kind, prompt, id);
CREATE INDEX frame_file ON frame(file);
)sql";

constexpr std::uintmax_t kSmallestPage = 512;

constexpr std::array kMigrations = {Migration{1, kVersion1}, Migration{2, kVersion2}};
static_assert(kMigrations.back().version == kRunStoreVersion);

Result<int64_t> readVersion(Database &database)
{
    ORRERY_ASSIGN(const int64_t version, database.queryInteger("PRAGMA user_version"));
    ORRERY_ASSIGN(const int64_t application, database.queryInteger("PRAGMA application_id"));
    ORRERY_ASSIGN(const int64_t numTables, database.queryInteger("SELECT count(*) FROM sqlite_schema"));
    if (version == 0 && numTables == 0) {
        // SQLite takes a file below its smallest page for an empty database and would write over it.
        std::error_code failed;
        const auto size = std::filesystem::file_size(database.path(), failed);
        if (!failed && size > 0 && size < kSmallestPage) return database.error(SQLITE_NOTADB);
        return 0;
    }
    if (application != kApplicationId || version <= 0)
        return Error{ErrorCode::InvalidInput,
                     "Cannot open \"" + database.path().string() +
                         "\": it is a database of another program, expected a run store.",
                     "Choose another folder for the run."};
    return version;
}

Error newerVersion(const Database &database, int64_t found, int expected)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot open \"" + database.path().string() + "\": its version is " + std::to_string(found) +
                     ", expected " + std::to_string(expected) + " or older.",
                 "It was written by a newer program: update this one."};
}

Result<void> checkReadable(Database &database)
{
    ORRERY_ASSIGN(const int64_t version, readVersion(database));
    if (version == 0)
        return Error{ErrorCode::NotFound,
                     "Cannot read \"" + database.path().string() +
                         "\": nothing is written yet, expected a run store.",
                     "Wait until the run has started."};
    if (version > kRunStoreVersion) return newerVersion(database, version, kRunStoreVersion);
    return {};
}

} // namespace

std::span<const Migration> migrations() { return kMigrations; }

Result<void> checkWritable(Database &database, std::span<const Migration> table)
{
    ORRERY_ASSIGN(const int64_t version, readVersion(database));
    if (version > table.back().version) return newerVersion(database, version, table.back().version);
    return {};
}

Result<void> migrate(Database &database, std::span<const Migration> table)
{
    ORRERY_TRY(checkWritable(database, table));
    ORRERY_ASSIGN(int64_t version, readVersion(database));
    for (const Migration &migration : table) {
        if (migration.version <= version) continue;
        ORRERY_ASSIGN(Transaction transaction, Transaction::begin(database, Transaction::Kind::Write));
        ORRERY_TRY(database.exec(migration.sql));
        const std::string mark = "PRAGMA user_version=" + std::to_string(migration.version) +
                                 "; PRAGMA application_id=" + std::to_string(kApplicationId);
        ORRERY_TRY(database.exec(mark.c_str()));
        ORRERY_TRY(transaction.commit());
        version = migration.version;
    }
    return {};
}

Result<std::unique_ptr<Database>> openForReading(const std::filesystem::path &path)
{
    std::error_code failed;
    if (!std::filesystem::exists(path, failed) && !failed)
        return Error{ErrorCode::NotFound,
                     "Cannot read \"" + path.string() + "\": there is no such file, expected a run store.",
                     "Wait until the run has started, or check the folder."};
    ORRERY_ASSIGN(auto database, Database::open(path, OpenMode::Read));
    auto checked = checkReadable(*database);
    if (!checked && (sqlite3_errcode(database->handle()) & 0xff) == SQLITE_READONLY) {
        // A writer was killed before it had switched to the WAL: its rollback journal can only be played back
        // by a connection that may write.
        {
            ORRERY_ASSIGN(const auto mender, Database::open(path, OpenMode::Write));
            ORRERY_ASSIGN(const int64_t version, mender->queryInteger("PRAGMA user_version"));
            static_cast<void>(version);
        }
        ORRERY_ASSIGN(database, Database::open(path, OpenMode::Read));
        checked = checkReadable(*database);
    }
    if (!checked) return std::move(checked).error();
    return database;
}

} // namespace orrery::store
