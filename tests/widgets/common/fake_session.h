// SPDX-License-Identifier: GPL-3.0-or-later
// An engine that a test scripts: it remembers what it was asked, answers on the next turn of the event loop
// with what was put into its members, and can be told to fail or to wait. GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <QPointer>
#include <QTimer>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>

namespace orrery::ui {

/// One generation; the test emits its signals.
class FakeGeneration : public GenerationHandle {
public:
    void cancel() override { isCancelled = true; }
    bool isCancelled = false;
};

/// Drops the answer and counts when it is destroyed before that.
class FakeRequest : public PendingRequest {
public:
    FakeRequest(std::shared_ptr<bool> isWanted, int &numCancelled)
        : m_isWanted(std::move(isWanted)), m_numCancelled(numCancelled)
    {
    }
    ~FakeRequest() override
    {
        if (std::exchange(*m_isWanted, false)) ++m_numCancelled;
    }

private:
    std::shared_ptr<bool> m_isWanted;
    int &m_numCancelled;
};

class FakeSession : public EngineSession {
public:
    // What the engine knows.
    std::vector<RunStatus> runList;
    EngineInfo info{QStringLiteral("0.1.0"), QStringLiteral("Test CPU"), 2, quint64{16} << 30, 0, {},
                    QStringLiteral("/tmp")};
    ConnectionState state = ConnectionState::Connected;
    QString connectionError;
    std::map<QString, std::vector<RunEvent>> events;
    std::map<QString, std::vector<CheckpointInfo>> checkpoints;
    std::map<QString, QString> specs;
    std::map<QString, std::vector<SeriesData>> seriesData;
    QString dataDescription = QStringLiteral("{}");
    PluginListingValue plugins;
    std::map<QString, std::vector<FrameInfo>> frameInfos; ///< by run
    /// Content of a frame; without it, or where it gives nothing, a frame is not found.
    std::function<std::optional<AttentionFrame>(const QString &run, const FrameInfo &info)> frameContent;
    std::function<InspectReport(const QString &model, const InspectRequest &request)> inspection;
    /// The next request whose name is here ("control", "createRun" …) fails with the error, once.
    std::map<QString, Error> failNext;
    /// While true, answers wait for flush().
    bool isHolding = false;
    bool ignoresAfterId = false; ///< a page of listEvents begins at the first event whatever was asked

    // What it was asked.
    struct Control {
        QString run, verb;
        qint64 steps;
        SettingChange setting;
    };
    std::vector<Control> controls;
    std::map<QString, int> watchCounts;
    QStringList createdSpecs, startedRuns, deletedRuns, addedPaths, describedPaths, seriesQueries;
    std::vector<RunSpec> describedSpecs;
    std::vector<FrameQuery> frameQueries;
    std::vector<qint64> fetchedFrames;
    struct Inspection {
        QString model;
        InspectRequest request;
    };
    std::vector<Inspection> inspections;
    std::function<void(const InspectAmount &)> tellInspectAmount; ///< of the newest of them
    int numCancelledFrames = 0, numCancelledInspections = 0;
    int numReconnects = 0, numSpecQueries = 0, numEventPages = 0, numCancelledDescriptions = 0,
        numPluginQueries = 0;
    struct Generation {
        QString model;
        GenerateRequest request;
        QPointer<FakeGeneration> handle;
    };
    std::vector<Generation> generations;

    // What the test makes happen.
    void setRuns(std::vector<RunStatus> runs)
    {
        runList = std::move(runs);
        Q_EMIT runsChanged();
    }
    void setConnection(ConnectionState next, const QString &error = {})
    {
        state = next;
        connectionError = error;
        Q_EMIT connectionChanged();
    }
    void sendUpdate(const RunStatus &status, std::vector<RunEvent> newEvents = {})
    {
        RunUpdate update;
        update.run = QString::fromStdString(status.id);
        update.status = status;
        update.events = std::move(newEvents);
        Q_EMIT updated(update);
    }
    /// The live tail begins, begins again or has ended.
    void sendReplay(const QString &run)
    {
        RunUpdate update;
        update.run = run;
        update.status = statusOf(run);
        update.mustReplay = true;
        Q_EMIT updated(update);
    }
    void flush()
    {
        const auto waiting = std::exchange(m_waiting, {});
        for (const auto &answer : waiting) answer();
    }

    // EngineSession
    [[nodiscard]] ConnectionState connectionState() const override { return state; }
    [[nodiscard]] EngineInfo engine() const override { return info; }
    [[nodiscard]] QString lastError() const override { return connectionError; }
    void reconnect() override { ++numReconnects; }
    [[nodiscard]] const std::vector<RunStatus> &runs() const override { return runList; }
    void watch(const QString &run) override
    {
        ++watchCounts[run];
        later([this, run] {
            if (watchCounts[run] > 0) sendReplay(run);
        });
    }
    void unwatch(const QString &run) override { --watchCounts[run]; }

    void querySeries(const QString &run, const std::vector<std::string> &, qint64, qint64, int,
                     QObject *context, Reply<std::vector<SeriesData>> reply) override
    {
        seriesQueries << run;
        answer<std::vector<SeriesData>>("querySeries", context, reply,
                                        [this, run] { return seriesData[run]; });
    }
    void listEvents(const QString &run, qint64 afterId, QObject *context,
                    Reply<std::vector<RunEvent>> reply) override
    {
        answer<std::vector<RunEvent>>("listEvents", context, reply, [this, run, afterId] {
            std::vector<RunEvent> found;
            ++numEventPages;
            for (const RunEvent &event : events[run])
                if ((ignoresAfterId || event.id > afterId) && found.size() < size_t(kEventPage))
                    found.push_back(event);
            return found;
        });
    }
    void listCheckpoints(const QString &run, QObject *context,
                         Reply<std::vector<CheckpointInfo>> reply) override
    {
        answer<std::vector<CheckpointInfo>>("listCheckpoints", context, reply,
                                            [this, run] { return checkpoints[run]; });
    }
    void getSpec(const QString &run, QObject *context, Reply<QString> reply) override
    {
        ++numSpecQueries;
        answer<QString>("getSpec", context, reply, [this, run] { return specs[run]; });
    }
    void createRun(const QString &specJson, const QString &, bool, QObject *context,
                   Reply<RunStatus> reply) override
    {
        createdSpecs << specJson;
        answer<RunStatus>("createRun", context, reply, [] {
            RunStatus status;
            status.id = "new-run";
            status.state = RunState::Starting;
            return status;
        });
    }
    void startRun(const QString &run, qint64, QObject *context, Reply<RunStatus> reply) override
    {
        startedRuns << run;
        answer<RunStatus>("startRun", context, reply, [this, run] { return statusOf(run); });
    }
    void addRun(const QString &path, QObject *context, Reply<RunStatus> reply) override
    {
        addedPaths << path;
        answer<RunStatus>("addRun", context, reply, [] { return RunStatus{}; });
    }
    void deleteRun(const QString &run, QObject *context, Reply<void> reply) override
    {
        deletedRuns << run;
        later([this, context = QPointer<QObject>(context), reply] {
            if (!context) return;
            const auto failure = failNext.find(QStringLiteral("deleteRun"));
            if (failure == failNext.end()) {
                reply(Result<void>());
                return;
            }
            const Error error = failure->second;
            failNext.erase(failure);
            reply(error);
        });
    }
    void control(const QString &run, const QString &verb, qint64 steps, const SettingChange &setting,
                 QObject *context, Reply<RunStatus> reply) override
    {
        controls.push_back({run, verb, steps, setting});
        answer<RunStatus>("control", context, reply, [this, run] { return statusOf(run); });
    }
    std::unique_ptr<PendingRequest> describeData(const RunSpec &spec, QObject *context,
                                                 Reply<QString> reply) override
    {
        describedPaths << QString::fromStdString(spec.data.path);
        describedSpecs.push_back(spec);
        const auto isWanted = std::make_shared<bool>(true);
        const auto wanted = [isWanted, reply](Result<QString> description) {
            if (std::exchange(*isWanted, false)) reply(std::move(description));
        };
        answer<QString>("describeData", context, wanted, [this] { return dataDescription; });
        return std::make_unique<FakeRequest>(isWanted, numCancelledDescriptions);
    }
    void listFrames(const QString &run, const FrameQuery &query, QObject *context,
                    Reply<std::vector<FrameInfo>> reply) override
    {
        frameQueries.push_back(query);
        answer<std::vector<FrameInfo>>("listFrames", context, reply, [this, run, query] {
            std::vector<FrameInfo> found;
            for (const FrameInfo &info : frameInfos[run])
                if (info.kind == query.kind && info.prompt == query.prompt && info.id > query.afterId) found.push_back(info);
            return found;
        });
    }
    std::unique_ptr<PendingRequest> getFrame(const QString &run, qint64 id, QObject *context,
                                             Reply<AttentionFrame> reply) override
    {
        fetchedFrames.push_back(id);
        const auto isWanted = std::make_shared<bool>(true);
        later([this, run, id, isWanted, context = QPointer<QObject>(context), reply] {
            if (!context || !std::exchange(*isWanted, false)) return;
            if (const auto failure = failNext.find(QStringLiteral("getFrame")); failure != failNext.end()) {
                const Error error = failure->second;
                failNext.erase(failure);
                reply(error);
                return;
            }
            for (const FrameInfo &info : frameInfos[run])
                if (info.id == id && frameContent)
                    if (std::optional<AttentionFrame> frame = frameContent(run, info)) {
                        reply(std::move(*frame));
                        return;
                    }
            reply(Error{ErrorCode::NotFound, "Cannot read frame " + std::to_string(id) + ": it was thinned out.",
                        "Choose another step."});
        });
        return std::make_unique<FakeRequest>(isWanted, numCancelledFrames);
    }
    std::unique_ptr<PendingRequest> inspect(const QString &model, const InspectRequest &request, QObject *context,
                                            Reply<InspectReport> reply) override
    {
        inspections.push_back({model, request});
        const auto isWanted = std::make_shared<bool>(true);
        const auto wanted = [isWanted, reply](Result<InspectReport> report) {
            if (std::exchange(*isWanted, false)) reply(std::move(report));
        };
        answer<InspectReport>("inspect", context, wanted,
                              [this, model, request] { return inspection ? inspection(model, request) : InspectReport{}; });
        return std::make_unique<FakeRequest>(isWanted, numCancelledInspections);
    }
    std::unique_ptr<PendingRequest> inspectWatched(const QString &model, const InspectRequest &request, QObject *context,
                                                   std::function<void(const InspectAmount &)> onAmount,
                                                   Reply<InspectReport> reply) override
    {
        tellInspectAmount = std::move(onAmount);
        return inspect(model, request, context, std::move(reply));
    }
    std::unique_ptr<PendingRequest> editMemory(const QString &, const MemoryEdit &, QObject *context,
                                               Reply<MemoryReport> reply) override
    {
        answer<MemoryReport>("editMemory", context, reply, [] { return MemoryReport{}; });
        return std::make_unique<PendingRequest>();
    }
    void listPlugins(QObject *context, Reply<PluginListingValue> reply) override
    {
        ++numPluginQueries;
        answer<PluginListingValue>("listPlugins", context, reply, [this] { return plugins; });
    }
    std::unique_ptr<GenerationHandle> generate(const QString &model, const GenerateRequest &request) override
    {
        auto handle = std::make_unique<FakeGeneration>();
        generations.push_back({model, request, handle.get()});
        return handle;
    }

    /// Whether answers are still on their way.
    [[nodiscard]] bool isAnswering() const { return !m_waiting.empty(); }
    [[nodiscard]] RunStatus statusOf(const QString &run) const
    {
        const auto found =
            std::find_if(runList.begin(), runList.end(),
                         [id = run.toStdString()](const RunStatus &status) { return status.id == id; });
        return found == runList.end() ? RunStatus{} : *found;
    }

private:
    void later(std::function<void()> answer)
    {
        m_waiting.push_back(std::move(answer));
        if (!isHolding)
            QTimer::singleShot(0, this, [this] {
                if (!isHolding) flush();
            });
    }
    template <typename T>
    void answer(const char *name, QObject *context, Reply<T> reply, std::function<T()> value)
    {
        later([this, key = QString::fromLatin1(name), context = QPointer<QObject>(context), reply, value] {
            if (!context) return; // as the contract says
            const auto failure = failNext.find(key);
            if (failure == failNext.end()) {
                reply(Result<T>(value()));
                return;
            }
            const Error error = failure->second;
            failNext.erase(failure);
            reply(Result<T>(error));
        });
    }

    std::vector<std::function<void()>> m_waiting;
};

/// A run that looks real. @param createdAt orders the list
inline RunStatus fakeRun(const std::string &id, RunState state = RunState::Running, double createdAt = 1000)
{
    RunStatus status;
    status.id = id;
    status.name = id;
    status.directory = "/runs/" + id;
    status.state = state;
    status.step = state == RunState::Created ? 0 : 8'210;
    status.totalSteps = 20'000;
    status.createdAt = createdAt;
    status.lastReportAt = 10'000;
    status.elapsedSeconds = 1'722;
    status.loss = state == RunState::Created ? std::numeric_limits<double>::quiet_NaN() : 1.412;
    status.valLoss = 1.538;
    status.bestValLoss = 1.531;
    status.learningRate = 6.2e-4;
    status.gradNorm = 0.823;
    status.tokensPerSecond = 12'400;
    status.viewerPercent = 0.3;
    status.memoryBytes = quint64{1'310} << 20;
    status.numParameters = 7'100'000;
    status.device = "cpu";
    status.threads = 2;
    status.lastCheckpointStep = state == RunState::Created ? -1 : 8'000;
    return status;
}

} // namespace orrery::ui
