// SPDX-License-Identifier: Apache-2.0
#include "core/store/begun_from.h"
#include "core/store/run_copy.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/store/frame_store.h"
#include "core/store/schema.h"
#include "core/store/series_codec.h"
#include "core/store/sqlite_db.h"
#include "core/store/status_json.h"

#include <nlohmann/json.hpp>
#include <sqlite3.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace orrery::store {

namespace fs = std::filesystem;

namespace {

constexpr size_t kCopyBytes = size_t{4} << 20;

Error folderError(const char *action, const fs::path &path, const std::error_code &code)
{
    return ioError(action, path, code.value());
}

Result<void> copyFile(const fs::path &from, const fs::path &to)
{
    const FileDescriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!source.isOpen()) return ioError("read", from, errno);
    ORRERY_ASSIGN(FileWriter target, FileWriter::create(to));
    std::vector<char> buffer(kCopyBytes);
    while (true) {
        const ssize_t got = ::read(source.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return ioError("read", from, errno);
        if (got == 0) break;
        ORRERY_TRY(target.write(buffer.data(), static_cast<size_t>(got)));
    }
    ORRERY_TRY(target.sync());
    return target.close();
}

Result<std::vector<fs::directory_entry>> entriesOf(const fs::path &folder)
{
    std::vector<fs::directory_entry> entries;
    std::error_code failed;
    fs::directory_iterator next(folder, failed);
    if (failed) return folderError("read", folder, failed);
    while (next != fs::directory_iterator()) {
        entries.push_back(*next);
        next.increment(failed);
        if (failed) return folderError("read", folder, failed);
    }
    std::sort(entries.begin(), entries.end());
    return entries;
}

Result<void> makeFolder(const fs::path &folder)
{
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) return folderError("make", folder, failed);
    return {};
}

/// Plain files and folders; links are left out, as they may lead anywhere.
Result<void> copyFolder(const fs::path &from, const fs::path &to)
{
    ORRERY_TRY(makeFolder(to));
    ORRERY_ASSIGN(const auto entries, entriesOf(from));
    for (const fs::directory_entry &entry : entries) {
        std::error_code failed;
        const auto type = entry.symlink_status(failed).type();
        if (type == fs::file_type::directory) {
            ORRERY_TRY(copyFolder(entry.path(), to / entry.path().filename()));
        } else if (type == fs::file_type::regular) {
            ORRERY_TRY(copyFile(entry.path(), to / entry.path().filename()));
        }
    }
    return syncDirectory(to);
}

/// Whole checkpoints only. One that its owner deletes meanwhile is left out of the copy.
Result<void> copyCheckpoints(const fs::path &from, const fs::path &to)
{
    std::error_code failed;
    if (!fs::is_directory(from, failed)) return {};
    ORRERY_TRY(makeFolder(to));
    ORRERY_ASSIGN(const auto entries, entriesOf(from));
    for (const fs::directory_entry &entry : entries) {
        const fs::path name = entry.path().filename();
        if (!isCheckpointName(name.string()) || !fs::is_directory(entry.path(), failed)) continue;
        const fs::path partial = to / (name.string() + ".partial");
        auto copied = copyFolder(entry.path(), partial);
        if (copied && fs::exists(entry.path() / "manifest.json", failed)) {
            ORRERY_TRY(renameDurably(partial, to / name));
            continue;
        }
        fs::remove_all(partial, failed);
        if (!copied && copied.error().code != ErrorCode::NotFound) return copied;
    }
    return syncDirectory(to);
}

/// Files of frames only grow, and go when their frames have moved: called before the database is copied, for
/// what goes meanwhile, and behind it, for what was added.
Result<void> copyFrames(const fs::path &from, const fs::path &to)
{
    std::error_code failed;
    if (!fs::is_directory(from, failed)) return {};
    ORRERY_TRY(makeFolder(to));
    ORRERY_ASSIGN(const auto entries, entriesOf(from));
    for (const fs::directory_entry &entry : entries) {
        if (entry.symlink_status(failed).type() != fs::file_type::regular) continue;
        const fs::path target = to / entry.path().filename();
        const auto size = fs::file_size(entry.path(), failed);
        if (failed || (fs::exists(target, failed) && fs::file_size(target, failed) == size)) continue;
        const auto copied = copyFile(entry.path(), target);
        if (!copied && copied.error().code != ErrorCode::NotFound) return copied;
    }
    return syncDirectory(to);
}

Result<void> copyDatabase(const fs::path &from, const fs::path &to)
{
    ORRERY_ASSIGN(const auto source, openForReading(from));
    ORRERY_ASSIGN(const auto target, Database::open(to, OpenMode::Create));
    sqlite3_backup *backup = sqlite3_backup_init(target->handle(), "main", source->handle(), "main");
    if (!backup) return target->error(sqlite3_errcode(target->handle()));
    // All pages in one step: between steps a writing worker would make the copy start over.
    const int code = sqlite3_backup_step(backup, -1);
    const int finished = sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE) return target->error(finished != SQLITE_OK ? finished : code);
    return {};
}

/// The last line of the copy's log: where it comes from.
Result<void> tellOrigin(Database &database, const RunStatus &status, const std::string &originId)
{
    const nlohmann::json payload = {{"parent_run", originId}, {"parent_step", status.step}};
    ORRERY_ASSIGN(Statement add,
                  database.prepare("INSERT INTO event(step, wall_us, attempt, kind, text, payload) "
                                   "VALUES(?1, ?2, ?3, ?4, ?5, ?6)"));
    add.bind(1, status.step).bind(2, toMicros(wallSeconds())).bind(3, status.attempt);
    add.bindText(4, eventKindName(EventKind::Note));
    add.bindText(5, "Copied from run \"" + originId + "\" at step " + std::to_string(status.step) + ".");
    add.bindText(6, payload.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return add.run();
}

/// The copy has no worker, and only the checkpoints that were copied. @return its last step
Result<int64_t> settleDatabase(const fs::path &run, const std::string &originId)
{
    ORRERY_ASSIGN(const auto database, Database::open(run / kDatabaseName, OpenMode::Write));
    ORRERY_ASSIGN(Transaction transaction, Transaction::begin(*database, Transaction::Kind::Write));
    std::vector<int64_t> missing;
    int64_t newest = -1;
    {
        ORRERY_ASSIGN(Statement rows,
                      database->prepare("SELECT step, directory FROM checkpoint ORDER BY step"));
        while (true) {
            ORRERY_ASSIGN(const bool hasRow, rows.step());
            if (!hasRow) break;
            std::error_code failed;
            if (fs::is_directory(run / rows.text(1), failed))
                newest = rows.integer(0);
            else
                missing.push_back(rows.integer(0));
        }
    }
    for (const int64_t step : missing) {
        ORRERY_ASSIGN(Statement erase, database->prepare("DELETE FROM checkpoint WHERE step = ?1"));
        ORRERY_TRY(erase.bind(1, step).run());
    }
    RunStatus status;
    {
        ORRERY_ASSIGN(Statement find, database->prepare("SELECT json FROM status WHERE id = 1"));
        ORRERY_ASSIGN(const bool hasRow, find.step());
        auto stored = hasRow ? statusFromJson(find.bytes(0)) : Result<RunStatus>(RunStatus{});
        find.reset();
        if (hasRow && stored) {
            status = std::move(*stored);
            if (isLiveState(status.state)) status.state = RunState::Stopped;
            status.lastCheckpointStep = newest;
            status.numViewers = 0;
            status.directory.clear();
            ORRERY_ASSIGN(Statement put, database->prepare("REPLACE INTO status VALUES(1, ?1)"));
            ORRERY_TRY(put.bindText(1, statusToJson(status)).run());
        }
    }
    ORRERY_TRY(forgetLostFrames(*database, run));
    ORRERY_TRY(tellOrigin(*database, status, originId));
    ORRERY_TRY(transaction.commit());
    return status.step;
}

} // namespace

bool isCheckpointName(const std::string &name)
{
    constexpr std::string_view prefix = "step-";
    return name.size() >= prefix.size() + 8 && name.starts_with(prefix) &&
           std::all_of(name.begin() + static_cast<std::ptrdiff_t>(prefix.size()), name.end(),
                       [](char c) { return c >= '0' && c <= '9'; });
}

Result<int64_t> copyRunFiles(const fs::path &from, const fs::path &to, const std::string &originId)
{
    int64_t lastStep = 0;
    // Checkpoints before the database: its curves then reach at least as far as the newest checkpoint.
    ORRERY_TRY(copyCheckpoints(from / "checkpoints", to / "checkpoints"));
    ORRERY_TRY(copyFrames(from / kFramesFolder, to / kFramesFolder));
    std::error_code failed;
    if (fs::exists(from / kDatabaseName, failed)) {
        const auto copied = copyDatabase(from / kDatabaseName, to / kDatabaseName);
        // A worker that is just starting has made the file but not written to it.
        if (!copied && copied.error().code != ErrorCode::NotFound) return copied.error();
        if (copied) {
            ORRERY_TRY(copyFrames(from / kFramesFolder, to / kFramesFolder));
            ORRERY_ASSIGN(lastStep, settleDatabase(to, originId));
        }
    }
    for (const char *file : {"log.jsonl", "worker.log", "memory.safetensors", "labels.json",
                             "breakpoints.json", "tokenizer.json", kBegunFromFile})
        if (fs::is_regular_file(from / file, failed)) ORRERY_TRY(copyFile(from / file, to / file));
    ORRERY_TRY(syncDirectory(to));
    return lastStep;
}

} // namespace orrery::store
