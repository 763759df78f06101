// SPDX-License-Identifier: Apache-2.0
// RunService for all runs of the user: answered from the run stores, forwarded to the worker where one lives.
// A status carries the run's id, or the path that it was asked for by. Any thread.
#pragma once

#include "app/engine/host/report_watch.h"
#include "app/engine/host/worker_process.h"
#include "core/rpc/client.h"
#include "core/rpc/run_queries.h"
#include "core/rpc/service_backends.h"
#include "core/store/catalogue.h"

#include <atomic>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

class HostRuns final : public RunBackend {
public:
    explicit HostRuns(const Catalogue &catalogue) : m_catalogue(catalogue) {}

    Result<RunStatus> status(const std::string &run) override;
    Result<std::string> specJson(const std::string &run) override;
    /// @error Conflict when it is not running; Unavailable while its worker does not listen yet
    Result<RunStatus> control(const std::string &run, const ControlCommand &command) override;
    /// Goes on when the worker ends or another one starts, until the viewer or the run is gone. A batch says
    /// mustReplay after each worker found or lost, and when nobody owns the run any more.
    Result<void> watch(const std::string &run, WatchSink &sink) override;
    Result<std::vector<SeriesReply>> querySeries(const SeriesRequest &request) override;
    Result<std::vector<RunEvent>> listEvents(const std::string &run, int64_t afterId,
                                             int32_t maxEvents) override;
    Result<std::vector<CheckpointInfo>> listCheckpoints(const std::string &run) override;
    Result<std::vector<FrameInfo>> listFrames(const std::string &run, const FrameQuery &query) override;
    Result<std::string> frameBytes(const std::string &run, int64_t id) override;
    /// @error Conflict when it is not running; Unavailable while its worker does not listen yet
    Result<InspectReport> inspectLive(const std::string &run, const InspectRequest &request,
                                      const StreamSink &caller) override;

    /// Spawns a worker, waits until it is up and keeps it as a child of ours.
    Result<RunStatus> start(const std::string &run, int64_t steps);
    /// A note at a step, or one in the place of another: told to the worker while one lives. @error as checkNote and
    /// checkReplacedNote; Unavailable while a worker does not listen yet
    Result<void> annotate(const std::string &run, const RunNote &note);
    /// Moves it into the trash and off the list. @error Conflict when owned, or on another file system
    Result<void> remove(const std::string &run);
    Result<RunDirectory> open(const std::string &run) const;
    /// Reaps children that ended, and notes why when they cannot have said it. @return number of those that
    /// live
    size_t reapChildren();
    /// Whether a worker is being started just now.
    bool isStarting();
    /// Which trainings say nothing; shared by all who tell a status.
    [[nodiscard]] ReportWatch &reports() { return m_reports; }

private:
    enum class Forwarding : uint8_t { ViewerGone, WorkerGone, NotReached };
    /// @param asked what the viewer calls the run
    /// @param mustReplay whether the viewer has yet to be told; cleared with the batch that tells
    Result<Forwarding> forward(const RunDirectory &run, const std::string &asked, const WorkerInfo &worker,
                               WatchSink &sink, bool &mustReplay);
    Result<std::shared_ptr<RunQueries>> queries(const std::string &run);
    [[nodiscard]] Result<WorkerInfo> requireWorker(const RunDirectory &run, const std::string &action,
                                                   const std::string &hint) const;
    [[nodiscard]] RunStatus heard(const RunDirectory &directory, RunStatus status);
    /// Calls of a live worker share one connection.
    Result<std::shared_ptr<EngineClient>> clientOf(const WorkerInfo &worker);

    const Catalogue &m_catalogue;
    ReportWatch m_reports;
    std::mutex m_mutex;
    std::list<std::pair<std::filesystem::path, std::shared_ptr<RunQueries>>> m_queries; ///< most recent first
    std::list<std::pair<std::string, std::shared_ptr<EngineClient>>>
        m_clients; ///< by socket, most recent first
    std::set<std::filesystem::path> m_starting;
    /// How many notes were written here to a run at rest: who watches it hears of them.
    std::map<std::filesystem::path, uint64_t> m_numNotes;
    [[nodiscard]] uint64_t numNotes(const std::filesystem::path &run);
    struct Child {
        RunDirectory run;
        WorkerProcess process;
    };
    std::vector<Child> m_children;
};

} // namespace orrery
