// SPDX-License-Identifier: Apache-2.0
// Several texts in turn where the steps become others: resumes with another total, branches, and what is measured
// at the end then.
#include "core/train/continual/stage_series.h"
#include "tests/base/check_result.h"
#include "tests/train/branch_plan.h"
#include "tests/train/staged_fixture.h"
#include "tests/train/token_memory.h"

#include <QtTest>

#include <algorithm>
#include <optional>

using namespace orrery;
using namespace orrery::test;

namespace {

/// Trains up to there and stops, then goes on with another total.
void trainInTwoParts(StagedFixture &fixture, Recorder &recorder, int64_t stopAt, int64_t totalSteps)
{
    bool isStopping = false;
    TrainingOptions options;
    options.stopRequested = [&] { return isStopping; };
    recorder.afterReport = [&](int64_t step) { isStopping = isStopping || step >= stopAt; };
    must(fixture.train(recorder, options));
    recorder.afterReport = {};
    QCOMPARE(must(fixture.train(recorder, {}, totalSteps)), RunState::Finished);
}

int numNotesOf(const Recorder &recorder, const std::string &words)
{
    return static_cast<int>(std::count_if(
        recorder.events.begin(), recorder.events.end(), [&words](const RunEvent &event) {
            return event.kind == EventKind::Note && event.text.find(words) != std::string::npos;
        }));
}

} // namespace

class TestStageSteps : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theLastRowIsOfTheRunsEnd_data();
    void theLastRowIsOfTheRunsEnd();
    void whenMoreStepsAreGivenMovesNothing();
    void valLossIsTheMeanOfWholeTexts_data();
    void valLossIsTheMeanOfWholeTexts();
    void aStageEndComesBehindItsStep();
    void aTotalWithoutTheLastTextIsRefused();
    void theTotalBeforeIsNamed();
    void slowMemoryIsToldOnce_data();
    void slowMemoryIsToldOnce();
    void aBranchKeepsTheStages();
    void aBranchAndAResumeAgreeOnChangedText_data();
    void aBranchAndAResumeAgreeOnChangedText();
};

void TestStageSteps::theLastRowIsOfTheRunsEnd_data()
{
    QTest::addColumn<QString>("strategy");
    QTest::addColumn<int>("stopAt");
    QTest::addColumn<int>("totalSteps");
    QTest::addColumn<bool>("hasEndedBefore");
    QTest::newRow("given more when it had ended") << QStringLiteral("naive") << 12 << 18 << true;
    QTest::newRow("given more within the last text") << QStringLiteral("er") << 10 << 18 << false;
    QTest::newRow("given fewer within the last text") << QStringLiteral("rehearsal") << 9 << 11 << false;
}

void TestStageSteps::theLastRowIsOfTheRunsEnd()
{
    QFETCH(const QString, strategy);
    QFETCH(const int, stopAt);
    QFETCH(const int, totalSteps);
    QFETCH(const bool, hasEndedBefore);
    StagedFixture fixture(strategy.toStdString());
    Recorder recorder;
    trainInTwoParts(fixture, recorder, stopAt, totalSteps);
    std::map<int64_t, std::vector<double>> rows;
    for (size_t stage = 1; stage <= 3; ++stage)
        for (const auto &[step, loss] : recorder.series[series::stageLoss(stage)]) rows[step].push_back(loss);
    QCOMPARE(rows.size(), size_t(hasEndedBefore ? 4 : 3));
    QCOMPARE(rows.rbegin()->first, int64_t(totalSteps));
    const auto &first = rows.at(4), &second = rows.at(8), &last = rows.at(totalSteps);
    for (size_t stage = 1; stage <= 3; ++stage)
        QCOMPARE(recorder.series[series::stageValLoss(stage)].at(totalSteps), last[stage - 1]);
    QCOMPARE(recorder.series[series::kForgetting].at(totalSteps),
             (last[0] - std::min(first[0], second[0]) + last[1] - second[1]) / 2);
    QCOMPARE(recorder.series[series::kBackwardTransfer].at(totalSteps),
             (first[0] - last[0] + second[1] - last[1]) / 2);
    QCOMPARE(numNotesOf(recorder, "Stage 3 of 3 ended"), hasEndedBefore ? 2 : 1);
    QCOMPARE(recorder.series[series::kStage].at(totalSteps), 3.0);
}

// Also where each stage ends with the mean of its weights.
void TestStageSteps::whenMoreStepsAreGivenMovesNothing()
{
    std::vector<std::map<int64_t, double>> losses;
    for (const int64_t stopAt : {12, 10}) {
        StagedFixture fixture("rehearsal", [](RunSpec &spec) { spec.train.steps = 24; });
        Recorder recorder;
        trainInTwoParts(fixture, recorder, 2 * stopAt, 30);
        losses.push_back(recorder.series[series::kLoss]);
        QCOMPARE(losses.back().size(), size_t(30));
    }
    QCOMPARE(losses[1], losses[0]);
}

void TestStageSteps::valLossIsTheMeanOfWholeTexts_data()
{
    QTest::addColumn<int>("evalTokens");
    QTest::newRow("of all") << 0;
    QTest::newRow("of a part") << 128;
}

void TestStageSteps::valLossIsTheMeanOfWholeTexts()
{
    QFETCH(const int, evalTokens);
    StagedFixture fixture("naive", [&](RunSpec &spec) {
        spec.train.evalTokens = evalTokens;
        spec.train.evalEvery = 3;
    });
    // The second text is much shorter than the others, which are not alike all along.
    std::filesystem::resize_file(fixture.folder() / "text1", 400);
    for (const char *name : {"text0", "text2"}) {
        std::ofstream out(fixture.folder() / name, std::ios::app);
        for (int i = 0; i < 2000; ++i) out << static_cast<char>('A' + i * i % 19);
    }
    fixture.data = must(prepareRunData(fixture.spec, fixture.folder() / "shards"));
    const auto numValTokens = [&](size_t text) { return fixture.data.text[text]->numTokens(Split::Validation); };
    QVERIFY(numValTokens(1) * 4 < numValTokens(0));
    Recorder recorder;
    must(fixture.train(recorder));
    QVERIFY(recorder.series[series::kValLoss].size() >= 4);
    for (const auto &[step, loss] : recorder.series[series::kValLoss]) {
        double sum = 0;
        for (size_t stage = 1; stage <= 3; ++stage) sum += recorder.series[series::stageValLoss(stage)].at(step);
        QVERIFY2(loss == sum / 3, qPrintable(QStringLiteral("%1, not %2").arg(loss).arg(sum / 3)));
    }
}

/// Else a terminal shows the new step with the loss of the one before.
void TestStageSteps::aStageEndComesBehindItsStep()
{
    struct InOrder : Recorder {
        void onReport(const StepReport &report) override
        {
            for (const MetricValue &metric : report.values)
                if (metric.series == series::kLoss || metric.series == series::stageLoss(1))
                    told.emplace_back(report.step, metric.series);
            Recorder::onReport(report);
        }
        std::vector<std::pair<int64_t, std::string>> told;
    } recorder;
    StagedFixture fixture("naive");
    must(fixture.train(recorder));
    QCOMPARE(recorder.told.size(), size_t(15));
    for (const int64_t step : {4, 8, 12}) {
        const auto found =
            std::find(recorder.told.begin(), recorder.told.end(), std::pair(step, series::stageLoss(1)));
        QVERIFY(found != recorder.told.end());
        QVERIFY(*(found - 1) == std::pair(step, std::string(series::kLoss)));
    }
}

void TestStageSteps::aTotalWithoutTheLastTextIsRefused()
{
    StagedFixture fixture("er");
    Recorder recorder;
    TrainingOptions options;
    options.stopRequested = [&] { return recorder.series[series::kLoss].size() >= 5; };
    QCOMPARE(must(fixture.train(recorder, options)), RunState::Stopped);
    const auto refused = fixture.train(recorder, {}, 8);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
    for (const char *part : {"\"run\" to 8 steps", "12 steps among 3 stages", "a total of 9 or more"})
        QVERIFY2(refused.error().message.find(part) != std::string::npos, refused.error().message.c_str());
    QVERIFY2(refused.error().hint.find("9 or more") != std::string::npos, refused.error().hint.c_str());
    QCOMPARE(must(fixture.train(recorder, {}, 9)), RunState::Finished);
    QCOMPARE(recorder.series[series::kStage].at(9), 3.0);
}

void TestStageSteps::theTotalBeforeIsNamed()
{
    StagedFixture fixture("naive");
    auto writer = must(RunWriter::open(fixture.run->path()));
    Recorder recorder;
    recorder.writer = writer.get();
    must(fixture.train(recorder));
    const auto resumedTo = [&](int64_t totalSteps) {
        must(writer->flush());
        must(fixture.train(recorder, {}, totalSteps));
        return recorder.last(EventKind::Resumed)->text;
    };
    QCOMPARE(resumedTo(14), std::string("Resumed from checkpoint 12. It trains to step 14 instead of 12."));
    QCOMPARE(resumedTo(16), std::string("Resumed from checkpoint 14. It trains to step 16 instead of 14."));
}

void TestStageSteps::slowMemoryIsToldOnce_data()
{
    QTest::addColumn<QString>("strategy");
    QTest::addColumn<double>("rate");
    QTest::addColumn<QString>("factor");
    QTest::addColumn<int>("count");
    QTest::newRow("slow") << "sparse_memory" << 0.02 << "" << 1;
    QTest::newRow("fast") << "sparse_memory" << 0.05 << "" << 0;
    QTest::newRow("slow, and raised in time") << "sparse_memory" << 0.02 << "5" << 0;
    QTest::newRow("all weights") << "er" << 0.02 << "" << 0;
}

void TestStageSteps::slowMemoryIsToldOnce()
{
    QFETCH(const QString, strategy);
    QFETCH(const double, rate);
    QFETCH(const QString, factor);
    QFETCH(const int, count);
    const WithTokenMemory memory(256);
    StagedFixture fixture(strategy.toStdString(), [&](RunSpec &spec) { spec.optimizer.lr = rate; });
    Recorder recorder;
    std::unique_ptr<Trainer> trainer;
    recorder.afterReport = [&](int64_t step) {
        if (step == 2 && !factor.isEmpty())
            must(trainer->post({.verb = ControlVerb::Set, .setting = {"lr_factor", factor.toStdString()}}));
    };
    trainer = must(createTrainer(*fixture.run, fixture.data, recorder, must(findTrainingStart(*fixture.run)),
                                 ++fixture.attempt, {}));
    QCOMPARE(must(trainer->run()), RunState::Finished);
    QCOMPARE(numNotesOf(recorder, "at a learning rate of 0.020, expected about 0.1. Raise it for this text: "
                                  "orrery-engine control run set lr_factor=5.0."),
             count);
    QCOMPARE(numNotesOf(recorder, "learning rate"), count);
}

void TestStageSteps::aBranchKeepsTheStages()
{
    StagedFixture fixture("er");
    Recorder recorder;
    must(fixture.train(recorder));
    const Catalogue catalogue(fixture.folder() / "home");
    const RunDirectory parent = *fixture.run;
    const auto longer = branchRun(catalogue, parent, plan(6, {{"train.steps", "24"}}));
    VERIFY_OK(longer);
    QCOMPARE(longer->frozen().spec.train.steps, int64_t(24));
    QCOMPARE(longer->frozen().spec.schedule.totalSteps, int64_t(12));
    fixture.run = std::make_unique<RunDirectory>(*longer);
    fixture.attempt = -1;
    Recorder branched;
    QCOMPARE(must(fixture.train(branched)), RunState::Finished);
    QCOMPARE(branched.series[series::kStage].at(8), 2.0);
    QCOMPARE(branched.series[series::kStage].at(9), 3.0);
    for (const int64_t step : {7, 12})
        QCOMPARE(branched.series[series::kLoss].at(step), recorder.series[series::kLoss].at(step));
    QCOMPARE(branched.series[series::kForgetting].rbegin()->first, int64_t(24));
    VERIFY_ERROR(branchRun(catalogue, parent, plan(6, {{"schedule.total_steps", "24"}})), ErrorCode::InvalidInput,
                 "expected the same, as the texts of continual.stages share these steps");
    VERIFY_ERROR(branchRun(catalogue, parent, plan(6, {{"train.steps", "8"}})), ErrorCode::InvalidInput,
                 "would never be seen, expected 9 or more");
}

void TestStageSteps::aBranchAndAResumeAgreeOnChangedText_data()
{
    QTest::addColumn<QString>("strategy");
    QTest::addColumn<int>("text");
    QTest::addColumn<bool>("isRefused");
    QTest::newRow("the first, kept") << "er" << 0 << true;
    QTest::newRow("the second, kept") << "ewc" << 1 << true;
    QTest::newRow("the last, of which nothing is kept") << "er" << 2 << false;
    QTest::newRow("nothing is kept") << "naive" << 0 << false;
}

void TestStageSteps::aBranchAndAResumeAgreeOnChangedText()
{
    QFETCH(const QString, strategy);
    QFETCH(const int, text);
    QFETCH(const bool, isRefused);
    StagedFixture fixture(strategy.toStdString());
    Recorder recorder;
    must(fixture.train(recorder));
    const Catalogue catalogue(fixture.folder() / "home");
    const auto branch = branchRun(catalogue, *fixture.run, plan(12, {{"train.steps", "24"}}));
    VERIFY_OK(branch);
    fixture.writeText(text, 3);
    fixture.data = must(prepareRunData(fixture.spec, fixture.folder() / "shards"));
    const std::string told = "the text of stage " + std::to_string(text + 1) + " changed";
    for (const bool isBranch : {false, true}) {
        if (isBranch) {
            fixture.run = std::make_unique<RunDirectory>(*branch);
            fixture.attempt = -1;
        }
        Recorder resumed;
        const auto outcome = fixture.train(resumed, {}, isBranch ? 0 : 24);
        QCOMPARE(outcome.ok(), !isRefused);
        const std::string said = isRefused ? outcome.error().message : resumed.last(EventKind::Resumed)->text;
        QVERIFY2(said.find(told) != std::string::npos, said.c_str());
    }
}

QTEST_GUILESS_MAIN(TestStageSteps)
#include "tst_stage_steps.moc"
