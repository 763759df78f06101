// SPDX-License-Identifier: Apache-2.0
// Text for a first training that needs no download: the C++ headers that come with the compiler, and Orrery's
// own sources where they are at hand. Any thread; two processes may make it at the same time.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <vector>

namespace orrery {

inline constexpr uint64_t kExampleBytes = 6'000'000; ///< about what the example holds

/// Folders of C++ headers: the newest numbered folder below headersRoot (GCC), else its v1 (libc++). Empty
/// without either.
std::vector<std::filesystem::path>
exampleSources(const std::filesystem::path &headersRoot = "/usr/include/c++");

/// Orrery's own sources: the nearest folder above programFolder that holds them, as a checkout does, or has
/// them in share/orrery/source, as an installation does. Empty without either.
std::filesystem::path orrerySourcesAbove(std::filesystem::path programFolder);

/// Copies headers, and below `orrerySources` the folders core, widgets, app, docs, into <home>/example-data/
/// unless it is there already; same files, same order and same cut on every call. One of the two is enough.
/// @return that folder, for data.path @error NotFound naming what to install, Io
Result<std::filesystem::path> makeExampleData(const std::filesystem::path &home,
                                              const std::filesystem::path &orrerySources = {},
                                              const std::filesystem::path &headersRoot = "/usr/include/c++");

} // namespace orrery
