// SPDX-License-Identifier: Apache-2.0
#include "core/store/prompt_schema.h"

#include "core/store/prompt_archive.h"

#include <sqlite3.h>

#include <array>
#include <string>

namespace orrery::store {

namespace {

/// "ORPR" in the file's header, so that another program's database is not taken for ours.
constexpr int64_t kApplication = 0x4F525052;
/// Files up to this size are checked as a whole when they are opened; larger ones would keep the window waiting.
constexpr std::uintmax_t kMaxCheckedBytes = std::uintmax_t{64} << 20;

constexpr DatabaseWords kWords = {"a whole archive of prompt sessions",
                                  "Bring it back from a copy, or move it away: a new one is begun then."};

// The document and the tokens stand apart from the row: a list reads rows only. Tokens come in pieces, so that a streamed
// answer rewrites its last piece and not all of itself. session_text is what is searched; indexed_revision says which
// content of a session it was made of.
constexpr const char *kVersion1 = R"sql(
CREATE TABLE session(
    id INTEGER PRIMARY KEY AUTOINCREMENT, created_us INTEGER NOT NULL, edited_us INTEGER NOT NULL,
    deleted_us INTEGER, title TEXT NOT NULL, first_words TEXT NOT NULL, has_own_title INTEGER NOT NULL,
    is_pinned INTEGER NOT NULL, model TEXT NOT NULL, preview TEXT NOT NULL, num_answers INTEGER NOT NULL,
    revision INTEGER NOT NULL, indexed_revision INTEGER NOT NULL);
CREATE INDEX session_order ON session(is_pinned, edited_us);
CREATE TABLE session_document(session INTEGER PRIMARY KEY, data BLOB NOT NULL, words BLOB NOT NULL);
CREATE TABLE answer_tokens(
    session INTEGER NOT NULL, answer INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
    data BLOB NOT NULL);
CREATE UNIQUE INDEX answer_order ON answer_tokens(session, answer, first);
CREATE TABLE session_text(id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE search_state(id INTEGER PRIMARY KEY CHECK(id = 1), is_stale INTEGER NOT NULL);
INSERT INTO search_state VALUES(1, 1);
)sql";

struct Step {
    int version;
    const char *sql;
};
constexpr std::array kSteps = {Step{1, kVersion1}};
static_assert(kSteps.back().version == kPromptArchiveVersion);

Result<int64_t> readVersion(Database &database)
{
    ORRERY_ASSIGN(const int64_t version, database.queryInteger("PRAGMA user_version"));
    ORRERY_ASSIGN(const int64_t application, database.queryInteger("PRAGMA application_id"));
    ORRERY_ASSIGN(const int64_t numTables, database.queryInteger("SELECT count(*) FROM sqlite_schema"));
    if (version == 0 && numTables == 0) {
        // SQLite takes a few bytes for an empty database and would write over them.
        std::error_code failed;
        const auto size = std::filesystem::file_size(database.path(), failed);
        if (!failed && size > 0 && size < 512) return database.error(SQLITE_NOTADB);
        return 0;
    }
    if (application != kApplication || version <= 0)
        return Error{ErrorCode::InvalidInput,
                     "Cannot open \"" + database.path().string() +
                         "\": it is a database of another program, expected an archive of prompt sessions.",
                     "Move it away: a new one is begun then."};
    if (version > kPromptArchiveVersion)
        return Error{ErrorCode::Conflict,
                     "Cannot open \"" + database.path().string() + "\": its version is " +
                         std::to_string(version) + ", expected " + std::to_string(kPromptArchiveVersion) +
                         " or older.",
                     "It was written by a newer program: update this one. Until then nothing is kept."};
    return version;
}

Result<void> checkPages(Database &database)
{
    std::error_code failed;
    const auto size = std::filesystem::file_size(database.path(), failed);
    if (failed || size > kMaxCheckedBytes) return {};
    ORRERY_ASSIGN(Statement check, database.prepare("PRAGMA quick_check(1)"));
    ORRERY_ASSIGN(const bool hasRow, check.step());
    if (hasRow && check.text(0) == "ok") return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot open \"" + database.path().string() + "\": it is damaged (" +
                     (hasRow ? check.text(0) : std::string("not to be checked")) + "), expected " +
                     kWords.expected + ".",
                 kWords.remedy};
}

} // namespace

Result<std::unique_ptr<Database>> openPromptDatabase(const std::filesystem::path &path)
{
    ORRERY_ASSIGN(auto database, Database::open(path, OpenMode::Create, kWords));
    // The version is checked before anything is written: journal_mode changes the file.
    ORRERY_ASSIGN(int64_t version, readVersion(*database));
    ORRERY_TRY(checkPages(*database));
    if (version == 0) { // what a person writes is nobody else's; what SQLite puts beside the file is like it
        std::error_code ignored;
        std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, ignored);
    }
    ORRERY_TRY(database->exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"));
    for (const Step &step : kSteps) {
        if (step.version <= version) continue;
        ORRERY_ASSIGN(Transaction transaction, Transaction::begin(*database, Transaction::Kind::Write));
        // Another window may have been faster.
        ORRERY_ASSIGN(version, readVersion(*database));
        if (step.version <= version) continue;
        ORRERY_TRY(database->exec(step.sql));
        const std::string mark = "PRAGMA user_version=" + std::to_string(step.version) +
                                 "; PRAGMA application_id=" + std::to_string(kApplication);
        ORRERY_TRY(database->exec(mark.c_str()));
        ORRERY_TRY(transaction.commit());
        version = step.version;
    }
    return database;
}

Result<bool> prepareSearch(Database &database)
{
    ORRERY_ASSIGN(const int64_t hasFts5,
                  database.queryInteger("SELECT count(*) FROM pragma_compile_options WHERE compile_options='ENABLE_FTS5'"));
    if (hasFts5 == 0) return false;
    ORRERY_ASSIGN(const int64_t isStale, database.queryInteger("SELECT is_stale FROM search_state"));
    if (isStale == 0) return true;
    ORRERY_ASSIGN(Transaction transaction, Transaction::begin(database, Transaction::Kind::Write));
    // Empty, and what it is made of, too: a rebuild of a large one would keep everything waiting for a minute, so the sessions
    // are taken in again as if all of them had changed.
    ORRERY_TRY(database.exec("DROP TABLE IF EXISTS session_search"));
    ORRERY_TRY(database.exec("CREATE VIRTUAL TABLE session_search USING fts5(title, body, "
                             "content='session_text', content_rowid='id', tokenize='trigram')"));
    ORRERY_TRY(database.exec("DELETE FROM session_text"));
    ORRERY_TRY(database.exec("UPDATE session SET indexed_revision=-1"));
    ORRERY_TRY(database.exec("UPDATE search_state SET is_stale=0"));
    ORRERY_TRY(transaction.commit());
    return true;
}

Result<void> noteSearchStale(Database &database)
{
    return database.exec("UPDATE search_state SET is_stale=1 WHERE is_stale=0");
}

} // namespace orrery::store
