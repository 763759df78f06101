// SPDX-License-Identifier: Apache-2.0
// Where plugins are looked for. Nothing is searched that is not named here. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

enum class DirectoryNeed : uint8_t {
    Optional, ///< may be missing: the user's folder
    Named,    ///< somebody asked for it: that it is missing is told
    BuiltIn,  ///< may be missing; it comes with the programs: names of its plugins are not for others
};

struct PluginDirectory {
    std::filesystem::path path;
    DirectoryNeed need = DirectoryNeed::Optional;
};

/// Folders named in ORRERY_PLUGIN_PATH (with ":" between), those that come with the programs
/// (lib/orrery/plugins), and "plugins" in the user's data. The first that has a plugin of some id counts.
/// @param userData as userDataDir(); a host may serve another one
std::vector<PluginDirectory> pluginDirectories(const std::filesystem::path &userData);
inline constexpr const char *kPluginPathVariable = "ORRERY_PLUGIN_PATH";
/// Puts folders before those of ORRERY_PLUGIN_PATH, for this process and what it starts (--plugin-dir).
/// Relative paths are taken from the working directory. Not safe beside other threads.
void addPluginDirectories(const std::vector<std::string> &folders);

} // namespace orrery
