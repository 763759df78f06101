// SPDX-License-Identifier: Apache-2.0
// Private to core/store: copies the parts of a run while a worker may be writing it. Any thread.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace orrery::store {

/// Copies everything of a run directory that belongs to the run, but for spec.json, into a folder that
/// exists. The copy's log says that it comes from `originId`. @return the last step that the copy knows of
Result<int64_t> copyRunFiles(const std::filesystem::path &from, const std::filesystem::path &to,
                             const std::string &originId);

/// A folder name of a finished checkpoint ("step-00001200"), not of one that is being made or deleted.
bool isCheckpointName(const std::string &name);

} // namespace orrery::store
