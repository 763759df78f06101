// SPDX-License-Identifier: Apache-2.0
// Private to core/store: a SQLite connection and its statements with typed errors. One thread at a time per
// connection.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace orrery::store {

class Statement {
public:
    Statement() = default;
    Statement(Statement &&) noexcept = default;
    Statement &operator=(Statement &&) noexcept = default;

    /// Parameters count from 1. A failed bind is reported by the next step(). NaN becomes NULL, as SQLite has
    /// no NaN.
    Statement &bind(int index, int64_t value);
    Statement &bindReal(int index, double value);
    Statement &bindText(int index, std::string_view text);
    /// The bytes must live until the next reset().
    Statement &bindBlob(int index, std::string_view bytes);

    /// True when there is a row. @error as Database::error
    Result<bool> step();
    /// Runs to the end and resets: for statements without rows.
    Result<void> run();
    void reset();

    /// Columns count from 0 and are valid until the next step() or reset().
    [[nodiscard]] int64_t integer(int column) const;
    /// NULL reads as NaN.
    [[nodiscard]] double real(int column) const;
    [[nodiscard]] std::string_view bytes(int column) const;
    [[nodiscard]] std::string text(int column) const { return std::string(bytes(column)); }
    [[nodiscard]] bool isNull(int column) const;

private:
    friend class Database;
    struct Finalizer {
        void operator()(sqlite3_stmt *statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalizer> m_statement;
    const class Database *m_database = nullptr;
    int m_bindError = 0;
};

enum class OpenMode : uint8_t { Read, Write, Create };

/// What the file should be, for errors.
struct DatabaseWords {
    const char *expected; ///< "a whole run store"
    const char *remedy;   ///< of a damaged one
};
extern const DatabaseWords kRunStoreWords;

/// Does not move: statements point to it.
class Database {
public:
    /// @error NotFound, InvalidInput, Conflict, Io
    static Result<std::unique_ptr<Database>> open(const std::filesystem::path &path, OpenMode mode,
                                                  const DatabaseWords &words = kRunStoreWords);
    Database(const Database &) = delete;
    Database &operator=(const Database &) = delete;

    Result<void> exec(const char *sql);
    Result<Statement> prepare(const char *sql);
    /// First column of the first row; 0 when there is none.
    Result<int64_t> queryInteger(const char *sql);
    /// The connection's last error as ours. `code` is SQLite's extended result code.
    [[nodiscard]] Error error(int code) const;
    [[nodiscard]] const std::filesystem::path &path() const { return m_path; }
    [[nodiscard]] sqlite3 *handle() const { return m_handle.get(); }

private:
    Database() = default;
    struct Closer {
        void operator()(sqlite3 *handle) const;
    };
    std::filesystem::path m_path;
    OpenMode m_mode = OpenMode::Read;
    DatabaseWords m_words = kRunStoreWords;
    std::unique_ptr<sqlite3, Closer> m_handle;
};

/// A transaction that rolls back unless it is committed.
class Transaction {
public:
    enum class Kind : uint8_t { Read, Write };
    static Result<Transaction> begin(Database &database, Kind kind);
    Transaction(Transaction &&other) noexcept : m_database(std::exchange(other.m_database, nullptr)) {}
    Transaction &operator=(Transaction &&) = delete;
    ~Transaction();
    Result<void> commit();

private:
    explicit Transaction(Database *database) : m_database(database) {}
    Database *m_database;
};

} // namespace orrery::store
