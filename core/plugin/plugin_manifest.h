// SPDX-License-Identifier: Apache-2.0
// The JSON that says what a plugin is, read without trusting it: bounded, every key known, no path in it.
// Pure but for the reading of the file; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/plugin_info.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace orrery {

struct PluginManifest {
    PluginInfo info;           ///< without state, reason and directory
    std::string engineLibrary; ///< file name in the plugin's folder; empty: no such half
    std::string uiLibrary;
};

inline constexpr uint64_t kMaxManifestBytes = uint64_t{256} << 10;

/// @param id name of the plugin's folder, which its id must equal
/// @error InvalidInput naming key, value and rule, or line and column of broken JSON; a plugin interface that
/// this program does not have, before anything else that such a manifest may hold
Result<PluginManifest> parsePluginManifest(std::string_view json, const std::string &id);
/// <folder>/<id>.json. @error as parsePluginManifest(); InvalidInput above kMaxManifestBytes, NotFound, Io
Result<PluginManifest> readPluginManifest(const std::filesystem::path &folder);
/// What can be told of a plugin whose manifest is refused: name, version, interface and what it provides, each
/// where it is right by itself; empty where not, or where the JSON is broken.
PluginInfo parsePluginIdentity(std::string_view json, const std::string &id);
PluginInfo readPluginIdentity(const std::filesystem::path &folder);

} // namespace orrery
