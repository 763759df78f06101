// SPDX-License-Identifier: Apache-2.0
// The folder of one run: what is in it, who owns it now, and how it is made, copied and deleted. Any thread.
#pragma once

#include "core/base/lock_file.h"
#include "core/base/result.h"
#include "core/spec/run_records.h"
#include "core/spec/run_spec.h"
#include "core/store/lineage.h"

#include <filesystem>
#include <optional>
#include <string>

namespace orrery {

/// spec.json: the frozen spec and what it was frozen with. A resume elsewhere can say that bits may differ.
struct FrozenSpec {
    RunSpec spec;           ///< complete, schedule.total_steps and threads filled in
    std::string digest;
    std::string program;    ///< version and build
    std::string cpuModel;
    double createdAt = 0;   ///< Unix seconds
    std::string id;
    std::string parentRun;  ///< id of the run that this one was copied from; empty: it was made new
    int64_t parentStep = 0; ///< how far that one had come; meaningful with parentRun
    std::optional<BranchOrigin> branch; ///< it begins with a checkpoint of another run
    std::string importedFrom; ///< log of another program that it was made from; such a run is not trained
};

/// worker.json: who writes the run and where it listens.
struct WorkerInfo {
    int64_t pid = 0;
    std::string socket;      ///< empty: not reachable (built without gRPC)
    double startedAt = 0;
    std::string program;
};

class RunDirectory {
public:
    /// Whether a run can be made there. @error Conflict when a run or something else is there, Io
    static Result<void> checkFree(const std::filesystem::path &directory);
    /// Makes folder and spec.json durably. An empty or missing folder is fine. @error Conflict when a run is there, Io
    static Result<RunDirectory> create(const std::filesystem::path &directory, const FrozenSpec &frozen);
    /// @error NotFound, InvalidInput (broken or newer spec.json)
    static Result<RunDirectory> open(const std::filesystem::path &directory);
    /// An unused id from a name and the time: "cpp-tiny-20261123-154210". @error Io
    static Result<std::string> makeId(const std::string &name, const std::filesystem::path &runsDirectory);

    [[nodiscard]] const std::filesystem::path &path() const { return m_path; }
    [[nodiscard]] std::filesystem::path checkpoints() const { return m_path / "checkpoints"; }
    [[nodiscard]] std::filesystem::path logFile() const { return m_path / "log.jsonl"; }
    [[nodiscard]] const FrozenSpec &frozen() const { return m_frozen; }

    /// @error Conflict naming the owner's pid and how to stop it
    [[nodiscard]] Result<LockFile> lock(const std::string &purpose) const;
    /// @error Conflict for a run that was imported from another program's log
    [[nodiscard]] Result<void> checkTrainable() const;
    /// Whether a live process holds run.lock.
    [[nodiscard]] bool isOwned() const;
    /// Worker of a run that is owned now; nothing when it is not, whatever worker.json says.
    [[nodiscard]] std::optional<WorkerInfo> liveWorker() const;
    Result<void> writeWorkerInfo(const WorkerInfo &info) const;

    /// Status from run.db (or from spec.json when there is no run.db yet) with liveness checked. A worker that is gone
    /// without its last status there is Failed or Crashed, with the reason from failure.json where there is one. A
    /// run.db that cannot be read makes it Unreadable.
    [[nodiscard]] RunStatus status() const;
    /// Sets what does not stand in run.db: lineage, labels, the name that was given later. Labels that cannot be
    /// read become the status's error when it has none; the run is usable.
    void tellLabels(RunStatus &status) const;
    /// Copies a run, live or not: run.db by SQLite's backup, whole checkpoints only. The copy is a run of its
    /// own: it has another id and knows its parent. @param wantedId its id, empty: the name of its folder;
    /// where that is this run's or no id at all, "<this id>-copy" @error Conflict (target exists), Io
    Result<RunDirectory> copyTo(const std::filesystem::path &target, const std::string &wantedId = {}) const;
    /// @error Conflict when a worker owns it
    Result<void> remove() const;

private:
    std::filesystem::path m_path;
    FrozenSpec m_frozen;
};

/// Status of the run in a folder. A run that cannot be opened is Unreadable, with the reason, under its
/// folder's name. Nothing where there is no run.
std::optional<RunStatus> readRunStatus(const std::filesystem::path &directory);

} // namespace orrery
