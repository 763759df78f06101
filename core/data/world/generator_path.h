// SPDX-License-Identifier: Apache-2.0
// "gen:<name>?key=value&key=value": data that are made instead of read. Pure; any thread.
#pragma once

#include "core/base/result.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orrery {

struct GeneratorPath {
    std::string name;
    std::vector<std::pair<std::string, std::string>> settings; ///< in the order given, each key once
};

/// Whether a data path names a generator.
bool isGeneratorPath(std::string_view path);
/// @error InvalidInput: no name, an unknown name (the nearest is offered), a setting without "=", a key
/// twice, more than 4,096 bytes
Result<GeneratorPath> parseGeneratorPath(std::string_view path);

/// One whole-number setting of a generator.
struct GeneratorSetting {
    const char *key;
    int64_t least;
    int64_t most;
    int64_t *value; ///< holds the default and receives what is given
};
/// Takes those settings that the table knows. @return the others
/// @error InvalidInput: no whole number, or outside of its range
Result<std::vector<std::pair<std::string, std::string>>>
takeSettings(const GeneratorPath &path, std::span<const GeneratorSetting> table);
/// An error for a key that nobody knows, with the nearest of `known` offered.
Error unknownSetting(const GeneratorPath &path, const std::string &key, std::span<const std::string> known);
/// `Cannot use "gen:<name>": <found>, expected <expected>.`
Error generatorError(const std::string &name, const std::string &found, const std::string &expected,
                     std::string hint);

} // namespace orrery
