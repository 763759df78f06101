// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/plugin_directories.h"

#include "core/base/platform.h"

#include <cstdlib>

namespace orrery {

namespace fs = std::filesystem;

namespace {

std::string pathVariable()
{
    const char *value = std::getenv(kPluginPathVariable);
    return value ? value : "";
}

/// Beside the programs: bin and libexec of an installation or a build have lib/orrery/plugins next to them.
fs::path builtInDirectory()
{
    std::error_code ignored;
    for (const char *way : {"../lib/orrery/plugins", "../../lib/orrery/plugins"}) {
        const fs::path path = (programDir() / way).lexically_normal();
        if (fs::is_directory(path, ignored)) return path;
    }
    return (programDir() / "../lib/orrery/plugins").lexically_normal();
}

} // namespace

std::vector<PluginDirectory> pluginDirectories(const fs::path &userData)
{
    std::vector<PluginDirectory> directories;
    const std::string named = pathVariable();
    for (size_t begin = 0; begin < named.size();) {
        const size_t end = std::min(named.find(':', begin), named.size());
        if (end > begin) directories.push_back({named.substr(begin, end - begin), DirectoryNeed::Named});
        begin = end + 1;
    }
    directories.push_back({builtInDirectory(), DirectoryNeed::BuiltIn});
    directories.push_back({userData / "plugins", DirectoryNeed::Optional});
    return directories;
}

void addPluginDirectories(const std::vector<std::string> &folders)
{
    std::string all;
    for (const std::string &folder : folders) {
        std::error_code ignored;
        all += (all.empty() ? "" : ":") + fs::absolute(folder, ignored).lexically_normal().string();
    }
    if (all.empty()) return;
    if (const std::string before = pathVariable(); !before.empty()) all += ":" + before;
    ::setenv(kPluginPathVariable, all.c_str(), 1);
}

} // namespace orrery
