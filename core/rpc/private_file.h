// SPDX-License-Identifier: Apache-2.0
// Files with secrets: mode 0600 from the first byte on, replaced as a whole, and not read when others can read them, too.
// Private to core/rpc and its tests. Any thread.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace orrery {

/// @error NotFound, Io; Conflict when it belongs to somebody else, is a link or no file, or others may read or write it
Result<std::string> readPrivateFile(const std::filesystem::path &path, uint64_t maxBytes);
/// With mode 0700; one that is there stays as it is. @error Io
Result<void> makePrivateFolder(const std::filesystem::path &folder);
/// Makes its folder (0700) where there is none. Readers see the old or the new file, whole. @error Io
Result<void> writePrivateFile(const std::filesystem::path &path, std::string_view content);

} // namespace orrery
