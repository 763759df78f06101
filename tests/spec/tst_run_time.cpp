// SPDX-License-Identifier: Apache-2.0
#include "core/spec/run_time.h"

#include <QtTest>

#include <cmath>

using namespace orrery;

namespace {

RunSpec specOf(int64_t layers, int64_t width, int64_t context, int64_t batchSize)
{
    RunSpec spec;
    spec.model.layers = layers;
    spec.model.width = width;
    spec.model.context = context;
    spec.train.batchSize = batchSize;
    spec.threads = 2;
    return spec;
}

RunEstimate estimateOf(const RunSpec &spec)
{
    return estimateRun(spec, byteVocabSize(spec.data), kReferenceFlops);
}

/// A past training that was `slowness` times as slow as the reference processor.
PastSpeed measured(const RunSpec &spec, double slowness)
{
    const RunEstimate estimate = estimateOf(spec);
    return {spec, estimate, slowness * referenceSecondsPerStep(spec, estimate)};
}

} // namespace

class TestRunTime : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void countsEvaluations_data();
    void countsEvaluations();
    void smallModelsWaitForCalls();
    void measuredRunsDecide();
    void similarRunsCountMore();
    void whatSaysNothingIsLeftOut();
    void evaluationIsPartOfIt();
    void lookingStaysWithinItsBudget();
    void strategiesTakeTime_data();
    void strategiesTakeTime();
    void ofNothingItIsNothing();
};

void TestRunTime::countsEvaluations_data()
{
    QTest::addColumn<int>("steps");
    QTest::addColumn<int>("evalEvery");
    QTest::addColumn<int>("checkpointEvery");
    QTest::addColumn<bool>("keepBest");
    QTest::newRow("usual") << 2000 << 200 << 500 << true;
    QTest::newRow("without the best") << 2000 << 200 << 500 << false;
    QTest::newRow("not at the end") << 1999 << 200 << 300 << true;
    QTest::newRow("the same rhythm") << 40 << 10 << 10 << true;
    QTest::newRow("neither comes") << 7 << 200 << 500 << true;
    QTest::newRow("each step") << 5 << 1 << 3 << true;
    QTest::newRow("no step") << 0 << 1 << 3 << true;
}

void TestRunTime::countsEvaluations()
{
    QFETCH(int, steps);
    QFETCH(int, evalEvery);
    QFETCH(int, checkpointEvery);
    QFETCH(bool, keepBest);
    int evaluations = 0, checkpoints = 0; // as TrainingLoop::reportStep() has it
    for (int step = 1; step <= steps; ++step) {
        const bool isLast = step == steps, isCheckpoint = step % checkpointEvery == 0 || isLast;
        if (step % evalEvery == 0 || isLast || (isCheckpoint && keepBest)) ++evaluations;
        if (isCheckpoint) ++checkpoints;
    }
    TrainSpec train;
    train.steps = steps;
    train.evalEvery = evalEvery;
    train.checkpointEvery = checkpointEvery;
    train.keepBest = keepBest;
    QCOMPARE(numEvaluations(train), int64_t(evaluations));
    QCOMPARE(numCheckpoints(train), int64_t(checkpoints));
}

void TestRunTime::smallModelsWaitForCalls()
{
    // A hundredth of the work is not done in a hundredth of the time.
    const RunSpec small = specOf(2, 32, 32, 2), large = specOf(6, 384, 256, 8);
    const RunEstimate ofSmall = estimateOf(small), ofLarge = estimateOf(large);
    const double work = ofSmall.secondsPerStep / ofLarge.secondsPerStep;
    const double time = referenceSecondsPerStep(small, ofSmall) / referenceSecondsPerStep(large, ofLarge);
    QVERIFY2(time > 3 * work, qPrintable(QString::number(time / work)));
    // Half the threads: longer, and not twice as long.
    RunSpec oneThread = large;
    oneThread.threads = 1;
    const double ratio = referenceSecondsPerStep(oneThread, ofLarge) / referenceSecondsPerStep(large, ofLarge);
    QVERIFY(ratio > 1.5 && ratio < 2);
}

void TestRunTime::measuredRunsDecide()
{
    const RunSpec spec = specOf(4, 128, 128, 16);
    const RunEstimate estimate = estimateOf(spec);
    const MachineSpeed unknown = machineSpeed(spec, estimate, {});
    QCOMPARE(unknown.numMeasured, 0);
    QCOMPARE(unknown.slowness, 1.0);
    QVERIFY(unknown.spread >= 2);
    const std::vector<PastSpeed> past = {measured(spec, 5), measured(spec, 5.5)};
    const MachineSpeed known = machineSpeed(spec, estimate, past);
    QCOMPARE(known.numMeasured, 2);
    QVERIFY(known.isSimilar);
    QVERIFY(known.slowness > 5 && known.slowness < 5.5);
    QVERIFY(known.spread < 1.5);
    const TimeEstimate time = estimateTime(spec, estimate, known, 0);
    QVERIFY(time.least < time.seconds && time.seconds < time.most);
    QVERIFY(std::abs(time.secondsPerStep / (known.slowness * referenceSecondsPerStep(spec, estimate)) - 1) < 1e-12);
}

void TestRunTime::similarRunsCountMore()
{
    const RunSpec spec = specOf(4, 128, 128, 16), other = specOf(12, 768, 512, 16);
    const RunEstimate estimate = estimateOf(spec);
    const std::vector<PastSpeed> past = {measured(other, 1), measured(spec, 4)};
    QVERIFY(machineSpeed(spec, estimate, past).slowness > 3.5);
    const MachineSpeed unlike = machineSpeed(spec, estimate, std::span(past).first(1));
    QVERIFY(!unlike.isSimilar);
    QVERIFY(std::abs(unlike.slowness - 1) < 1e-9); // better than nothing
    QVERIFY(unlike.spread > 1.5);
}

void TestRunTime::whatSaysNothingIsLeftOut()
{
    const RunSpec spec = specOf(4, 128, 128, 16);
    RunSpec gpu = spec;
    gpu.device = "cuda";
    PastSpeed none = measured(spec, 3), never = none, broken = none;
    none.secondsPerStep = 0;
    never.secondsPerStep = std::numeric_limits<double>::quiet_NaN();
    broken.spec.train.batchSize = 0;
    broken.spec.model.layers = 0;
    broken.estimate = estimateOf(broken.spec);
    const std::vector<PastSpeed> past = {measured(gpu, 0.01), none, never, broken};
    QCOMPARE(machineSpeed(spec, estimateOf(spec), past).numMeasured, 0);
}

void TestRunTime::evaluationIsPartOfIt()
{
    RunSpec spec = specOf(2, 64, 64, 8); // 512 tokens a step
    spec.train.steps = 400;
    spec.train.evalEvery = 200;
    spec.train.checkpointEvery = 400;
    spec.train.evalTokens = 65'536; // as many as 128 steps
    const RunEstimate estimate = estimateOf(spec);
    const MachineSpeed speed;
    const TimeEstimate time = estimateTime(spec, estimate, speed, 0);
    const double passes = time.parts.evaluation / time.secondsPerStep;
    QVERIFY2(passes > 2 * 128 * 0.2 && passes < 2 * 128 * 0.5, qPrintable(QString::number(passes)));
    // A short validation text costs what it has.
    QVERIFY(std::abs(estimateTime(spec, estimate, speed, 6'553).parts.evaluation / time.parts.evaluation - 0.1) < 0.01);
    // Others are measured on other losses, too.
    spec.objective.name = "hybrid";
    QVERIFY(estimateTime(spec, estimate, speed, 0).parts.evaluation > 2.9 * time.parts.evaluation);
    spec.objective = {};
    spec.continual.stages = {"b", "c"};
    // Of several texts each is measured, and the mean of them is val_loss.
    const double ofTexts = estimateTime(spec, estimate, speed, 0).parts.evaluation / time.parts.evaluation;
    QVERIFY2(ofTexts > 2.9 && ofTexts < 3.1, qPrintable(QString::number(ofTexts)));
    spec.train.evalTokens = 0; // all of a text that is not known
    QCOMPARE(estimateTime(spec, estimate, speed, 0).parts.evaluation, 0.0);
}

void TestRunTime::lookingStaysWithinItsBudget()
{
    RunSpec spec = specOf(4, 128, 128, 16);
    spec.train.steps = 5'000;
    spec.probes.every = 1;
    spec.probes.framesEvery = 1;
    spec.probes.budgetPercent = 2;
    const RunEstimate estimate = estimateOf(spec);
    const TimeEstimate much = estimateTime(spec, estimate, {}, 0);
    QVERIFY(much.parts.looking > 0.015 * much.parts.updates);
    QVERIFY(much.parts.looking < 0.04 * (much.parts.updates + much.parts.evaluation));
    // Of two rhythms each costs what it asks for.
    spec.probes.every = 0;
    spec.probes.budgetPercent = 100;
    spec.probes.framesEvery = 10;
    const auto looking = [&] { return estimateTime(spec, estimate, {}, 0).parts.looking; };
    const double both = looking();
    spec.probes.overviewEvery = 100;
    QVERIFY(looking() > 0.09 * both && looking() < 0.11 * both); // no head is starred
    spec.probes.starred = {"0.0"};
    QVERIFY(looking() > 1.09 * both && looking() < 1.11 * both);
    spec.probes.framesEvery = 0; // no frames at all
    QCOMPARE(looking(), 0.0);
}

void TestRunTime::strategiesTakeTime_data()
{
    QTest::addColumn<QString>("strategy");
    QTest::addColumn<double>("share"); // of the replay
    QTest::addColumn<qulonglong>("trainTokens");
    QTest::addColumn<double>("least"); // in updates of one window, 32 layers' worth of nothing left out
    QTest::addColumn<double>("most");
    QTest::newRow("naive") << "naive" << 0.5 << qulonglong(1'000'000) << 0.0 << 0.0;
    QTest::newRow("er") << "er" << 0.5 << qulonglong(1'000'000) << 0.0 << 0.0;
    // Two of the three texts end before another one: 2 · 64 and 2 · 1,024 windows.
    QTest::newRow("ewc") << "ewc" << 0.5 << qulonglong(1'000'000) << 128.0 << 128.0;
    QTest::newRow("sparse_memory") << "sparse_memory" << 0.5 << qulonglong(1'000'000) << 2048.0 << 2048.0;
    QTest::newRow("sparse_memory, short texts") << "sparse_memory" << 0.5 << qulonglong(6'500) << 200.0 << 200.0;
    QTest::newRow("sparse_memory, not known") << "sparse_memory" << 0.5 << qulonglong(0) << 2048.0 << 2048.0;
    // 2 · 2.5 % of a million tokens, forward alone, in batches.
    QTest::newRow("derpp") << "derpp" << 0.5 << qulonglong(1'000'000) << 30.0 << 781.0;
    QTest::newRow("derpp, not known") << "derpp" << 0.5 << qulonglong(0) << 0.0 << 0.0;
    QTest::newRow("rehearsal") << "rehearsal" << 0.5 << qulonglong(0) << 100.0 << 1e9;
    QTest::newRow("rehearsal of nothing") << "rehearsal" << 0.0 << qulonglong(0) << 0.0 << 0.0;
}

void TestRunTime::strategiesTakeTime()
{
    QFETCH(QString, strategy);
    QFETCH(double, share);
    QFETCH(qulonglong, trainTokens);
    QFETCH(double, least);
    QFETCH(double, most);
    RunSpec spec = specOf(2, 64, 64, 8);
    spec.train.steps = 300;
    spec.continual.stages = {"b", "c"};
    spec.continual.strategy = strategy.toStdString();
    spec.continual.bufferPercent = 2.5;
    spec.continual.replayShare = share;
    RunSpec one = specOf(2, 64, 64, 1);
    one.train.accumulation = 1;
    const double window = referenceSecondsPerStep(one, estimateOf(one));
    const MachineSpeed slow{.slowness = 3};
    const TimeEstimate time = estimateTime(spec, estimateOf(spec), slow, 0, trainTokens);
    const double windows = time.parts.stages / window / 3;
    QVERIFY2(windows >= least * 0.999 && windows <= most * 1.001, qPrintable(QString::number(windows)));
    QVERIFY(std::abs(time.parts.total() - time.seconds) < 1e-9);
    spec.continual.strategy = "naive";
    const double without = estimateTime(spec, estimateOf(spec), slow, 0, trainTokens).seconds;
    QVERIFY(windows == 0 ? time.seconds >= without : time.seconds > without);
    // Twice the steps: twice what rehearsal's model makes up, as long as it is not the most.
    if (strategy != "rehearsal" || share == 0) return;
    spec.continual.strategy = "rehearsal";
    spec.train.steps = 600;
    const double ratio = estimateTime(spec, estimateOf(spec), slow, 0).parts.stages / time.parts.stages;
    QVERIFY2(ratio > 1.6 && ratio < 2.1, qPrintable(QString::number(ratio)));
}

void TestRunTime::ofNothingItIsNothing()
{
    RunSpec spec = specOf(4, 128, 128, 16);
    spec.train.steps = 0;
    const TimeEstimate time = estimateTime(spec, estimateOf(spec), {}, 0);
    QCOMPARE(time.parts.updates, 0.0);
    QCOMPARE(time.parts.evaluation, 0.0);
    QCOMPARE(time.parts.checkpoints, 0.0);
    QVERIFY(std::isfinite(time.most));
}

QTEST_APPLESS_MAIN(TestRunTime)
#include "tst_run_time.moc"
