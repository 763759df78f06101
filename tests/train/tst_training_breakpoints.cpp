// SPDX-License-Identifier: Apache-2.0
// A training pauses where a condition on its numbers becomes true, says so, and goes on.
#include "core/base/text.h"
#include "core/store/run_breakpoints.h"
#include "tests/base/check_result.h"
#include "tests/train/run_fixture.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <algorithm>
#include <thread>

using namespace orrery;
using namespace orrery::test;

namespace {

ControlCommand breakAt(const std::string &condition)
{
    return {.verb = ControlVerb::Break, .setting = {"", condition}};
}

/// Continues the training each time it is paused.
class Continuing {
public:
    explicit Continuing(Trainer &trainer)
        : m_thread([this, &trainer] {
              while (!m_isDone) {
                  if (trainer.status().state == RunState::Paused)
                      static_cast<void>(trainer.post({.verb = ControlVerb::Continue}));
                  std::this_thread::sleep_for(std::chrono::milliseconds(1));
              }
          })
    {
    }
    ~Continuing()
    {
        m_isDone = true;
        m_thread.join();
    }

private:
    std::atomic<bool> m_isDone{false};
    std::thread m_thread;
};

std::vector<int64_t> stepsOf(const Recorder &recorder, EventKind kind)
{
    std::vector<int64_t> steps;
    for (const RunEvent &event : recorder.events)
        if (event.kind == kind) steps.push_back(event.step);
    return steps;
}

} // namespace

class TestTrainingBreakpoints : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void pausesWhereItBecomesTrue();
    void lossesStayTheSame();
    void entropyOfAnyHeadPauses();
    void removedBreakpointsDoNotPause();
    void aConditionThatStaysTruePausesOnce();
    void theStatusHasThem();
    void thePauseHasItsReason();
    void aPauseByHandHasNone_data();
    void aPauseByHandHasNone();
    void occupancyThatNobodyTellsIsRefused();
    void headsWithoutFramesAreRefused();
    void whatNoPartTellsIsRefused();
    void areKeptForTheNextStart();
    void badConditionsAreRefused_data();
    void badConditionsAreRefused();
    void whatIsNotThereIsNamed();
};

void TestTrainingBreakpoints::pausesWhereItBecomesTrue()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder, {.startPaused = true}));
    // The rate rises in the warm-up and falls behind it: at a step that is known.
    const RunSpec &spec = fixture.run->frozen().spec;
    const ResolvedSchedule schedule = resolveSchedule(spec.schedule, spec.train.steps);
    const double peak = learningRateAt(schedule, spec.optimizer.lr, 5);
    int64_t expected = 0;
    for (int64_t step = 12; step > 6; --step)
        if (learningRateAt(schedule, spec.optimizer.lr, step - 1) < peak) expected = step;
    QVERIFY(expected > 6);
    must(trainer->post({.verb = ControlVerb::StepN, .steps = 6}));
    std::thread viewer([&] {
        while (trainer->status().step < 6 || trainer->status().state != RunState::Paused)
            std::this_thread::yield();
        must(trainer->post(breakAt("lr<" + fieldValueText(FieldValue(peak)))));
        must(trainer->post({.verb = ControlVerb::Continue}));
        while (trainer->status().step < expected || trainer->status().state != RunState::Paused)
            std::this_thread::yield();
        must(trainer->post({.verb = ControlVerb::Stop}));
    });
    const auto outcome = trainer->run();
    viewer.join();
    QCOMPARE(must(outcome), RunState::Stopped);
    QCOMPARE(trainer->status().step, expected);
    QCOMPARE(stepsOf(recorder, EventKind::Breakpoint), std::vector<int64_t>{expected});
    QCOMPARE(stepsOf(recorder, EventKind::Paused).back(), expected);
    const RunEvent &event = *recorder.last(EventKind::Breakpoint);
    const std::string text = "Breakpoint: lr < " + fieldValueText(FieldValue(peak)) + " (";
    QVERIFY2(event.text.starts_with(text), event.text.c_str());
    QVERIFY2(event.text.ends_with(") at step " + std::to_string(expected) + "."), event.text.c_str());
    const QJsonObject payload = QJsonDocument::fromJson(QByteArray::fromStdString(event.payload)).object();
    QCOMPARE(payload[QLatin1String("series")].toString(), QStringLiteral("lr"));
    QCOMPARE(payload[QLatin1String("op")].toString(), QStringLiteral("<"));
    QCOMPARE(payload[QLatin1String("threshold")].toDouble(), peak);
    QCOMPARE(payload[QLatin1String("value")].toDouble(), recorder.series[series::kLearningRate][expected]);
    QVERIFY(payload[QLatin1String("condition")].toString().startsWith(QLatin1String("lr < ")));
    // Setting it was told, with what holds now.
    QVERIFY(recorder.last(EventKind::Note)->text.starts_with("Breakpoint set: lr < "));
}

void TestTrainingBreakpoints::lossesStayTheSame()
{
    RunFixture fixture, unbroken;
    Recorder recorder, expected;
    must(unbroken.train(expected));
    auto trainer = must(fixture.make(recorder));
    must(trainer->post(breakAt("loss > 0")));
    must(trainer->post(breakAt("grad_norm >= 0")));
    RunState state = RunState::Unknown;
    {
        const Continuing viewer(*trainer);
        state = must(trainer->run());
    }
    QCOMPARE(state, RunState::Finished);
    QCOMPARE(recorder.count(EventKind::Breakpoint), 2);
    QCOMPARE(recorder.count(EventKind::Paused), 1); // both at the same boundary
    QCOMPARE(recorder.series[series::kLoss], expected.series[series::kLoss]);
}

void TestTrainingBreakpoints::entropyOfAnyHeadPauses()
{
    RunSpec spec = smallRun();
    spec.probes.framesEvery = 3;
    spec.probes.budgetPercent = 100;
    RunFixture fixture(spec);
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    must(trainer->post(breakAt("entropy < 1000")));
    {
        const Continuing viewer(*trainer);
        must(trainer->run());
    }
    QCOMPARE(stepsOf(recorder, EventKind::Breakpoint), std::vector<int64_t>{1});
    QVERIFY(recorder.last(EventKind::Breakpoint)->text.find("(head/0.0/entropy: ") != std::string::npos);
}

void TestTrainingBreakpoints::removedBreakpointsDoNotPause()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    for (const char *condition : {"loss > 0", "lr > 0", "grad_norm > 0"})
        must(trainer->post(breakAt(condition)));
    must(trainer->post({.verb = ControlVerb::Unbreak, .setting = {"", "lr>0"}}));
    must(trainer->post({.verb = ControlVerb::Unbreak}));
    QCOMPARE(must(trainer->run()), RunState::Finished);
    QCOMPARE(recorder.count(EventKind::Breakpoint), 0);
    std::vector<std::string> notes;
    for (const RunEvent &event : recorder.events)
        if (event.kind == EventKind::Note) notes.push_back(event.text);
    QCOMPARE(notes.size(), size_t(5));
    QCOMPARE(notes[3], std::string("Breakpoint removed: lr > 0. Breakpoints now: loss > 0, grad_norm > 0."));
    QCOMPARE(notes[4], std::string("All breakpoints removed. Breakpoints now: none."));
}

void TestTrainingBreakpoints::aConditionThatStaysTruePausesOnce()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    recorder.afterReport = [&](int64_t step) {
        if (step == 4) must(trainer->post(breakAt("loss > 0")));
    };
    {
        const Continuing viewer(*trainer);
        must(trainer->run());
    }
    QCOMPARE(stepsOf(recorder, EventKind::Breakpoint), std::vector<int64_t>{5});
    QCOMPARE(recorder.count(EventKind::Paused), 1);
}

void TestTrainingBreakpoints::theStatusHasThem()
{
    RunFixture fixture;
    using Texts = std::vector<std::string>;
    // Of the newest status that was told, and of that which a viewer gets by asking: before the event is.
    struct : Recorder {
        void onEvent(const RunEvent &event) override
        {
            if (event.text.starts_with("Breakpoint") || event.text.starts_with("All breakpoints"))
                seen.push_back({statuses.back().breakpoints, trainer->status().breakpoints});
        }
        Trainer *trainer = nullptr;
        std::vector<std::pair<Texts, Texts>> seen;
    } watching;
    auto trainer = must(fixture.make(watching));
    watching.trainer = trainer.get();
    must(trainer->post(breakAt("loss>1e9")));
    must(trainer->post(breakAt("  grad_norm >=  1000000")));
    must(trainer->post({.verb = ControlVerb::Unbreak, .setting = {"", "loss > 1e9"}}));
    must(trainer->post({.verb = ControlVerb::Unbreak}));
    must(trainer->post(breakAt("lr > 1")));
    QCOMPARE(must(trainer->run()), RunState::Finished);
    const std::string loss = "loss > 1e+09", norm = "grad_norm >= 1e+06";
    const std::vector<Texts> expected = {{loss}, {loss, norm}, {norm}, {}, {"lr > 1"}};
    QCOMPARE(watching.seen.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
        QCOMPARE(watching.seen[i].first, expected[i]);
        QCOMPARE(watching.seen[i].second, expected[i]);
    }
    // Kept for a resume.
    QCOMPARE(trainer->status().breakpoints, Texts{"lr > 1"});
}

void TestTrainingBreakpoints::thePauseHasItsReason()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    must(trainer->post(breakAt("grad_norm > 0")));
    must(trainer->post(breakAt("loss > 0")));
    RunStatus paused, continued;
    std::thread viewer([&] {
        while ((paused = trainer->status()).state != RunState::Paused) std::this_thread::yield();
        must(trainer->post({.verb = ControlVerb::StepN, .steps = 1}));
        do continued = trainer->status();
        while (continued.step < 2 || continued.state != RunState::Paused);
        must(trainer->post({.verb = ControlVerb::Continue}));
    });
    QCOMPARE(must(trainer->run()), RunState::Finished);
    viewer.join();
    // Of several, the one that was set first.
    QCOMPARE(paused.pauseReason,
             "grad_norm > 0: grad_norm was " + formatSignificant(recorder.series[series::kGradNorm][1], 4));
    QCOMPARE(paused.pauseSeries, std::string(series::kGradNorm));
    QCOMPARE(paused.breakpoints, (std::vector<std::string>{"grad_norm > 0", "loss > 0"}));
    // The steps that were asked for end in a pause without a reason.
    QCOMPARE(continued.pauseReason, std::string());
    QCOMPARE(continued.pauseSeries, std::string());
    QCOMPARE(continued.breakpoints.size(), size_t(2));
    // What is told says the same as what is asked for.
    for (const RunStatus &status : recorder.statuses)
        QCOMPARE(status.pauseReason.empty(), status.state != RunState::Paused || status.step != 1);
}

void TestTrainingBreakpoints::aPauseByHandHasNone_data()
{
    QTest::addColumn<int>("verb");
    QTest::newRow("continue") << int(ControlVerb::Continue);
    QTest::newRow("stop") << int(ControlVerb::Stop);
}

void TestTrainingBreakpoints::aPauseByHandHasNone()
{
    QFETCH(const int, verb);
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    must(trainer->post(breakAt("loss > 0")));
    recorder.afterReport = [&](int64_t step) {
        if (step == 5) must(trainer->post({.verb = ControlVerb::Pause}));
    };
    std::vector<std::string> reasons;
    std::thread viewer([&] {
        RunStatus status;
        while ((status = trainer->status()).state != RunState::Paused) std::this_thread::yield();
        reasons.push_back(status.pauseReason);
        must(trainer->post({.verb = static_cast<ControlVerb>(verb)}));
        if (verb == int(ControlVerb::Stop)) return;
        do status = trainer->status();
        while (status.step < 5 || status.state != RunState::Paused);
        reasons.push_back(status.pauseReason);
        must(trainer->post({.verb = ControlVerb::Continue}));
    });
    must(trainer->run());
    viewer.join();
    QVERIFY2(reasons[0].starts_with("loss > 0: loss was "), reasons[0].c_str());
    if (reasons.size() > 1) QCOMPARE(reasons[1], std::string());
    QCOMPARE(trainer->status().pauseReason, std::string());
    QCOMPARE(recorder.statuses.back().pauseReason, std::string());
    QCOMPARE(recorder.statuses.back().pauseSeries, std::string());
}

void TestTrainingBreakpoints::occupancyThatNobodyTellsIsRefused()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    must(trainer->post(breakAt("memory > 0.9"))); // parts have not told anything yet
    Result<void> late;
    recorder.afterReport = [&](int64_t step) {
        if (step == 3) late = trainer->post(breakAt("memory > 0.9"));
    };
    must(trainer->run());
    const RunEvent *warning = recorder.last(EventKind::Warning);
    QVERIFY(warning && warning->step == 1);
    QCOMPARE(recorder.count(EventKind::Warning), 1);
    VERIFY_ERROR(
        late, ErrorCode::InvalidInput,
        "Cannot use the breakpoint \"memory > 0.9\": no part of the model tells how full its memory is");
    VERIFY_ERROR(late, ErrorCode::InvalidInput, "expected one of loss, val_loss, lr, grad_norm");
    QCOMPARE(warning->text, late.error().text());
}

void TestTrainingBreakpoints::headsWithoutFramesAreRefused()
{
    RunFixture without; // frames_every is 0
    Recorder recorder;
    auto trainer = must(without.make(recorder));
    for (const char *condition : {"entropy < 0.5", "head/0.1/change > 0.5"})
        VERIFY_ERROR(trainer->post(breakAt(condition)), ErrorCode::InvalidInput,
                     "because probes.frames_every is 0, expected 1 or more");
    RunSpec spec = smallRun();
    spec.probes.framesEvery = 5;
    spec.probes.budgetPercent = 0;
    RunFixture poor(spec);
    VERIFY_ERROR(must(poor.make(recorder))->post(breakAt("entropy < 0.5")), ErrorCode::InvalidInput,
                 "because probes.budget_percent is 0, expected above 0");
    // Frames that are given up while somebody waits for them.
    spec.probes.budgetPercent = 100;
    RunFixture changed(spec);
    Recorder changing;
    trainer = must(changed.make(changing));
    must(trainer->post(breakAt("entropy < 0")));
    must(trainer->post(breakAt("loss < 0")));
    Result<void> late;
    changing.afterReport = [&](int64_t step) {
        if (step == 3)
            must(trainer->post({.verb = ControlVerb::Set, .setting = {"probes.frames_every", "0"}}));
        if (step == 5) late = trainer->post(breakAt("head/0.0/entropy < 1"));
    };
    must(trainer->run());
    QCOMPARE(changing.count(EventKind::Warning), 1);
    const RunEvent *warning = changing.last(EventKind::Warning);
    QVERIFY2(warning->text.starts_with("Cannot use the breakpoint \"entropy < 0\": the run keeps no"),
             warning->text.c_str());
    VERIFY_ERROR(late, ErrorCode::InvalidInput, "probes.frames_every is 0");
}

void TestTrainingBreakpoints::whatNoPartTellsIsRefused()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    must(trainer->post(breakAt("part/epsodic/occupancy > 0.9"))); // parts have not told anything yet
    must(trainer->post(breakAt("probe/norm > 1")));
    Result<void> ofPart, ofProbe, early;
    recorder.afterReport = [&](int64_t step) {
        if (step == 2) early = trainer->post(breakAt("probe/other > 1")); // nothing was validated yet
        if (step != 5) return;
        ofPart = trainer->post(breakAt("part/epsodic/occupancy > 0.9"));
        ofProbe = trainer->post(breakAt("probe/norm > 1"));
    };
    must(trainer->run());
    VERIFY_OK(early);
    VERIFY_ERROR(ofPart, ErrorCode::InvalidInput,
                 "no part or probe of the model tells \"part/epsodic/occupancy\", expected a series that the "
                 "run has; they tell none of this kind.");
    VERIFY_ERROR(ofProbe, ErrorCode::InvalidInput, "tells \"probe/norm\"");
    QCOMPARE(stepsOf(recorder, EventKind::Warning), (std::vector<int64_t>{1, 4, 4}));
    QCOMPARE(recorder.last(EventKind::Warning)->text.find("\"probe/other > 1\"") != std::string::npos, true);
}

void TestTrainingBreakpoints::areKeptForTheNextStart()
{
    RunFixture fixture;
    must(writeBreakpoints(fixture.run->path(), {"loss > 0", "lr > 9", "gradnorm > 4"}));
    Recorder first;
    auto trainer = must(fixture.make(first));
    std::thread viewer([&] {
        while (trainer->status().state != RunState::Paused) std::this_thread::yield();
        must(trainer->post({.verb = ControlVerb::Unbreak, .setting = {"", "loss > 0"}}));
        must(trainer->post(breakAt("grad_norm > 1000000")));
        must(trainer->post({.verb = ControlVerb::Stop}));
    });
    QCOMPARE(must(trainer->run()), RunState::Stopped);
    viewer.join();
    QCOMPARE(trainer->status().step, int64_t(1)); // before the first update nobody could have set it
    QVERIFY(first.last(EventKind::Warning)->text.find("Did you mean \"grad_norm\"?") != std::string::npos);
    // Nothing was before the first start.
    const bool isTold = std::any_of(first.events.begin(), first.events.end(),
                                    [](const RunEvent &event) { return event.text == "Breakpoints: loss > 0, lr > 9."; });
    QVERIFY(isTold);
    const std::vector<std::string> kept = {"lr > 9", "grad_norm > 1e+06"};
    QCOMPARE(must(readBreakpoints(fixture.run->path())), kept);
    Recorder second;
    trainer = must(fixture.make(second));
    must(trainer->run());
    QCOMPARE(second.last(EventKind::Note)->text,
             std::string("Breakpoints as before: lr > 9, grad_norm > 1e+06."));
    QCOMPARE(trainer->status().breakpoints, kept);
}

void TestTrainingBreakpoints::badConditionsAreRefused_data()
{
    QTest::addColumn<QString>("condition");
    QTest::addColumn<QString>("reason");
    QTest::newRow("no condition") << ""
                                  << "it is empty";
    QTest::newRow("no number") << "loss > much"
                               << "the number is \"much\"";
    QTest::newRow("unknown series") << "gradnorm > 4"
                                    << "Did you mean \"grad_norm\"?";
    QTest::newRow("a head that is not there") << "head/2.0/entropy < 1"
                                              << "no series \"head/2.0/entropy\"";
    QTest::newRow("of another kind of run") << "forgetting > 1"
                                            << "no series \"forgetting\"";
}

void TestTrainingBreakpoints::badConditionsAreRefused()
{
    QFETCH(QString, condition);
    QFETCH(QString, reason);
    RunSpec spec = smallRun();
    spec.probes.framesEvery = 5;
    RunFixture fixture(spec);
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    VERIFY_ERROR(trainer->post(breakAt(condition.toStdString())), ErrorCode::InvalidInput,
                 reason.toUtf8().constData());
    VERIFY_OK(trainer->post(breakAt("head/1.1/change > 0.5")));
    VERIFY_ERROR(trainer->post({.verb = ControlVerb::Unbreak, .setting = {"", "loss >"}}),
                 ErrorCode::InvalidInput, "no number");
}

void TestTrainingBreakpoints::whatIsNotThereIsNamed()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    must(trainer->post({.verb = ControlVerb::Unbreak, .setting = {"", "loss > 4"}}));
    must(trainer->run());
    QCOMPARE(recorder.last(EventKind::Warning)->text,
             std::string("There is no breakpoint loss > 4 to remove. Breakpoints now: none."));
}

QTEST_GUILESS_MAIN(TestTrainingBreakpoints)
#include "tst_training_breakpoints.moc"
