// SPDX-License-Identifier: GPL-3.0-or-later
// A file that cannot be used is kept under another name, so that nothing is lost and the program goes on without it.
// Any thread.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <string>

namespace orrery::ui {

/// "workbench.ini" → "workbench.ini.damaged-20261127-041500", in the same folder, whatever its size; a number follows where
/// that name is taken.   @param why one word   @error Io
Result<std::filesystem::path> keepAside(const std::filesystem::path &file, const std::string &why);

} // namespace orrery::ui
