// SPDX-License-Identifier: Apache-2.0
// The sentences in which data are refused, in one place so that they read alike. Private to this folder.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace orrery {

/// A broken rule: what was found and what was expected.
struct BrokenRule {
    std::string found;
    std::string expected;
};

/// `Cannot read data "<path>": <found>, expected <rule>.`
Error dataError(const std::filesystem::path &path, const BrokenRule &rule, std::string hint);
/// `Cannot read data "<path>", line <line>: …`
Error dataLineError(const std::filesystem::path &path, uint64_t line, const BrokenRule &rule,
                    std::string hint = {});
Error dataCancelled(const std::filesystem::path &path);

/// A text from outside as it may stand in a message: valid UTF-8, no control characters, at most 80 bytes.
std::string shownText(std::string_view text);

} // namespace orrery
