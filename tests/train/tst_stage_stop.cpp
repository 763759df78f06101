// SPDX-License-Identifier: Apache-2.0
// A stop where one of several texts ends: heard while the model is looked at or makes up texts, and made good
// on resume.
#include "core/train/continual/continual.h"
#include "tests/train/staged_fixture.h"
#include "tests/train/token_memory.h"

#include <QtTest>

#include <torch/types.h>

#include <optional>

using namespace orrery;
using namespace orrery::test;

class TestStageStop : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void stageEndsHearAStop_data();
    void stageEndsHearAStop();
    void aLookThatWasCutShortIsOwed();
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

QTEST_GUILESS_MAIN(TestStageStop)
#include "tst_stage_stop.moc"
