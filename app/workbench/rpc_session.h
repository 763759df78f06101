// SPDX-License-Identifier: GPL-3.0-or-later
// The window's engine over RPC: the host of this computer or of another, and another one at any time (switchTo). All waiting happens on threads of its own; results come to the GUI thread as
// events. Threads: one that keeps the connection and the list of runs, one per watched run, one for control, edits and
// notes in order, four for what is read and one for whole curves (of one run answered in order), a few for long requests, one per generation. The destructor cancels every call and every
// attempt to connect, and joins all of them: it takes no longer when the engine does not answer.
#pragma once

#include "app/workbench/answer_order.h"
#include "app/workbench/call_threads.h"
#include "app/workbench/host_pulse.h"
#include "core/rpc/client.h"
#include "core/rpc/host_connection.h"
#include "widgets/session/engine_session.h"

#include <QHash>
#include <QThreadPool>
#include <QTimer>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>

namespace orrery::ui {

class RpcSession final : public EngineSession {
    Q_OBJECT
public:
    static constexpr int kMaxReads = 4; ///< at a time; the feeds of panels ask as many
    /// @param firstPause before a lost host is tried again; then twice as long each time, up to 15 s
    /// @param silenceLimit a host that is there and says nothing for so long is told as Lost, with loss().isSilent: its
    /// connection stays, calls go on waiting, and all comes back when it answers
    explicit RpcSession(HostConnectOptions options, QObject *parent = nullptr,
                        std::chrono::milliseconds firstPause = std::chrono::seconds(1),
                        HostPulse::Duration silenceLimit = HostPulse::kLimit);
    ~RpcSession() override;

    /// From now on the engine of another host: runs of the one before are gone from the list at once, nothing of it
    /// comes any more, and what was asked of it is answered with Cancelled. Asked for the host that it has, it connects
    /// anew.
    void switchTo(HostConnectOptions options, const QString &name);
    /// What the user calls the host; empty: this computer.
    [[nodiscard]] QString hostName() const { return m_hostName; }
    /// Milliseconds of a round trip, asked every two seconds; NaN: not known.
    [[nodiscard]] double roundTripMs() const { return m_roundTripMs; }
    /// Whether the last attempt was refused (token, certificate, protocol): trying again alone will not help.
    [[nodiscard]] bool isRefused() const { return m_isRefused; }

    [[nodiscard]] ConnectionState connectionState() const override { return m_state; }
    [[nodiscard]] EngineInfo engine() const override { return m_engine; }
    [[nodiscard]] QString lastError() const override { return m_lastError; }
    void reconnect() override;
    [[nodiscard]] const std::vector<RunStatus> &runs() const override { return m_runs; }
    void watch(const QString &run) override;
    void unwatch(const QString &run) override;
    void querySeries(const QString &run, const std::vector<std::string> &series, qint64 fromStep, qint64 toStep,
                     int maxBuckets, QObject *context, Reply<std::vector<SeriesData>> reply) override;
    void listEvents(const QString &run, qint64 afterId, QObject *context, Reply<std::vector<RunEvent>> reply) override;
    void listCheckpoints(const QString &run, QObject *context, Reply<std::vector<CheckpointInfo>> reply) override;
    void getSpec(const QString &run, QObject *context, Reply<QString> reply) override;
    void createRun(const QString &specJson, const QString &directory, bool start, QObject *context,
                   Reply<RunStatus> reply) override;
    void startRun(const QString &run, qint64 steps, QObject *context, Reply<RunStatus> reply) override;
    void addRun(const QString &path, QObject *context, Reply<RunStatus> reply) override;
    void deleteRun(const QString &run, QObject *context, Reply<void> reply) override;
    void control(const QString &run, const QString &verb, qint64 steps, const SettingChange &setting, QObject *context,
                 Reply<RunStatus> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> describeData(const RunSpec &spec, QObject *context,
                                                               Reply<QString> reply) override;
    void listFrames(const QString &run, const FrameQuery &query, QObject *context,
                    Reply<std::vector<FrameInfo>> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> getFrame(const QString &run, qint64 id, QObject *context,
                                                           Reply<AttentionFrame> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> inspect(const QString &model, const InspectRequest &request,
                                                          QObject *context, Reply<InspectReport> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest>
    inspectWatched(const QString &model, const InspectRequest &request, QObject *context,
                   std::function<void(const InspectAmount &)> onAmount, Reply<InspectReport> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> editMemory(const QString &model, const MemoryEdit &edit,
                                                             QObject *context, Reply<MemoryReport> reply) override;
    void editRun(const QString &run, const RunEdit &edit, QObject *context, Reply<RunStatus> reply) override;
    void restoreRun(const QString &run, QObject *context, Reply<RunStatus> reply) override;
    void branchRun(const QString &run, qint64 step, const QString &changes, bool start, QObject *context,
                   Reply<RunStatus> reply) override;
    void annotate(const QString &run, qint64 step, const QString &text, QObject *context,
                  Reply<void> reply) override;
    void replaceNote(const QString &run, qint64 note, qint64 step, const QString &text, QObject *context,
                     Reply<void> reply) override;
    void listTrash(QObject *context, Reply<std::vector<DeletedRun>> reply) override;
    void emptyTrash(const TrashChoice &choice, QObject *context, Reply<std::vector<DeletedRun>> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest>
    importRunsWatched(const QString &path, QObject *context, std::function<void(const TransferAmount &)> onAmount,
                      Reply<ImportedRuns> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> importRuns(const QString &path, QObject *context,
                                                             Reply<ImportedRuns> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> exportRun(const QString &run, const QString &directory,
                                                            QObject *context, Reply<void> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> modelSettings(const QString &model, QObject *context,
                                                                Reply<QString> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> createRunFrom(const QString &model, const QString &specJson, bool start,
                                                                QObject *context, Reply<RunStatus> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> exportModel(const ModelExportRequest &request, QObject *context,
                                                              std::function<void(const TransferAmount &)> onAmount,
                                                              Reply<ModelExportSummary> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> consolidate(const ModelConsolidationRequest &request, QObject *context,
                                                              std::function<void(const ConsolidationAmount &)> onAmount,
                                                              Reply<ModelConsolidationSummary> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> tokenize(const QString &model, const QByteArray &text,
                                                           QObject *context,
                                                           Reply<std::vector<TokenPiece>> reply) override;
    void listPlugins(QObject *context, Reply<PluginListingValue> reply) override;
    std::unique_ptr<GenerationHandle> generate(const QString &model, const GenerateRequest &request) override;
    [[nodiscard]] ConnectionLoss loss() const override { return m_loss; }

Q_SIGNALS:
    /// The list of runs is empty by then; connectionChanged() follows.
    void hostSwitched();
    void roundTripChanged();

private:
    struct Watcher;
    using Client = std::shared_ptr<EngineClient>;
    /// Whose answers count: each switch begins another.
    using Era = uint64_t;

    /// What a change of the connection is about.
    struct News {
        ConnectionState state = ConnectionState::Unknown;
        QString error;
        EngineInfo engine;
        bool isRefused = false;
        double nextTry = 0; ///< Unix seconds
        bool isSilent = false;
    };

    /// @return null when there is no connection, or when `era` is over
    [[nodiscard]] Client client(Era era) const;
    void setClient(Era era, Client client);
    void superviseConnection();
    /// One connection from its beginning to its end. @return what ended it
    Error serveConnection(const HostConnectOptions &options, Era era, bool &wasConnected);
    void postConnection(Era era, const News &news);
    void askRoundTrip();
    void feelPulse();
    void replayWatchers();
    void dropWatchers();
    void followRun(const QString &run, const std::shared_ptr<Watcher> &watcher);
    void postUpdate(const QString &run, const std::shared_ptr<Watcher> &watcher);
    template <typename T>
    void call(QThreadPool &pool, QObject *context, Reply<T> reply,
              std::function<Result<T>(EngineClient &)> work, const CancelToken &token = {},
              const AnswerOrder::Ticket &ticket = {});
    template <typename T>
    void read(const QString &run, QObject *context, Reply<T> reply, std::function<Result<T>(EngineClient &)> work,
              QThreadPool *pool = nullptr);
    static Error switchedAway();
    static Error notConnected();
    static Error lostMeanwhile();

    const std::chrono::milliseconds m_firstPause;
    QString m_hostName;
    bool m_isRefused = false;
    double m_roundTripMs = std::numeric_limits<double>::quiet_NaN();
    bool m_isAskingRoundTrip = false;
    QTimer m_roundTripTimer; ///< and of the pulse
    HostPulse m_pulse;
    bool m_isLinked = false; ///< there is a connection; whether the host says anything over it is another question
    ConnectionState m_state = ConnectionState::Connecting;
    EngineInfo m_engine;
    QString m_lastError;
    ConnectionLoss m_loss;
    std::vector<RunStatus> m_runs;
    QHash<QString, std::shared_ptr<Watcher>> m_watchers;

    mutable std::mutex m_mutex; ///< guards m_client, m_options and what wakes the supervisor only
    std::condition_variable m_wake;
    HostConnectOptions m_options; ///< its token ends every call and every attempt of this era
    Client m_client;
    bool m_retryNow = false;
    std::atomic<Era> m_era{1};         ///< set on the GUI thread under m_mutex, read anywhere
    std::atomic<bool> m_ending{false}; ///< set under m_mutex, read anywhere
    QThreadPool m_pings;      ///< one thread: not behind anything
    AnswerOrder m_order;      ///< of what is read of one run
    QThreadPool m_reads;      ///< what the feeds ask at a time travels at a time
    QThreadPool m_wideReads;  ///< one thread: answers that fill a line; more at a time would come no sooner, and hold up a pause
    QThreadPool m_edits;      ///< one thread: control, edits and notes are done in order, and do not wait behind what is read
    QThreadPool m_frameCalls; ///< one thread: nothing small waits behind pictures
    QThreadPool m_longCalls;
    CallThreads m_threads; ///< of watched runs and generations
    std::thread m_supervisor;
};

} // namespace orrery::ui
