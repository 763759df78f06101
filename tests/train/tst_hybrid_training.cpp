// SPDX-License-Identifier: Apache-2.0
// Runs with a hybrid objective: micro-batches, resume, what is reported, and that it learns.
#include "core/train/evaluation.h"
#include "core/train/step_runner.h"
#include "core/train/text_source.h"
#include "tests/train/run_fixture.h"

#include <QtTest>

#include <torch/types.h>

using namespace orrery;
using namespace orrery::test;

namespace {

RunSpec hybridRun()
{
    RunSpec spec = smallRun();
    spec.data.specialTokens = "default";
    spec.objective.name = "hybrid";
    spec.objective.mix = {1, 1, 1};
    return spec;
}

/// Stands for a SIGKILL: nothing of the loop's own ending runs.
void trainUntilKilled(RunFixture &fixture, Recorder &recorder, int64_t step)
{
    struct Killed {};
    bool isKilled = false;
    recorder.afterReport = [&](int64_t now) {
        if (now != step) return;
        isKilled = true;
        throw Killed();
    };
    auto trainer = must(fixture.make(recorder));
    try {
        (void)trainer->run();
    } catch (const Killed &) {
    }
    if (!isKilled) qFatal("the training ended before its kill");
}

const std::vector<const char *> &losses()
{
    static const std::vector<const char *> names = {series::kLoss, series::kValLoss, series::kValLossPrefix,
                                                    series::kValLossInfill};
    return names;
}

} // namespace

class TestHybridTraining : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void accumulationDoesNotMoveTheStep();
    void sameRunSameLosses();
    void resumedLossesAreBitIdentical_data();
    void resumedLossesAreBitIdentical();
    void reportsALossOfEachKind();
    void evaluationDrawsTheSameEachTime();
    void plainRunsReportNothingMore();
    void learnsToFillHoles();
    void ofNextTokensAloneItIsNextToken();
};

void TestHybridTraining::accumulationDoesNotMoveTheStep()
{
    RunSpec spec = hybridRun();
    RunFixture fixture(spec);
    const auto tokenizer = must(Tokenizer::create(spec.data));
    const auto objective = must(makeObjective(spec, *tokenizer));
    TextBatchSource source(must(BatchSampler::create(*fixture.shards, spec.model.context, 7)), *objective);
    std::vector<std::vector<double>> losses;
    for (const int64_t accumulation : {1, 2, 4}) {
        auto model = must(nn::Transformer::create(spec.model, tokenizer->vocabSize(), 3, "cpu"));
        auto optimizer = must(makeOptimizer(model->parameters(), spec.optimizer));
        StepRunner runner(*model, *optimizer, source);
        losses.emplace_back();
        for (int64_t step = 0; step < 3; ++step)
            losses.back().push_back(runner
                                        .run(step, {.batchSize = 16 / accumulation,
                                                    .accumulation = accumulation,
                                                    .seed = 5,
                                                    .dropout = 0.1,
                                                    .clip = 1.0,
                                                    .update = {.learningRate = 1e-3}})
                                        .loss);
    }
    for (size_t i = 1; i < losses.size(); ++i)
        for (size_t step = 0; step < 3; ++step)
            QVERIFY2(std::abs(losses[i][step] - losses[0][step]) < 1e-5,
                     qPrintable(QString::number(losses[i][step] - losses[0][step])));
}

void TestHybridTraining::sameRunSameLosses()
{
    RunFixture fixture(hybridRun());
    Recorder first, second;
    must(fixture.train(first));
    fixture.newRun("again");
    must(fixture.train(second));
    for (const char *name : losses()) {
        QVERIFY(!first.series[name].empty());
        QCOMPARE(second.series[name], first.series[name]);
    }
}

void TestHybridTraining::resumedLossesAreBitIdentical_data()
{
    QTest::addColumn<int>("killedAt");
    QTest::newRow("before the first checkpoint") << 3;
    QTest::newRow("behind a checkpoint") << 6;
    QTest::newRow("right at one") << 8;
}

void TestHybridTraining::resumedLossesAreBitIdentical()
{
    QFETCH(int, killedAt);
    RunFixture fixture(hybridRun());
    Recorder expected, first, second;
    must(fixture.train(expected));
    fixture.newRun("killed");
    trainUntilKilled(fixture, first, killedAt);
    QCOMPARE(must(fixture.train(second)), RunState::Finished);
    for (const char *name : losses()) {
        std::map<int64_t, double> merged = first.series[name];
        for (const auto &[step, value] : second.series[name]) {
            if (merged.contains(step)) QCOMPARE(value, merged[step]);
            merged[step] = value;
        }
        QCOMPARE(merged, expected.series[name]);
        QVERIFY(!merged.empty());
    }
}

void TestHybridTraining::reportsALossOfEachKind()
{
    RunFixture fixture(hybridRun());
    Recorder recorder;
    must(fixture.train(recorder));
    for (const char *name : {series::kValLoss, series::kValLossPrefix, series::kValLossInfill}) {
        QCOMPARE(recorder.series[name].size(), size_t(3)); // steps 4, 8 and 12
        for (const auto &[step, loss] : recorder.series[name]) QVERIFY(std::isfinite(loss) && loss < 7);
    }
    QVERIFY(recorder.series[series::kValLossInfill] != recorder.series[series::kValLossPrefix]);
}

void TestHybridTraining::evaluationDrawsTheSameEachTime()
{
    RunSpec spec = hybridRun();
    RunFixture fixture(spec);
    const auto tokenizer = must(Tokenizer::create(spec.data));
    const auto objective = must(makeObjective(spec, *tokenizer));
    const auto model = must(nn::Transformer::create(spec.model, tokenizer->vocabSize(), 3, "cpu"));
    const EvalWindows windows{fixture.shards.get(), spec.model.context};
    for (const Objective::Measure &measure : objective->measures()) {
        const auto loss = [&](int64_t batchSize, uint64_t seed) {
            TextValidationSource source(windows, *measure.objective);
            return evaluateLoss(*model, source, {.maxTokens = 512, .batchSize = batchSize, .seed = seed}).value();
        };
        QCOMPARE(loss(4, 1), loss(4, 1));
        QVERIFY(std::abs(loss(4, 1) - loss(8, 1)) < 1e-5); // the draws belong to windows, not to batches
        QVERIFY(loss(4, 1) != loss(4, 2));
    }
}

void TestHybridTraining::plainRunsReportNothingMore()
{
    RunFixture fixture;
    Recorder recorder;
    must(fixture.train(recorder));
    QVERIFY(recorder.series.contains(series::kValLoss));
    QVERIFY(!recorder.series.contains(series::kValLossPrefix));
    QVERIFY(!recorder.series.contains(series::kValLossInfill));
}

void TestHybridTraining::learnsToFillHoles()
{
    RunSpec spec = hybridRun();
    spec.objective.mix = {0, 0, 1};
    spec.train.steps = 60;
    spec.train.evalEvery = 60;
    spec.train.checkpointEvery = 60;
    spec.train.keepBest = false;
    spec.optimizer.lr = 1e-2;
    spec.model.dropout = 0;
    RunFixture fixture(spec);
    Recorder recorder;
    must(fixture.train(recorder));
    const auto &losses = recorder.series[series::kLoss];
    QVERIFY(losses.at(1) > 5);
    const double after = recorder.series[series::kValLossInfill].at(60);
    QVERIFY2(after < 3, qPrintable(QString::number(after)));
}

/// Switched off, the drawing of kinds and the mask of prefixes leave no bit behind.
void TestHybridTraining::ofNextTokensAloneItIsNextToken()
{
    RunSpec spec = hybridRun();
    RunFixture fixture(spec);
    const auto tokenizer = must(Tokenizer::create(spec.data));
    const auto train = [&](const std::string &name, const std::array<double, 3> &mix) {
        spec.objective.name = name;
        spec.objective.mix = {mix.begin(), mix.end()};
        const auto objective = must(makeObjective(spec, *tokenizer));
        TextBatchSource source(must(BatchSampler::create(*fixture.shards, spec.model.context, 7)),
                               *objective);
        auto model = must(nn::Transformer::create(spec.model, tokenizer->vocabSize(), 3, "cpu"));
        auto optimizer = must(makeOptimizer(model->parameters(), spec.optimizer));
        StepRunner runner(*model, *optimizer, source);
        std::vector<double> losses;
        const StepSettings settings{.batchSize = 4,
                                    .accumulation = 2,
                                    .seed = 5,
                                    .dropout = 0.1,
                                    .clip = 1.0,
                                    .update = {.learningRate = 1e-2}};
        for (int64_t step = 0; step < 4; ++step) losses.push_back(runner.run(step, settings).loss);
        std::vector<at::Tensor> weights;
        for (const nn::Parameter &parameter : model->parameters())
            weights.push_back(parameter.master.detach());
        return std::pair(losses, weights);
    };
    const auto plain = train("next_token", {1, 1, 1}), off = train("hybrid", {1, 0, 0}),
               on = train("hybrid", {1, 1, 1});
    QCOMPARE(off.first, plain.first);
    QCOMPARE(off.second.size(), plain.second.size());
    for (size_t i = 0; i < plain.second.size(); ++i) QVERIFY(at::equal(off.second[i], plain.second[i]));
    QVERIFY(on.first != plain.first);
    QVERIFY(!at::equal(on.second.front(), plain.second.front()));
}

QTEST_GUILESS_MAIN(TestHybridTraining)
#include "tst_hybrid_training.moc"
