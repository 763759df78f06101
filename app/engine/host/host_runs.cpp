// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/host_runs.h"

#include "app/engine/host/caller_watch.h"

#include "core/base/log.h"
#include "core/store/run_breakpoints.h"
#include "core/store/run_trash.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iterator>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace orrery {

namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kMaxReaders = 16;
constexpr size_t kMaxClients = 16;
constexpr auto kConnectPatience =
    std::chrono::milliseconds(700);                       ///< of a viewer, who hears from us meanwhile
constexpr auto kWorkerPatience = std::chrono::seconds(3); ///< for a short answer; a stopped worker gives none
constexpr auto kPoll = std::chrono::milliseconds(100);    ///< how soon a worker's start or end is seen
constexpr auto kLabelsAge = std::chrono::milliseconds(500); ///< how soon a watched run shows an edit
constexpr auto kHeartbeat = std::chrono::milliseconds(900); ///< below the promised second

/// Moves the entry of a key to the front, or makes it; forgets the oldest ones.
template <typename Key, typename Value, typename Make>
Result<std::shared_ptr<Value>> recent(std::list<std::pair<Key, std::shared_ptr<Value>>> &entries,
                                      const Key &key, size_t maxEntries, Make make)
{
    const auto it =
        std::find_if(entries.begin(), entries.end(), [&](const auto &entry) { return entry.first == key; });
    if (it != entries.end()) {
        entries.splice(entries.begin(), entries, it);
        return entries.front().second;
    }
    ORRERY_ASSIGN(std::shared_ptr<Value> made, make());
    entries.emplace_front(key, made);
    while (entries.size() > maxEntries) entries.pop_back();
    return made;
}

/// Asks a worker that does not listen yet to stop. By descriptor, and only while it owns the run.
bool signalStop(const RunDirectory &run, const WorkerInfo &worker)
{
    const FileDescriptor process(
        static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(worker.pid), 0)));
    if (!process.isOpen()) return false;
    const auto now = run.liveWorker();
    if (!now || now->pid != worker.pid) return false;
    return ::syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0) == 0;
}

/// Batches come often, labels change seldom.
void copyLabels(const RunStatus &labelled, RunStatus &status)
{
    status.labels = labelled.labels;
    status.parent = labelled.parent;
    status.parentStep = labelled.parentStep;
    if (!labelled.name.empty()) status.name = labelled.name;
    if (status.error.empty()) status.error = labelled.error;
}

/// Who asks by path is answered under that path: it stands for the id where two runs share one.
RunStatus named(RunStatus status, const std::string &run)
{
    if (run.starts_with('/')) status.id = run;
    return status;
}

/// Batches come often and notes may be long: they stand in what status() says.
RunStatus watched(RunStatus status, const std::string &run)
{
    status.labels.notes.clear();
    return named(std::move(status), run);
}

/// The same of a status that came from a worker, which knows no labels.
RunStatus told(const RunDirectory &directory, RunStatus status, const std::string &run)
{
    directory.tellLabels(status);
    return named(std::move(status), run);
}

} // namespace

/// A worker that says nothing does not say so: we do.
RunStatus HostRuns::heard(const RunDirectory &directory, RunStatus status)
{
    m_reports.tell(directory.path(), status);
    return status;
}

Result<RunDirectory> HostRuns::open(const std::string &run) const
{
    ORRERY_ASSIGN(const std::filesystem::path path, m_catalogue.resolve(run));
    return RunDirectory::open(path);
}

Result<std::shared_ptr<RunQueries>> HostRuns::queries(const std::string &run)
{
    ORRERY_ASSIGN(const std::filesystem::path path, m_catalogue.resolve(run));
    const std::lock_guard lock(m_mutex);
    return recent<std::filesystem::path, RunQueries>(
        m_queries, path, kMaxReaders,
        [&]() -> Result<std::shared_ptr<RunQueries>> { return std::make_shared<RunQueries>(path); });
}

Result<std::shared_ptr<EngineClient>> HostRuns::clientOf(const WorkerInfo &worker)
{
    // The socket's name holds the worker's pid, and a pid comes again: the start tells two workers apart.
    const std::string key =
        worker.socket + "\n" + std::to_string(worker.pid) + "\n" + std::to_string(worker.startedAt);
    {
        const std::lock_guard lock(m_mutex);
        for (const auto &entry : m_clients)
            if (entry.first == key) return entry.second;
    }
    // Outside the lock: a worker that is stopped takes its time, and other runs must not wait for it.
    ORRERY_ASSIGN(EngineClient connected, EngineClient::connect(worker.socket));
    connected.setDeadline(kWorkerPatience);
    auto client = std::make_shared<EngineClient>(std::move(connected));
    const std::lock_guard lock(m_mutex);
    m_clients.emplace_front(key, client);
    while (m_clients.size() > kMaxClients) m_clients.pop_back();
    return client;
}

Result<RunStatus> HostRuns::status(const std::string &run)
{
    ORRERY_ASSIGN(const RunDirectory directory, open(run));
    const std::optional<WorkerInfo> worker = directory.liveWorker();
    if (worker && !worker->socket.empty()) {
        // Newer than the store by a commit, and with the number of viewers.
        if (const auto client = clientOf(*worker)) {
            Result<RunStatus> status = (*client)->status(run);
            if (status.ok()) return heard(directory, told(directory, std::move(*status), run));
        }
    }
    return heard(directory, named(directory.status(), run));
}

Result<std::string> HostRuns::specJson(const std::string &run)
{
    ORRERY_ASSIGN(const std::shared_ptr<RunQueries> store, queries(run));
    return store->specJson();
}

/// @param action "control", for the message
Result<WorkerInfo> HostRuns::requireWorker(const RunDirectory &run, const std::string &action,
                                           const std::string &hint) const
{
    if (const std::optional<WorkerInfo> worker = run.liveWorker()) return *worker;
    return Error{ErrorCode::Conflict,
                 "Cannot " + action + " run \"" + run.frozen().id + "\": it is " +
                     runStateName(run.status().state) + ", expected a running one.",
                 hint};
}

Result<InspectReport> HostRuns::inspectLive(const std::string &run, const InspectRequest &request,
                                            const StreamSink &caller)
{
    ORRERY_ASSIGN(const RunDirectory directory, open(run));
    ORRERY_ASSIGN(const WorkerInfo worker, requireWorker(directory, "look into",
                                                            "Look into its newest checkpoint: " +
                                                                directory.frozen().id + "@latest."));
    const std::string &id = directory.frozen().id;
    if (worker.socket.empty())
        return Error{ErrorCode::Unavailable,
                     "Cannot look into run \"" + id + "\": its worker prepares the data and does not listen yet.",
                     "Try again in a moment."};
    ORRERY_ASSIGN(const std::shared_ptr<EngineClient> client, clientOf(worker));
    const CancelToken token;
    const CallerWatch watch(caller, [&] { token.cancel(); });
    auto report = client->inspectLive(id, request, token, [&caller](const InspectAmount &amount) {
        if (amount.reading.layers > 0 || amount.reading.passes > 1) caller.sendReading(amount.reading);
    });
    if (!report.ok() && report.error().code == ErrorCode::Unavailable && !directory.isOwned())
        return Error{ErrorCode::Conflict, "Cannot look into run \"" + id + "\": its worker has just ended.",
                     "Look into its newest checkpoint."};
    return report;
}

Result<RunStatus> HostRuns::control(const std::string &run, const ControlCommand &command)
{
    ORRERY_ASSIGN(const RunDirectory directory, open(run));
    const std::string &id = directory.frozen().id;
    const bool isOfBreakpoints = command.verb == ControlVerb::Break || command.verb == ControlVerb::Unbreak;
    if (isOfBreakpoints && !directory.liveWorker()) { // kept for its next start
        ORRERY_TRY(changeKeptBreakpoints(directory.path(), command.setting.value,
                                         command.verb == ControlVerb::Break));
        return heard(directory, named(directory.status(), run));
    }
    ORRERY_ASSIGN(const WorkerInfo worker, requireWorker(directory, "control", "Start it first."));
    if (worker.socket.empty()) {
        if (command.verb == ControlVerb::Stop && signalStop(directory, worker))
            return heard(directory, named(directory.status(), run));
        return Error{ErrorCode::Unavailable,
                     "Cannot control run \"" + id +
                         "\": its worker prepares the data and does not listen yet.",
                     "Try again in a moment; only Stop works at once."};
    }
    ORRERY_ASSIGN(const std::shared_ptr<EngineClient> client, clientOf(worker));
    Result<RunStatus> status = client->control(id, command);
    if (!status.ok() && status.error().code == ErrorCode::Unavailable && !directory.isOwned())
        return Error{ErrorCode::Conflict, "Cannot control run \"" + id + "\": its worker has just ended.",
                     "Start it again."};
    if (!status.ok()) return status;
    return heard(directory, told(directory, std::move(*status), run));
}

Result<HostRuns::Forwarding> HostRuns::forward(const RunDirectory &run, const std::string &asked,
                                               const WorkerInfo &worker, WatchSink &sink, bool &mustReplay)
{
    // A connection of its own: a viewer that does not read holds up its own transport only.
    Result<EngineClient> client = EngineClient::connect(worker.socket, kConnectPatience);
    if (!client.ok()) return Forwarding::NotReached;
    bool isViewerGone = false;
    bool hasBatch = false;
    auto lastSend = Clock::now();
    const auto send = [&](const WatchBatch &batch) {
        isViewerGone = sink.isCancelled() || !sink.send(batch);
        if (batch.mustReplay) mustReplay = false;
        lastSend = Clock::now();
    };
    RunStatus newest; // of the worker, which alone knows its breakpoints
    RunStatus labelled;
    auto labelsReadAt = Clock::now() - 2 * kLabelsAge;
    const auto onBatch = [&](WatchBatch batch) {
        hasBatch = true;
        newest = batch.status;
        if (Clock::now() - labelsReadAt > kLabelsAge) {
            labelled = {};
            run.tellLabels(labelled);
            labelsReadAt = Clock::now();
        }
        copyLabels(labelled, batch.status);
        batch.status = heard(run, watched(std::move(batch.status), asked));
        send(batch); // the first one says mustReplay: the worker has the viewer attached
        return !isViewerGone;
    };
    const auto onQuiet = [&] {
        isViewerGone = sink.isCancelled();
        if (!isViewerGone && Clock::now() - lastSend > kHeartbeat) {
            // A worker that is stopped by a signal says nothing; the link to us is alive all the same.
            WatchBatch batch;
            batch.status = heard(run, watched(run.status(), asked));
            batch.status.breakpoints = newest.breakpoints;
            batch.status.pauseReason = newest.pauseReason;
            batch.status.pauseSeries = newest.pauseSeries;
            batch.mustReplay = mustReplay;
            send(batch);
        }
        return !isViewerGone;
    };
    const Result<void> watched = client->watch(run.frozen().id, onBatch, {}, onQuiet);
    if (isViewerGone) return Forwarding::ViewerGone;
    if (!watched.ok() && !hasBatch) {
        // One that listens on refuses, for instance too many viewers; one that does not is about to end.
        const auto now = run.liveWorker();
        if (now && now->pid == worker.pid && isListening(worker.socket)) return watched.error();
    }
    return Forwarding::WorkerGone;
}

Result<void> HostRuns::watch(const std::string &run, WatchSink &sink)
{
    ORRERY_ASSIGN(const RunDirectory directory, open(run));
    RunState lastState = RunState::Unknown;
    auto lastSend = Clock::now();
    bool mustReplay = true;
    bool wasOwned = false;
    uint64_t numSeen = numNotes(directory.path());
    while (!sink.isCancelled()) {
        if (const uint64_t now = numNotes(directory.path()); std::exchange(numSeen, now) != now) mustReplay = true;
        const std::optional<WorkerInfo> worker = directory.liveWorker();
        if (worker && !worker->socket.empty()) {
            ORRERY_ASSIGN(const Forwarding ended, forward(directory, run, *worker, sink, mustReplay));
            if (ended == Forwarding::ViewerGone) return {};
            if (ended == Forwarding::WorkerGone) mustReplay = true; // its last words may not have come
            lastState = RunState::Unknown; // whatever it is now, the viewer hears it at once
        }
        // Once nobody owns the run any more, the store is final.
        if (wasOwned && !worker) mustReplay = true;
        wasOwned = worker.has_value();
        const auto now = Clock::now();
        const bool isDue = mustReplay || lastState == RunState::Unknown || now - lastSend >= kHeartbeat;
        // A run at rest changes only by a start, which shows as a worker; one that has just lost its worker
        // may still look alive until its lock is gone.
        if (isDue || worker || isLiveState(lastState)) {
            if (!RunDirectory::open(directory.path()).ok())
                return Error{ErrorCode::NotFound,
                             "Cannot go on watching run \"" + directory.frozen().id + "\": it was deleted.",
                             "Choose another run."};
            WatchBatch batch;
            batch.status = heard(directory, watched(directory.status(), run));
            batch.mustReplay = mustReplay;
            if (isDue || batch.status.state != lastState) {
                if (!sink.send(batch)) return {};
                lastState = batch.status.state;
                lastSend = now;
                mustReplay = false;
            }
        }
        std::this_thread::sleep_for(kPoll);
    }
    return {};
}

Result<std::vector<SeriesReply>> HostRuns::querySeries(const SeriesRequest &request)
{
    ORRERY_ASSIGN(const std::shared_ptr<RunQueries> store, queries(request.run));
    return store->series(request);
}

Result<std::vector<RunEvent>> HostRuns::listEvents(const std::string &run, int64_t afterId, int32_t maxEvents)
{
    ORRERY_ASSIGN(const std::shared_ptr<RunQueries> store, queries(run));
    return store->events(afterId, maxEvents);
}

Result<std::vector<CheckpointInfo>> HostRuns::listCheckpoints(const std::string &run)
{
    ORRERY_ASSIGN(const std::shared_ptr<RunQueries> store, queries(run));
    return store->checkpoints();
}

Result<std::vector<FrameInfo>> HostRuns::listFrames(const std::string &run, const FrameQuery &query)
{
    ORRERY_ASSIGN(const std::shared_ptr<RunQueries> store, queries(run));
    return store->frames(query);
}

Result<std::string> HostRuns::frameBytes(const std::string &run, int64_t id)
{
    ORRERY_ASSIGN(const std::shared_ptr<RunQueries> store, queries(run));
    return store->frameBytes(id);
}

Result<RunStatus> HostRuns::start(const std::string &run, int64_t steps)
{
    ORRERY_ASSIGN(const RunDirectory directory, open(run));
    ORRERY_TRY(directory.checkTrainable());
    if (steps < 0)
        return Error{ErrorCode::InvalidInput,
                     "Cannot start run \"" + directory.frozen().id + "\" with " + std::to_string(steps) +
                         " steps: expected 1 or more, or 0 to keep its total.",
                     "Give the new total number of steps."};
    {
        const std::lock_guard lock(m_mutex);
        if (!m_starting.insert(directory.path()).second)
            return Error{ErrorCode::Conflict,
                         "Cannot start run \"" + directory.frozen().id + "\": it is being started.",
                         "Wait a moment."};
    }
    Result<WorkerProcess> worker = startTraining(directory, TrainLaunch{steps, false, {}});
    {
        const std::lock_guard lock(m_mutex);
        m_starting.erase(directory.path());
        if (worker.ok()) m_children.push_back({directory, std::move(*worker)});
    }
    if (!worker.ok()) {
        logWarning("Start of run " + directory.frozen().id + " failed: " + worker.error().text());
        return worker.error();
    }
    return status(run);
}

Result<void> HostRuns::remove(const std::string &run)
{
    ORRERY_ASSIGN(const RunDirectory directory, open(run));
    if (directory.isOwned()) {
        const std::optional<WorkerInfo> owner = directory.liveWorker();
        return Error{ErrorCode::Conflict,
                     "Cannot delete run \"" + directory.frozen().id + "\": " +
                         (owner ? "worker " + std::to_string(owner->pid) : std::string("another process")) +
                         " owns it, expected nobody.",
                     "Stop it first."};
    }
    {
        const std::lock_guard lock(m_mutex);
        m_queries.remove_if([&](const auto &entry) { return entry.first == directory.path(); });
    }
    ORRERY_TRY(RunTrash(m_catalogue.runsDirectory().parent_path()).put(directory));
    return m_catalogue.forget(directory.path());
}

uint64_t HostRuns::numNotes(const std::filesystem::path &run)
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_numNotes.find(run);
    return found == m_numNotes.end() ? 0 : found->second;
}

bool HostRuns::isStarting()
{
    const std::lock_guard lock(m_mutex);
    return !m_starting.empty();
}

size_t HostRuns::reapChildren()
{
    std::vector<Child> ended;
    size_t numLiving = 0;
    {
        const std::lock_guard lock(m_mutex);
        const auto isAlive = [](Child &child) { return !child.process.wait(std::chrono::milliseconds(0)); };
        const auto firstEnded = std::stable_partition(m_children.begin(), m_children.end(), isAlive);
        std::move(firstEnded, m_children.end(), std::back_inserter(ended));
        m_children.erase(firstEnded, m_children.end());
        numLiving = m_children.size();
    }
    // Outside the lock: this reads and writes files.
    for (Child &child : ended)
        noteEndOfTraining(child.run, child.process.pid(),
                          child.process.wait(std::chrono::milliseconds(0)).value_or(0));
    WorkerProcess::reapForgotten();
    return numLiving;
}

} // namespace orrery
