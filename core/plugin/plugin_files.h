// SPDX-License-Identifier: Apache-2.0
// Whether files of a plugin can be trusted and can be what they claim: owner, permissions, links, kind.
// Private to core/plugin; any thread.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <string>

namespace orrery {

/// A real folder (no link) of root or this user that nobody else may write. @error Conflict, NotFound, Io
Result<void> checkTrustedFolder(const std::filesystem::path &folder);
/// The folders above an absolute path, up to "/": of root or this user, and written by nobody else, but for
/// those with the sticky bit (as /tmp has it) and those that only the owner's own group may write, as many
/// systems make a home. Folders above this program and its libraries (lib beside its folder) are as they are:
/// whoever writes there may replace the program itself. @error as above
Result<void> checkTrustedWay(const std::filesystem::path &path);
/// The same as checkTrustedFolder() for a plain file. @error also InvalidInput: no plain file
Result<void> checkTrustedFile(const std::filesystem::path &file);
/// A library in a folder that was checked: a plain file, or a link to one in the same folder; trusted; a
/// shared library for this machine by its header. @return the path to load @error as above
Result<std::filesystem::path> checkLibrary(const std::filesystem::path &folder, const std::string &name);

} // namespace orrery
