// SPDX-License-Identifier: Apache-2.0
// The breakpoints of a run, kept in its directory (breakpoints.json), so that they can be set before it starts
// and hold again when it is resumed. Any process; the last one that writes counts.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

inline constexpr size_t kMaxKeptBreakpoints = 64;

/// Conditions as breakpointText() writes them; none where there is no file.
/// @error Io, InvalidInput (it is no list of texts, or longer than kMaxKeptBreakpoints)
Result<std::vector<std::string>> readBreakpoints(const std::filesystem::path &runDirectory);
/// Without any, the file goes. @error Io
Result<void> writeBreakpoints(const std::filesystem::path &runDirectory,
                              const std::vector<std::string> &conditions);
/// Of a run that does not train. Whether it has such a series, its next start says.
/// @param condition to be set or removed; an empty one removes all
/// @error InvalidInput: it cannot be read, or there are too many; NotFound: there is none to remove; Io
Result<void> changeKeptBreakpoints(const std::filesystem::path &runDirectory, const std::string &condition,
                               bool isSet);

} // namespace orrery
