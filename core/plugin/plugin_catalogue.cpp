// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/plugin_catalogue.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/plugin/plugin_files.h"
#include "core/plugin/plugin_manifest.h"

#include <algorithm>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxPlugins = 256; ///< of one folder

void refuse(PluginInfo &info, const Error &error)
{
    info.state = PluginState::Refused;
    info.reason = error.message;
    info.hint = error.hint;
}

Result<void> readInto(PluginRecord &record, const fs::path &folder)
{
    const fs::path file = folder / (record.info.id + ".json");
    ORRERY_TRY(checkTrustedFolder(folder));
    ORRERY_TRY(checkTrustedFile(file));
    const std::string directory = record.info.directory;
    Result<PluginManifest> manifest = readPluginManifest(folder);
    record.info = manifest ? std::move(manifest->info) : readPluginIdentity(folder);
    record.info.directory = directory;
    if (!manifest) return manifest.error();
    if (!manifest->engineLibrary.empty()) {
        ORRERY_ASSIGN(record.engineLibrary, checkLibrary(folder, manifest->engineLibrary));
    }
    if (!manifest->uiLibrary.empty()) {
        ORRERY_ASSIGN(record.uiLibrary, checkLibrary(folder, manifest->uiLibrary));
    }
    return {};
}

PluginRecord readPlugin(const fs::path &folder)
{
    PluginRecord record;
    record.info.id = folder.filename().string();
    record.info.directory = folder.string();
    if (auto read = readInto(record, folder); !read) {
        refuse(record.info, read.error());
        record.engineLibrary.clear();
        record.uiLibrary.clear();
    } else {
        record.info.state = PluginState::Available;
    }
    return record;
}

/// Names that the program or an earlier plugin has already.
void refuseTakenNames(std::vector<PluginRecord> &records)
{
    std::map<std::pair<std::string, std::string>, std::string> owners;
    for (const Field &field : specFields())
        for (const std::string &choice : field.choices)
            if (!field.point.empty()) owners[{field.point, choice}] = "the program itself";
    for (PluginRecord &record : records) {
        if (!record.info.isUsable()) continue;
        for (const ProvidedPart &part : record.info.provides) {
            const auto [owner, isNew] =
                owners.emplace(std::pair{part.point, part.name}, "plugin \"" + record.info.id + "\"");
            if (isNew) continue;
            refuse(record.info, Error{ErrorCode::Conflict,
                                      "Cannot provide " + part.point + " \"" + part.name +
                                          "\": " + owner->second + " has that name, expected a new one.",
                                      "Rename it, or remove one of the two plugins."});
            break;
        }
    }
}

/// Orders plugins by what they require, and disables those whose requirements do not hold.
class RequirementResolver {
public:
    explicit RequirementResolver(std::vector<PluginRecord> &records) : m_records(records)
    {
        for (size_t i = 0; i < records.size(); ++i) m_first.emplace(records[i].info.id, i);
    }
    std::vector<PluginRecord> resolve()
    {
        m_marks.assign(m_records.size(), Mark::New);
        for (size_t i = 0; i < m_records.size(); ++i) visit(i);
        std::vector<PluginRecord> ordered;
        for (const size_t i : m_order) ordered.push_back(std::move(m_records[i]));
        return ordered;
    }

private:
    enum class Mark : uint8_t { New, Open, Done };

    void disable(PluginInfo &info, const std::string &reason, const std::string &hint)
    {
        if (!info.isUsable()) return;
        info.state = PluginState::Disabled;
        info.reason = reason;
        info.hint = hint;
    }
    void visit(size_t index)
    {
        if (m_marks[index] != Mark::New) return;
        m_marks[index] = Mark::Open;
        m_way.push_back(index);
        PluginInfo &info = m_records[index].info;
        if (info.isUsable())
            for (const PluginRequirement &requirement : info.requirements) {
                const auto found = m_first.find(requirement.id);
                if (found == m_first.end()) continue;
                if (m_marks[found->second] == Mark::Open)
                    disableCycle(found->second);
                else
                    visit(found->second);
            }
        for (const PluginRequirement &requirement : info.requirements) check(info, requirement);
        m_way.pop_back();
        m_marks[index] = Mark::Done;
        m_order.push_back(index);
    }
    void disableCycle(size_t begin)
    {
        const auto first = std::find(m_way.begin(), m_way.end(), begin);
        std::string way;
        for (auto at = first; at != m_way.end(); ++at) way += m_records[*at].info.id + " → ";
        way += m_records[begin].info.id;
        for (auto at = first; at != m_way.end(); ++at)
            disable(m_records[*at].info, "It requires itself: " + way + ".",
                    "Remove one of these requirements.");
    }
    void check(PluginInfo &info, const PluginRequirement &requirement)
    {
        const std::string wanted = "It requires plugin \"" + requirement.id + "\"" +
                                   (requirement.version.empty() ? "" : " " + requirement.version) +
                                   ", which ";
        const auto found = m_first.find(requirement.id);
        if (found == m_first.end())
            return disable(info, wanted + "is not installed.", "Install \"" + requirement.id + "\".");
        const PluginInfo &other = m_records[found->second].info;
        if (!other.isUsable())
            return disable(info,
                           wanted + "is " + pluginStateName(other.state) + ": " + other.reasonInSentence(),
                           other.hint);
        if (requirement.version.empty()) return;
        const auto least = parsePluginVersion(requirement.version);
        const auto have = parsePluginVersion(other.version);
        if (least && have && (have->major != least->major || *have < *least))
            disable(info, wanted + "is installed in version " + other.version + ".",
                    "Install version " + requirement.version + " of \"" + requirement.id + "\".");
    }

    std::vector<PluginRecord> &m_records;
    std::map<std::string, size_t> m_first;
    std::vector<Mark> m_marks;
    std::vector<size_t> m_way;
    std::vector<size_t> m_order;
};

} // namespace

void PluginCatalogue::scanDirectory(const PluginDirectory &directory)
{
    std::error_code failed;
    const bool isMissing = !fs::exists(fs::symlink_status(directory.path, failed));
    if (isMissing && directory.need == DirectoryNeed::Optional) return;
    // A link to the folder itself is fine: whoever named it meant where it leads.
    const fs::path path = fs::canonical(directory.path, failed);
    if (failed) {
        m_problems.push_back(ioError("read plugin folder", directory.path, failed.value()));
        return;
    }
    // Whoever may change a link on the way, or a folder above, may put another folder in its place.
    for (const fs::path &way : {fs::absolute(directory.path, failed), path})
        if (auto trusted = checkTrustedWay(way); !trusted) {
            m_problems.push_back(trusted.error());
            return;
        }
    if (auto trusted = checkTrustedFolder(path); !trusted) {
        m_problems.push_back(trusted.error());
        return;
    }
    std::vector<fs::path> folders;
    for (fs::directory_iterator next(path, failed); !failed && next != fs::directory_iterator();
         next.increment(failed)) {
        std::error_code ignored;
        if (isPluginName(next->path().filename().string()) && next->is_directory(ignored))
            folders.push_back(next->path());
    }
    if (failed) m_problems.push_back(ioError("read plugin folder", path, failed.value()));
    std::sort(folders.begin(), folders.end());
    if (folders.size() > kMaxPlugins) {
        m_problems.push_back(Error{ErrorCode::InvalidInput,
                                   "Cannot list all of \"" + path.string() + "\": it holds " +
                                       std::to_string(folders.size()) + " plugins, expected at most " +
                                       std::to_string(kMaxPlugins) + ".",
                                   "Put the plugins into several folders."});
        folders.resize(kMaxPlugins);
    }
    for (const fs::path &folder : folders) {
        PluginRecord record = readPlugin(folder);
        if (const PluginRecord *first = find(record.info.id)) {
            refuse(record.info, Error{ErrorCode::Conflict,
                                      "Cannot use it: a plugin \"" + record.info.id +
                                          "\" was found first in \"" + first->info.directory + "\".",
                                      "Remove one of the two."});
        }
        m_records.push_back(std::move(record));
    }
}

PluginCatalogue PluginCatalogue::scan(const std::vector<PluginDirectory> &directories)
{
    PluginCatalogue catalogue;
    std::vector<fs::path> seen;
    for (const PluginDirectory &directory : directories) {
        std::error_code ignored;
        const fs::path path = fs::weakly_canonical(directory.path, ignored);
        if (std::find(seen.begin(), seen.end(), path) != seen.end()) continue; // named twice
        seen.push_back(path);
        catalogue.scanDirectory(directory);
    }
    refuseTakenNames(catalogue.m_records);
    catalogue.m_records = RequirementResolver(catalogue.m_records).resolve();
    return catalogue;
}

PluginCatalogue PluginCatalogue::ofThisUser() { return scan(pluginDirectories(userDataDir())); }

const PluginRecord *PluginCatalogue::find(std::string_view id) const
{
    const auto found = std::find_if(m_records.begin(), m_records.end(),
                                    [&](const PluginRecord &record) { return record.info.id == id; });
    return found == m_records.end() ? nullptr : &*found;
}

PluginCatalogue PluginCatalogue::refusing(const std::map<std::string, Error> &reasons) const
{
    PluginCatalogue catalogue = *this;
    for (PluginRecord &record : catalogue.m_records)
        if (const auto reason = reasons.find(record.info.id); reason != reasons.end() && record.info.isUsable())
            refuse(record.info, reason->second);
    catalogue.m_records = RequirementResolver(catalogue.m_records).resolve();
    return catalogue;
}

std::vector<PluginInfo> PluginCatalogue::infos() const
{
    std::vector<PluginInfo> all;
    for (const PluginRecord &record : m_records) all.push_back(record.info);
    return all;
}

} // namespace orrery
