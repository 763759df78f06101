// SPDX-License-Identifier: Apache-2.0
// Deleted runs, until somebody empties the trash: HOME/trash/<entry>/{trash.json, run/}. A run is moved there
// by one rename, so that deleting takes no time and can be undone. Nothing goes by itself. Any thread;
// several processes at a time.
#pragma once

#include "core/base/result.h"
#include "core/spec/deleted_run.h"
#include "core/store/catalogue.h"
#include "core/store/run_directory.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace orrery {

struct TrashEntry {
    std::string id;               ///< of the run
    std::string name;             ///< of the run
    std::filesystem::path origin; ///< where it was
    double deletedAt = 0;         ///< Unix seconds
    uint64_t numBytes = 0;        ///< of all its files
    std::filesystem::path folder; ///< of the entry
    [[nodiscard]] DeletedRun told() const;
};

class RunTrash {
public:
    explicit RunTrash(const std::filesystem::path &home) : m_folder(home / "trash") {}

    /// Moves it out of its place. @error Conflict when a worker owns it, or when it lies on another file
    /// system than the trash (it stays then); Io
    Result<void> put(const RunDirectory &run) const;
    /// The newest one of that id (or that was in that folder), or the one whose entry is named by its folder, back where
    /// it was. @error NotFound (nearest offered), Conflict (something
    /// is there now), Io
    Result<RunDirectory> restore(const std::string &id, const Catalogue &catalogue) const;
    /// Newest first.
    [[nodiscard]] std::vector<TrashEntry> list() const;
    /// Asked before each run goes: those that went stay gone.
    using IsCancelled = std::function<bool()>;
    /// Deletes for good what was deleted before a time. @return what went @error Io, Cancelled
    Result<std::vector<TrashEntry>> empty(double deletedBefore, const IsCancelled &isCancelled = {}) const;
    /// Deletes these for good: ids, or folders of entries. None goes unless all are there.
    /// @return what went @error NotFound (nearest offered), Conflict (several have that id), Io, Cancelled
    Result<std::vector<TrashEntry>> remove(const std::vector<std::string> &names, const IsCancelled &isCancelled = {}) const;

private:
    [[nodiscard]] std::vector<TrashEntry> entries() const; ///< without their sizes
    [[nodiscard]] Result<TrashEntry> find(const std::string &name, const std::vector<TrashEntry> &entries) const;
    Result<std::vector<TrashEntry>> removeAll(std::vector<TrashEntry> entries, const IsCancelled &isCancelled) const;

    std::filesystem::path m_folder;
};

} // namespace orrery
