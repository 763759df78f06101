// SPDX-License-Identifier: Apache-2.0
// A stop where one of several texts ends: heard while the model is looked at or makes up texts, and made good
// on resume. A pause there is held, and changes nothing.
#include "core/train/continual/continual.h"
#include "tests/train/staged_fixture.h"
#include "tests/train/token_memory.h"

#include <QtTest>

#include <torch/types.h>

#include <algorithm>
#include <optional>

using namespace orrery;
using namespace orrery::test;

class TestStageStop : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void stageEndsHearAStop_data();
    void stageEndsHearAStop();
    void aLookThatWasCutShortIsOwed();
    void stageEndsHoldAPause_data();
    void stageEndsHoldAPause();
    void aStopEndsAHeldPause();
};

void TestStageStop::stageEndsHearAStop_data()
{
    QTest::addColumn<QString>("strategy");
    QTest::addColumn<int>("end");
    QTest::addColumn<bool>("isCommand");
    const auto add = [](const char *strategy, int end, bool isCommand) {
        QTest::addRow("%s, step %d, %s", strategy, end, isCommand ? "command" : "signal")
            << QString::fromLatin1(strategy) << end << isCommand;
    };
    for (const char *strategy : {"rehearsal", "derpp", "ewc", "sparse_memory"})
        for (const int end : {4, 8}) // of the first text, and of the second, where something is kept already
            add(strategy, end, false);
    add("rehearsal", 4, true);
    add("ewc", 8, true);
}

void TestStageStop::stageEndsHearAStop()
{
    QFETCH(const QString, strategy);
    QFETCH(const int, end);
    QFETCH(const bool, isCommand);
    std::optional<WithTokenMemory> memory;
    if (strategy == QStringLiteral("sparse_memory")) memory.emplace(256);
    StagedFixture fixture(strategy.toStdString(), [](RunSpec &spec) { spec.continual.bufferPercent = 20; });
    Recorder whole, first, second;
    must(fixture.train(whole));
    fixture.newRun("stopped");
    std::unique_ptr<Trainer> trainer;
    bool isWithinLastStep = false, isStopping = false;
    int numAsked = 0;
    TrainingOptions options;
    options.stopRequested = [&] {
        // Asked once at the boundary before the step where the text ends; then by what comes of its end.
        if (isWithinLastStep && ++numAsked == 4) {
            if (isCommand)
                must(trainer->post({.verb = ControlVerb::Stop}));
            else
                isStopping = true;
        }
        return isStopping;
    };
    first.afterReport = [&](int64_t step) { isWithinLastStep = step == end - 1; };
    trainer = must(createTrainer(*fixture.run, fixture.data, first, must(findTrainingStart(*fixture.run)),
                                 ++fixture.attempt, options));
    QCOMPARE(must(trainer->run()), RunState::Stopped);
    QCOMPARE(trainer->status().step, int64_t(end));
    QCOMPARE(numAsked, isCommand ? 5 : 4); // a command is heard when it is asked next
    // A resume that is stopped there as well does not train without what it lacks.
    Recorder third;
    int numAskedAgain = 0;
    options.stopRequested = [&] { return ++numAskedAgain == 1; };
    trainer = must(createTrainer(*fixture.run, fixture.data, third, must(findTrainingStart(*fixture.run)),
                                 ++fixture.attempt, options));
    QCOMPARE(must(trainer->run()), RunState::Stopped);
    QCOMPARE(trainer->status().step, int64_t(end));
    QVERIFY(third.series["loss"].empty());
    // What was not made up, or not looked at, is so anew.
    QVERIFY(must(fixture.train(second)) == RunState::Finished);
    for (const auto &[step, value] : whole.series["loss"]) {
        const double found = step <= end ? first.series["loss"][step] : second.series["loss"][step];
        QVERIFY2(found == value, qPrintable(QString::number(step)));
    }
}

// All or nothing: of a look that was cut short only that it is owed, and that only where its weights are.
void TestStageStop::aLookThatWasCutShortIsOwed()
{
    StagedFixture fixture("ewc");
    const auto tokenizer = must(Tokenizer::create(fixture.spec.data));
    auto model = must(nn::Transformer::create(fixture.spec.model, tokenizer->vocabSize(), 3, "cpu"));
    const auto source = sourceOf(fixture);
    const auto make = [&] { return must(Continual::create(fixture.spec, *model, *source)); };
    const auto stopped = make(), whole = make(), resumed = make();
    int numAsked = 0;
    stopped->setStopCheck([&] { return ++numAsked == 10; });
    stopped->keepStage(*model, 0);
    QVERIFY(stopped->isCutShort());
    QCOMPARE(numAsked, 10);
    const auto state = stopped->state();
    QCOMPARE(state.size(), size_t(1));
    QCOMPARE(state[0].name, std::string(kOwedLook));
    for (const int64_t step : {3, 5, 12}) {
        const auto elsewhere = resumed->setState(state, step, *model);
        QVERIFY2(!elsewhere.ok(), qPrintable(QString::number(step)));
        QVERIFY(elsewhere.error().message.find("there is \"owed\", expected no such part") !=
                std::string::npos);
    }
    QVERIFY(resumed->setState(state, 4, *model).ok());
    QVERIFY(!resumed->isCutShort());
    whole->keepStage(*model, 0);
    const auto expected = whole->state(), found = resumed->state();
    QCOMPARE(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
        QCOMPARE(found[i].name, expected[i].name);
        QVERIFY(at::equal(found[i].tensor, expected[i].tensor));
    }
}

void TestStageStop::stageEndsHoldAPause_data()
{
    QTest::addColumn<QString>("strategy");
    QTest::addColumn<int>("atQuestion"); ///< whether to stop; the first one comes at the boundary before the step
    // Nothing is kept, so that the losses of all texts are all there is to hold.
    QTest::newRow("naive, while losses are measured") << QStringLiteral("naive") << 1;
    for (const char *strategy : {"rehearsal", "derpp", "ewc", "sparse_memory"})
        QTest::addRow("%s, while it is looked at", strategy) << QString::fromLatin1(strategy) << 4;
}

void TestStageStop::stageEndsHoldAPause()
{
    QFETCH(const QString, strategy);
    QFETCH(const int, atQuestion);
    constexpr int64_t end = 8;
    std::optional<WithTokenMemory> memory;
    if (strategy == QStringLiteral("sparse_memory")) memory.emplace(256);
    StagedFixture fixture(strategy.toStdString(), [](RunSpec &spec) { spec.continual.bufferPercent = 20; });
    Recorder whole, held;
    must(fixture.train(whole));
    fixture.newRun("held");
    std::unique_ptr<Trainer> trainer;
    auto asked = std::make_shared<LiveInspection>();
    asked->request.input.prompt = "abcd";
    asked->request.wantsAttribution = true; // which needs gradients, where there may be none
    bool isWithinLastStep = false;
    int numAsked = 0, numHeld = 0;
    TrainingOptions options;
    options.stopRequested = [&] {
        if (trainer->status().state == RunState::Paused) {
            // Asked again and again while it holds. A checkpoint waits; who looks inside does not.
            if (++numHeld == 1) {
                must(trainer->post({.verb = ControlVerb::Checkpoint}));
                must(trainer->inspect(asked));
            } else if (asked->isAnswered) {
                must(trainer->post({.verb = ControlVerb::Continue}));
            }
        } else if (isWithinLastStep && ++numAsked == atQuestion) {
            must(trainer->post({.verb = ControlVerb::Pause}));
        }
        return false;
    };
    held.afterReport = [&](int64_t step) { isWithinLastStep = step == end - 1; };
    trainer = must(createTrainer(*fixture.run, fixture.data, held, must(findTrainingStart(*fixture.run)),
                                 ++fixture.attempt, options));
    QCOMPARE(must(trainer->run()), RunState::Finished);
    QVERIFY(numHeld >= 2);
    QVERIFY2(asked->answer.ok(), asked->answer.ok() ? "" : asked->answer.error().text().c_str());
    QCOMPARE(asked->answer->step, end);
    const auto placeOf = [&](EventKind kind, const std::string &words) {
        const auto found = std::find_if(held.events.begin(), held.events.end(), [&](const RunEvent &event) {
            return event.kind == kind && event.step == end && event.text.find(words) != std::string::npos;
        });
        return found - held.events.begin();
    };
    const auto paused = placeOf(EventKind::Paused, "Paused after step 8, within the look at the end of a stage"),
               continued = placeOf(EventKind::Continued, ""), ended = placeOf(EventKind::Note, "Stage 2 of 3 ended"),
               saved = placeOf(EventKind::Checkpoint, "Checkpoint 8");
    QVERIFY(paused < continued && continued < ended && ended < saved);
    QVERIFY(saved < std::ssize(held.events));
    QCOMPARE(held.count(EventKind::Paused), 1);
    QCOMPARE(held.series["loss"], whole.series["loss"]);
    for (const char *text : {"stage_loss/1", "stage_loss/2", "stage_loss/3"})
        QCOMPARE(held.series[text], whole.series[text]);
}

void TestStageStop::aStopEndsAHeldPause()
{
    StagedFixture fixture("ewc");
    Recorder recorder;
    std::unique_ptr<Trainer> trainer;
    bool isWithinLastStep = false;
    int numAsked = 0;
    TrainingOptions options;
    options.stopRequested = [&] {
        if (trainer->status().state == RunState::Paused) must(trainer->post({.verb = ControlVerb::Stop}));
        else if (isWithinLastStep && ++numAsked == 4) must(trainer->post({.verb = ControlVerb::Pause}));
        return false;
    };
    recorder.afterReport = [&](int64_t step) { isWithinLastStep = step == 3; };
    trainer = must(createTrainer(*fixture.run, fixture.data, recorder, must(findTrainingStart(*fixture.run)),
                                 ++fixture.attempt, options));
    QCOMPARE(must(trainer->run()), RunState::Stopped);
    QCOMPARE(recorder.count(EventKind::Paused), 1);
    QCOMPARE(trainer->status().step, int64_t(4));
    const auto isEnd = [](const RunEvent &event) { return event.text.find("Stage 1 of 3 ended") != std::string::npos; };
    const auto isPause = [](const RunEvent &event) { return event.kind == EventKind::Paused; };
    QVERIFY(std::find_if(recorder.events.begin(), recorder.events.end(), isPause) <
            std::find_if(recorder.events.begin(), recorder.events.end(), isEnd));
    must(fixture.train(recorder)); // what was cut short there is done anew
}

QTEST_GUILESS_MAIN(TestStageStop)
#include "tst_stage_stop.moc"
