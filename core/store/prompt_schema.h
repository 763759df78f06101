// SPDX-License-Identifier: Apache-2.0
// Private to core/store: the tables of the archive of prompts and the way from one version to the next.
#pragma once

#include "core/store/sqlite_db.h"

namespace orrery::store {

/// Opens or makes the file, brings it to kPromptArchiveVersion, and checks small ones page by page.
/// @error InvalidInput (damaged, foreign), Conflict (newer: nothing is changed), Io
Result<std::unique_ptr<Database>> openPromptDatabase(const std::filesystem::path &path);

/// The full-text index; where a program without FTS5 wrote in the meantime an empty one, and all sessions count as changed.
/// @return whether there is FTS5
Result<bool> prepareSearch(Database &database);
/// For a program without FTS5: the index is not what the texts say any more.
Result<void> noteSearchStale(Database &database);

} // namespace orrery::store
