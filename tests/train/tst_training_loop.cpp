// SPDX-License-Identifier: Apache-2.0
#include "core/spec/schedule.h"
#include "core/tensorfile/checkpoint_files.h"
#include "tests/train/run_fixture.h"

#include <QtTest>

#include <cmath>
#include <ctime>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

using namespace orrery;
using namespace orrery::test;

class TestTrainingLoop : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void reportsEverySeries();
    void learningRateFollowsTheSchedule();
    void keepsLastAndBestCheckpoints();
    void announcesACheckpointBeforeItIsWritten();
    void pausesAndContinues();
    void pausedTrainerUsesNoCpu();
    void stepsThenPauses();
    void stopsWithACheckpoint();
    void stopsBySignalWhilePaused();
    void settingsActAtTheNextBoundary();
    void refusesBadCommands();
    void refusesCommandsWhenItHasEnded();
    void commandsBehindTheLastBoundaryCount_data();
    void commandsBehindTheLastBoundaryCount();
    void whatCouldNotBeDoneIsNamed();
    void everyAcceptedCommandIsAnswered();
    void samplesAreEventsAndChangeNoLoss();
    void nonFiniteLossStopsAndNamesTheStep();
    void fixedBatchesMustBeEnough();
    void statusTellsWhereItIs();
    void waitsForAViewerAreCountedInTheStatus();
};

void TestTrainingLoop::reportsEverySeries()
{
    RunFixture fixture;
    Recorder recorder;
    QCOMPARE(must(fixture.train(recorder)), RunState::Finished);
    QCOMPARE(recorder.series[series::kLoss].size(), size_t(12));
    QCOMPARE(recorder.series[series::kGradNorm].size(), size_t(12));
    QCOMPARE(recorder.series[series::kTokensPerSecond].size(), size_t(12));
    QCOMPARE(recorder.series[series::kLearningRate].begin()->first, int64_t(1));
    std::vector<int64_t> evaluated;
    for (const auto &[step, value] : recorder.series[series::kValLoss]) evaluated.push_back(step);
    QCOMPARE(evaluated, (std::vector<int64_t>{4, 8, 12}));
    QVERIFY(recorder.series[series::kMemoryMiB].begin()->second > 1);
    QCOMPARE(recorder.count(EventKind::Started), 1);
    QCOMPARE(recorder.count(EventKind::Finished), 1);
    QCOMPARE(recorder.states.back(), RunState::Finished);
}

void TestTrainingLoop::learningRateFollowsTheSchedule()
{
    RunFixture fixture;
    Recorder recorder;
    must(fixture.train(recorder));
    const RunSpec &spec = fixture.run->frozen().spec;
    const ResolvedSchedule schedule = resolveSchedule(spec.schedule, spec.train.steps);
    for (const auto &[step, rate] : recorder.series[series::kLearningRate])
        QCOMPARE(rate, learningRateAt(schedule, spec.optimizer.lr, step - 1));
}

void TestTrainingLoop::keepsLastAndBestCheckpoints()
{
    RunSpec spec = smallRun();
    spec.train.steps = 20;
    spec.train.checkpointEvery = 2;
    spec.train.keepLast = 2;
    RunFixture fixture(spec);
    Recorder recorder;
    must(fixture.train(recorder));
    QCOMPARE(recorder.checkpoints.size(), size_t(10));
    int64_t best = -1;
    double lowest = INFINITY;
    for (const CheckpointInfo &checkpoint : recorder.checkpoints) {
        QVERIFY(checkpoint.isVerified && checkpoint.numBytes > 0);
        QCOMPARE(checkpoint.isBest, checkpoint.valLoss < lowest);
        if (!checkpoint.isBest) continue;
        lowest = checkpoint.valLoss;
        best = checkpoint.step;
    }
    std::set<int64_t> expected = {18, 20, best};
    const auto steps = listCheckpoints(fixture.run->checkpoints());
    QCOMPARE(std::set<int64_t>(steps.begin(), steps.end()), expected);
    QCOMPARE(recorder.count(EventKind::CheckpointDeleted), 10 - static_cast<int>(expected.size()));
}

void TestTrainingLoop::announcesACheckpointBeforeItIsWritten()
{
    RunFixture fixture;
    Recorder recorder;
    must(fixture.train(recorder));
    QCOMPARE(recorder.announced, (std::vector<int64_t>{4, 8, 12}));
}

void TestTrainingLoop::pausesAndContinues()
{
    RunFixture fixture, unbroken;
    Recorder recorder, expected;
    must(unbroken.train(expected));
    auto trainer = must(fixture.make(recorder));
    recorder.afterReport = [&](int64_t step) {
        if (step == 5) must(trainer->post({.verb = ControlVerb::Pause}));
    };
    std::thread viewer([&] {
        while (trainer->status().state != RunState::Paused) std::this_thread::yield();
        must(trainer->post({.verb = ControlVerb::Continue}));
    });
    const auto outcome = trainer->run();
    viewer.join();
    QCOMPARE(must(outcome), RunState::Finished);
    QCOMPARE(recorder.last(EventKind::Paused)->step, int64_t(5));
    QCOMPARE(recorder.last(EventKind::Continued)->step, int64_t(5));
    QCOMPARE(recorder.series[series::kLoss], expected.series[series::kLoss]);
    QCOMPARE(trainer->status().trainerWaits, uint64_t(0));
}

void TestTrainingLoop::pausedTrainerUsesNoCpu()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder, {.startPaused = true}));
    clockid_t clock{};
    std::atomic<bool> isKnown{false};
    std::thread thread([&] {
        pthread_getcpuclockid(pthread_self(), &clock);
        isKnown = true;
        must(trainer->run());
    });
    while (!isKnown || trainer->status().state != RunState::Paused) std::this_thread::yield();
    const auto cpuSeconds = [&clock] {
        timespec time{};
        clock_gettime(clock, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    };
    const double before = cpuSeconds();
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    const double spent = cpuSeconds() - before;
    must(trainer->post({.verb = ControlVerb::Stop}));
    thread.join();
    // Spinning would have cost 0.6 s.
    QVERIFY2(spent < 0.05, qPrintable(QString::number(spent)));
}

void TestTrainingLoop::stepsThenPauses()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder, {.startPaused = true}));
    must(trainer->post({.verb = ControlVerb::StepN, .steps = 3}));
    std::thread viewer([&] {
        while (!(trainer->status().state == RunState::Paused && trainer->status().step == 3))
            std::this_thread::yield();
        must(trainer->post({.verb = ControlVerb::Stop}));
    });
    QCOMPARE(must(trainer->run()), RunState::Stopped);
    viewer.join();
    QCOMPARE(recorder.series[series::kLoss].size(), size_t(3));
    QCOMPARE(recorder.count(EventKind::Paused), 2);
}

void TestTrainingLoop::stopsWithACheckpoint()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    recorder.afterReport = [&](int64_t step) {
        if (step == 6) must(trainer->post({.verb = ControlVerb::Stop}));
    };
    QCOMPARE(must(trainer->run()), RunState::Stopped);
    QCOMPARE(listCheckpoints(fixture.run->checkpoints()).back(), int64_t(6));
    QCOMPARE(recorder.last(EventKind::Stopped)->step, int64_t(6));
}

void TestTrainingLoop::stopsBySignalWhilePaused()
{
    RunFixture fixture;
    Recorder recorder;
    std::atomic<bool> isStopped{false};
    auto trainer = must(
        fixture.make(recorder, {.startPaused = true, .stopRequested = [&] { return isStopped.load(); }}));
    std::thread signal([&] {
        while (trainer->status().state != RunState::Paused) std::this_thread::yield();
        isStopped = true;
    });
    QCOMPARE(must(trainer->run()), RunState::Stopped);
    signal.join();
    QVERIFY(recorder.series[series::kLoss].empty());
}

void TestTrainingLoop::settingsActAtTheNextBoundary()
{
    RunFixture fixture, unbroken;
    Recorder recorder, expected;
    must(unbroken.train(expected));
    auto trainer = must(fixture.make(recorder));
    recorder.afterReport = [&](int64_t step) {
        if (step == 5) must(trainer->post({.verb = ControlVerb::Set, .setting = {"lr_factor", "0.5"}}));
        if (step == 7)
            must(trainer->post({.verb = ControlVerb::Set, .setting = {"train.report_every", "3"}}));
    };
    must(trainer->run());
    auto &rates = recorder.series[series::kLearningRate], &before = expected.series[series::kLearningRate];
    QCOMPARE(rates[5], before[5]);
    QCOMPARE(rates[6], 0.5 * before[6]);
    QVERIFY(!recorder.series[series::kLoss].contains(8) && recorder.series[series::kLoss].contains(9));
    const RunEvent *event = recorder.last(EventKind::Setting);
    QCOMPARE(event->step, int64_t(7));
    QVERIFY(event->payload.find("\"key\":\"train.report_every\",\"value\":\"3\",\"step\":7") !=
            std::string::npos);
}

void TestTrainingLoop::refusesBadCommands()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    for (const ControlCommand &bad :
         {ControlCommand{.verb = ControlVerb::Unknown},
          ControlCommand{.verb = ControlVerb::StepN, .steps = 0},
          ControlCommand{.verb = ControlVerb::Set, .setting = {"model.width", "64"}},
          ControlCommand{.verb = ControlVerb::Set, .setting = {"optimizer.clip", "abc"}}}) {
        const auto posted = trainer->post(bad);
        QVERIFY(!posted.ok());
        QCOMPARE(posted.error().code, ErrorCode::InvalidInput);
    }
}

void TestTrainingLoop::refusesCommandsWhenItHasEnded()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    must(trainer->run());
    const auto posted = trainer->post({.verb = ControlVerb::Pause});
    QVERIFY(!posted.ok());
    QCOMPARE(posted.error().code, ErrorCode::Conflict);
}

void TestTrainingLoop::commandsBehindTheLastBoundaryCount_data()
{
    QTest::addColumn<int>("moment");
    QTest::addColumn<int>("step");
    QTest::newRow("after the last step") << 0 << 12;
    QTest::newRow("while the last checkpoint is written") << 1 << 12;
    QTest::newRow("at a stop") << 2 << 6;
    QTest::newRow("while the checkpoint of a stop is written") << 3 << 6;
}

void TestTrainingLoop::commandsBehindTheLastBoundaryCount()
{
    QFETCH(int, moment);
    QFETCH(int, step);
    RunFixture fixture;
    auto writer = must(RunWriter::open(fixture.run->path()));
    Recorder recorder;
    recorder.writer = writer.get();
    std::unique_ptr<Trainer> trainer;
    std::optional<ErrorCode> refused;
    const auto post = [&] {
        const auto posted = trainer->post({.verb = ControlVerb::Set, .setting = {"lr_factor", "0.5"}});
        if (!posted) refused = posted.error().code;
    };
    TrainingOptions options;
    if (moment >= 2)
        options.stopRequested = [&, isPosted = false]() mutable {
            if (trainer->status().step < step) return false;
            if (moment == 2 && !std::exchange(isPosted, true)) post();
            return true;
        };
    recorder.afterReport = [&](int64_t now) {
        if (moment == 0 && now == step) post();
    };
    recorder.whileSaving = [&](int64_t now) {
        if (moment % 2 == 1 && now == step) post();
    };
    trainer = must(fixture.make(recorder, options));
    must(trainer->run());
    if (moment == 3) {
        QCOMPARE(refused, std::optional(ErrorCode::Conflict));
        QCOMPARE(recorder.count(EventKind::Setting), 0);
        return;
    }
    QVERIFY(!refused);
    QCOMPARE(recorder.count(EventKind::Setting), 1);
    QCOMPARE(recorder.last(EventKind::Setting)->step, int64_t(step));
    // It counts where the run goes on.
    must(writer->flush());
    Recorder resumed;
    resumed.writer = writer.get();
    must(fixture.train(resumed, {}, 14));
    const RunSpec &spec = fixture.run->frozen().spec;
    const double rate = learningRateAt(resolveSchedule(spec.schedule, 12), spec.optimizer.lr, step);
    QCOMPARE(resumed.series[series::kLearningRate][step + 1], 0.5 * rate);
}

void TestTrainingLoop::whatCouldNotBeDoneIsNamed()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    recorder.afterReport = [&](int64_t step) {
        if (step == 12) must(trainer->post({.verb = ControlVerb::Pause}));
        if (step == 12) must(trainer->post({.verb = ControlVerb::Checkpoint})); // written anyway
    };
    QCOMPARE(must(trainer->run()), RunState::Finished);
    QCOMPARE(recorder.count(EventKind::Note), 1);
    const std::string text = recorder.last(EventKind::Note)->text;
    QVERIFY2(text.find("\"Pause\"") != std::string::npos && text.find("step 12") != std::string::npos,
             text.c_str());
}

void TestTrainingLoop::everyAcceptedCommandIsAnswered()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    std::atomic<int> numAccepted{0};
    const auto postUntilRefused = [&] {
        while (trainer->post({.verb = ControlVerb::Set, .setting = {"lr_factor", "1"}}).ok()) {
            ++numAccepted;
            std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
    };
    std::thread first(postUntilRefused), second(postUntilRefused);
    while (numAccepted == 0) std::this_thread::yield(); // the run is short
    const auto outcome = trainer->run();
    first.join();
    second.join();
    QCOMPARE(must(outcome), RunState::Finished);
    QVERIFY(numAccepted > 0);
    QCOMPARE(recorder.count(EventKind::Setting), numAccepted.load());
}

void TestTrainingLoop::samplesAreEventsAndChangeNoLoss()
{
    RunFixture plain;
    RunSpec spec = smallRun();
    spec.probes.every = 3;
    spec.probes.maxTokens = 4;
    spec.probes.budgetPercent = 100;
    RunFixture sampled(spec);
    Recorder expected, recorder;
    must(plain.train(expected));
    must(sampled.train(recorder));
    QCOMPARE(recorder.count(EventKind::Sample), 8); // two prompts at 3, 6, 9, 12
    QVERIFY(recorder.last(EventKind::Sample)->payload.find("\"prompt\":\"template <\"") != std::string::npos);
    QCOMPARE(recorder.series[series::kLoss], expected.series[series::kLoss]);
}

void TestTrainingLoop::nonFiniteLossStopsAndNamesTheStep()
{
    RunSpec spec = smallRun();
    spec.optimizer.lr = 10;
    spec.optimizer.eps = 1e-30;
    RunFixture fixture(spec);
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    recorder.afterReport = [&](int64_t step) {
        if (step == 5)
            must(trainer->post({.verb = ControlVerb::Set, .setting = {"optimizer.weight_decay", "10"}}));
        if (step == 5) must(trainer->post({.verb = ControlVerb::Set, .setting = {"lr_factor", "100"}}));
    };
    // Each update now multiplies the weights by -10,000 and more: they overflow within the run.
    const auto outcome = trainer->run();
    QVERIFY(!outcome.ok());
    QCOMPARE(outcome.error().code, ErrorCode::NonFinite);
    const RunEvent *event = recorder.last(EventKind::NonFinite);
    QVERIFY(event != nullptr);
    const std::string step = "at step " + std::to_string(event->step);
    QVERIFY2(outcome.error().message.find(step) != std::string::npos, outcome.error().message.c_str());
    QVERIFY(outcome.error().message.find("\"run\"") != std::string::npos);
    const std::string saved = "checkpoint " + std::to_string((event->step - 1) / 4 * 4);
    QVERIFY2(outcome.error().hint.find(saved) != std::string::npos, outcome.error().hint.c_str());
    QVERIFY(!std::isfinite(recorder.series[series::kLoss][event->step]) ||
            !std::isfinite(recorder.series[series::kGradNorm][event->step]));
    QCOMPARE(listCheckpoints(fixture.run->checkpoints()).front(), int64_t(4));
}

void TestTrainingLoop::fixedBatchesMustBeEnough()
{
    RunFixture fixture;
    const std::filesystem::path file = fixture.folder() / "batches.bin";
    {
        const std::vector<int32_t> tokens(static_cast<size_t>(2 * 4 * 17), 7);
        std::ofstream(file, std::ios::binary)
            .write(reinterpret_cast<const char *>(tokens.data()),
                   static_cast<std::streamsize>(tokens.size() * sizeof(int32_t)));
    }
    Recorder recorder;
    const auto trainer = fixture.make(recorder, {.fixedBatches = file.string()});
    QVERIFY(!trainer.ok());
    QCOMPARE(trainer.error().code, ErrorCode::InvalidInput);
    QVERIFY(trainer.error().message.find("it holds 2 steps, expected 12") != std::string::npos);
    QCOMPARE(must(fixture.train(recorder, {.fixedBatches = file.string()}, 2)), RunState::Finished);
}

void TestTrainingLoop::statusTellsWhereItIs()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    QCOMPARE(trainer->status().state, RunState::Starting);
    must(trainer->run());
    const RunStatus status = trainer->status();
    QCOMPARE(status.state, RunState::Finished);
    QCOMPARE(status.step, int64_t(12));
    QCOMPARE(status.totalSteps, int64_t(12));
    QCOMPARE(status.lastCheckpointStep, int64_t(12));
    QCOMPARE(status.id, std::string("run"));
    QVERIFY(status.numParameters > 0 && status.memoryBytes > 0 && status.elapsedSeconds > 0);
    QCOMPARE(status.loss, recorder.series[series::kLoss][12]);
    QVERIFY(std::isfinite(status.bestValLoss));
}

void TestTrainingLoop::waitsForAViewerAreCountedInTheStatus()
{
    RunFixture fixture, unbroken;
    Recorder recorder, expected;
    must(unbroken.train(expected));
    auto writer = must(RunWriter::open(fixture.run->path(), {.maxQueued = 2, .maxUntold = 1}));
    recorder.writer = writer.get();
    // The viewer holds its lock until the training was seen to wait for it.
    std::mutex gate;
    std::unique_lock held(gate);
    writer->setCommitListener([&](const auto &, const auto &) { const std::lock_guard wait(gate); });
    auto trainer = must(fixture.make(recorder, {.waits = [&] { return writer->waits(); }}));
    std::thread training([&] { must(trainer->run()); });
    const bool isWaiting = QTest::qWaitFor([&] { return writer->waits().forViewers > 0; }, 60'000);
    held.unlock();
    training.join();
    QVERIFY(isWaiting);
    QVERIFY(trainer->status().trainerWaits > 0);
    must(writer->flush());
    QVERIFY(fixture.run->status().trainerWaits > 0);
    QCOMPARE(recorder.series[series::kLoss], expected.series[series::kLoss]);
    writer->setCommitListener({});
}

QTEST_GUILESS_MAIN(TestTrainingLoop)
#include "tst_training_loop.moc"
