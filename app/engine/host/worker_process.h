// SPDX-License-Identifier: Apache-2.0
// How orrery-worker is found, given its environment and started: in place of this process (command line) or
// as a child in a session of its own that outlives its parent (host). Needs no gRPC. Any thread.
#pragma once

#include "core/base/files.h"
#include "core/base/result.h"
#include "core/store/run_directory.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

struct WorkerCommand {
    std::vector<std::string> arguments; ///< without the program's name
    int64_t threads = 0;                ///< OMP_NUM_THREADS; 0: the worker decides
};

/// $ORRERY_WORKER, else beside this program, else ../libexec/orrery. @error NotFound (all tried places are
/// named)
Result<std::filesystem::path> findWorkerProgram();
/// This process's environment as "KEY=value" with what libgomp reads before main: number of threads, and a
/// wait policy that gives a core back at barriers (one competing thread costs 2.8 × otherwise). A policy the
/// user set stays.
std::vector<std::string> workerEnvironment(int64_t threads);

struct TrainLaunch {
    int64_t steps = 0; ///< new total; 0: the one the run has
    bool startPaused = false;
    std::vector<std::string> extraArguments; ///< as `orrery-worker train --help` says
};
/// "train RUNDIR [--steps N] [--paused] …" with the threads of the frozen spec.
WorkerCommand trainCommand(const RunDirectory &run, const TrainLaunch &launch);

/// Replaces this process; returns only when that failed. @error NotFound, Io
Error execWorker(const WorkerCommand &command);

/// A started child. Destroying the object leaves the child alive; reapForgotten() collects it when it has
/// ended.
class WorkerProcess {
public:
    WorkerProcess(WorkerProcess &&other) noexcept;
    WorkerProcess &operator=(WorkerProcess &&other) noexcept;
    ~WorkerProcess();
    /// Collects the children of destroyed objects that ended since. Any thread.
    static void reapForgotten();
    /// New session, stdin from /dev/null, stdout and stderr to outputFile (replaced), all other descriptors
    /// closed.
    /// @error NotFound, Io
    static Result<WorkerProcess> spawn(const WorkerCommand &command, const std::filesystem::path &outputFile);
    WorkerProcess() = default;

    [[nodiscard]] int64_t pid() const { return m_pid; }
    /// Waits for the end; nothing when it still runs after timeout. The value is the exit status, or -signal.
    /// Reaps the child: later calls give the same answer.
    std::optional<int> wait(std::chrono::milliseconds timeout);
    void signal(int number) const; ///< by pidfd: never hits a stranger that got the same pid

private:
    void forget();

    int64_t m_pid = 0;
    FileDescriptor m_pidfd;
    std::optional<int> m_exit;
};

/// Whether a process accepts connections on a Unix socket now.
bool isListening(const std::string &socketPath);

/// Spawns the training of a run with output to RUNDIR/worker.log and waits until the worker listens (or,
/// without gRPC, owns the run), or ended: then its last error. A worker that ended well within the wait is
/// fine.
/// @error Conflict (a live worker owns it), NotFound, Io, Unavailable (neither within timeout; it is left
/// alone), and whatever the worker says
Result<WorkerProcess> startTraining(const RunDirectory &run, const TrainLaunch &launch,
                                    std::chrono::milliseconds timeout = std::chrono::seconds(45));

/// Leaves the reason in the run's folder when a training of ours ended with `exit` (as from wait()) and
/// neither its last status nor a note of its own says why.
void noteEndOfTraining(const RunDirectory &run, int64_t pid, int exit);

/// What a worker that ended with `exit` (as from wait()) said last: from a JSON line
/// {"error":{"code":…,"message":…, "hint":…}} or, without one, the last words in its output file.
Error lastWorkerError(const std::filesystem::path &outputFile, int exit);

} // namespace orrery
