// SPDX-License-Identifier: Apache-2.0
// Kinds of text that a machine has that builds Orrery, copied into a folder of a benchmark's own. Any thread.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orrery::bench {

struct TextDomain {
    std::string name; ///< also of its folder: "prose"
    std::string what; ///< "Perl's manual and the licences of Debian"
    std::vector<std::filesystem::path> roots;
    std::vector<std::string> endings; ///< of file names; empty: all
    std::string package;              ///< of Debian, that has them
};

/// English prose, C++ and Python, as Debian has them.
std::vector<TextDomain> builtInDomains();

/// Replaces the file at once, and only when it says something else: shares of a bench have one folder. @error
/// Io
Result<void> writeWhereItDiffers(const std::filesystem::path &path, const std::string &content);

/// Copies files of a domain, spread evenly over its sorted list, until `numBytes` are reached, into
/// <folder>/<name>; what is there already stays. Several processes may do the same. @return bytes copied
/// @error NotFound when the machine has less than half of that; Io
Result<uint64_t> copyDomain(const TextDomain &domain, uint64_t numBytes, const std::filesystem::path &folder);

} // namespace orrery::bench
