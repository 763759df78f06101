// SPDX-License-Identifier: Apache-2.0
// A run that was cut off somewhere and resumed has the losses of one that was not, to the bit.
#include "core/spec/schedule.h"
#include "core/tensorfile/checkpoint_files.h"
#include "tests/train/run_fixture.h"

#include <QtTest>

using namespace orrery;
using namespace orrery::test;

class TestTrainingResume : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void resumedLossesAreBitIdentical_data();
    void resumedLossesAreBitIdentical();
    void settingsBehindTheCheckpointAreReplayed();
    void settingsInTheCheckpointStay();
    void settingsReplayWithoutAnyCheckpoint();
    void damagedCheckpointFallsBackAndSaysSo();
    void nothingVerifiesStartsAnew();
    void moreStepsGoOn();
    void theNewTotalSurvivesAKill_data();
    void theNewTotalSurvivesAKill();
    void fewerStepsThanAreDoneAreRefused();
    void fewerStepsThanInTheSpecAreKept();
    void bestSurvivesTheResume();
    void otherSpecIsRefused();
};

namespace {

/// Stands for a SIGKILL: the loop does no more than answer its commands.
struct Killed {};

/// Runs until the observer threw Killed, which may come out as it is or as an error, or to the end.
/// @return whether it was killed
bool runOrBeKilled(Trainer &trainer, const bool &isKilled)
{
    try {
        const auto outcome = trainer.run();
        if (!outcome && !isKilled) qFatal("%s", outcome.error().text().c_str());
    } catch (const Killed &) {
    }
    return isKilled;
}

void trainUntilKilled(RunFixture &fixture, Recorder &recorder, int64_t step, int64_t totalSteps = 0)
{
    const auto afterReport = recorder.afterReport;
    bool isKilled = false;
    recorder.afterReport = [=, &isKilled](int64_t now) {
        if (afterReport) afterReport(now);
        if (now != step) return;
        isKilled = true;
        throw Killed();
    };
    auto trainer = must(fixture.make(recorder, {}, totalSteps));
    if (!runOrBeKilled(*trainer, isKilled)) qFatal("the training ended before its kill");
}

std::map<int64_t, double> merged(Recorder &first, Recorder &second)
{
    std::map<int64_t, double> all = first.series[series::kLoss];
    for (const auto &[step, value] : second.series[series::kLoss]) all[step] = value;
    return all;
}

void flipBit(const std::filesystem::path &file)
{
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(-9, std::ios::end);
    const int byte = stream.get();
    stream.seekp(-9, std::ios::end);
    stream.put(static_cast<char>(byte ^ 4));
}

} // namespace

void TestTrainingResume::resumedLossesAreBitIdentical_data()
{
    QTest::addColumn<int>("killedAt");
    QTest::addColumn<QString>("dtype");
    QTest::addColumn<double>("depth");
    QTest::addColumn<QString>("optimizer");
    QTest::newRow("before the first checkpoint") << 3 << QStringLiteral("fp32") << 0.0 << QStringLiteral("adamw");
    QTest::newRow("behind a checkpoint") << 5 << QStringLiteral("fp32") << 0.0 << QStringLiteral("adamw");
    QTest::newRow("right at one") << 8 << QStringLiteral("fp32") << 0.2 << QStringLiteral("adamw");
    QTest::newRow("late, bf16") << 11 << QStringLiteral("bf16") << 0.0 << QStringLiteral("adamw");
    QTest::newRow("muon") << 6 << QStringLiteral("fp32") << 0.0 << QStringLiteral("muon");
}

void TestTrainingResume::resumedLossesAreBitIdentical()
{
    QFETCH(int, killedAt);
    QFETCH(QString, dtype);
    QFETCH(double, depth);
    QFETCH(QString, optimizer);
    RunSpec spec = smallRun();
    spec.optimizer.name = optimizer.toStdString();
    spec.train.dtype = dtype.toStdString();
    spec.model.stochasticDepth = depth;
    RunFixture fixture(spec);
    Recorder expected, first, second;
    must(fixture.train(expected));
    fixture.newRun("killed");
    trainUntilKilled(fixture, first, killedAt);
    QCOMPARE(must(fixture.train(second)), RunState::Finished);
    QCOMPARE(second.series[series::kLoss].begin()->first, int64_t((killedAt - 1) / 4 * 4 + 1));
    QCOMPARE(merged(first, second), expected.series[series::kLoss]);
    // The overlap was trained twice: both times the same.
    for (const auto &[step, loss] : first.series[series::kLoss])
        if (second.series[series::kLoss].contains(step)) QCOMPARE(second.series[series::kLoss][step], loss);
}

namespace {

/// Trains with changes at steps 5, 6 and 9; `kill` 0: unbroken.
std::map<int64_t, double> trainWithChanges(RunFixture &fixture, const std::vector<int64_t> &kills,
                                           int *numSettings = nullptr)
{
    std::map<int64_t, double> losses;
    auto writer = must(RunWriter::open(fixture.run->path()));
    for (size_t part = 0; part <= kills.size(); ++part) {
        Recorder recorder;
        recorder.writer = writer.get();
        std::unique_ptr<Trainer> trainer = must(fixture.make(recorder));
        bool isKilled = false;
        recorder.afterReport = [&](int64_t step) {
            // Only the first time: a resume has to know by itself.
            if (part == 0 && step == 5)
                must(trainer->post({.verb = ControlVerb::Set, .setting = {"lr_factor", "3"}}));
            if (part == 0 && step == 6)
                must(trainer->post({.verb = ControlVerb::Set, .setting = {"model.dropout", "0.4"}}));
            if (part == 0 && step == 9)
                must(trainer->post({.verb = ControlVerb::Set, .setting = {"optimizer.clip", "0.01"}}));
            if (part >= kills.size() || step != kills[part]) return;
            isKilled = true;
            throw Killed();
        };
        runOrBeKilled(*trainer, isKilled);
        must(writer->flush());
        for (const auto &[step, loss] : recorder.series[series::kLoss]) losses[step] = loss;
        if (numSettings) *numSettings = recorder.count(EventKind::Setting);
    }
    return losses;
}

} // namespace

void TestTrainingResume::settingsBehindTheCheckpointAreReplayed()
{
    RunFixture fixture;
    Recorder plain;
    must(fixture.train(plain));
    fixture.newRun("unbroken");
    const auto expected = trainWithChanges(fixture, {});
    QVERIFY(expected != plain.series[series::kLoss]);
    fixture.newRun("killed");
    int numSettings = 0;
    // Killed before the checkpoint of step 8 with two changes that only run.db knows.
    QCOMPARE(trainWithChanges(fixture, {7}, &numSettings).at(8), expected.at(8));
    QCOMPARE(numSettings, 2);
    fixture.newRun("killed late");
    QCOMPARE(trainWithChanges(fixture, {11}), expected);
    // Twice, the second time before the first replays were reached again.
    fixture.newRun("killed twice");
    QCOMPARE(trainWithChanges(fixture, {11, 9}), expected);
}

void TestTrainingResume::settingsInTheCheckpointStay()
{
    RunFixture fixture;
    fixture.newRun("unbroken");
    const auto expected = trainWithChanges(fixture, {});
    fixture.newRun("killed");
    // Resumes from step 8: two changes are in the checkpoint, the third one is in run.db.
    int numSettings = 0;
    QCOMPARE(trainWithChanges(fixture, {10}, &numSettings), expected);
    QCOMPARE(numSettings, 1);
}

void TestTrainingResume::settingsReplayWithoutAnyCheckpoint()
{
    RunSpec spec = smallRun();
    spec.train.checkpointEvery = 100;
    RunFixture fixture(spec);
    fixture.newRun("unbroken");
    const auto expected = trainWithChanges(fixture, {});
    fixture.newRun("killed");
    QCOMPARE(trainWithChanges(fixture, {10}), expected);
}

void TestTrainingResume::damagedCheckpointFallsBackAndSaysSo()
{
    RunFixture fixture;
    Recorder expected, first, second;
    must(fixture.train(expected));
    fixture.newRun("damaged");
    trainUntilKilled(fixture, first, 10);
    flipBit(checkpointPath(fixture.run->checkpoints(), 8) / "model.safetensors");
    QCOMPARE(must(fixture.train(second)), RunState::Finished);
    QVERIFY2(fixture.note.find("model.safetensors") != std::string::npos, fixture.note.c_str());
    QVERIFY(fixture.note.find("Went back to checkpoint 4.") != std::string::npos);
    QVERIFY(second.last(EventKind::Resumed)->text.find("Went back") != std::string::npos);
    QCOMPARE(merged(first, second), expected.series[series::kLoss]);
    QVERIFY(verifyCheckpoint(checkpointPath(fixture.run->checkpoints(), 8)).ok());
}

void TestTrainingResume::nothingVerifiesStartsAnew()
{
    RunFixture fixture;
    Recorder first, second;
    trainUntilKilled(fixture, first, 6);
    flipBit(checkpointPath(fixture.run->checkpoints(), 4) / "optimizer-0.safetensors");
    must(fixture.train(second));
    QVERIFY(fixture.note.find("starts anew") != std::string::npos);
    QCOMPARE(second.series[series::kLoss].begin()->first, int64_t(1));
    QCOMPARE(second.series[series::kLoss][1], first.series[series::kLoss][1]);
}

void TestTrainingResume::moreStepsGoOn()
{
    RunFixture fixture;
    Recorder first, second;
    must(fixture.train(first));
    QCOMPARE(must(fixture.train(second, {}, 15)), RunState::Finished);
    QCOMPARE(second.series[series::kLoss].begin()->first, int64_t(13));
    QCOMPARE(second.series[series::kLoss].rbegin()->first, int64_t(15));
    // The horizon of the schedule is frozen: its last value holds.
    const RunSpec &spec = fixture.run->frozen().spec;
    QCOMPARE(second.series[series::kLearningRate][15],
             learningRateAt(resolveSchedule(spec.schedule, 12), spec.optimizer.lr, 14));
}

void TestTrainingResume::theNewTotalSurvivesAKill_data()
{
    QTest::addColumn<int>("killedAt");
    QTest::addColumn<bool>("hasStore");
    QTest::newRow("before a checkpoint of the extension") << 14 << true;
    QTest::newRow("behind one") << 19 << true;
    QTest::newRow("behind one, run.db is lost") << 19 << false;
}

void TestTrainingResume::theNewTotalSurvivesAKill()
{
    QFETCH(int, killedAt);
    QFETCH(bool, hasStore);
    RunFixture fixture;
    Recorder expectedStart, expected;
    must(fixture.train(expectedStart));
    must(fixture.train(expected, {}, 21));
    QCOMPARE(expected.series[series::kLoss].rbegin()->first, int64_t(21));

    fixture.newRun("killed");
    auto writer = must(RunWriter::open(fixture.run->path()));
    Recorder start, extended, resumed;
    start.writer = extended.writer = writer.get();
    must(fixture.train(start));
    must(writer->flush());
    trainUntilKilled(fixture, extended, killedAt, 21);
    must(writer->flush());
    if (!hasStore) {
        writer.reset();
        std::filesystem::remove(fixture.run->path() / "run.db");
    }
    auto trainer = must(fixture.make(resumed));
    QCOMPARE(trainer->status().totalSteps, int64_t(21));
    QCOMPARE(must(trainer->run()), RunState::Finished);
    QVERIFY(resumed.last(EventKind::Resumed)->text.find("to step 21 instead of 12") != std::string::npos);
    QCOMPARE(merged(extended, resumed), expected.series[series::kLoss]);
}

void TestTrainingResume::fewerStepsThanAreDoneAreRefused()
{
    RunFixture fixture;
    Recorder recorder;
    must(fixture.train(recorder));
    const auto refused = fixture.make(recorder, {}, 11);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
    for (const char *part : {"\"run\"", "to 11 steps", "of step 12", "12 or more"})
        QVERIFY2(refused.error().message.find(part) != std::string::npos, refused.error().message.c_str());
    QVERIFY(!refused.error().hint.empty());
    QVERIFY(fixture.make(recorder, {}, 12).ok());
}

void TestTrainingResume::fewerStepsThanInTheSpecAreKept()
{
    RunFixture fixture;
    Recorder first, second;
    auto writer = must(RunWriter::open(fixture.run->path()));
    first.writer = writer.get();
    QCOMPARE(must(fixture.train(first, {}, 6)), RunState::Finished);
    must(writer->flush());
    QCOMPARE(must(findTrainingStart(*fixture.run)).totalSteps, int64_t(6));
    QCOMPARE(must(fixture.train(second, {}, 12)), RunState::Finished);
    QCOMPARE(second.series[series::kLoss].size(), size_t(6));
}

void TestTrainingResume::bestSurvivesTheResume()
{
    RunFixture fixture;
    Recorder first, second;
    trainUntilKilled(fixture, first, 9);
    must(fixture.train(second));
    double lowest = first.checkpoints.back().valLoss;
    for (const CheckpointInfo &checkpoint : first.checkpoints) lowest = std::min(lowest, checkpoint.valLoss);
    for (const CheckpointInfo &checkpoint : second.checkpoints) {
        QCOMPARE(checkpoint.isBest, checkpoint.valLoss < lowest);
        lowest = std::min(lowest, checkpoint.valLoss);
    }
}

void TestTrainingResume::otherSpecIsRefused()
{
    RunFixture fixture;
    Recorder recorder;
    must(fixture.train(recorder));
    FrozenSpec other = fixture.run->frozen();
    other.digest = std::string(64, 'a');
    const auto copy = must(RunDirectory::create(fixture.folder() / "other", other));
    std::filesystem::copy(fixture.run->checkpoints(), copy.checkpoints(),
                          std::filesystem::copy_options::recursive);
    const auto start = findTrainingStart(copy);
    QVERIFY(!start.ok());
    QCOMPARE(start.error().code, ErrorCode::InvalidInput);
    QVERIFY(start.error().message.find("another specification") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestTrainingResume)
#include "tst_training_resume.moc"
