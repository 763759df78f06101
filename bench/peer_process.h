// SPDX-License-Identifier: Apache-2.0
// Runs a peer program to its end. One caller at a time.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <string>
#include <vector>

namespace orrery::bench {

/// @param arguments program first   @return its standard output
/// @error NotFound (cannot be started), Unavailable (ended badly; the hint has the end of what it said)
Result<std::string> runPeer(const std::vector<std::string> &arguments,
                            const std::filesystem::path &workDirectory);

} // namespace orrery::bench
