// SPDX-License-Identifier: GPL-3.0-or-later
// A run with all that the panels of the window show of one: curves, values of plugins, kept attention, a
// memory, samples; and how it goes on. GUI thread only.
#pragma once

#include "plugins/memory/tests/memory_panel_samples.h"
#include "tests/widgets/attention/attention_samples.h"
#include "tests/widgets/microscope/microscope_samples.h"

namespace orrery::ui {

inline SeriesData sampleSeries(const std::string &name, double first, double last)
{
    SeriesData series{name, 80, {}};
    for (int64_t i = 1; i <= 80; ++i) {
        const double value = first + (last - first) * double(i) / 80;
        series.buckets.push_back({.firstStep = i * 100,
                                  .lastStep = i * 100,
                                  .firstWallTime = double(i),
                                  .lastWallTime = double(i),
                                  .minimum = value,
                                  .maximum = value,
                                  .mean = value,
                                  .last = value,
                                  .numPoints = 1});
    }
    return series;
}

inline RunEvent sampleEvent(int64_t id, int64_t step)
{
    RunEvent event;
    event.id = id;
    event.step = step;
    event.wallTime = double(step) / 100;
    event.kind = EventKind::Sample;
    event.payload = R"({"prompt":"Once","text":"Once upon a time"})";
    return event;
}

/// Run "alpha", and an engine that answers all panels about it.
inline void fillWindow(MemorySession &session, RunState state)
{
    const QString id = QStringLiteral("alpha");
    RunStatus run = fakeRun("alpha", state);
    run.name = "a-run-with-a-name-that-is-much-longer-than-any-dock-is-wide-20261123-154210";
    run.breakpoints = {"loss > 4"};
    session.runList = {run};
    session.checkpoints[id] = {{.step = 4'000}, {.step = 8'000, .isBest = true}};
    session.events[id] = {sampleEvent(1, 4'000)};
    session.seriesData[id] = {sampleSeries("loss", 3, 1.4),
                              sampleSeries("val_loss", 3, 1.5),
                              sampleSeries("lr", 0, 6e-4),
                              sampleSeries("grad_norm", 2, 0.8),
                              sampleSeries("tokens_per_s", 11'000, 12'400),
                              sampleSeries("head/0.0/entropy", 3, 1),
                              sampleSeries("part/episodic/occupancy", 0, 0.7),
                              sampleSeries("part/spikes/firing_rate_of_the_second_layer", 0.5, 0.1),
                              sampleSeries("probe/norm.layer0", 1, 2)};
    session.specs[id] = QString::fromUtf8(sampleSpec());
    session.memory = sampleMemory();
    addSampleFrames(session, id, {}, 10, 800, 8'000);
    const auto ofAttention = session.inspection;
    session.inspection = [ofAttention](const QString &model, const InspectRequest &request) {
        if (request.wantsLens || request.wantsAttribution)
            return sampleAnswer(MicroscopeSample{}, model.toStdString(), request);
        if (request.withMemory || !request.input.promptIds.empty()) return sampleAnswer(request);
        InspectReport report = ofAttention(model, request);
        report.reads = sampleReads().reads;
        return report;
    };
    session.setRuns(session.runList);
}

/// Beside "alpha": a branch of it that waits at a breakpoint with an alarm, and a run that failed.
inline void addMoreRuns(MemorySession &session)
{
    RunStatus beta = fakeRun("beta", RunState::Paused, 2'000), gamma = fakeRun("gamma", RunState::Failed, 3'000);
    beta.parent = "alpha";
    beta.parentStep = 4'000;
    beta.breakpoints = {"loss > 4"};
    beta.pauseReason = "loss > 4: loss was 4.312";
    beta.pauseSeries = "loss";
    beta.labels.tags = {"baseline", "seed-2"};
    beta.alarms = {{AlarmKind::Spike, 8'100, 9'000, "loss",
                    "The loss jumped from 1.41 to 4.31, more than 6 times its usual change. Lower the learning rate."}};
    gamma.error = "Cannot go on: the loss of step 812 is NaN, expected a number. Lower optimizer.lr or set optimizer.clip.";
    for (const RunStatus &run : {beta, gamma}) {
        const QString id = QString::fromStdString(run.id);
        session.seriesData[id] = session.seriesData[QStringLiteral("alpha")];
        session.checkpoints[id] = session.checkpoints[QStringLiteral("alpha")];
        session.specs[id] = session.specs[QStringLiteral("alpha")];
        session.runList.push_back(run);
    }
    session.setRuns(session.runList);
}

/// The training has gone on by 100 steps and keeps another frame.
inline void trainOn(MemorySession &session)
{
    RunStatus &run = session.runList.front();
    run.step += 100;
    ++run.lastFrameId;
    FrameInfo frame;
    frame.id = run.lastFrameId;
    frame.step = run.step;
    frame.wallTime = 10'000;
    frame.kind = FrameKind::Overview;
    const QString id = QString::fromStdString(run.id);
    session.frameInfos[id].push_back(frame);
    RunUpdate update;
    update.run = id;
    update.status = run;
    update.events = {sampleEvent(run.step, run.step)};
    StepReport report{.step = run.step, .wallTime = 10'000, .attempt = 0, .values = {}};
    for (SeriesData &series : session.seriesData[id]) {
        SeriesBucket next = series.buckets.back();
        next.firstStep = next.lastStep = run.step;
        next.firstWallTime = next.lastWallTime = report.wallTime;
        series.buckets.push_back(next);
        report.values.push_back({series.name, next.last});
    }
    update.reports = {report};
    Q_EMIT session.updated(update);
}

/// What the playground says, a token for each byte.
inline std::vector<GeneratedToken> saidTokens(const std::string &text)
{
    std::vector<GeneratedToken> tokens;
    for (const char byte : text)
        tokens.push_back(
            {byte, std::string(1, byte), 0.4, 1, {{byte, std::string(1, byte), 0.4}, {'z', "z", 0.2}}});
    return tokens;
}

} // namespace orrery::ui
