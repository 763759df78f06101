// SPDX-License-Identifier: Apache-2.0
// A file that takes the place of another one whole: written beside it under a name that nobody else has, then
// renamed. For files that are written by others than writeFileAtomically(). Any thread.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <functional>
#include <string_view>

namespace orrery {

/// "spec.json" → "spec.json.tmp-1234-0": in the same folder, and no other process or call has the same.
std::filesystem::path temporaryBeside(const std::filesystem::path &path);
/// Whether a file name is one that temporaryBeside() makes for files of the name `target`.
bool isTemporaryOf(std::string_view name, std::string_view target);
/// @param write makes the file that it is given, whole and synced. Where it fails, nothing is left of it.
/// @error as write, Io
Result<void> replaceFile(const std::filesystem::path &path,
                         const std::function<Result<void>(const std::filesystem::path &)> &write);

} // namespace orrery
