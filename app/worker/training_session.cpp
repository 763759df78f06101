// SPDX-License-Identifier: Apache-2.0
#include "app/worker/training_session.h"

#include "app/worker/process_setup.h"
#include "app/worker/run_recorder.h"
#include "app/worker/stop_signals.h"
#include "app/worker/thread_name.h"
#include "app/worker/worker_plugins.h"
#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/data/prepare_tokenizer.h"
#include "core/store/catalogue.h"
#include "core/store/failure_note.h"
#include "core/store/run_directory.h"
#include "core/store/run_store.h"
#include "core/tensorfile/checkpoint_files.h"
#include "core/train/training.h"
#ifdef ORRERY_HAS_RPC
#include "core/rpc/worker_server.h"
#endif

#include <algorithm>
#include <exception>
#include <future>
#include <optional>
#include <thread>
#include <unistd.h>

namespace orrery::worker {

namespace {

namespace fs = std::filesystem;

/// The steps of trainRun, with what they own in the order in which it must go again.
class TrainingSession {
public:
    TrainingSession(const TrainRequest &request, Display &display) : m_request(request), m_display(display) {}
    TrainOutcome run();

private:
    Result<void> open();
    Result<void> prepare();
    Result<RunState> train();
    Result<RunState> runTrainer(std::promise<Result<void>> created, std::future<void> isServed);
    Result<void> serve();
    void tell(EventKind kind, const std::string &text);
    void setStarting();
    void listen();
    void registerRun() const;
    Result<void> conclude(Result<RunState> outcome);
    [[nodiscard]] int64_t totalSteps() const;

    const TrainRequest &m_request;
    Display &m_display;
    LockFile m_lock;
    std::optional<RunDirectory> m_run;
    FailureFile m_failureFile;
    std::string m_lastEnd; ///< how the worker before ended, when run.db does not know
    RunData m_data;
    std::unique_ptr<RunRecorder> m_recorder;
    std::unique_ptr<Trainer> m_trainer;
#ifdef ORRERY_HAS_RPC
    std::unique_ptr<RunServer> m_server;
    std::atomic<RunServer *> m_publishedServer{nullptr};
#endif
    std::unique_ptr<RunWriter> m_writer; ///< gone before the server, which its listener feeds
    RunStatus m_status;
    TrainingStart m_start;
    int32_t m_attempt = 0;
    bool m_wasFinished = false;
    std::optional<RunStatus> m_refused; ///< what a refused request leaves as it was
};

std::string eventTextOf(const RunEvent &event)
{
    return std::string(eventKindName(event.kind)) + " at step " + std::to_string(event.step) + ": " +
           event.text;
}

int64_t TrainingSession::totalSteps() const
{
    return m_start.totalSteps > 0 ? m_start.totalSteps : m_run->frozen().spec.train.steps;
}

Result<void> TrainingSession::open()
{
    ORRERY_ASSIGN(m_run, RunDirectory::open(m_request.runDirectory));
    ORRERY_TRY(m_run->checkTrainable());
    m_status = m_run->status();
    ORRERY_ASSIGN(m_lock, m_run->lock("training"));
    if (const auto note = readFailureNote(m_run->path()); note && m_status.error.starts_with(note->text))
        m_lastEnd = m_status.error;
    ORRERY_ASSIGN(m_failureFile, FailureFile::reserve(m_run->path()));
    if (const auto log = initLog(m_run->logFile()); !log.ok()) logWarning(log.error().text());
    ORRERY_TRY(
        m_run->writeWorkerInfo({.pid = getpid(), .startedAt = wallSeconds(), .program = programText()}));
    ORRERY_TRY(cleanCheckpoints(m_run->checkpoints()));
    ORRERY_ASSIGN(m_writer, RunWriter::open(m_run->path()));
    const auto framesBytes = static_cast<uint64_t>(m_run->frozen().spec.probes.framesMegabytes) * 1'000'000;
    m_recorder = std::make_unique<RunRecorder>(*m_writer, m_display, framesBytes);
    return {};
}

void TrainingSession::setStarting()
{
    m_status.state = RunState::Starting;
    m_status.error.clear();
    m_status.trainerWaits = m_status.diskWaits = 0;
    m_status.device = m_run->frozen().spec.device;
    m_status.threads = m_run->frozen().spec.threads;
    m_recorder->onStatus(m_status);
}

void TrainingSession::tell(EventKind kind, const std::string &text)
{
    m_recorder->onEvent(
        {.step = m_status.step, .wallTime = wallSeconds(), .attempt = m_attempt, .kind = kind, .text = text});
}

void TrainingSession::registerRun() const
{
    if (const auto added = Catalogue(userDataDir()).add(m_run->path()); !added.ok())
        logWarning("The run is not in the list of runs: " + added.error().text());
}

Result<void> TrainingSession::prepare()
{
    const RunSpec &spec = m_run->frozen().spec;
    const RunStatus before = m_status;
    setStarting();
    registerRun();
    ORRERY_TRY(checkWorkerPlugins(spec)); // before minutes of tokenizing
    ORRERY_ASSIGN(m_start, findTrainingStart(*m_run));
    if (const auto changed = changeTotalSteps(m_start, *m_run, m_request.steps); !changed.ok()) {
        m_refused = before;
        return changed.error();
    }
    m_status.totalSteps = totalSteps();
    m_recorder->onStatus(m_status);
    if (m_start.step >= totalSteps()) {
        m_wasFinished = true;
        m_status.step = m_start.step;
        return {};
    }
    const auto progress = [this](uint64_t done, uint64_t total) { m_display.preparing(done, total); };
    RunSpec own = spec; // with the run's own tokenizer, which is made now at the latest
    ORRERY_ASSIGN(own.data, ensureSavedTokenizer({.data = spec.data,
                                                  .context = spec.model.context,
                                                  .seed = static_cast<uint64_t>(spec.seed),
                                                  .cacheDirectory = userCacheDir() / "shards",
                                                  .progress = progress,
                                                  .cancel = &stopSignals().flag()},
                                                 m_run->path()));
    ORRERY_ASSIGN(m_data, prepareRunData(own, userCacheDir() / "shards", progress, &stopSignals().flag()));
    ORRERY_ASSIGN(m_attempt, m_writer->beginAttempt(m_start.step));
    m_status.attempt = m_attempt;
    m_status.step = m_start.step;
    if (!m_lastEnd.empty()) tell(EventKind::Warning, "How the attempt before ended: " + m_lastEnd);
    if (m_start.step == 0 && !m_start.note.empty()) tell(EventKind::Warning, m_start.note);
    if (m_start.step == 0)
        for (const std::string &warning : m_data.warnings) tell(EventKind::Warning, warning);
    return {};
}

Result<void> TrainingSession::serve()
{
#ifdef ORRERY_HAS_RPC
    std::string socket = m_request.socket;
    if (socket.empty()) {
        const auto directory = runtimeDir();
        if (!directory.ok()) {
            tell(EventKind::Warning, "Nobody can watch this training: " + directory.error().text());
            return {};
        }
        socket = (*directory / ("run-" + std::to_string(getpid()) + ".sock")).string();
    }
    auto server = RunServer::start(socket, *m_run, *m_trainer);
    if (!server.ok()) {
        if (!m_request.socket.empty()) return server.error();
        tell(EventKind::Warning, "Nobody can watch this training: " + server.error().text());
        return {};
    }
    m_server = std::move(server).value();
    m_publishedServer = m_server.get();
    ORRERY_TRY(m_run->writeWorkerInfo(
        {.pid = getpid(), .socket = socket, .startedAt = wallSeconds(), .program = programText()}));
#endif
    return {};
}

void TrainingSession::listen()
{
    m_writer->setCommitListener(
        [this](const std::vector<StepReport> &reports, const std::vector<RunEvent> &events) {
            for (const RunEvent &event : events) logInfo(eventTextOf(event));
#ifdef ORRERY_HAS_RPC
            if (RunServer *server = m_publishedServer.load()) server->publish(reports, events);
#endif
        });
}

/// The body of the trainer thread.
Result<RunState> TrainingSession::runTrainer(std::promise<Result<void>> created, std::future<void> isServed)
{
    nameThread("trainer");
    prepareTensorThread(m_run->frozen().spec.threads);
    TrainingOptions options;
    options.startPaused = m_request.startPaused;
    options.preparePlugins = [this](const RunSpec &spec) -> Result<void> {
        ORRERY_TRY(loadWorkerPlugins(spec));
        tell(EventKind::Note, workerPluginsText());
        return {};
    };
    options.stopRequested = [this] { return stopSignals().isRequested() || m_writer->failure().has_value(); };
    options.waits = [this] { return m_writer->waits(); };
    options.lastFrameId = [this] { return m_writer->lastFrameId(); };
#ifdef ORRERY_HAS_RPC
    options.viewerCpuSeconds = [this] {
        const RunServer *server = m_publishedServer.load();
        return server ? server->viewerCpuSeconds() : 0.0;
    };
#endif
    auto trainer = createTrainer(*m_run, m_data, *m_recorder, m_start, m_attempt, options);
    if (!trainer.ok()) {
        created.set_value(trainer.error());
        return trainer.error();
    }
    m_trainer = std::move(trainer).value();
    created.set_value({});
    isServed.wait();
    return m_trainer->run();
}

Result<RunState> TrainingSession::train()
{
    std::promise<Result<void>> created;
    std::future<Result<void>> isCreated = created.get_future();
    std::promise<void> served;
    Result<RunState> outcome = RunState::Unknown;
    listen();
    std::thread thread([&, created = std::move(created), isServed = served.get_future()]() mutable {
        try {
            outcome = runTrainer(std::move(created), std::move(isServed));
        } catch (const std::exception &problem) {
            outcome = Error{ErrorCode::Internal,
                            std::string("Cannot go on training: ") + problem.what() +
                                ", expected no exception here.",
                            "This is a defect of the program; see log.jsonl in the run's folder."};
        }
    });
    Result<void> isReady;
    try {
        isReady = isCreated.get();
    } catch (const std::future_error &) {
        // An exception ended the thread before its promise; `outcome` has it.
        served.set_value();
        thread.join();
        return outcome;
    }
    if (isReady.ok()) isReady = serve();
    if (!isReady.ok() && m_trainer) (void)m_trainer->post({.verb = ControlVerb::Stop});
    served.set_value();
    thread.join();
    if (!isReady.ok()) return isReady.error();
    return outcome;
}

/// Last status and event, durable before the lock goes.
Result<void> TrainingSession::conclude(Result<RunState> outcome)
{
    if (m_writer->failure()) outcome = *m_writer->failure();
    const bool isInterrupted = stopSignals().isRequested() && outcome.ok() && *outcome == RunState::Stopped;
    if (m_trainer) {
        m_status = m_trainer->status();
        m_status.attempt = m_attempt;
    }
    Result<void> result;
    const bool isRefused = m_refused && !m_writer->failure();
    if (isRefused) {
        m_status = *m_refused;
        result = outcome.error();
        m_writer->setStatus(m_status); // no progress that a terminal would show
    } else if (outcome.ok()) {
        m_status.state = *outcome;
        if (isInterrupted)
            result = Error{ErrorCode::Cancelled,
                           "Cannot finish training \"" + m_status.id + "\": stopped by a signal at step " +
                               std::to_string(m_status.step) + ", expected " + std::to_string(totalSteps()) +
                               " steps.",
                           "Go on with orrery-engine resume " + m_status.id + "."};
    } else if (outcome.error().code == ErrorCode::Cancelled) {
        m_status.state = RunState::Stopped;
        result = outcome.error();
    } else {
        m_status.state = RunState::Failed;
        m_status.error = outcome.error().text();
        tell(EventKind::Failed, m_status.error);
        result = outcome.error();
        logError(m_status.error);
    }
    if (!isRefused) m_recorder->onStatus(m_status);
    if (const auto flushed = m_writer->flush(); !flushed.ok()) {
        // run.db did not take it, so it goes where the room for it was kept.
        if (result.ok()) result = flushed.error();
        m_status.state = RunState::Failed;
        m_status.error = result.error().text();
        if (const auto noted = m_failureFile.write({RunState::Failed, m_status.error}); !noted.ok())
            logError(noted.error().text());
    }
    return result;
}

TrainOutcome TrainingSession::run()
{
    if (auto opened = open(); !opened.ok()) {
        // Nothing when it was not even ours to open.
        (void)m_failureFile.write({RunState::Failed, opened.error().text()});
        return {m_status, opened.error()};
    }
    Result<RunState> outcome = RunState::Finished;
    if (auto prepared = prepare(); !prepared.ok())
        outcome = prepared.error();
    else if (!m_wasFinished)
        outcome = train();
    const Result<void> result = conclude(std::move(outcome));
    m_writer->setCommitListener({}); // viewers have heard all of it then
#ifdef ORRERY_HAS_RPC
    m_publishedServer = nullptr;
#endif
    m_writer.reset();
#ifdef ORRERY_HAS_RPC
    m_server.reset();
#endif
    return {m_status, result};
}

} // namespace

TrainOutcome trainRun(const TrainRequest &request, Display &display)
{
    return TrainingSession(request, display).run();
}

} // namespace orrery::worker
