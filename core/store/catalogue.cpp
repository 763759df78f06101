// SPDX-License-Identifier: Apache-2.0
#include "core/store/catalogue.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/store/run_directory.h"
#include "core/store/run_labels.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr const char *kEntryEnding = ".path";
constexpr uint64_t kMaxPathBytes = 64 * 1024;
constexpr size_t kMaxReaders = 4;     ///< of many runs at a time
constexpr size_t kRunsOfAReader = 32; ///< for fewer, another thread is not worth its start

fs::path absolutePath(const fs::path &path)
{
    std::error_code failed;
    fs::path absolute = fs::weakly_canonical(path, failed);
    if (failed) absolute = fs::absolute(path, failed).lexically_normal();
    if (!absolute.has_filename() && absolute.has_parent_path()) absolute = absolute.parent_path();
    return absolute;
}

bool isRun(const fs::path &folder)
{
    std::error_code failed;
    return fs::is_regular_file(folder / "spec.json", failed);
}

/// A run whose spec cannot be read can still be named by its folder.
std::string idOf(const fs::path &path)
{
    const auto run = RunDirectory::open(path);
    return run ? run->frozen().id : path.filename().string();
}

std::vector<fs::path> entriesOf(const fs::path &folder)
{
    std::vector<fs::path> entries;
    std::error_code failed;
    for (fs::directory_iterator next(folder, failed); !failed && next != fs::directory_iterator();
         next.increment(failed))
        entries.push_back(next->path());
    return entries;
}

/// One small file per added run, named by its path: adding twice is the same, and processes do not meet.
fs::path entryPath(const fs::path &home, const fs::path &runDirectory)
{
    return home / "catalogue" / (sha256Hex(runDirectory.string()).substr(0, 32) + kEntryEnding);
}

struct Candidate {
    fs::path path;
    std::string id;
    std::string name;
};

/// Each run is files of its own: half of the time is their settings, the other half their stores and the disk.
std::vector<std::optional<RunStatus>> readStatuses(const std::vector<fs::path> &paths)
{
    std::vector<std::optional<RunStatus>> statuses(paths.size());
    std::atomic<size_t> next{0};
    const auto read = [&] {
        for (size_t i = next++; i < paths.size(); i = next++) statuses[i] = readRunStatus(paths[i]);
    };
    std::vector<std::thread> helpers;
    const size_t numThreads = std::min<size_t>({kMaxReaders, static_cast<size_t>(std::max(1, cpuInfo().numLogical)),
                                                paths.size() / kRunsOfAReader + 1});
    try {
        for (size_t i = 1; i < numThreads; ++i) helpers.emplace_back(read);
    } catch (const std::system_error &) { // at the system's limit of threads: those that there are read all of it
    }
    read();
    for (std::thread &helper : helpers) helper.join();
    return statuses;
}

Result<fs::path> onlyOne(const std::vector<Candidate> &found, const std::string &wanted, const char *what)
{
    if (found.size() == 1) return found.front().path;
    std::string list;
    constexpr size_t kMaxListed = 5;
    for (size_t i = 0; i < std::min(found.size(), kMaxListed); ++i)
        list += (i ? ", \"" : "\"") + (found[i].id == wanted ? found[i].path.string() : found[i].id) + "\"";
    if (found.size() > kMaxListed) list += " and " + std::to_string(found.size() - kMaxListed) + " more";
    return Error{ErrorCode::Conflict,
                 "Cannot tell which run \"" + wanted + "\" is: " + std::to_string(found.size()) +
                     " runs have this " + what + " (" + list + "), expected one.",
                 "Give the whole id, or the path of the run."};
}

} // namespace

Catalogue::Catalogue(fs::path home) : m_home(std::move(home))
{
    // A folder that cannot be made is found out, with its reason, by the first call that writes to it.
    std::error_code ignored;
    fs::create_directories(runsDirectory(), ignored);
    fs::create_directories(m_home / "catalogue", ignored);
}

fs::path Catalogue::runsDirectory() const { return m_home / "runs"; }

Result<void> Catalogue::add(const fs::path &runDirectory) const
{
    const fs::path path = absolutePath(runDirectory);
    if (path.parent_path() == absolutePath(runsDirectory())) return {};
    const fs::path entry = entryPath(m_home, path);
    if (const auto content = readFile(entry, kMaxPathBytes); content && *content == path.string() + "\n")
        return {};
    return writeFileAtomically(entry, path.string() + "\n");
}

Result<void> Catalogue::forget(const fs::path &runDirectory) const
{
    const fs::path entry = entryPath(m_home, absolutePath(runDirectory));
    if (::unlink(entry.c_str()) != 0) {
        if (errno == ENOENT) return {};
        return ioError("delete", entry, errno);
    }
    return syncDirectory(entry.parent_path());
}

std::vector<fs::path> Catalogue::scan() const
{
    std::vector<fs::path> runs;
    for (const fs::path &path : entriesOf(runsDirectory()))
        if (isRun(path)) runs.push_back(absolutePath(path));
    for (const fs::path &entry : entriesOf(m_home / "catalogue")) {
        if (entry.extension() != kEntryEnding) continue;
        const auto content = readFile(entry, kMaxPathBytes);
        if (!content || content->empty() || content->front() != '/') continue;
        const fs::path path = content->substr(0, content->find_last_not_of('\n') + 1);
        if (isRun(path)) runs.push_back(absolutePath(path));
    }
    std::sort(runs.begin(), runs.end());
    runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
    return runs;
}

std::vector<RunStatus> Catalogue::list() const
{
    std::vector<RunStatus> statuses;
    for (auto &status : readStatuses(scan()))
        if (status) statuses.push_back(std::move(*status));
    std::stable_sort(statuses.begin(), statuses.end(),
                     [](const RunStatus &a, const RunStatus &b) { return a.createdAt > b.createdAt; });
    tellApart(statuses);
    return statuses;
}

std::string Catalogue::unusedId(const std::string &wanted) const
{
    std::set<std::string> used;
    for (const fs::path &path : scan()) used.insert(idOf(path));
    std::string id = wanted;
    for (int number = 2; used.contains(id); ++number) id = wanted + "-" + std::to_string(number);
    return id;
}

void tellApart(std::vector<RunStatus> &runs)
{
    std::map<std::string, int> numNamed;
    for (const RunStatus &run : runs) ++numNamed[run.id];
    for (RunStatus &run : runs)
        if (numNamed[run.id] > 1) run.id = run.directory;
}

Result<fs::path> Catalogue::resolve(const std::string &idOrPath) const
{
    // With a slash it can only be a path, as ids have none.
    if (idOrPath.find('/') != std::string::npos) {
        const fs::path path = absolutePath(idOrPath);
        if (isRun(path)) return path;
        std::error_code ignored;
        return Error{ErrorCode::NotFound,
                     "Cannot find run \"" + idOrPath + "\": " +
                         (fs::exists(path, ignored) ? "there is no spec.json in it" : "there is no such folder") +
                         ", expected the folder of a run.",
                     "List the runs with orrery-engine runs list."};
    }
    std::vector<Candidate> byId;
    std::vector<Candidate> byName;
    std::vector<Candidate> byPrefix;
    std::vector<std::string> known;
    for (const fs::path &path : scan()) {
        const auto run = RunDirectory::open(path);
        // A run whose spec cannot be read can still be named by its folder.
        Candidate candidate{path, run ? run->frozen().id : path.filename().string(),
                            run ? run->frozen().spec.name : std::string()};
        if (const auto given = readRunLabels(path); given && !given->name.empty()) candidate.name = given->name;
        known.push_back(candidate.id);
        if (!candidate.name.empty()) known.push_back(candidate.name);
        if (candidate.id == idOrPath)
            byId.push_back(candidate);
        else if (candidate.name == idOrPath && !idOrPath.empty())
            byName.push_back(candidate);
        if (!idOrPath.empty() && candidate.id.starts_with(idOrPath)) byPrefix.push_back(candidate);
    }
    if (!byId.empty()) return onlyOne(byId, idOrPath, "id");
    if (!byName.empty()) return onlyOne(byName, idOrPath, "name");
    if (!byPrefix.empty()) return onlyOne(byPrefix, idOrPath, "beginning of an id");
    if (!idOrPath.empty() && isRun(absolutePath(idOrPath))) return absolutePath(idOrPath);
    const std::string nearest = nearestName(idOrPath, known);
    return Error{ErrorCode::NotFound,
                 "Cannot find run \"" + sanitizeUtf8(idOrPath) + "\": no run has this id, name or path.",
                 nearest.empty() ? "List the runs with orrery-engine runs list."
                                 : "Did you mean \"" + nearest + "\"?"};
}

} // namespace orrery
