// SPDX-License-Identifier: Apache-2.0
#include "core/store/run_trash.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <stdio.h>

#include <algorithm>
#include <cerrno>

namespace orrery {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr const char *kEntryFile = "trash.json";
constexpr const char *kRunFolder = "run";
constexpr uint64_t kMaxEntryBytes = uint64_t{64} << 10;
constexpr int kMaxEntryTries = 10'000;

uint64_t sizeOf(const fs::path &folder)
{
    uint64_t sum = 0;
    std::error_code failed;
    for (fs::recursive_directory_iterator next(folder, fs::directory_options::skip_permission_denied, failed),
         end;
         !failed && next != end; next.increment(failed))
        if (next->symlink_status(failed).type() == fs::file_type::regular) sum += next->file_size(failed);
    return sum;
}

/// A folder of its own: two runs may share an id.
Result<fs::path> makeEntry(const fs::path &trash, const std::string &id)
{
    std::error_code failed;
    fs::create_directories(trash, failed);
    if (failed) return ioError("make", trash, failed.value());
    for (int number = 1; number < kMaxEntryTries; ++number) {
        const fs::path entry = trash / (number == 1 ? id : id + "~" + std::to_string(number));
        if (fs::create_directory(entry, failed)) return entry;
        if (failed && failed != std::errc::file_exists) return ioError("make", entry, failed.value());
    }
    return Error{ErrorCode::Conflict,
                 "Cannot delete run \"" + id + "\": 10,000 runs of this id are in the trash, expected fewer.",
                 "Empty the trash: orrery-engine runs trash empty."};
}

/// Not what a link leads to: that is deleted nowhere.
bool isOwnFolder(const fs::path &folder)
{
    std::error_code failed;
    return fs::symlink_status(folder, failed).type() == fs::file_type::directory;
}

std::optional<TrashEntry> readEntry(const fs::path &folder)
{
    if (!isOwnFolder(folder) || !isOwnFolder(folder / kRunFolder)) return std::nullopt;
    const auto text = readFile(folder / kEntryFile, kMaxEntryBytes);
    if (!text) return std::nullopt;
    const Json json = Json::parse(*text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    const auto textOf = [&json](const char *key) {
        const auto found = json.find(key);
        return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    TrashEntry entry{textOf("id"), textOf("name"), textOf("origin"), 0, 0, folder};
    if (const auto at = json.find("deleted_at"); at != json.end() && at->is_number())
        entry.deletedAt = at->get<double>();
    if (entry.id.empty() || !entry.origin.is_absolute()) return std::nullopt;
    return entry;
}

/// "Did you mean …", or where all of them are listed.
std::string nearestHint(const std::string &name, const std::vector<TrashEntry> &entries)
{
    std::vector<std::string> known;
    for (const TrashEntry &entry : entries) known.push_back(entry.id);
    const std::string nearest = nearestName(name, known);
    return nearest.empty() ? "List what is there: orrery-engine runs trash list."
                           : "Did you mean \"" + nearest + "\"?";
}

Error otherFileSystem(const RunDirectory &run)
{
    return Error{ErrorCode::Conflict,
                 "Cannot move run \"" + run.frozen().id + "\" to the trash: \"" + run.path().string() +
                     "\" lies on another file system than the trash, expected the same one.",
                 "Delete it for good: orrery-engine runs delete " + run.path().string() +
                     " --forever --yes."};
}

/// Fails where something is, even an empty folder.
Result<void> moveTo(const fs::path &from, const fs::path &to)
{
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0)
        return ioError("move", from, errno);
    ORRERY_TRY(syncDirectory(to.parent_path()));
    return syncDirectory(from.parent_path());
}

} // namespace

Result<void> RunTrash::put(const RunDirectory &run) const
{
    ORRERY_ASSIGN(const LockFile lock, run.lock("deletion"));
    const RunStatus status = run.status();
    ORRERY_ASSIGN(const fs::path entry, makeEntry(m_folder, run.frozen().id));
    const Json json = {{"id", run.frozen().id},
                       {"name", status.name},
                       {"origin", run.path().string()},
                       {"deleted_at", wallSeconds()}};
    const auto move = [&]() -> Result<void> {
        ORRERY_TRY(writeFileAtomically(entry / kEntryFile,
                                       json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"));
        if (::renameat2(AT_FDCWD, run.path().c_str(), AT_FDCWD, (entry / kRunFolder).c_str(),
                        RENAME_NOREPLACE) == 0) {
            ORRERY_TRY(syncDirectory(entry));
            return syncDirectory(run.path().parent_path());
        }
        if (errno == EXDEV) return otherFileSystem(run);
        return ioError("move", run.path(), errno);
    };
    auto moved = move();
    std::error_code ignored;
    if (!moved && !fs::exists(entry / kRunFolder, ignored)) fs::remove_all(entry, ignored);
    return moved;
}

Result<RunDirectory> RunTrash::restore(const std::string &id, const Catalogue &catalogue) const
{
    const std::vector<TrashEntry> all = entries();
    auto found = std::find_if(all.begin(), all.end(),
                              [&id](const TrashEntry &entry) { return entry.folder.string() == id; });
    if (found == all.end())
        found = std::find_if(all.begin(), all.end(), [&id](const TrashEntry &entry) {
            return entry.id == id || entry.folder.filename() == id || entry.origin.string() == id;
        });
    if (found == all.end())
        return Error{ErrorCode::NotFound,
                     "Cannot restore run \"" + sanitizeUtf8(id) + "\": no run of this id is in the trash.",
                     nearestHint(id, all)};
    std::error_code failed;
    fs::create_directories(found->origin.parent_path(), failed);
    if (failed) return ioError("make", found->origin.parent_path(), failed.value());
    if (fs::exists(fs::symlink_status(found->origin, failed)))
        return Error{ErrorCode::Conflict,
                     "Cannot restore run \"" + found->id + "\" to \"" + found->origin.string() +
                         "\": something is there now, expected nothing.",
                     "Move that away first."};
    ORRERY_TRY(moveTo(found->folder / kRunFolder, found->origin));
    fs::remove_all(found->folder, failed);
    ORRERY_TRY(catalogue.add(found->origin));
    return RunDirectory::open(found->origin);
}

DeletedRun TrashEntry::told() const
{
    return {folder.string(), id, name, origin.string(), deletedAt, numBytes};
}

std::vector<TrashEntry> RunTrash::list() const
{
    std::vector<TrashEntry> all = entries();
    for (TrashEntry &entry : all) entry.numBytes = sizeOf(entry.folder / kRunFolder);
    return all;
}

std::vector<TrashEntry> RunTrash::entries() const
{
    std::vector<TrashEntry> entries;
    std::error_code failed;
    for (fs::directory_iterator next(m_folder, failed), end; !failed && next != end; next.increment(failed)) {
        auto entry = readEntry(next->path());
        if (!entry) continue;
        entries.push_back(std::move(*entry));
    }
    std::stable_sort(entries.begin(), entries.end(),
                     [](const TrashEntry &a, const TrashEntry &b) { return a.deletedAt > b.deletedAt; });
    return entries;
}

Result<std::vector<TrashEntry>> RunTrash::empty(double deletedBefore, const IsCancelled &isCancelled) const
{
    std::vector<TrashEntry> chosen = entries();
    std::erase_if(chosen, [deletedBefore](const TrashEntry &entry) { return entry.deletedAt >= deletedBefore; });
    return removeAll(std::move(chosen), isCancelled);
}

Result<std::vector<TrashEntry>> RunTrash::remove(const std::vector<std::string> &names,
                                                 const IsCancelled &isCancelled) const
{
    const std::vector<TrashEntry> all = entries();
    std::vector<TrashEntry> chosen;
    for (const std::string &name : names) {
        ORRERY_ASSIGN(TrashEntry entry, find(name, all));
        const bool isTwice = std::any_of(chosen.begin(), chosen.end(),
                                         [&entry](const TrashEntry &one) { return one.folder == entry.folder; });
        if (!isTwice) chosen.push_back(std::move(entry));
    }
    return removeAll(std::move(chosen), isCancelled);
}

/// What cannot be undone is never guessed.
Result<TrashEntry> RunTrash::find(const std::string &name, const std::vector<TrashEntry> &entries) const
{
    const TrashEntry *found = nullptr;
    for (const TrashEntry &entry : entries) {
        if (entry.folder.string() == name) return entry;
        if (entry.id != name) continue;
        if (found)
            return Error{ErrorCode::Conflict,
                         "Cannot delete run \"" + name + "\" for good: several of this id are in the trash, expected one.",
                         "Name it by its folder there: " + found->folder.string() + " or " + entry.folder.string() + "."};
        found = &entry;
    }
    if (found) return *found;
    return Error{ErrorCode::NotFound,
                 "Cannot delete run \"" + sanitizeUtf8(name) + "\" for good: it is not in the trash.",
                 nearestHint(name, entries)};
}

Result<std::vector<TrashEntry>> RunTrash::removeAll(std::vector<TrashEntry> entries, const IsCancelled &isCancelled) const
{
    std::vector<TrashEntry> gone;
    for (TrashEntry &entry : entries) {
        if (isCancelled && isCancelled())
            return Error{ErrorCode::Cancelled,
                         "Emptying the trash was cancelled behind " + std::to_string(gone.size()) + " of " +
                             std::to_string(entries.size()) + " runs.",
                         "Those are gone; the others can still be restored."};
        entry.numBytes = sizeOf(entry.folder / kRunFolder);
        // The spec goes first: half a run must not come back.
        std::error_code failed;
        fs::remove(entry.folder / kRunFolder / "spec.json", failed);
        fs::remove_all(entry.folder, failed);
        if (failed) return ioError("delete", entry.folder, failed.value());
        gone.push_back(std::move(entry));
    }
    return gone;
}

} // namespace orrery
