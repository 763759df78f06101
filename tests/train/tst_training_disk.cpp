// SPDX-License-Identifier: Apache-2.0
// A training whose checkpoints meet a disk that is full or broken.
#include "core/tensorfile/checkpoint_files.h"
#include "tests/train/run_fixture.h"

#include <QtTest>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <thread>

using namespace orrery;
using namespace orrery::test;

class TestTrainingDisk : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aFullDiskPausesAndNothingIsLost_data();
    void aFullDiskPausesAndNothingIsLost();
    void staysPausedWhileTheDiskIsFull();
    void keepsTheReasonOfABreakpoint();
    void goesOnByItselfWhenThereIsRoom();
    void stepsThatWereAskedForAreNotForgotten_data();
    void stepsThatWereAskedForAreNotForgotten();
    void aStopOnAFullDiskFails();
    void otherFaultsStopWithOlderCheckpointsWhole_data();
    void otherFaultsStopWithOlderCheckpointsWhole();
};

namespace {

/// Checkpoints of one step fail in one operation while this lives, or until heal().
class CheckpointFault {
public:
    CheckpointFault(const std::string &folder, WriteOperation operation, int errnoValue)
    {
        setWriteFault([=, this](WriteOperation now, const std::filesystem::path &path, size_t) {
            const bool isHit = now == operation && path.string().find(folder) != std::string::npos;
            if (isHit) ++numFaults;
            return isHit ? errnoValue : 0;
        });
    }
    ~CheckpointFault() { heal(); }
    static void heal() { setWriteFault(nullptr); }

    std::atomic<int> numFaults{0};
};

/// False when it never came: the test goes on to its end and fails there.
bool waitFor(const std::function<bool()> &condition)
{
    for (int waited = 0; waited < 120'000; ++waited) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

bool waitForPause(const Trainer &trainer)
{
    return waitFor([&] {
        const RunStatus status = trainer.status();
        return status.state == RunState::Paused && status.error.find("No space left") != std::string::npos;
    });
}

} // namespace

void TestTrainingDisk::aFullDiskPausesAndNothingIsLost_data()
{
    QTest::addColumn<int>("step");
    QTest::newRow("at a checkpoint") << 8;
    QTest::newRow("at one that was asked for") << 6;
    QTest::newRow("at the last one") << 12;
}

void TestTrainingDisk::aFullDiskPausesAndNothingIsLost()
{
    QFETCH(int, step);
    RunFixture fixture, unbroken;
    Recorder recorder, expected;
    must(unbroken.train(expected));
    CheckpointFault fault(checkpointPath({}, step).string(), WriteOperation::Write, ENOSPC);
    auto trainer = must(fixture.make(recorder, {.spaceCheckSeconds = 3600}));
    recorder.afterReport = [&](int64_t now) {
        if (now == 6 && step == 6) must(trainer->post({.verb = ControlVerb::Checkpoint}));
    };
    bool isPaused = false;
    std::thread user([&] {
        isPaused = waitForPause(*trainer);
        CheckpointFault::heal();
        (void)trainer->post({.verb = ControlVerb::Continue});
    });
    const auto outcome = trainer->run();
    user.join();
    QVERIFY(isPaused);
    QCOMPARE(must(outcome), RunState::Finished);
    const RunEvent *warning = recorder.last(EventKind::Warning);
    QVERIFY(warning != nullptr);
    QCOMPARE(recorder.count(EventKind::Warning), 1);
    QCOMPARE(warning->step, int64_t(step));
    for (const std::string &part :
         {fixture.run->path().string(), std::string("free"), std::string("Make room")})
        QVERIFY2(warning->text.find(part) != std::string::npos, warning->text.c_str());
    QVERIFY(warning->payload.find("disk_full") != std::string::npos);
    QCOMPARE(recorder.last(EventKind::Continued)->step, int64_t(step));
    QCOMPARE(recorder.series[series::kLoss], expected.series[series::kLoss]);
    const auto written = listCheckpoints(fixture.run->checkpoints());
    QVERIFY(std::find(written.begin(), written.end(), step) != written.end());
    QCOMPARE(written.back(), int64_t(12));
    QVERIFY(trainer->status().error.empty());
}

void TestTrainingDisk::staysPausedWhileTheDiskIsFull()
{
    RunFixture fixture;
    Recorder recorder;
    CheckpointFault fault("step-00000004", WriteOperation::Write, ENOSPC);
    auto trainer = must(fixture.make(recorder, {.spaceCheckSeconds = 3600}));
    std::thread user([&] {
        waitForPause(*trainer);
        (void)trainer->post({.verb = ControlVerb::StepN, .steps = 2});
        waitFor([&] { return fault.numFaults >= 2; });
        CheckpointFault::heal();
        (void)trainer->post({.verb = ControlVerb::Checkpoint}); // room was made, but nobody says go on
        waitFor([&] { return trainer->status().error.empty(); });
        (void)trainer->post({.verb = ControlVerb::Stop});
    });
    const auto outcome = trainer->run();
    user.join();
    QCOMPARE(must(outcome), RunState::Stopped);
    QCOMPARE(recorder.count(EventKind::Warning), 2);
    QCOMPARE(recorder.count(EventKind::Continued), 0);
    QCOMPARE(recorder.series[series::kLoss].rbegin()->first, int64_t(4));
    QCOMPARE(listCheckpoints(fixture.run->checkpoints()), std::vector<int64_t>{4});
}

void TestTrainingDisk::keepsTheReasonOfABreakpoint()
{
    RunFixture fixture;
    Recorder recorder;
    CheckpointFault fault("step-00000004", WriteOperation::Write, ENOSPC);
    auto trainer = must(fixture.make(recorder, {.spaceCheckSeconds = 3600}));
    recorder.afterReport = [&](int64_t step) {
        if (step == 3) must(trainer->post({.verb = ControlVerb::Break, .setting = {"", "loss > 0"}}));
    };
    std::thread user([&] {
        waitForPause(*trainer);
        (void)trainer->post({.verb = ControlVerb::Continue}); // there is no room yet
        waitFor([&] { return fault.numFaults >= 2; });
        (void)trainer->post({.verb = ControlVerb::Checkpoint});
        waitFor([&] { return fault.numFaults >= 3; }); // what was said behind the second is told
        CheckpointFault::heal();
        (void)trainer->post({.verb = ControlVerb::Continue});
    });
    const auto outcome = trainer->run();
    user.join();
    QCOMPARE(must(outcome), RunState::Finished);
    int numPaused = 0;
    for (const RunStatus &status : recorder.statuses) {
        if (status.state != RunState::Paused) continue;
        ++numPaused;
        QVERIFY2(status.pauseReason.starts_with("loss > 0: loss was "), status.pauseReason.c_str());
        QCOMPARE(status.pauseSeries, std::string("loss"));
    }
    QVERIFY(numPaused >= 3);
    QCOMPARE(recorder.statuses.back().pauseReason, std::string());
}

void TestTrainingDisk::goesOnByItselfWhenThereIsRoom()
{
    RunFixture fixture;
    Recorder recorder;
    CheckpointFault fault("step-00000004", WriteOperation::Write, ENOSPC);
    auto trainer = must(fixture.make(recorder, {.spaceCheckSeconds = 0}));
    std::thread disk([&] {
        waitFor([&] { return fault.numFaults >= 3; });
        CheckpointFault::heal();
    });
    const auto outcome = trainer->run();
    disk.join();
    QCOMPARE(must(outcome), RunState::Finished);
    QCOMPARE(recorder.count(EventKind::Continued), 1);
    QCOMPARE(recorder.series[series::kLoss].size(), size_t(12));
}

void TestTrainingDisk::stepsThatWereAskedForAreNotForgotten_data()
{
    QTest::addColumn<int>("steps");
    QTest::newRow("two of them left behind the full disk") << 6;
    QTest::newRow("none left: the pause is the user's") << 4;
}

void TestTrainingDisk::stepsThatWereAskedForAreNotForgotten()
{
    QFETCH(int, steps);
    RunFixture fixture;
    Recorder recorder;
    CheckpointFault fault("step-00000004", WriteOperation::Write, ENOSPC);
    auto trainer = must(fixture.make(recorder, {.startPaused = true, .spaceCheckSeconds = 0}));
    must(trainer->post({.verb = ControlVerb::StepN, .steps = steps}));
    bool hasPaused = false;
    std::thread user([&] {
        waitFor([&] { return fault.numFaults >= (steps == 4 ? 1 : 2); });
        CheckpointFault::heal();
        if (steps == 4) (void)trainer->post({.verb = ControlVerb::Checkpoint});
        hasPaused = waitFor([&] {
            const RunStatus status = trainer->status();
            return status.state == RunState::Paused && status.step == steps && status.error.empty();
        });
        (void)trainer->post({.verb = ControlVerb::Stop});
    });
    const auto outcome = trainer->run();
    user.join();
    QVERIFY(hasPaused);
    QCOMPARE(must(outcome), RunState::Stopped);
    QCOMPARE(recorder.series[series::kLoss].rbegin()->first, int64_t(steps));
}

void TestTrainingDisk::aStopOnAFullDiskFails()
{
    RunFixture fixture, unbroken;
    Recorder recorder, expected, resumed;
    must(unbroken.train(expected));
    {
        CheckpointFault fault("step-00000008", WriteOperation::Write, ENOSPC);
        auto trainer = must(fixture.make(recorder, {.spaceCheckSeconds = 3600}));
        std::thread user([&] {
            waitForPause(*trainer);
            (void)trainer->post({.verb = ControlVerb::Stop});
        });
        const auto outcome = trainer->run();
        user.join();
        QVERIFY(!outcome.ok());
        QCOMPARE(outcome.error().code, ErrorCode::Io);
        QVERIFY(outcome.error().message.find("No space left") != std::string::npos);
        QVERIFY(outcome.error().hint.find("then resume; the last checkpoint is whole") != std::string::npos);
    }
    QCOMPARE(must(fixture.train(resumed)), RunState::Finished);
    QCOMPARE(resumed.last(EventKind::Resumed)->step, int64_t(4));
    for (const auto &[step, loss] : resumed.series[series::kLoss])
        QCOMPARE(loss, expected.series[series::kLoss][step]);
}

void TestTrainingDisk::otherFaultsStopWithOlderCheckpointsWhole_data()
{
    QTest::addColumn<int>("operation");
    QTest::addColumn<int>("errnoValue");
    QTest::newRow("write") << int(WriteOperation::Write) << EIO;
    QTest::newRow("sync") << int(WriteOperation::Sync) << EIO;
    QTest::newRow("sync without room") << int(WriteOperation::Sync) << ENOSPC; // an fsync error is final
}

void TestTrainingDisk::otherFaultsStopWithOlderCheckpointsWhole()
{
    QFETCH(int, operation);
    QFETCH(int, errnoValue);
    RunFixture fixture;
    Recorder recorder;
    {
        const CheckpointFault fault("step-00000008", static_cast<WriteOperation>(operation), errnoValue);
        const auto outcome = fixture.train(recorder);
        QVERIFY(!outcome.ok());
        QCOMPARE(outcome.error().code, ErrorCode::Io);
        const std::string &hint = outcome.error().hint; // it was a run's, which the error as such does not know
        QVERIFY2(hint.ends_with(". Then resume the run: checkpoint 4 is whole."), hint.c_str());
    }
    QCOMPARE(recorder.count(EventKind::Warning), 1);
    QCOMPARE(listCheckpoints(fixture.run->checkpoints()), std::vector<int64_t>{4});
    Recorder resumed;
    QCOMPARE(must(fixture.train(resumed)), RunState::Finished);
    QCOMPARE(resumed.last(EventKind::Resumed)->step, int64_t(4));
}

QTEST_GUILESS_MAIN(TestTrainingDisk)
#include "tst_training_disk.moc"
