// SPDX-License-Identifier: GPL-3.0-or-later
// An engine session for tests and pictures: runs made of points in memory, answered in buckets as the store
// does, at once or when the test says so. GUI thread only.
#pragma once

#include "core/spec/run_notes.h"
#include "widgets/curves/series_buffer.h"
#include "widgets/session/engine_session.h"

#include <QPointer>
#include <QTimer>

#include <algorithm>
#include <cmath>
#include <map>

namespace orrery::ui::test {

struct FakePoint {
    int64_t step;
    double wallTime;
    int32_t attempt;
    double value;
    bool isSuperseded = false;
};

inline SeriesBucket bucketOf(const FakePoint &point)
{
    const bool isFinite = std::isfinite(point.value);
    const double value = isFinite ? point.value : std::nan("");
    return {.firstStep = point.step,
            .lastStep = point.step,
            .firstWallTime = point.wallTime,
            .lastWallTime = point.wallTime,
            .minimum = value,
            .maximum = value,
            .mean = value,
            .last = point.value,
            .numPoints = 1,
            .numNonFinite = isFinite ? 0u : 1u,
            .attempt = point.attempt,
            .isSuperseded = point.isSuperseded};
}

/// At most maxBuckets buckets for each attempt and supersession, all of the same number of points.
inline std::vector<SeriesBucket> bucketsOf(const std::vector<FakePoint> &points, int64_t from, int64_t to,
                                           int maxBuckets)
{
    std::vector<SeriesBucket> result;
    std::vector<const FakePoint *> chosen;
    for (const FakePoint &point : points)
        if (point.step >= from && point.step <= to) chosen.push_back(&point);
    const size_t perBucket =
        std::max<size_t>(1, (chosen.size() + size_t(maxBuckets) - 1) / size_t(maxBuckets));
    for (const FakePoint *point : chosen) {
        const SeriesBucket one = bucketOf(*point);
        const bool joins = !result.empty() && result.back().numPoints < perBucket &&
                           result.back().attempt == one.attempt &&
                           result.back().isSuperseded == one.isSuperseded;
        if (joins)
            result.back() = mergedBuckets(result.back(), one);
        else
            result.push_back(one);
    }
    return result;
}

class FakeSession : public EngineSession {
public:
    using EngineSession::EngineSession;

    std::map<QString, std::map<std::string, std::vector<FakePoint>>> points;
    std::map<QString, std::vector<RunEvent>> events;
    std::map<QString, std::vector<CheckpointInfo>> checkpoints;
    std::vector<RunStatus> statuses;
    ConnectionState state = ConnectionState::Connected;
    std::map<QString, QString> specs; ///< spec.json of a run
    std::optional<Error> seriesError, noteError;
    bool answersAtOnce = true;
    bool attachesAtOnce = true; ///< else when the test calls replay()
    std::vector<std::function<void()>> waiting;
    std::map<QString, int> watches;
    int numSpecsAsked = 0;
    struct Query {
        QString run;
        qint64 from, to;
        int maxBuckets;
    };
    std::vector<Query> queries;

    void answerAll()
    {
        for (auto &answer : std::exchange(waiting, {})) answer();
    }
    void addRun(const QString &id, RunState state)
    {
        RunStatus status;
        status.id = status.name = id.toStdString();
        status.state = state;
        statuses.push_back(status);
    }
    /// Adds the reports' points to the store and tells the viewers.
    void report(const QString &run, const std::vector<StepReport> &reports, quint64 numDropped = 0)
    {
        RunUpdate update;
        update.run = run;
        for (const RunStatus &status : statuses)
            if (status.id == run.toStdString()) update.status = status;
        for (const StepReport &one : reports)
            for (const MetricValue &metric : one.values)
                points[run][metric.series].push_back({one.step, one.wallTime, one.attempt, metric.value});
        if (numDropped == 0) update.reports = reports;
        update.numDropped = numDropped;
        update.firstDroppedStep = numDropped > 0 && !reports.empty() ? reports.front().step : 0;
        Q_EMIT updated(update);
    }

    /// The live tail begins, begins again or has ended.
    void replay(const QString &run)
    {
        RunUpdate update;
        update.run = run;
        for (const RunStatus &status : statuses)
            if (status.id == run.toStdString()) update.status = status;
        update.mustReplay = true;
        Q_EMIT updated(update);
    }

    [[nodiscard]] ConnectionState connectionState() const override { return state; }
    [[nodiscard]] EngineInfo engine() const override { return {}; }
    [[nodiscard]] QString lastError() const override { return {}; }
    void reconnect() override {}
    [[nodiscard]] const std::vector<RunStatus> &runs() const override { return statuses; }
    void watch(const QString &run) override
    {
        ++watches[run];
        if (attachesAtOnce) replay(run);
    }
    void unwatch(const QString &run) override { --watches[run]; }

    void querySeries(const QString &run, const std::vector<std::string> &series, qint64 fromStep,
                     qint64 toStep, int maxBuckets, QObject *context,
                     Reply<std::vector<SeriesData>> reply) override
    {
        queries.push_back({run, fromStep, toStep, maxBuckets});
        later(context, [this, run, series, fromStep, toStep, maxBuckets, reply = std::move(reply)] {
            if (seriesError) {
                reply(*seriesError);
                return;
            }
            std::vector<SeriesData> answer;
            for (const std::string &name : series) {
                const auto &all = points[run][name];
                answer.push_back({name, all.size(), bucketsOf(all, fromStep, toStep, maxBuckets)});
            }
            reply(std::move(answer));
        });
    }
    void listEvents(const QString &run, qint64 afterId, QObject *context,
                    Reply<std::vector<RunEvent>> reply) override
    {
        later(context, [this, run, afterId, reply = std::move(reply)] {
            std::vector<RunEvent> page;
            for (const RunEvent &event : events[run])
                if (event.id > afterId && page.size() < size_t(kEventPage)) page.push_back(event);
            reply(std::move(page));
        });
    }
    void listCheckpoints(const QString &run, QObject *context,
                         Reply<std::vector<CheckpointInfo>> reply) override
    {
        later(context, [this, run, reply = std::move(reply)] { reply(checkpoints[run]); });
    }
    void getSpec(const QString &run, QObject *context, Reply<QString> reply) override
    {
        ++numSpecsAsked;
        later(context, [this, run, reply = std::move(reply)] {
            const auto found = specs.find(run);
            if (found != specs.end())
                reply(found->second);
            else
                reply(Error{ErrorCode::NotFound, "Cannot read the spec of \"" + run.toStdString() + "\": found none.",
                            "Look into its folder."});
        });
    }
    /// As for a run that rests: the event is stored, and nobody tells of it.
    void annotate(const QString &run, qint64 step, const QString &text, QObject *context, Reply<void> reply) override
    {
        later(context, [this, run, step, text, reply = std::move(reply)] {
            if (noteError) {
                reply(*noteError);
                return;
            }
            events[run].push_back({.id = int64_t(events[run].size()) + 1,
                                   .step = step,
                                   .wallTime = 3e9,
                                   .kind = EventKind::Note,
                                   .text = text.toStdString(),
                                   .payload = R"({"annotation":true})"});
            reply(Result<void>());
        });
    }
    void replaceNote(const QString &run, qint64 note, qint64 step, const QString &text, QObject *context,
                     Reply<void> reply) override
    {
        later(context, [this, run, note, step, text, reply = std::move(reply)] {
            if (noteError) {
                reply(*noteError);
                return;
            }
            events[run].push_back({.id = int64_t(events[run].size()) + 1,
                                   .step = step,
                                   .wallTime = 3.1e9,
                                   .kind = EventKind::Note,
                                   .text = text.toStdString(),
                                   .payload = notePayload(note)});
            reply(Result<void>());
        });
    }
    void createRun(const QString &, const QString &, bool, QObject *, Reply<RunStatus>) override {}
    void startRun(const QString &, qint64, QObject *, Reply<RunStatus>) override {}
    void addRun(const QString &, QObject *, Reply<RunStatus>) override {}
    void deleteRun(const QString &, QObject *, Reply<void>) override {}
    void control(const QString &, const QString &, qint64, const SettingChange &, QObject *,
                 Reply<RunStatus>) override
    {
    }
    std::unique_ptr<PendingRequest> describeData(const RunSpec &, QObject *, Reply<QString>) override
    {
        return nullptr;
    }
    void listFrames(const QString &, const FrameQuery &, QObject *, Reply<std::vector<FrameInfo>>) override {}
    std::unique_ptr<PendingRequest> getFrame(const QString &, qint64, QObject *, Reply<AttentionFrame>) override
    {
        return nullptr;
    }
    std::unique_ptr<PendingRequest> inspect(const QString &, const InspectRequest &, QObject *,
                                            Reply<InspectReport>) override
    {
        return nullptr;
    }
    std::unique_ptr<PendingRequest> editMemory(const QString &, const MemoryEdit &, QObject *,
                                               Reply<MemoryReport>) override
    {
        return nullptr;
    }
    void listPlugins(QObject *, Reply<PluginListingValue>) override {}
    std::unique_ptr<GenerationHandle> generate(const QString &, const GenerateRequest &) override
    {
        return nullptr;
    }

private:
    void later(QObject *context, std::function<void()> answer)
    {
        if (answersAtOnce) {
            answer();
            return;
        }
        waiting.push_back([guard = QPointer<QObject>(context), answer = std::move(answer)] {
            if (guard) answer();
        });
    }
};

/// The newest values of a run as the trainer reports them.
inline StepReport makeReport(int64_t step, double loss, int32_t attempt = 0)
{
    return {.step = step,
            .wallTime = 1.7e9 + double(step) * 0.1,
            .attempt = attempt,
            .values = {{series::kLoss, loss},
                       {series::kLearningRate, 1e-3},
                       {series::kGradNorm, 0.8},
                       {series::kTokensPerSecond, 12400}}};
}

} // namespace orrery::ui::test
