// SPDX-License-Identifier: Apache-2.0
#include "core/store/sqlite_db.h"

#include "core/base/files.h"

#include <sqlite3.h>

#include <cerrno>
#include <limits>
#include <utility>

namespace orrery::store {

namespace {

constexpr int kBusyTimeoutMs = 5000;

Error damaged(const std::string &action, const std::string &path, const std::string &found,
              const DatabaseWords &words)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot " + action + " \"" + path + "\": " + found + ", expected " + words.expected + ".",
                 words.remedy};
}

} // namespace

const DatabaseWords kRunStoreWords = {
    "a whole run store", "Restore run.db from a copy; the checkpoints beside it are files of their own and "
                         "can still be used."};

void Statement::Finalizer::operator()(sqlite3_stmt *statement) const { sqlite3_finalize(statement); }
void Database::Closer::operator()(sqlite3 *handle) const { sqlite3_close_v2(handle); }

Statement &Statement::bind(int index, int64_t value)
{
    if (const int code = sqlite3_bind_int64(m_statement.get(), index, value)) m_bindError = code;
    return *this;
}

Statement &Statement::bindReal(int index, double value)
{
    if (const int code = sqlite3_bind_double(m_statement.get(), index, value)) m_bindError = code;
    return *this;
}

Statement &Statement::bindText(int index, std::string_view text)
{
    const char *data = text.data() ? text.data() : "";
    if (const int code =
            sqlite3_bind_text64(m_statement.get(), index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8))
        m_bindError = code;
    return *this;
}

Statement &Statement::bindBlob(int index, std::string_view bytes)
{
    const char *data = bytes.data() ? bytes.data() : "";
    if (const int code = sqlite3_bind_blob64(m_statement.get(), index, data, bytes.size(), SQLITE_STATIC))
        m_bindError = code;
    return *this;
}

Result<bool> Statement::step()
{
    if (m_bindError) return m_database->error(std::exchange(m_bindError, 0));
    const int code = sqlite3_step(m_statement.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    Error error = m_database->error(code);
    sqlite3_reset(m_statement.get());
    return error;
}

Result<void> Statement::run()
{
    ORRERY_ASSIGN(const bool hasRow, step());
    static_cast<void>(hasRow);
    reset();
    return {};
}

void Statement::reset()
{
    sqlite3_reset(m_statement.get());
    m_bindError = 0;
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(m_statement.get(), column); }

double Statement::real(int column) const
{
    if (isNull(column)) return std::numeric_limits<double>::quiet_NaN();
    return sqlite3_column_double(m_statement.get(), column);
}

std::string_view Statement::bytes(int column) const
{
    // The pointer first: asking for the blob may convert the value, and only then the size is right.
    const auto *data = static_cast<const char *>(sqlite3_column_blob(m_statement.get(), column));
    const int size = sqlite3_column_bytes(m_statement.get(), column);
    return data && size > 0 ? std::string_view(data, static_cast<size_t>(size)) : std::string_view();
}

bool Statement::isNull(int column) const
{
    return sqlite3_column_type(m_statement.get(), column) == SQLITE_NULL;
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path &path, OpenMode mode,
                                                 const DatabaseWords &words)
{
    std::unique_ptr<Database> database(new Database);
    database->m_path = path;
    database->m_mode = mode;
    database->m_words = words;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= mode == OpenMode::Read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (mode == OpenMode::Create) flags |= SQLITE_OPEN_CREATE;
    sqlite3 *handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    database->m_handle.reset(handle);
    if (!handle)
        return Error{ErrorCode::OutOfMemory, "Cannot open \"" + path.string() + "\": no memory is left.", ""};
    if (code != SQLITE_OK) return database->error(code);
    sqlite3_busy_timeout(handle, kBusyTimeoutMs);
    // A damaged or hostile file must not run anything, and its pages are checked before they are believed.
    ORRERY_TRY(
        database->exec("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY"));
    return database;
}

Result<void> Database::exec(const char *sql)
{
    const int code = sqlite3_exec(m_handle.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return error(code);
    return {};
}

Result<Statement> Database::prepare(const char *sql)
{
    sqlite3_stmt *prepared = nullptr;
    const int code =
        sqlite3_prepare_v3(m_handle.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    Statement statement;
    statement.m_statement.reset(prepared);
    statement.m_database = this;
    if (code != SQLITE_OK) return error(code);
    return statement;
}

Result<int64_t> Database::queryInteger(const char *sql)
{
    ORRERY_ASSIGN(Statement statement, prepare(sql));
    ORRERY_ASSIGN(const bool hasRow, statement.step());
    return hasRow ? statement.integer(0) : 0;
}

Error Database::error(int code) const
{
    const std::string action = m_mode == OpenMode::Read ? "read" : "write";
    const std::string path = m_path.string();
    const std::string detail = sqlite3_errmsg(m_handle.get());
    const int systemError = sqlite3_system_errno(m_handle.get());
    switch (code & 0xff) {
    case SQLITE_FULL:
        return ioError(action, m_path, ENOSPC);
    case SQLITE_IOERR: {
        if (code == SQLITE_IOERR_NOMEM) break;
        Error error = ioError(action, m_path, systemError ? systemError : EIO);
        error.code = ErrorCode::Io;
        error.message += " (" + detail + ")";
        return error;
    }
    case SQLITE_CANTOPEN:
        return ioError(action, m_path, systemError ? systemError : EIO);
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ioError(action, m_path, EACCES);
    case SQLITE_READONLY:
        return ioError(action, m_path, EROFS);
    case SQLITE_NOTADB:
        return damaged(action, path, "it is not a database, or its header is damaged", m_words);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return Error{ErrorCode::Conflict,
                     "Cannot " + action + " \"" + path + "\": another program keeps it locked.",
                     "Close other programs that have this file open, then try again."};
    case SQLITE_NOMEM:
        break;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
        return Error{ErrorCode::Internal,
                     "Cannot " + action + " \"" + path + "\": " + detail + ". This is a defect.", ""};
    default:
        // Missing tables, columns of the wrong kind and broken pages all mean that the file is not what we
        // wrote.
        return damaged(action, path, "it is damaged (" + detail + ")", m_words);
    }
    return Error{ErrorCode::OutOfMemory, "Cannot " + action + " \"" + path + "\": no memory is left.",
                 "Close other programs, then try again."};
}

Result<Transaction> Transaction::begin(Database &database, Kind kind)
{
    ORRERY_TRY(database.exec(kind == Kind::Read ? "BEGIN" : "BEGIN IMMEDIATE"));
    return Transaction(&database);
}

Transaction::~Transaction()
{
    // SQLite rolls back by itself after some errors; then there is nothing left to do.
    if (m_database && !sqlite3_get_autocommit(m_database->handle()))
        sqlite3_exec(m_database->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Transaction::commit()
{
    ORRERY_TRY(m_database->exec("COMMIT"));
    m_database = nullptr;
    return {};
}

} // namespace orrery::store
