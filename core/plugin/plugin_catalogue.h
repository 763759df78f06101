// SPDX-License-Identifier: Apache-2.0
// All plugins of some folders, with the reason for each that cannot be used. Nothing is loaded. Immutable
// once scanned; any thread.
#pragma once

#include "core/base/result.h"
#include "core/plugin/plugin_directories.h"
#include "core/spec/field_table.h"
#include "core/spec/plugin_info.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

struct PluginRecord {
    PluginInfo info;
    std::filesystem::path engineLibrary; ///< absolute, checked; empty: no such half, or refused
    std::filesystem::path uiLibrary;
    bool isBuiltIn = false; ///< of the folder that comes with the programs
};

class PluginCatalogue {
public:
    /// Reads every manifest and checks every file. A plugin that is not right is listed with its reason,
    /// never an error.
    static PluginCatalogue scan(const std::vector<PluginDirectory> &directories);
    /// scan(pluginDirectories(userDataDir()))
    static PluginCatalogue ofThisUser();

    /// Those that others require first. Of two with one id the first found counts; the other is listed as
    /// refused.
    [[nodiscard]] const std::vector<PluginRecord> &records() const { return m_records; }
    [[nodiscard]] const PluginRecord *find(std::string_view id) const;
    /// With some that were available refused, as trying them showed, and what requires those disabled. The
    /// names that they had are free for others.
    [[nodiscard]] PluginCatalogue refusing(const std::map<std::string, Error> &reasons) const;
    /// As a run sees it that uses these: a name that two plugins have is theirs, whatever else is installed.
    [[nodiscard]] PluginCatalogue preferring(const std::vector<std::string> &ids) const;
    [[nodiscard]] std::vector<PluginInfo> infos() const;
    /// The program's fields and those of these plugins.
    [[nodiscard]] FieldTable::Ptr fieldTable() const { return FieldTable::withPlugins(infos()); }
    /// What is wrong with folders as such: named but missing, or not to be trusted. What lies in the latter is among
    /// the records by its name alone, refused with that reason, where no other folder has that id.
    [[nodiscard]] const std::vector<Error> &problems() const { return m_problems; }

private:
    void scanDirectory(const PluginDirectory &directory, bool isBuiltIn);
    void leaveOut(const std::filesystem::path &path, const Error &why);
    void addLeftOut();
    void settle();

    std::vector<PluginRecord> m_found; ///< in the order of the folders, each as it is by itself
    std::vector<PluginRecord> m_leftOut; ///< of folders that nobody may trust, while they are scanned
    std::vector<std::string> m_preferred;
    std::vector<PluginRecord> m_records; ///< what names and requirements make of them
    std::vector<Error> m_problems;
};

} // namespace orrery
