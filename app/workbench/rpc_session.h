// SPDX-License-Identifier: GPL-3.0-or-later
// The window's engine over RPC. All waiting happens on threads of its own; results come to the GUI thread as
// events. Threads: one that keeps the connection and the list of runs, one per watched run, one for short
// requests in order, a few for long ones, one per generation. The destructor cancels every call and every
// attempt to connect, and joins all of them: it takes no longer when the engine does not answer.
#pragma once

#include "app/workbench/call_threads.h"
#include "core/rpc/client.h"
#include "core/rpc/host_connection.h"
#include "widgets/session/engine_session.h"

#include <QHash>
#include <QThreadPool>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace orrery::ui {

class RpcSession final : public EngineSession {
    Q_OBJECT
public:
    /// @param firstPause before a lost host is tried again; then twice as long each time, up to 15 s
    explicit RpcSession(HostConnectOptions options, QObject *parent = nullptr,
                        std::chrono::milliseconds firstPause = std::chrono::seconds(1));
    ~RpcSession() override;

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
    [[nodiscard]] std::unique_ptr<PendingRequest> editMemory(const QString &model, const MemoryEdit &edit,
                                                             QObject *context, Reply<MemoryReport> reply) override;
    void editRun(const QString &run, const RunEdit &edit, QObject *context, Reply<RunStatus> reply) override;
    void restoreRun(const QString &run, QObject *context, Reply<RunStatus> reply) override;
    void branchRun(const QString &run, qint64 step, const QString &changes, bool start, QObject *context,
                   Reply<RunStatus> reply) override;
    void annotate(const QString &run, qint64 step, const QString &text, QObject *context,
                  Reply<void> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> importRuns(const QString &path, QObject *context,
                                                             Reply<ImportedRuns> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> exportRun(const QString &run, const QString &directory,
                                                            QObject *context, Reply<void> reply) override;
    [[nodiscard]] std::unique_ptr<PendingRequest> tokenize(const QString &model, const QByteArray &text,
                                                           QObject *context,
                                                           Reply<std::vector<TokenPiece>> reply) override;
    void listPlugins(QObject *context, Reply<PluginListingValue> reply) override;
    std::unique_ptr<GenerationHandle> generate(const QString &model, const GenerateRequest &request) override;

private:
    struct Watcher;
    using Client = std::shared_ptr<EngineClient>;

    [[nodiscard]] Client client() const;
    void setClient(Client client);
    void superviseConnection();
    void postConnection(ConnectionState state, const QString &error, const EngineInfo &engine);
    void followRun(const QString &run, const std::shared_ptr<Watcher> &watcher);
    void postUpdate(const QString &run, const std::shared_ptr<Watcher> &watcher);
    template <typename T>
    void call(QThreadPool &pool, QObject *context, Reply<T> reply,
              std::function<Result<T>(EngineClient &)> work, const CancelToken &token = {});

    HostConnectOptions m_options;
    const std::chrono::milliseconds m_firstPause;
    ConnectionState m_state = ConnectionState::Connecting;
    EngineInfo m_engine;
    QString m_lastError;
    std::vector<RunStatus> m_runs;
    QHash<QString, std::shared_ptr<Watcher>> m_watchers;

    mutable std::mutex m_mutex; ///< guards m_client and what wakes the supervisor only
    std::condition_variable m_wake;
    Client m_client;
    bool m_retryNow = false;
    std::atomic<bool> m_ending{false}; ///< set under m_mutex, read anywhere
    CancelToken m_endToken;            ///< of every connection, and so of every call
    QThreadPool m_shortCalls; ///< one thread: answers come in order
    QThreadPool m_frameCalls; ///< one thread: pause and stop do not wait behind pictures
    QThreadPool m_longCalls;
    CallThreads m_threads; ///< of watched runs and generations
    std::thread m_supervisor;
};

} // namespace orrery::ui
