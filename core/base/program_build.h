// SPDX-License-Identifier: Apache-2.0
// Tells whether a program that runs is still the one on disk: after an update it is not. Any thread.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <string>

namespace orrery {

/// The running program's file.
std::filesystem::path programPath();

/// A name that is equal for equal builds: the SHA-256 of a program with those of our shared libraries that
/// every program loads. Reads some megabytes. @error NotFound, Io
Result<std::string> programBuild(const std::filesystem::path &program);

} // namespace orrery
