// SPDX-License-Identifier: Apache-2.0
// A training that looks after itself: it stops when patience is over, also across a kill, and tells alarms.
#include "core/tensorfile/checkpoint_files.h"
#include "tests/base/check_result.h"
#include "tests/train/run_fixture.h"

#include <QtTest>

#include <algorithm>
#include <cmath>
#include <map>

using namespace orrery;
using namespace orrery::test;

namespace {

struct Killed {};

/// Evaluations at 4, 8 … of which none counts as better than the first.
RunSpec impatientRun(int64_t patience)
{
    RunSpec spec = smallRun();
    spec.train.steps = 24;
    spec.train.patience = patience;
    spec.train.minImprovement = 50;
    return spec;
}

} // namespace

class TestTrainingWatch : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void patienceEndsTheRun()
    {
        RunFixture fixture(impatientRun(2));
        Recorder recorder;
        QCOMPARE(must(fixture.train(recorder)), RunState::Finished);
        QCOMPARE(recorder.series[series::kLoss].rbegin()->first, 12);
        QCOMPARE(recorder.count(EventKind::EarlyStop), 1);
        const RunEvent *event = recorder.last(EventKind::EarlyStop);
        QCOMPARE(event->step, 12);
        QVERIFY(event->text.find("2 evaluations without a validation loss below") != std::string::npos);
        QCOMPARE(recorder.count(EventKind::Finished), 1);
        QCOMPARE(recorder.checkpoints.back().step, 12);
        QCOMPARE(recorder.states.back(), RunState::Finished);
    }
    void withoutPatienceItTrainsToTheEnd()
    {
        RunFixture fixture(impatientRun(0));
        Recorder recorder;
        must(fixture.train(recorder));
        QCOMPARE(recorder.series[series::kLoss].rbegin()->first, 24);
        QCOMPARE(recorder.count(EventKind::EarlyStop), 0);
    }
    void aKillDoesNotCountAnew()
    {
        RunFixture fixture(impatientRun(3));
        Recorder whole;
        must(fixture.train(whole));
        fixture.newRun("killed");
        Recorder first, second;
        first.afterReport = [](int64_t step) {
            if (step == 10) throw Killed();
        };
        try {
            static_cast<void>(fixture.train(first));
        } catch (const Killed &) {
        }
        must(fixture.train(second));
        QCOMPARE(second.series[series::kLoss].begin()->first, 9);
        QCOMPARE(second.last(EventKind::EarlyStop)->step, whole.last(EventKind::EarlyStop)->step);
        QCOMPARE(second.series[series::kLoss].rbegin()->second, whole.series[series::kLoss].rbegin()->second);
    }
    void aResumeGetsAnotherPatience()
    {
        RunFixture fixture(impatientRun(2));
        Recorder first, second;
        must(fixture.train(first));
        QCOMPARE(must(fixture.train(second)), RunState::Finished);
        QCOMPARE(second.series[series::kLoss].begin()->first, 13);
        QCOMPARE(second.last(EventKind::EarlyStop)->step, 20);
    }
    void patienceMayChangeWhileItTrains()
    {
        RunFixture fixture(impatientRun(0));
        Recorder recorder;
        auto trainer = must(fixture.make(recorder));
        recorder.afterReport = [&](int64_t step) {
            if (step == 9)
                must(trainer->post({.verb = ControlVerb::Set, .setting = {"train.patience", "1"}}));
        };
        must(trainer->run());
        QCOMPARE(recorder.last(EventKind::EarlyStop)->step, 12);
    }
    void theEndOfAnAlarmIsTold()
    {
        RunSpec spec = smallRun();
        spec.train.steps = 28;
        spec.train.evalEvery = 1;
        spec.train.checkpointEvery = 100;
        spec.model.layers = 1;
        spec.optimizer.lr = 1e-5; // nothing is learned
        RunFixture fixture(spec);
        Recorder recorder;
        auto trainer = must(fixture.make(recorder));
        recorder.afterReport = [&](int64_t step) {
            if (step == 12) must(trainer->post({.verb = ControlVerb::Set, .setting = {"lr_factor", "100"}}));
        };
        must(trainer->run());
        std::vector<RunEvent> told;
        for (const RunEvent &one : recorder.events)
            if (one.kind == EventKind::Alarm && one.payload.find("plateau") != std::string::npos) told.push_back(one);
        QCOMPARE(told.size(), size_t{2});
        QVERIFY(told[0].payload.find("over") == std::string::npos);
        QCOMPARE(told[1].payload, "{\"alarm\":\"plateau\",\"series\":\"val_loss\",\"over\":true,\"since\":" +
                                      std::to_string(told[0].step) + "}");
        QVERIFY(told[1].step > 12);
        QCOMPARE(told[1].text, "The validation loss falls again at step " + std::to_string(told[1].step) +
                                   ": the alarm of step " + std::to_string(told[0].step) + " is over.");
        QVERIFY(trainer->status().alarms.empty());
    }
    void alarmsStandInTheStatusAndOnceInTheLog()
    {
        RunSpec spec = smallRun();
        spec.optimizer.lr = 10;
        spec.optimizer.eps = 1e-30;
        RunFixture fixture(spec);
        Recorder recorder;
        auto trainer = must(fixture.make(recorder));
        recorder.afterReport = [&](int64_t step) {
            if (step != 5) return;
            must(trainer->post({.verb = ControlVerb::Set, .setting = {"optimizer.weight_decay", "10"}}));
            must(trainer->post({.verb = ControlVerb::Set, .setting = {"lr_factor", "100"}}));
        };
        QVERIFY(!trainer->run().ok()); // weights overflow
        QCOMPARE(recorder.last(EventKind::NonFinite) != nullptr, true);
        const RunEvent *event = recorder.last(EventKind::Alarm);
        QVERIFY(event);
        QVERIFY(event->text.find("expected a finite number") != std::string::npos);
        const std::vector<RunAlarm> alarms = trainer->status().alarms;
        QVERIFY(std::any_of(alarms.begin(), alarms.end(),
                            [](const RunAlarm &alarm) { return alarm.kind == AlarmKind::NonFinite; }));
        std::map<std::string, int> numbers; // the texts hold the step: a repeat is another one
        for (const RunEvent &one : recorder.events)
            if (one.kind == EventKind::Alarm && one.payload.find("\"over\":true") == std::string::npos) ++numbers[one.payload.substr(0, one.payload.find(','))];
        QCOMPARE(numbers["{\"alarm\":\"non_finite\""], 1);
    }
};

QTEST_APPLESS_MAIN(TestTrainingWatch)
#include "tst_training_watch.moc"
