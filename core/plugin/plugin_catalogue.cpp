// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/plugin_catalogue.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/plugin/plugin_files.h"
#include "core/plugin/plugin_manifest.h"

#include <algorithm>
#include <numeric>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxPlugins = 256; ///< of one folder

void refuse(PluginRecord &record, const Error &error)
{
    record.info.state = PluginState::Refused;
    record.info.reason = error.message;
    record.info.hint = error.hint;
    record.engineLibrary.clear();
    record.uiLibrary.clear();
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
    if (auto read = readInto(record, folder); !read)
        refuse(record, read.error());
    else
        record.info.state = PluginState::Available;
    return record;
}

const PluginRecord *findRecord(const std::vector<PluginRecord> &records, std::string_view id)
{
    const auto found = std::find_if(records.begin(), records.end(),
                                    [&](const PluginRecord &record) { return record.info.id == id; });
    return found == records.end() ? nullptr : &*found;
}

/// Decides which plugins can be used, from what each is by itself: those whose requirements hold and whose
/// names are free. All of it is decided in one go, as one that cannot be used must keep no name from others.
class PluginResolver {
public:
    PluginResolver(std::vector<PluginRecord> records, const std::vector<std::string> &preferred)
        : m_records(std::move(records)), m_preferred(preferred)
    {
        for (size_t i = 0; i < m_records.size(); ++i) m_first.emplace(m_records[i].info.id, i);
        for (const Field &field : specFields())
            for (const std::string &choice : field.choices)
                if (!field.point.empty()) m_owners[{field.point, choice}] = "the program itself";
    }
    std::vector<PluginRecord> resolve()
    {
        m_marks.assign(m_records.size(), Mark::New);
        std::vector<size_t> turns(m_records.size());
        std::iota(turns.begin(), turns.end(), size_t{0});
        std::stable_sort(turns.begin(), turns.end(),
                         [this](size_t a, size_t b) { return rank(m_records[a]) < rank(m_records[b]); });
        for (const size_t i : turns) visit(i);
        m_marks.assign(m_records.size(), Mark::New);
        for (size_t i = 0; i < m_records.size(); ++i) place(i);
        return std::move(m_ordered);
    }

private:
    enum class Mark : uint8_t { New, Open, Done };

    /// Whose turn it is first to take names. A folder that somebody names goes before those of the program
    /// for an id alone: else a stranger's plugin would end all runs that use a part of ours.
    [[nodiscard]] int rank(const PluginRecord &record) const
    {
        const auto found = std::find(m_preferred.begin(), m_preferred.end(), record.info.id);
        return found != m_preferred.end() ? 0 : record.isBuiltIn ? 1 : 2;
    }
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
        takeNames(m_records[index]);
        m_way.pop_back();
        m_marks[index] = Mark::Done;
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
    /// All or none: the names of one that is refused for another of its names stay free.
    void takeNames(PluginRecord &record)
    {
        if (!record.info.isUsable()) return;
        for (const ProvidedPart &part : record.info.provides)
            if (const auto owner = m_owners.find({part.point, part.name}); owner != m_owners.end())
                return refuse(record, Error{ErrorCode::Conflict,
                                            "Cannot provide " + part.point + " \"" + part.name + "\": " +
                                                owner->second + " has that name, expected a new one.",
                                            "Rename it, or remove one of the two plugins."});
        for (const ProvidedPart &part : record.info.provides)
            m_owners[{part.point, part.name}] = "plugin \"" + record.info.id + "\"";
    }
    /// In the order of the folders, behind what it requires.
    void place(size_t index)
    {
        if (m_marks[index] != Mark::New) return;
        m_marks[index] = Mark::Done;
        for (const PluginRequirement &requirement : m_records[index].info.requirements)
            if (const auto found = m_first.find(requirement.id); found != m_first.end()) place(found->second);
        m_ordered.push_back(std::move(m_records[index]));
    }

    std::vector<PluginRecord> m_records;
    const std::vector<std::string> &m_preferred;
    std::map<std::string, size_t> m_first;
    std::map<std::pair<std::string, std::string>, std::string> m_owners; ///< of point and name
    std::vector<Mark> m_marks;
    std::vector<size_t> m_way;
    std::vector<PluginRecord> m_ordered;
};

} // namespace

void PluginCatalogue::scanDirectory(const PluginDirectory &directory, bool isBuiltIn)
{
    std::error_code failed;
    const bool isMissing = !fs::exists(fs::symlink_status(directory.path, failed));
    if (isMissing && directory.need != DirectoryNeed::Named) return;
    // A link to the folder itself is fine: whoever named it meant where it leads.
    const fs::path path = fs::canonical(directory.path, failed);
    if (failed) {
        m_problems.push_back(ioError("read plugin folder", directory.path, failed.value()));
        return;
    }
    // Whoever may change a link on the way, or a folder above, may put another folder in its place.
    for (const fs::path &way : {fs::absolute(directory.path, failed), path})
        if (auto trusted = checkTrustedWay(way); !trusted) return leaveOut(path, trusted.error());
    if (auto trusted = checkTrustedFolder(path); !trusted) return leaveOut(path, trusted.error());
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
        record.isBuiltIn = isBuiltIn;
        if (const PluginRecord *first = findRecord(m_found, record.info.id)) {
            refuse(record, Error{ErrorCode::Conflict,
                                 "Cannot use it: a plugin \"" + record.info.id + "\" was found first in \"" +
                                     first->info.directory + "\".",
                                 "Remove one of the two."});
        }
        m_found.push_back(std::move(record));
    }
}

/// Nothing in it is read: who asks for one of them hears why it is not used.
void PluginCatalogue::leaveOut(const fs::path &path, const Error &why)
{
    m_problems.push_back(why);
    std::error_code failed;
    std::vector<fs::path> folders;
    for (fs::directory_iterator next(path, failed); !failed && next != fs::directory_iterator() && folders.size() < kMaxPlugins;
         next.increment(failed)) {
        const std::string id = next->path().filename().string();
        std::error_code ignored;
        if (isPluginName(id) && fs::exists(fs::symlink_status(next->path() / (id + ".json"), ignored)))
            folders.push_back(next->path());
    }
    std::sort(folders.begin(), folders.end());
    for (const fs::path &folder : folders) {
        PluginRecord record;
        record.info.id = folder.filename().string();
        record.info.directory = folder.string();
        refuse(record, why);
        m_leftOut.push_back(std::move(record));
    }
}

/// Behind all others: whoever may write there could give it the name of one that is used.
void PluginCatalogue::addLeftOut()
{
    for (PluginRecord &record : m_leftOut)
        if (!findRecord(m_found, record.info.id)) m_found.push_back(std::move(record));
    m_leftOut.clear();
}

PluginCatalogue PluginCatalogue::scan(const std::vector<PluginDirectory> &directories)
{
    std::error_code ignored;
    std::vector<fs::path> paths, builtIn, seen;
    for (const PluginDirectory &directory : directories) {
        paths.push_back(fs::weakly_canonical(directory.path, ignored));
        if (ignored) paths.back() = directory.path; // no two that cannot be read are the same
        if (directory.need == DirectoryNeed::BuiltIn) builtIn.push_back(paths.back());
    }
    const auto isAmong = [](const std::vector<fs::path> &some, const fs::path &path) {
        return std::find(some.begin(), some.end(), path) != some.end();
    };
    PluginCatalogue catalogue;
    for (size_t i = 0; i < paths.size(); ++i) {
        if (isAmong(seen, paths[i])) continue; // named twice
        seen.push_back(paths[i]);
        catalogue.scanDirectory(directories[i], isAmong(builtIn, paths[i]));
    }
    catalogue.addLeftOut();
    catalogue.settle();
    return catalogue;
}

PluginCatalogue PluginCatalogue::ofThisUser() { return scan(pluginDirectories(userDataDir())); }

const PluginRecord *PluginCatalogue::find(std::string_view id) const { return findRecord(m_records, id); }

PluginCatalogue PluginCatalogue::refusing(const std::map<std::string, Error> &reasons) const
{
    PluginCatalogue catalogue = *this;
    for (PluginRecord &record : catalogue.m_found)
        if (const auto reason = reasons.find(record.info.id); reason != reasons.end() && record.info.isUsable())
            refuse(record, reason->second);
    catalogue.settle();
    return catalogue;
}

PluginCatalogue PluginCatalogue::preferring(const std::vector<std::string> &ids) const
{
    PluginCatalogue catalogue = *this;
    catalogue.m_preferred = ids;
    catalogue.settle();
    return catalogue;
}

void PluginCatalogue::settle() { m_records = PluginResolver(m_found, m_preferred).resolve(); }

std::vector<PluginInfo> PluginCatalogue::infos() const
{
    std::vector<PluginInfo> all;
    for (const PluginRecord &record : m_records) all.push_back(record.info);
    return all;
}

} // namespace orrery
