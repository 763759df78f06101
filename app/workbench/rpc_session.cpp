// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/rpc_session.h"

#include "app/workbench/host_place.h"
#include "app/workbench/rpc_generation.h"
#include "app/workbench/rpc_session_call.h"

#include <QPointer>
#include <QtGlobal>

#include <utility>

namespace orrery::ui {

using namespace std::chrono_literals;

/// What a watch thread collects and the GUI thread takes: at most one event is under way however fast batches come.
struct RpcSession::Watcher {
    int count = 0; ///< GUI thread only
    CancelToken token;
    uint64_t era = 0;
    std::mutex mutex;
    RunUpdate pending; ///< keeps the newest status when it is taken
    bool isPosted = false;
    bool isAttached = false; ///< a stream has sent something and has not ended
};

namespace {

/// More than this waits for a stalled window only as a gap that is queried again.
constexpr size_t kMaxPendingReports = 20'000;

void mergeBatch(RunUpdate &pending, const WatchBatch &batch)
{
    pending.status = batch.status;
    pending.mustReplay = pending.mustReplay || batch.mustReplay;
    pending.events.insert(pending.events.end(), batch.events.begin(), batch.events.end());
    if (batch.numDropped > 0) {
        pending.firstDroppedStep = pending.numDropped == 0 ? batch.firstDroppedStep
                                                           : std::min<qint64>(pending.firstDroppedStep, batch.firstDroppedStep);
        pending.numDropped += batch.numDropped;
    }
    if (pending.reports.size() + batch.reports.size() > kMaxPendingReports && !pending.reports.empty()) {
        pending.firstDroppedStep = pending.numDropped == 0 ? pending.reports.front().step
                                                           : std::min<qint64>(pending.firstDroppedStep, pending.reports.front().step);
        pending.numDropped += pending.reports.size();
        pending.reports.clear();
    }
    pending.reports.insert(pending.reports.end(), batch.reports.begin(), batch.reports.end());
}

ControlVerb verbFromName(const QString &verb)
{
    static const QHash<QString, ControlVerb> verbs = {
        {QStringLiteral("pause"), ControlVerb::Pause},           {QStringLiteral("continue"), ControlVerb::Continue},
        {QStringLiteral("step"), ControlVerb::StepN},            {QStringLiteral("checkpoint"), ControlVerb::Checkpoint},
        {QStringLiteral("stop"), ControlVerb::Stop},             {QStringLiteral("set"), ControlVerb::Set},
        {QStringLiteral("break"), ControlVerb::Break},           {QStringLiteral("unbreak"), ControlVerb::Unbreak}};
    return verbs.value(verb, ControlVerb::Unknown);
}

} // namespace

Error RpcSession::switchedAway()
{
    return {ErrorCode::Cancelled, "The window works with another host now.", "Ask again there."};
}

Error RpcSession::notConnected()
{
    return {ErrorCode::Unavailable, "Cannot reach the engine: no connection.", "Press Retry in the banner, or wait for it to come back."};
}

Error RpcSession::lostMeanwhile()
{
    return {ErrorCode::Unavailable, "Cannot reach the engine: the connection was lost before the answer came.",
            "It is made again by itself; ask again then."};
}

RpcSession::RpcSession(HostConnectOptions options, QObject *parent, std::chrono::milliseconds firstPause,
                       HostPulse::Duration silenceLimit)
    : EngineSession(parent), m_firstPause(firstPause), m_hostName(QString::fromStdString(options.remote.name)),
      m_pulse(silenceLimit), m_options(std::move(options))
{
    m_options.token = CancelToken();
    m_engine.isOfThisComputer = isLocalTarget(m_options);
    m_pings.setMaxThreadCount(1);
    m_reads.setMaxThreadCount(kMaxReads);
    m_wideReads.setMaxThreadCount(1);
    m_edits.setMaxThreadCount(1);
    m_frameCalls.setMaxThreadCount(1);
    m_longCalls.setMaxThreadCount(4);
    connect(&m_roundTripTimer, &QTimer::timeout, this, [this] {
        feelPulse();
        askRoundTrip();
    });
    m_roundTripTimer.start(m_pulse.interval());
    m_supervisor = std::thread([this] { superviseConnection(); });
}

RpcSession::~RpcSession()
{
    CancelToken last;
    {
        // Under the lock: a supervisor between its look at the flag and its wait must not miss the wake-up.
        const std::lock_guard lock(m_mutex);
        m_ending = true;
        last = m_options.token;
    }
    m_wake.notify_all();
    last.cancel(); // calls under way and calls to come, also of a connection that is being made
    m_threads.cancelAndJoin();
    m_pings.waitForDone();
    m_reads.waitForDone();
    m_wideReads.waitForDone();
    m_edits.waitForDone();
    m_frameCalls.waitForDone();
    m_longCalls.waitForDone();
    m_supervisor.join();
}

void RpcSession::watch(const QString &run)
{
    auto &watcher = m_watchers[run];
    if (!watcher) watcher = std::make_shared<Watcher>();
    if (++watcher->count > 1) {
        const std::lock_guard lock(watcher->mutex);
        if (!watcher->isAttached) return; // it will be, and tells then
        watcher->pending.mustReplay = true;
        postUpdate(run, watcher);
        return;
    }
    watcher->pending.run = run;
    watcher->era = m_era;
    m_threads.start("watch", watcher->token, [this, run, watcher = watcher] { followRun(run, watcher); });
}

void RpcSession::unwatch(const QString &run)
{
    const auto found = m_watchers.find(run);
    if (found == m_watchers.end() || --found.value()->count > 0) return;
    found.value()->token.cancel();
    m_watchers.erase(found);
}

void RpcSession::dropWatchers()
{
    for (const auto &watcher : std::as_const(m_watchers)) watcher->token.cancel();
    m_watchers.clear();
}

/// A host that was silent answers again. Its streams stayed and go on, and say what they dropped; to be sure, each watcher asks
/// for what it may not have.
void RpcSession::replayWatchers()
{
    for (auto it = m_watchers.cbegin(); it != m_watchers.cend(); ++it) {
        const std::lock_guard lock(it.value()->mutex);
        if (!it.value()->isAttached) continue; // it will be, and tells then
        it.value()->pending.mustReplay = true;
        postUpdate(it.key(), it.value());
    }
}

/// The body of a watch thread: follows the run until nobody watches it any more. A stream that ends (the link
/// is lost or the run is gone) is tried again calmly; its first batch asks for a replay.
void RpcSession::followRun(const QString &run, const std::shared_ptr<Watcher> &watcher)
{
    std::weak_ptr<EngineClient> refusedBy;
    while (!watcher->token.isCancelled() && !m_ending) {
        if (const Client current = client(watcher->era)) {
            (void)current->watch(
                run.toStdString(),
                [&](const WatchBatch &batch) {
                    if (watcher->token.isCancelled()) return false;
                    m_pulse.hear();
                    const std::lock_guard lock(watcher->mutex);
                    watcher->isAttached = true;
                    mergeBatch(watcher->pending, batch);
                    postUpdate(run, watcher);
                    return true;
                },
                watcher->token);
            const std::lock_guard lock(watcher->mutex);
            if (!std::exchange(watcher->isAttached, false) && refusedBy.lock() != current) {
                // No live reports from this engine (too many viewers, say): the history can be shown all the
                // same.
                refusedBy = current;
                watcher->pending.mustReplay = true;
                postUpdate(run, watcher);
            }
        }
        for (int i = 0; i < 10 && !watcher->token.isCancelled() && !m_ending; ++i)
            std::this_thread::sleep_for(50ms);
    }
}

/// Has what is pending signalled on the GUI thread. The watcher's mutex is held.
void RpcSession::postUpdate(const QString &run, const std::shared_ptr<Watcher> &watcher)
{
    if (std::exchange(watcher->isPosted, true)) return;
    QMetaObject::invokeMethod(
        this,
        [this, run, watcher] {
            if (m_watchers.value(run) != watcher) return;
            RunUpdate update;
            {
                const std::lock_guard lock(watcher->mutex);
                update = std::exchange(watcher->pending, RunUpdate{});
                watcher->pending.run = run;
                watcher->pending.status = update.status;
                watcher->isPosted = false;
            }
            Q_EMIT updated(update);
        },
        Qt::QueuedConnection);
}

void RpcSession::createRun(const QString &specJson, const QString &directory, bool start, QObject *context,
                           Reply<RunStatus> reply)
{
    call<RunStatus>(m_longCalls, context, std::move(reply),
                    [json = specJson.toStdString(), where = directory.toStdString(), start](EngineClient &engine) {
                        return engine.createRun(json, where, start);
                    });
}

void RpcSession::startRun(const QString &run, qint64 steps, QObject *context, Reply<RunStatus> reply)
{
    call<RunStatus>(m_longCalls, context, std::move(reply),
                    [name = run.toStdString(), steps](EngineClient &engine) { return engine.startRun(name, steps); });
}

void RpcSession::addRun(const QString &path, QObject *context, Reply<RunStatus> reply)
{
    call<RunStatus>(m_longCalls, context, std::move(reply),
                    [where = path.toStdString()](EngineClient &engine) { return engine.addRun(where); });
}

void RpcSession::deleteRun(const QString &run, QObject *context, Reply<void> reply)
{
    call<void>(m_longCalls, context, std::move(reply),
               [name = run.toStdString()](EngineClient &engine) { return engine.deleteRun(name); });
}

void RpcSession::control(const QString &run, const QString &verb, qint64 steps, const SettingChange &setting,
                         QObject *context, Reply<RunStatus> reply)
{
    const ControlCommand command{verbFromName(verb), steps, setting};
    call<RunStatus>(m_edits, context, std::move(reply),
                    [name = run.toStdString(), command](EngineClient &engine) { return engine.control(name, command); });
}

std::unique_ptr<PendingRequest> RpcSession::describeData(const RunSpec &spec, QObject *context,
                                                         Reply<QString> reply)
{
    DataRequest request;
    request.path = spec.data.path;
    request.tokenizer = spec.data.tokenizer;
    request.specialTokens = spec.data.specialTokens;
    request.valFraction = spec.data.valFraction;
    request.context = spec.model.context;
    request.seed = spec.seed;
    request.imageSize = spec.model.media.imageSize;
    request.patchSize = spec.model.media.patchSize;
    request.numModalities = spec.model.attention.numModalities;
    request.audioTokens = spec.model.media.audioTokens;
    auto pending = std::make_unique<RpcRequest>();
    call<QString>(
        m_longCalls, context, std::move(reply),
        [request, token = pending->token](EngineClient &engine) -> Result<QString> {
            ORRERY_ASSIGN(const std::string json, engine.describeData(request, token));
            return QString::fromStdString(json);
        },
        pending->token);
    return pending;
}

std::unique_ptr<PendingRequest> RpcSession::inspect(const QString &model, const InspectRequest &request,
                                                    QObject *context, Reply<InspectReport> reply)
{
    return inspectWatched(model, request, context, {}, std::move(reply));
}

std::unique_ptr<PendingRequest>
RpcSession::inspectWatched(const QString &model, const InspectRequest &request, QObject *context,
                           std::function<void(const InspectAmount &)> onAmount, Reply<InspectReport> reply)
{
    auto pending = std::make_unique<RpcRequest>();
    // As in importRunsWatched().
    std::function<void(const InspectAmount &)> tell;
    if (onAmount)
        tell = [this, guard = QPointer<QObject>(context), onAmount = std::move(onAmount),
                token = pending->token](const InspectAmount &amount) {
            QMetaObject::invokeMethod(this, [guard, onAmount, token, amount] {
                if (guard && !token.isCancelled()) onAmount(amount);
            });
        };
    call<InspectReport>(
        m_longCalls, context, std::move(reply),
        [name = model.toStdString(), request, tell = std::move(tell), token = pending->token](EngineClient &engine) {
            return engine.inspect(name, request, token, tell);
        },
        pending->token);
    return pending;
}

std::unique_ptr<PendingRequest> RpcSession::editMemory(const QString &model, const MemoryEdit &edit,
                                                       QObject *context, Reply<MemoryReport> reply)
{
    auto pending = std::make_unique<RpcRequest>();
    call<MemoryReport>(
        m_longCalls, context, std::move(reply),
        [name = model.toStdString(), edit, token = pending->token](EngineClient &engine) {
            return engine.editMemory(name, edit, token);
        },
        pending->token);
    return pending;
}

void RpcSession::editRun(const QString &run, const RunEdit &edit, QObject *context, Reply<RunStatus> reply)
{
    call<RunStatus>(m_edits, context, std::move(reply),
                    [name = run.toStdString(), edit](EngineClient &engine) { return engine.editRun(name, edit); });
}

void RpcSession::restoreRun(const QString &run, QObject *context, Reply<RunStatus> reply)
{
    call<RunStatus>(m_longCalls, context, std::move(reply),
                    [name = run.toStdString()](EngineClient &engine) { return engine.restoreRun(name); });
}

void RpcSession::branchRun(const QString &run, qint64 step, const QString &changes, bool start, QObject *context,
                           Reply<RunStatus> reply)
{
    const BranchRequest request{run.toStdString(), step, changes.toStdString(), {}, start};
    call<RunStatus>(m_longCalls, context, std::move(reply),
                    [request](EngineClient &engine) { return engine.branchRun(request); });
}

void RpcSession::annotate(const QString &run, qint64 step, const QString &text, QObject *context,
                          Reply<void> reply)
{
    call<void>(m_edits, context, std::move(reply),
               [name = run.toStdString(), step, note = text.toStdString()](EngineClient &engine) {
                   return engine.annotate(name, step, note);
               });
}

void RpcSession::replaceNote(const QString &run, qint64 note, qint64 step, const QString &text, QObject *context,
                             Reply<void> reply)
{
    call<void>(m_edits, context, std::move(reply),
               [name = run.toStdString(), correction = RunNote{step, text.toStdString(), note}](EngineClient &engine) {
                   return engine.replaceNote(name, correction);
               });
}

void RpcSession::listTrash(QObject *context, Reply<std::vector<DeletedRun>> reply)
{
    call<std::vector<DeletedRun>>(m_longCalls, context, std::move(reply),
                                  [](EngineClient &engine) { return engine.listTrash(); });
}

void RpcSession::emptyTrash(const TrashChoice &choice, QObject *context, Reply<std::vector<DeletedRun>> reply)
{
    call<std::vector<DeletedRun>>(m_longCalls, context, std::move(reply),
                                  [choice](EngineClient &engine) { return engine.emptyTrash(choice); });
}

std::unique_ptr<PendingRequest> RpcSession::importRuns(const QString &path, QObject *context,
                                                       Reply<ImportedRuns> reply)
{
    return importRunsWatched(path, context, {}, std::move(reply));
}

std::unique_ptr<PendingRequest>
RpcSession::importRunsWatched(const QString &path, QObject *context, std::function<void(const TransferAmount &)> onAmount,
                              Reply<ImportedRuns> reply)
{
    auto pending = std::make_unique<RpcRequest>();
    // As in exportModel(): what is told comes before the reply or finds nobody.
    const auto tell = [this, guard = QPointer<QObject>(context), onAmount = std::move(onAmount),
                       token = pending->token](const TransferAmount &amount) {
        QMetaObject::invokeMethod(this, [guard, onAmount, token, amount] {
            if (guard && onAmount && !token.isCancelled()) onAmount(amount);
        });
    };
    call<ImportedRuns>(
        m_longCalls, context, std::move(reply),
        [where = path.toStdString(), tell, token = pending->token](EngineClient &engine) -> Result<ImportedRuns> {
            ORRERY_ASSIGN(ImportReply imported, engine.importRuns(where, token, tell));
            ImportedRuns value{std::move(imported.runs), imported.numPoints, imported.numSkipped, {}};
            for (const std::string &note : imported.notes) value.notes << QString::fromStdString(note);
            return value;
        },
        pending->token);
    return pending;
}

std::unique_ptr<PendingRequest> RpcSession::exportRun(const QString &run, const QString &directory,
                                                      QObject *context, Reply<void> reply)
{
    auto pending = std::make_unique<RpcRequest>();
    call<void>(
        m_longCalls, context, std::move(reply),
        [name = run.toStdString(), where = directory.toStdString(), token = pending->token](EngineClient &engine) {
            return engine.exportRun(name, where, token);
        },
        pending->token);
    return pending;
}

std::unique_ptr<PendingRequest> RpcSession::tokenize(const QString &model, const QByteArray &text,
                                                     QObject *context, Reply<std::vector<TokenPiece>> reply)
{
    auto pending = std::make_unique<RpcRequest>();
    call<std::vector<TokenPiece>>(
        m_longCalls, context, std::move(reply),
        [name = model.toStdString(), bytes = text.toStdString(), token = pending->token](EngineClient &engine) {
            return engine.tokenize(name, bytes, token);
        },
        pending->token);
    return pending;
}

std::unique_ptr<GenerationHandle> RpcSession::generate(const QString &model, const GenerateRequest &request)
{
    CancelToken connection;
    {
        const std::lock_guard lock(m_mutex);
        connection = m_options.token;
    }
    return std::make_unique<RpcGeneration>(client(m_era), connection, model, request, m_threads);
}

} // namespace orrery::ui
