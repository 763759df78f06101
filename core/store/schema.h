// SPDX-License-Identifier: Apache-2.0
// Private to core/store: the tables of run.db and the way from one version to the next.
#pragma once

#include "core/store/sqlite_db.h"

#include <filesystem>
#include <memory>
#include <span>

namespace orrery::store {

inline constexpr const char *kDatabaseName = "run.db";
/// "ORRY" in the file's header, so that another program's database is not taken for ours.
inline constexpr int64_t kApplicationId = 0x4F525259;

/// Statements that bring a database of version − 1 to version.
struct Migration {
    int version;
    const char *sql;
};
std::span<const Migration> migrations();

/// Whether it is empty, or ours and not newer than the table. Only reads. @error InvalidInput
Result<void> checkWritable(Database &database, std::span<const Migration> table);

/// Brings the database to the last version of the table, in one transaction per version.
/// @error InvalidInput when it is newer or belongs to another program (nothing is changed then), Io
Result<void> migrate(Database &database, std::span<const Migration> table);

/// Opens run.db for reading, after mending what a killed writer left half done.
/// @error NotFound (no file, or nothing is written yet), InvalidInput (newer, foreign, damaged), Io
Result<std::unique_ptr<Database>> openForReading(const std::filesystem::path &path);

} // namespace orrery::store
