// SPDX-License-Identifier: Apache-2.0
// A log directory into runs: each is made out of the way and comes into the list whole.
#include "core/base/files.h"
#include "core/base/lock_file.h"
#include "core/base/platform.h"
#include "core/spec/field_table.h"
#include "core/store/tfevents.h"
#include "core/store/tfevents_log.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <memory>

namespace orrery {

namespace fs = std::filesystem;

namespace {

/// A folder for a run that is being made, gone unless it was moved.
class Workshop {
public:
    /// @error Io
    static Result<std::unique_ptr<Workshop>> make(const fs::path &home)
    {
        std::error_code failed;
        fs::create_directories(home, failed);
        if (failed) return ioError("make", home, failed.value());
        clearOld(home);
        std::string folder = (home / (std::string(kPrefix) + "XXXXXX")).string();
        if (!::mkdtemp(folder.data())) return ioError("make", folder, errno);
        return std::unique_ptr<Workshop>(new Workshop(folder));
    }
    ~Workshop()
    {
        std::error_code ignored;
        fs::remove_all(m_folder, ignored);
    }
    Workshop(const Workshop &) = delete;
    Workshop &operator=(const Workshop &) = delete;
    [[nodiscard]] fs::path run() const { return m_folder / "run"; }

private:
    static constexpr const char *kPrefix = "importing-";
    explicit Workshop(fs::path folder) : m_folder(std::move(folder)) {}
    /// What an import that was killed left behind. One that goes on holds the lock of its run.
    static void clearOld(const fs::path &home)
    {
        std::vector<fs::path> old;
        std::error_code failed, ignored;
        const auto limit = fs::file_time_type::clock::now() - std::chrono::hours(24);
        for (fs::directory_iterator next(home, failed), end; !failed && next != end; next.increment(failed)) {
            const fs::path &path = next->path();
            if (!path.filename().string().starts_with(kPrefix)) continue;
            const auto changed = next->last_write_time(ignored);
            const bool isFolder = next->symlink_status(ignored).type() == fs::file_type::directory;
            if (isFolder && changed < limit && !LockFile::isHeld(path / "run" / "run.lock"))
                old.push_back(path);
        }
        for (const fs::path &path : old) fs::remove_all(path, ignored);
    }
    fs::path m_folder;
};

FrozenSpec specOf(const store::EventFolder &folder, const std::string &id)
{
    FrozenSpec frozen;
    frozen.id = id;
    frozen.spec.name = folder.name;
    frozen.spec.data.path = folder.path.string();
    frozen.spec.threads = 1;
    frozen.spec.schedule.totalSteps = frozen.spec.train.steps;
    frozen.digest = specDigest(frozen.spec);
    frozen.program = "tensorboard events";
    frozen.importedFrom = folder.path.string();
    const double startTime = folder.files.front().startTime;
    frozen.createdAt = startTime < std::numeric_limits<double>::max() ? startTime : wallSeconds();
    return frozen;
}

class Importer {
public:
    Importer(const Catalogue &catalogue, fs::path home, const TransferWatch &watch)
        : m_catalogue(catalogue), m_home(std::move(home)), m_watch(watch)
    {
    }
    Result<ImportedLog> run(const std::vector<store::EventFolder> &folders);

private:
    Result<void> import(const store::EventFolder &folder);
    Result<bool> fill(const RunDirectory &run, const store::EventFolder &folder);

    const Catalogue &m_catalogue;
    const fs::path m_home;
    const TransferWatch &m_watch;
    TransferProgress m_progress;
    ImportedLog m_result;
};

/// @return whether there was a scalar at all
Result<bool> Importer::fill(const RunDirectory &run, const store::EventFolder &folder)
{
    ORRERY_ASSIGN(const LockFile lock, run.lock("import"));
    ORRERY_ASSIGN(const std::unique_ptr<RunWriter> writer, RunWriter::open(run.path()));
    const uint64_t numSkipped = m_result.numSkipped;
    store::EventLog log(*writer, m_result, m_watch, m_progress);
    ORRERY_TRY(log.read(folder));
    if (log.numPoints() == 0) return false;
    const RunStatus status = log.status();
    RunEvent event;
    event.step = status.step;
    event.attempt = status.attempt;
    event.wallTime = wallSeconds();
    event.kind = EventKind::Note;
    event.text = "Imported from " + folder.path.string() + ": " + std::to_string(log.numPoints()) +
                 " points of " + std::to_string(folder.files.size()) +
                 (folder.files.size() == 1 ? " file" : " files") + ", " +
                 std::to_string(m_result.numSkipped - numSkipped) + " broken records skipped.";
    writer->addEvent(event);
    writer->setStatus(status);
    ORRERY_TRY(writer->flush());
    m_result.numPoints += log.numPoints();
    return true;
}

Result<void> Importer::import(const store::EventFolder &folder)
{
    ORRERY_ASSIGN(const std::string id, RunDirectory::makeId(folder.name, m_catalogue.runsDirectory()));
    ORRERY_ASSIGN(const std::unique_ptr<Workshop> workshop, Workshop::make(m_home));
    ORRERY_ASSIGN(const RunDirectory made, RunDirectory::create(workshop->run(), specOf(folder, id)));
    ORRERY_ASSIGN(const bool hasPoints, fill(made, folder));
    if (!hasPoints) {
        m_result.notes.push_back("No run for " + folder.path.string() + ": its files hold no scalar.");
        return {};
    }
    const fs::path target = m_catalogue.runsDirectory() / id;
    ORRERY_TRY(renameDurably(made.path(), target));
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::open(target));
    m_result.runs.push_back(run.status());
    return {};
}

Result<ImportedLog> Importer::run(const std::vector<store::EventFolder> &folders)
{
    for (const store::EventFolder &folder : folders)
        for (const store::EventFile &file : folder.files) m_progress.numBytes += file.numBytes;
    for (const store::EventFolder &folder : folders) {
        if (auto imported = import(folder); !imported) {
            Error error = std::move(imported).error();
            if (!m_result.runs.empty())
                error.hint += (error.hint.empty() ? "" : " ") + std::to_string(m_result.runs.size()) +
                              " runs were imported before.";
            return error;
        }
    }
    return std::move(m_result);
}

} // namespace

Result<ImportedLog> importTfevents(const Catalogue &catalogue, const fs::path &home,
                                   const fs::path &directory, const TransferWatch &watch)
{
    std::error_code failed;
    fs::path root = fs::absolute(directory, failed).lexically_normal();
    if (!root.has_filename()) root = root.parent_path();
    ORRERY_ASSIGN(const auto folders, store::findEventFolders(root));
    return Importer(catalogue, home, watch).run(folders);
}

} // namespace orrery
