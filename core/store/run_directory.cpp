// SPDX-License-Identifier: Apache-2.0
#include "core/store/begun_from.h"
#include "core/store/run_directory.h"

#include "core/base/platform.h"
#include "core/base/replace_file.h"
#include "core/base/text.h"
#include "core/spec/field_table.h"
#include "core/store/failure_note.h"
#include "core/store/run_breakpoints.h"
#include "core/store/run_copy.h"
#include "core/store/run_labels.h"
#include "core/store/run_store.h"

#include <nlohmann/json.hpp>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <ctime>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace orrery {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr const char *kSpecFile = "spec.json";
constexpr const char *kLockFile = "run.lock";
constexpr const char *kWorkerFile = "worker.json";
constexpr uint64_t kMaxSpecFileBytes = uint64_t{4} << 20;
constexpr uint64_t kMaxWorkerBytes = uint64_t{64} << 10;
constexpr size_t kMaxIdBytes = 200;
constexpr size_t kMaxNameInId = 40;
constexpr const char *kCopyEnding = "-copy";

// What may stand in a folder before a run is made in it: a launcher opens logs and takes the lock first.
constexpr std::array kFilesBeforeRun = {"run.lock", "worker.json", "worker.log", "log.jsonl"};
// In the order in which they are deleted, with the samples/ that older programs made. spec.json comes late,
// so that a run that was half deleted when the power failed is still listed and can be deleted again.
// run.db comes before the files beside it: who opens it later makes none of them.
constexpr std::array kRunParts = {"checkpoints",
                                  "memory.safetensors",
                                  "tokenizer.json",
                                  "samples",
                                  "frames",
                                  "run.db",
                                  "run.db-journal",
                                  "run.db-wal",
                                  "run.db-shm",
                                  "failure.json",
                                  "worker.json",
                                  "worker.log",
                                  "log.jsonl",
                                  "labels.json",
                                  "labels.json.broken",
                                  "breakpoints.json",
                                  "memory.safetensors.lock",
                                  kBegunFromFile,
                                  "spec.json",
                                  "run.lock"};
// What a reader or a host that is late may make once more in the folder of a deleted run.
constexpr std::array kLateParts = {"run.db-wal", "run.db-shm", "failure.json"};
constexpr int kMaxFolderTries = 100;
constexpr auto kFolderPause = std::chrono::milliseconds(10);

fs::path absolutePath(const fs::path &path)
{
    std::error_code failed;
    fs::path absolute = fs::weakly_canonical(path, failed);
    if (failed) absolute = fs::absolute(path, failed).lexically_normal();
    // "runs/a/" names the same folder as "runs/a".
    if (!absolute.has_filename() && absolute.has_parent_path()) absolute = absolute.parent_path();
    return absolute;
}

bool isUsableId(const std::string &id)
{
    return !id.empty() && id.size() <= kMaxIdBytes && id.front() != '.' &&
           id.find('/') == std::string::npos && isValidUtf8(id) &&
           std::none_of(id.begin(), id.end(), [](char c) { return static_cast<uint8_t>(c) < 0x20; });
}

std::string frozenToJson(const FrozenSpec &frozen)
{
    Json json = Json::object();
    json["spec_version"] = kSpecVersion;
    json["id"] = frozen.id;
    json["digest"] = frozen.digest;
    json["program"] = frozen.program;
    json["cpu_model"] = frozen.cpuModel;
    json["created_at"] = frozen.createdAt;
    if (!frozen.parentRun.empty()) json["parent"] = {{"run", frozen.parentRun}, {"step", frozen.parentStep}};
    if (frozen.branch) json["branch"] = branchToJson(*frozen.branch);
    if (!frozen.importedFrom.empty()) json["imported_from"] = frozen.importedFrom;
    json["spec"] = Json::parse(specToJson(frozen.spec, -1), nullptr, false);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Error brokenSpec(const fs::path &path, const std::string &found, const std::string &expected)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot open run \"" + path.parent_path().string() + "\": spec.json " + found +
                     ", expected " + expected + ".",
                 "Restore spec.json from a copy of the run."};
}

Result<FrozenSpec> frozenFromJson(const fs::path &path, const std::string &text)
{
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return brokenSpec(path, "is not a JSON object", "the frozen spec of a run");
    const auto textOf = [&json](const char *key) {
        const auto found = json.find(key);
        return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto version = json.find("spec_version");
    if (version == json.end() || !version->is_number_integer())
        return brokenSpec(path, "has no spec_version", "a number");
    if (version->get<int64_t>() > kSpecVersion)
        return Error{ErrorCode::InvalidInput,
                     "Cannot open run \"" + path.parent_path().string() + "\": spec_version is " +
                         version->dump() + ", expected " + std::to_string(kSpecVersion) + " or older.",
                     "It was written by a newer program: update this one."};
    const auto spec = json.find("spec");
    if (spec == json.end() || !spec->is_object())
        return brokenSpec(path, "has no object \"spec\"", "the spec of the run");
    FrozenSpec frozen;
    auto parsed = specFromJson(spec->dump(-1, ' ', false, Json::error_handler_t::replace));
    if (!parsed) {
        Error error = std::move(parsed).error();
        error.message = "Cannot open run \"" + path.parent_path().string() + "\": " + error.message;
        return error;
    }
    frozen.spec = std::move(*parsed);
    frozen.id = textOf("id");
    if (!isUsableId(frozen.id))
        return brokenSpec(path, "has no usable \"id\"", "1 to 200 bytes without \"/\"");
    frozen.digest = textOf("digest");
    frozen.program = textOf("program");
    frozen.cpuModel = textOf("cpu_model");
    if (const auto created = json.find("created_at"); created != json.end() && created->is_number())
        frozen.createdAt = created->get<double>();
    frozen.importedFrom = textOf("imported_from");
    if (const auto branch = json.find("branch"); branch != json.end()) {
        frozen.branch = branchFromJson(*branch);
        if (!frozen.branch)
            return brokenSpec(path, "has a \"branch\" without run and step", "where the run was branched from");
    }
    if (const auto parent = json.find("parent"); parent != json.end() && parent->is_object()) {
        const auto run = parent->find("run");
        const auto step = parent->find("step");
        if (run != parent->end() && run->is_string()) frozen.parentRun = run->get<std::string>();
        if (step != parent->end() && step->is_number_integer()) frozen.parentStep = step->get<int64_t>();
    }
    return frozen;
}

Error alreadyThere(const fs::path &path, const std::string &found)
{
    return Error{ErrorCode::Conflict,
                 "Cannot make a run in \"" + path.string() + "\": " + found + ", expected an empty folder.",
                 "Choose another folder, or delete the run that is there."};
}

Result<void> makeFolder(const fs::path &folder)
{
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) {
        Error error = ioError("make", folder, failed.value());
        error.code = ErrorCode::Io;
        return error;
    }
    return {};
}

/// Lower-case letters, digits and single dashes.
std::string slugOf(const std::string &name)
{
    std::string slug;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80 && std::isalnum(byte))
            slug.push_back(static_cast<char>(std::tolower(byte)));
        else if (!slug.empty() && slug.back() != '-')
            slug.push_back('-');
        if (slug.size() == kMaxNameInId) break;
    }
    while (!slug.empty() && slug.back() == '-') slug.pop_back();
    return slug.empty() ? "run" : slug;
}

RunStatus statusOfSpec(const FrozenSpec &frozen)
{
    RunStatus status;
    status.state = RunState::Created;
    status.totalSteps = frozen.spec.train.steps;
    status.device = frozen.spec.device;
    status.threads = frozen.spec.threads;
    return status;
}

} // namespace

Result<void> RunDirectory::checkFree(const fs::path &directory)
{
    const fs::path path = absolutePath(directory);
    std::error_code failed;
    if (!fs::exists(path, failed)) return {};
    if (!fs::is_directory(path, failed)) return alreadyThere(path, "a file is there");
    if (fs::exists(path / kSpecFile, failed)) return alreadyThere(path, "a run is there");
    for (fs::directory_iterator next(path, failed); !failed && next != fs::directory_iterator(); next.increment(failed)) {
        const std::string name = next->path().filename().string();
        if (std::find(kFilesBeforeRun.begin(), kFilesBeforeRun.end(), name) == kFilesBeforeRun.end())
            return alreadyThere(path, "it holds \"" + sanitizeUtf8(name) + "\"");
    }
    if (failed) return ioError("read", path, failed.value());
    return {};
}

Result<RunDirectory> RunDirectory::create(const fs::path &directory, const FrozenSpec &frozen)
{
    if (!isUsableId(frozen.id))
        return Error{ErrorCode::InvalidInput,
                     "Cannot make a run with id \"" + sanitizeUtf8(frozen.id) +
                         "\": expected 1 to 200 bytes without \"/\".",
                     "Choose another name."};
    RunDirectory run;
    run.m_path = absolutePath(directory);
    run.m_frozen = frozen;
    ORRERY_TRY(checkFree(run.m_path));
    ORRERY_TRY(makeFolder(run.m_path));
    ORRERY_TRY(checkFree(run.m_path)); // somebody may have been faster
    ORRERY_TRY(makeFolder(run.checkpoints()));
    // The spec last: a folder with a spec is a run.
    ORRERY_TRY(writeFileAtomically(run.m_path / kSpecFile, frozenToJson(frozen)));
    ORRERY_TRY(syncDirectory(run.m_path.parent_path()));
    return run;
}

Result<RunDirectory> RunDirectory::open(const fs::path &directory)
{
    RunDirectory run;
    run.m_path = absolutePath(directory);
    const fs::path specPath = run.m_path / kSpecFile;
    auto text = readFile(specPath, kMaxSpecFileBytes);
    if (!text) {
        if (text.error().code != ErrorCode::NotFound) return std::move(text).error();
        return Error{ErrorCode::NotFound,
                     "Cannot open run \"" + run.m_path.string() +
                         "\": it has no spec.json, expected the folder of a run.",
                     "List the runs, or check the path."};
    }
    ORRERY_ASSIGN(run.m_frozen, frozenFromJson(specPath, *text));
    return run;
}

Result<std::string> RunDirectory::makeId(const std::string &name, const fs::path &runsDirectory)
{
    // Ids that this process gave and nobody used yet: two runs made in the same second must differ.
    static std::mutex mutex;
    static std::set<std::string> given;

    ORRERY_TRY(makeFolder(runsDirectory));
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
    const std::string base = slugOf(name) + "-" + stamp;
    std::lock_guard lock(mutex);
    for (int suffix = 1; suffix < 10'000; ++suffix) {
        const std::string id = suffix == 1 ? base : base + "-" + std::to_string(suffix);
        std::error_code failed;
        const bool exists = fs::exists(fs::symlink_status(runsDirectory / id, failed));
        if (failed && failed.value() != ENOENT) return ioError("read", runsDirectory / id, failed.value());
        if (!exists && given.insert((runsDirectory / id).string()).second) return id;
    }
    return Error{ErrorCode::Conflict,
                 "Cannot find an unused id for \"" + sanitizeUtf8(name) + "\" in \"" +
                     runsDirectory.string() + "\".",
                 "Try again in a second."};
}

Result<LockFile> RunDirectory::lock(const std::string &purpose) const
{
    auto lock = LockFile::acquire(m_path / kLockFile, purpose + " (pid " + std::to_string(::getpid()) + ")");
    if (!lock && lock.error().code == ErrorCode::Conflict) {
        Error error = std::move(lock).error();
        error.hint = "Stop it first: orrery-engine control " + m_frozen.id + " stop";
        return error;
    }
    return lock;
}

Result<void> RunDirectory::checkTrainable() const
{
    if (m_frozen.importedFrom.empty()) return {};
    return Error{ErrorCode::Conflict,
                 "Cannot train run \"" + m_frozen.id + "\": it was imported from \"" + m_frozen.importedFrom +
                     "\", expected a run of this program.",
                 "It has curves, but no model; start a new run."};
}

bool RunDirectory::isOwned() const { return LockFile::isHeld(m_path / kLockFile); }

std::optional<WorkerInfo> RunDirectory::liveWorker() const
{
    if (!isOwned()) return std::nullopt;
    const auto text = readFile(m_path / kWorkerFile, kMaxWorkerBytes);
    if (!text) return std::nullopt;
    const Json json = Json::parse(*text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    WorkerInfo info;
    const auto pid = json.find("pid");
    if (pid == json.end() || !pid->is_number_integer()) return std::nullopt;
    info.pid = pid->get<int64_t>();
    // Somebody else may hold the lock for a moment while the file tells of a worker that has ended.
    if (info.pid <= 0 || info.pid > std::numeric_limits<pid_t>::max()) return std::nullopt;
    if (::kill(static_cast<pid_t>(info.pid), 0) != 0 && errno != EPERM) return std::nullopt;
    if (const auto found = json.find("socket"); found != json.end() && found->is_string())
        info.socket = found->get<std::string>();
    if (const auto found = json.find("program"); found != json.end() && found->is_string())
        info.program = found->get<std::string>();
    if (const auto found = json.find("started_at"); found != json.end() && found->is_number())
        info.startedAt = found->get<double>();
    return info;
}

Result<void> RunDirectory::writeWorkerInfo(const WorkerInfo &info) const
{
    const Json json = {{"pid", info.pid},
                       {"socket", info.socket},
                       {"started_at", info.startedAt},
                       {"program", info.program}};
    return writeFileAtomically(m_path / kWorkerFile,
                               json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

namespace {

/// The status of a run whose worker is gone and did not, or could not, write its last one to run.db.
void tellLostEnd(const fs::path &run, int64_t lastCheckpoint, RunStatus &status)
{
    const std::optional<FailureNote> note = readFailureNote(run);
    if (note && note->state == RunState::Failed) {
        status.state = RunState::Failed;
        status.error = note->text;
        return;
    }
    if (status.state == RunState::Unreadable) return; // run.db cannot be read: its error is the news
    status.state = RunState::Crashed;
    status.error =
        (note ? note->text : std::string("The worker ended without a word.")) + " " +
        (lastCheckpoint >= 0 ? "The last checkpoint is step " + std::to_string(lastCheckpoint) + "."
                             : std::string("There is no checkpoint yet."));
}

} // namespace

RunStatus RunDirectory::status() const
{
    int64_t lastCheckpoint = -1;
    const auto readStatus = [this, &lastCheckpoint] {
        RunStatus status = statusOfSpec(m_frozen);
        auto reader = RunReader::open(m_path);
        auto stored = reader ? (*reader)->status() : Result<RunStatus>(reader.error());
        if (stored && stored->state != RunState::Unknown) {
            status = std::move(*stored);
            lastCheckpoint = status.lastCheckpointStep;
            if (const auto checkpoints = (*reader)->checkpoints(); checkpoints && !checkpoints->empty())
                lastCheckpoint = std::max(lastCheckpoint, checkpoints->back().step);
            status.lastCheckpointStep = lastCheckpoint;
        } else if (!stored && stored.error().code != ErrorCode::NotFound) {
            status.state = RunState::Unreadable;
            status.error = stored.error().text();
        }
        return status;
    };
    RunStatus status = readStatus();
    // Twice: a worker may have said goodbye between our reading and our look at its lock.
    if (isLiveState(status.state) && !isOwned()) status = readStatus();
    const bool isLost = isLiveState(status.state) || status.state == RunState::Unreadable;
    if (isLost && !isOwned()) tellLostEnd(m_path, lastCheckpoint, status);
    // Of a run that does not train, those that its next start takes over.
    if (!isLiveState(status.state)) {
        status.breakpoints.clear();
        if (auto kept = readBreakpoints(m_path)) status.breakpoints = std::move(*kept);
    }
    if (status.state != RunState::Paused) {
        status.pauseReason.clear();
        status.pauseSeries.clear();
    }
    // Folders move and are copied: what the store remembers of its place is out of date.
    status.id = m_frozen.id;
    status.directory = m_path.string();
    status.name = m_frozen.spec.name.empty() ? m_frozen.id : m_frozen.spec.name;
    status.createdAt = m_frozen.createdAt;
    tellLabels(status);
    return status;
}

void RunDirectory::tellLabels(RunStatus &status) const
{
    if (m_frozen.branch) {
        status.parent = m_frozen.branch->run;
        status.parentStep = m_frozen.branch->step;
    }
    auto stored = readRunLabels(m_path);
    if (stored) {
        if (!stored->name.empty()) status.name = stored->name;
        status.labels = std::move(stored->labels);
    } else if (status.error.empty()) {
        status.error = stored.error().text(); // no reason to refuse the run
    }
}

std::optional<RunStatus> readRunStatus(const fs::path &directory)
{
    const auto run = RunDirectory::open(directory);
    if (run) return run->status();
    if (run.error().code == ErrorCode::NotFound) return std::nullopt;
    const fs::path path = absolutePath(directory);
    RunStatus status;
    status.state = RunState::Unreadable;
    status.id = path.filename().string();
    status.name = status.id;
    status.directory = path.string();
    status.error = run.error().text();
    // It was made when its spec was written, as far as can be told.
    struct stat info {};
    if (::stat((path / kSpecFile).c_str(), &info) == 0)
        status.createdAt = static_cast<double>(info.st_mtim.tv_sec);
    return status;
}

Result<RunDirectory> RunDirectory::copyTo(const fs::path &target, const std::string &wantedId) const
{
    const fs::path to = absolutePath(target);
    FrozenSpec frozen = m_frozen;
    frozen.parentRun = m_frozen.id;
    frozen.id = wantedId.empty() ? to.filename().string() : wantedId;
    if (!isUsableId(frozen.id) || frozen.id == m_frozen.id) {
        frozen.id = m_frozen.id.substr(0, kMaxIdBytes - std::strlen(kCopyEnding));
        while (!isValidUtf8(frozen.id)) frozen.id.pop_back(); // cut within a character
        frozen.id += kCopyEnding;
    }
    std::error_code failed;
    const bool exists = fs::exists(fs::symlink_status(to, failed));
    const bool isEmptyFolder = exists && fs::is_directory(to, failed) && fs::is_empty(to, failed) && !failed;
    if (exists && !isEmptyFolder)
        return Error{ErrorCode::Conflict,
                     "Cannot copy run \"" + m_frozen.id + "\" to \"" + to.string() +
                         "\": something is there, expected nothing.",
                     "Choose another folder."};
    const auto [inside, rest] = std::mismatch(m_path.begin(), m_path.end(), to.begin(), to.end());
    if (inside == m_path.end())
        return Error{ErrorCode::Conflict,
                     "Cannot copy run \"" + m_frozen.id + "\" to \"" + to.string() +
                         "\": that is inside the run itself.",
                     "Choose another folder."};
    fs::path partial = to;
    partial += ".partial-" + std::to_string(::getpid());
    fs::remove_all(partial, failed);
    ORRERY_TRY(makeFolder(partial));
    const auto copy = [&]() -> Result<void> {
        ORRERY_ASSIGN(frozen.parentStep, store::copyRunFiles(m_path, partial, m_frozen.id));
        // The spec last: a folder with a spec is a run, and half a copy must not be listed as one.
        ORRERY_TRY(writeFileAtomically(partial / kSpecFile, frozenToJson(frozen)));
        return renameDurably(partial, to);
    };
    if (auto copied = copy(); !copied) {
        fs::remove_all(partial, failed);
        return std::move(copied).error();
    }
    return open(to);
}

namespace {

/// What a writer of a part left behind when it was killed, and labels that were broken once more.
Result<void> removeTemporaries(const fs::path &folder)
{
    std::vector<fs::path> temporaries;
    std::error_code failed;
    for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        const std::string name = entry->path().filename().string();
        const auto isOf = [&name](const char *part) { return isTemporaryOf(name, part); };
        const bool isBroken = name.starts_with("labels.json.broken~");
        if (isBroken || std::any_of(kRunParts.begin(), kRunParts.end(), isOf)) temporaries.push_back(entry->path());
    }
    if (failed) return ioError("read", folder, failed.value());
    for (const fs::path &temporary : temporaries) {
        fs::remove(temporary, failed);
        if (failed) return ioError("delete", temporary, failed.value());
    }
    return {};
}

/// Deletes the folder of a run whose parts are deleted. It stays where it holds what is not the run's.
void removeFolder(const fs::path &folder)
{
    for (int attempt = 0; attempt < kMaxFolderTries; ++attempt) {
        std::error_code failed;
        fs::remove(folder, failed);
        if (failed != std::errc::directory_not_empty) return;
        failed.clear();
        std::vector<fs::path> late;
        for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
             entry.increment(failed)) {
            const std::string name = entry->path().filename().string();
            if (std::find(kLateParts.begin(), kLateParts.end(), name) == kLateParts.end()) return;
            late.push_back(entry->path());
        }
        if (failed) return;
        for (const fs::path &part : late) fs::remove(part, failed);
        if (attempt > 0) std::this_thread::sleep_for(kFolderPause);
    }
}

} // namespace

Result<void> RunDirectory::remove() const
{
    ORRERY_ASSIGN(const LockFile lock, this->lock("deletion"));
    ORRERY_TRY(removeTemporaries(m_path));
    for (const char *part : kRunParts) {
        std::error_code failed;
        fs::remove_all(m_path / part, failed);
        if (failed) return ioError("delete", m_path / part, failed.value());
    }
    removeFolder(m_path);
    return {};
}

} // namespace orrery
