// SPDX-License-Identifier: Apache-2.0
// Several texts in turn: what is replayed, what is kept, and that a resume goes on bit by bit.
#include "core/spec/estimate_kept.h"
#include "core/train/continual/continual.h"
#include "core/train/continual/stage_series.h"
#include "core/train/step_runner.h"
#include "tests/train/run_fixture.h"
#include "tests/train/staged_fixture.h"
#include "tests/train/token_memory.h"

#include <QtTest>

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

using namespace orrery;
using namespace orrery::test;

namespace {

/// What the window's letters say.
int64_t textOf(int32_t token) { return (token - 'a') / 8; }

} // namespace

class TestContinual : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void stagesShareTheSteps();
    void replayedSequencesComeFromEarlierTexts_data();
    void replayedSequencesComeFromEarlierTexts();
    void bufferStaysWithinItsShare_data();
    void bufferStaysWithinItsShare();
    void theEstimateKnowsItsLogits();
    void resumedLossesAreBitIdentical_data();
    void resumedLossesAreBitIdentical();
    void tellsTheMatrixAndForgetting();
    void naiveIsTheSameWithoutKeeping();
    void withoutStagesItIsThePlainRun();
    void holdsToWhatWasSaid_data();
    void holdsToWhatWasSaid();
    void penaltyPullsTowardsTheAnchor();
    void refusesWhatCannotBe();
    void stateOfAnotherStepIsRefused();
    void averagesWhatWasUpdated();
    void changedTextIsSeen_data();
    void changedTextIsSeen();
};

void TestContinual::stagesShareTheSteps()
{
    const StagePlan plan{.numStages = 3, .numSteps = 10};
    std::vector<int64_t> stages;
    for (int64_t step = 0; step < 12; ++step) stages.push_back(plan.stageAt(step));
    QCOMPARE(stages, (std::vector<int64_t>{0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2}));
    QVERIFY(plan.isEnd(3) && plan.isEnd(6) && plan.isEnd(10));
    QVERIFY(!plan.isEnd(0) && !plan.isEnd(4) && !plan.isEnd(11));
    QCOMPARE(plan.numEnded(6), int64_t(2));
}

void TestContinual::replayedSequencesComeFromEarlierTexts_data()
{
    QTest::addColumn<QString>("strategy");
    QTest::addColumn<double>("share");
    QTest::newRow("er") << QStringLiteral("er") << 0.5;
    QTest::newRow("sparse_memory") << QStringLiteral("sparse_memory") << 0.5;
    QTest::newRow("rehearsal") << QStringLiteral("rehearsal") << 0.25;
    QTest::newRow("naive") << QStringLiteral("naive") << 0.5;
}

void TestContinual::replayedSequencesComeFromEarlierTexts()
{
    QFETCH(QString, strategy);
    QFETCH(double, share);
    StagedFixture fixture(strategy.toStdString(), [&](RunSpec &spec) { spec.continual.replayShare = share; });
    const auto source = sourceOf(fixture);
    ModelBatch whole, part;
    std::set<int64_t> seen;
    for (const int64_t step : {1, 5, 9}) {
        const int64_t stage = step / 4;
        source->fill({.step = step, .batchSize = 16}, whole);
        int64_t numEarlier = 0;
        for (int64_t row = 0; row < 16; ++row) {
            const int64_t text = textOf(whole.ids_BT[static_cast<size_t>(row * whole.context)]);
            numEarlier += text != stage;
            seen.insert(text);
            QVERIFY(text <= stage);
        }
        const bool replays = stage > 0 && strategy != QStringLiteral("naive");
        QCOMPARE(numEarlier, replays ? static_cast<int64_t>(16 * share) : 0);
        QCOMPARE(std::ssize(source->lastReplays()), numEarlier);
        // The split of a step into micro-batches moves nothing.
        for (int64_t micro = 0; micro < 4; ++micro) {
            source->fill({.step = step, .micro = micro, .batchSize = 4}, part);
            QVERIFY(std::equal(part.ids_BT.begin(), part.ids_BT.end(),
                               whole.ids_BT.begin() + micro * 4 * whole.context));
        }
    }
    QCOMPARE(seen.size(), size_t(3));
}

void TestContinual::bufferStaysWithinItsShare_data()
{
    QTest::addColumn<QString>("strategy");
    QTest::addColumn<double>("percent");
    QTest::addColumn<int>("numWindows"); // of a chunk
    QTest::newRow("er") << QStringLiteral("er") << 5.0 << 4;
    QTest::newRow("rehearsal") << QStringLiteral("rehearsal") << 5.0 << 4;
    QTest::newRow("derpp") << QStringLiteral("derpp") << 5.0 << 1;
    QTest::newRow("sparse_memory") << QStringLiteral("sparse_memory") << 5.0 << 1;
    // Without room for two excerpts.
    QTest::newRow("er, a small buffer") << QStringLiteral("er") << 3.0 << 1;
    QTest::newRow("rehearsal, a small buffer") << QStringLiteral("rehearsal") << 3.0 << 1;
}

/// Of all that a chunk holds, not of its first window; and as much as there is room for.
void TestContinual::bufferStaysWithinItsShare()
{
    QFETCH(QString, strategy);
    QFETCH(double, percent);
    QFETCH(int, numWindows);
    StagedFixture fixture(strategy.toStdString(),
                          [&](RunSpec &spec) { spec.continual.bufferPercent = percent; });
    const auto source = sourceOf(fixture);
    const int64_t chunk = numWindows * (fixture.spec.model.context + 1);
    for (const int64_t stage : {0, 1}) {
        const auto numTokens = fixture.data.text[static_cast<size_t>(stage)]->numTokens(Split::Train);
        const auto budget = static_cast<int64_t>(percent / 100 * static_cast<double>(numTokens));
        const int64_t numKept = source->numKeptTokens(stage);
        QCOMPARE(numKept, source->numChunks(stage) * chunk);
        QVERIFY2(numKept <= budget, qPrintable(QStringLiteral("%1 of %2").arg(numKept).arg(budget)));
        QVERIFY2(numKept > budget - chunk, qPrintable(QStringLiteral("%1 of %2").arg(numKept).arg(budget)));
    }
    QCOMPARE(source->numChunks(2), int64_t(0)); // the last stage is never replayed
    QCOMPARE(source->numKeptTokens(2), int64_t(0));
}

void TestContinual::resumedLossesAreBitIdentical_data()
{
    QTest::addColumn<QString>("strategy");
    QTest::addColumn<int>("stoppedAt");
    for (const char *strategy : {"naive", "er", "derpp", "rehearsal", "ewc", "sparse_memory"})
        for (const int step : {4, 7}) // end of stage 1, within stage 2
            QTest::addRow("%s, step %d", strategy, step) << QString::fromLatin1(strategy) << step;
}

void TestContinual::resumedLossesAreBitIdentical()
{
    QFETCH(QString, strategy);
    QFETCH(int, stoppedAt);
    std::optional<WithTokenMemory> memory;
    if (strategy == QStringLiteral("sparse_memory")) memory.emplace(256);
    StagedFixture fixture(strategy.toStdString());
    Recorder whole, first, second;
    must(fixture.train(whole));
    fixture.newRun("stopped");
    bool isStopping = false;
    TrainingOptions options;
    options.stopRequested = [&] { return isStopping; };
    first.afterReport = [&](int64_t step) { isStopping = isStopping || step >= stoppedAt; };
    QVERIFY(must(fixture.train(first, options)) == RunState::Stopped);
    QVERIFY(must(fixture.train(second)) == RunState::Finished);
    QVERIFY(first.series["loss"].size() < whole.series["loss"].size());
    for (const char *name : {"loss", "val_loss", "val_loss/stage1", "stage_loss/1", "stage_loss/3",
                             "forgetting", "backward_transfer", "stage"}) {
        QVERIFY2(!whole.series[name].empty(), name);
        auto both = first.series[name];
        for (const auto &[step, value] : second.series[name]) both[step] = value;
        for (const auto &[step, value] : whole.series[name]) {
            QVERIFY2(both.contains(step), name);
            QVERIFY2(both[step] == value,
                     qPrintable(QStringLiteral("%1 at step %2").arg(QLatin1String(name)).arg(step)));
        }
    }
}

void TestContinual::theEstimateKnowsItsLogits()
{
    // As keepLogits() has them: fp16 values and 32-bit ids.
    QCOMPARE(kLogitBytesPerToken, static_cast<uint64_t>(kKeptLogits) * (2 + 4));
}

void TestContinual::tellsTheMatrixAndForgetting()
{
    StagedFixture fixture("naive");
    Recorder recorder;
    must(fixture.train(recorder));
    std::map<int64_t, std::vector<double>> rows;
    for (size_t stage = 1; stage <= 3; ++stage)
        for (const auto &[step, loss] : recorder.series[series::stageLoss(stage)]) rows[step].push_back(loss);
    QCOMPARE(rows.size(), size_t(3));
    const auto &first = rows.at(4), &second = rows.at(8), &last = rows.at(12);
    QVERIFY(first[0] < first[1]); // it has learned the first text and none of the second's letters
    const double forgetting = (last[0] - std::min(first[0], second[0]) + last[1] - second[1]) / 2;
    QCOMPARE(recorder.series[series::kForgetting][12], forgetting);
    QCOMPARE(recorder.series[series::kBackwardTransfer][12], (first[0] - last[0] + second[1] - last[1]) / 2);
    QCOMPARE(recorder.series[series::kStage][4], 1.0);
    QCOMPARE(recorder.series[series::kStage][5], 2.0);
    QCOMPARE(recorder.series[series::stageValLoss(2)][12], last[1]);
}

void TestContinual::naiveIsTheSameWithoutKeeping()
{
    // A penalty of nothing and a replay of nothing are no strategy.
    std::vector<std::map<int64_t, double>> losses;
    for (const char *strategy : {"naive", "ewc", "er"}) {
        StagedFixture fixture(strategy, [](RunSpec &spec) {
            spec.continual.ewcLambda = 0;
            spec.continual.replayShare = 0;
        });
        Recorder recorder;
        must(fixture.train(recorder));
        losses.push_back(recorder.series["loss"]);
    }
    QCOMPARE(losses[1], losses[0]);
    QCOMPARE(losses[2], losses[0]);
}

void TestContinual::withoutStagesItIsThePlainRun()
{
    std::vector<std::map<std::string, std::map<int64_t, double>>> told;
    for (const char *strategy : {"", "naive", "er", "derpp", "rehearsal", "ewc"}) {
        StagedFixture fixture(strategy, [&](RunSpec &spec) {
            spec.continual.stages.clear();
            if (*strategy == '\0') spec.continual = {};
        });
        fixture.data.text.resize(1);
        Recorder recorder;
        must(fixture.train(recorder));
        told.push_back({{"loss", recorder.series["loss"]}, {"val_loss", recorder.series["val_loss"]}});
        QCOMPARE(told.back()["loss"].size(), size_t(12));
        QVERIFY2(told.back() == told.front(), strategy);
        QVERIFY2(!recorder.series.contains(series::kForgetting), strategy);
    }
}

void TestContinual::holdsToWhatWasSaid_data()
{
    QTest::addColumn<QString>("strategy");
    QTest::newRow("kept logits") << QStringLiteral("derpp");
    QTest::newRow("a teacher") << QStringLiteral("rehearsal");
}

/// Against loops over doubles: the mean square of (h − z) over the 32 largest logits z of a position, or the divergence
/// from the model as it was.
void TestContinual::holdsToWhatWasSaid()
{
    QFETCH(QString, strategy);
    constexpr double kWeight = 0.7;
    StagedFixture fixture(strategy.toStdString(), [](RunSpec &spec) {
        spec.continual.replayShare = 0.5;
        spec.continual.distillWeight = kWeight;
    });
    const auto make = [&] { return must(nn::Transformer::create(fixture.spec.model, 256, 3, "cpu")); };
    const auto student = make(), before = make();
    const auto source = sourceOf(fixture);
    const auto continual = must(Continual::create(fixture.spec, *student, *source));
    continual->keepStage(*student, 0);
    const at::NoGradGuard noGrad;
    double phase = 0.3; // it has learned something else since
    for (nn::Parameter &parameter : student->parameters()) {
        const at::Tensor wave = at::sin(at::arange(parameter.master.numel(), at::kFloat) * 1.3 + phase);
        parameter.master.add_(wave.view(parameter.master.sizes()), 0.2);
        phase += 1;
    }
    student->mastersChanged();

    ModelBatch batch;
    source->fill({.step = 5, .batchSize = 8}, batch);
    QCOMPARE(source->lastReplays().size(), size_t(4));
    BatchTensors tensors(at::kCPU);
    tensors.load(batch);
    const double found = continual->loss(*student, tensors, {}).item<double>();
    const double plain = student->loss(tensors.ids_BT, tensors.targets_BT, tensors.mask_BT, {}).item<double>();
    const auto logits = [&](nn::Transformer &model, int64_t row) {
        return model.logits(tensors.ids_BT.narrow(0, row, 1), {})[0].to(at::kDouble).contiguous();
    };
    double sum = 0;
    int64_t count = 0;
    for (const StagedBatchSource::Replay &replay : source->lastReplays()) {
        const at::Tensor h_TV = logits(*student, replay.row), z_TV = logits(*before, replay.row);
        for (int64_t t = 0; t < h_TV.size(0); ++t) {
            const double *h = h_TV[t].data_ptr<double>(), *z = z_TV[t].data_ptr<double>();
            if (strategy == QStringLiteral("derpp")) {
                std::vector<int> order(256);
                std::iota(order.begin(), order.end(), 0);
                std::sort(order.begin(), order.end(), [z](int a, int b) { return z[a] > z[b]; });
                for (int k = 0; k < 32; ++k, ++count) sum += std::pow(h[order[k]] - z[order[k]], 2);
                continue;
            }
            double ofStudent = 0, ofTeacher = 0;
            for (int v = 0; v < 256; ++v) {
                ofStudent += std::exp(h[v]);
                ofTeacher += std::exp(z[v]);
            }
            for (int v = 0; v < 256; ++v)
                sum += std::exp(z[v]) / ofTeacher *
                       (z[v] - std::log(ofTeacher) - h[v] + std::log(ofStudent));
            ++count;
        }
    }
    const double distance = sum / static_cast<double>(count);
    QVERIFY2(distance > 1e-3, qPrintable(QString::number(distance)));
    // Kept ones are rounded to 16 bits.
    QVERIFY2(std::abs(found - plain - kWeight * distance) < 2e-3 * kWeight * distance,
             qPrintable(QStringLiteral("%1, not %2").arg(found - plain).arg(kWeight * distance)));
}

void TestContinual::penaltyPullsTowardsTheAnchor()
{
    StagedFixture fixture("ewc", [](RunSpec &spec) { spec.continual.ewcLambda = 50; });
    auto model = must(nn::Transformer::create(fixture.spec.model, 256, 3, "cpu"));
    const auto source = sourceOf(fixture);
    const auto continual = must(Continual::create(fixture.spec, *model, *source));
    const auto move = [&] {
        const at::NoGradGuard noGrad;
        for (nn::Parameter &parameter : model->parameters()) {
            parameter.master.add_(0.5);
            parameter.master.mutable_grad() = at::Tensor();
        }
    };
    move();
    continual->changeGradients(*model); // nothing is kept yet
    for (const nn::Parameter &parameter : model->parameters()) QVERIFY(!parameter.master.grad().defined());
    continual->keepStage(*model, 0);
    std::map<std::string, at::Tensor> kept;
    for (const NamedTensor &entry : continual->state()) kept[entry.name] = entry.tensor;
    move();
    continual->changeGradients(*model);
    double largest = 0;
    for (const nn::Parameter &parameter : model->parameters()) {
        const at::Tensor &fisher = kept.at("fisher." + parameter.name);
        QVERIFY(fisher.min().item<double>() >= 0);
        QVERIFY(at::allclose(parameter.master.grad(), 50 * fisher * 0.5, 1e-3, 1e-6));
        largest = std::max(largest, fisher.max().item<double>());
    }
    QVERIFY(largest > 0);
}

void TestContinual::refusesWhatCannotBe()
{
    StagedFixture sparse("sparse_memory");
    Recorder recorder;
    const auto none = sparse.train(recorder);
    QVERIFY(!none.ok());
    QCOMPARE(none.error().code, ErrorCode::InvalidInput);
    QVERIFY(none.error().message.find("no semantic memory") != std::string::npos);

    StagedFixture small("er", [](RunSpec &spec) { spec.continual.bufferPercent = 0.1; });
    const auto tooSmall = small.train(recorder);
    QVERIFY(!tooSmall.ok());
    QCOMPARE(tooSmall.error().code, ErrorCode::InvalidInput);
    QVERIFY2(tooSmall.error().message.find("Cannot replay stage 1") != std::string::npos,
             tooSmall.error().message.c_str());

    StagedFixture one("er");
    one.data.text.resize(1);
    const auto alone = one.train(recorder);
    QVERIFY(!alone.ok());
    QCOMPARE(alone.error().code, ErrorCode::InvalidInput);
    QVERIFY(alone.error().message.find("the data are one text") != std::string::npos);

    RunSpec spec = sparse.spec;
    spec.train.steps = 2;
    QVERIFY(!validateSpec(spec).ok());
    QVERIFY(validateSpec(spec).error().message.find("2 steps for 3 stages") != std::string::npos);
    spec = sparse.spec;
    spec.continual.strategy = "derpp";
    spec.objective.name = "hybrid";
    spec.data.specialTokens = "default";
    QVERIFY(!validateSpec(spec).ok());
    QVERIFY(validateSpec(spec).error().message.find("derpp beside the objective") != std::string::npos);
    spec = sparse.spec;
    spec.continual.stages.push_back("");
    QVERIFY(!validateSpec(spec).ok());
}

void TestContinual::stateOfAnotherStepIsRefused()
{
    StagedFixture fixture("ewc");
    const auto tokenizer = must(Tokenizer::create(fixture.spec.data));
    auto model = must(nn::Transformer::create(fixture.spec.model, tokenizer->vocabSize(), 3, "cpu"));
    const auto source = sourceOf(fixture);
    const auto continual = must(Continual::create(fixture.spec, *model, *source));
    QVERIFY(continual->state().empty());
    const auto missing = continual->setState({}, 5, *model);
    QVERIFY(!missing.ok());
    QCOMPARE(missing.error().code, ErrorCode::InvalidInput);
    QVERIFY(missing.error().message.find("is missing") != std::string::npos);
    continual->keepStage(*model, 0);
    const auto state = continual->state();
    QCOMPARE(state.size(), 2 * model->parameters().size());
    QVERIFY(continual->setState(state, 5, *model).ok());
    const auto early = continual->setState(state, 3, *model);
    QVERIFY(!early.ok());
    QVERIFY(early.error().message.find("no such part") != std::string::npos);
    auto bent = state;
    bent[0].tensor = at::zeros({1});
    QVERIFY(continual->setState(bent, 5, *model).error().message.find("another shape") != std::string::npos);
}

// A step without targets (a stretch of a conversation that the user wrote) moves nothing and is not counted.
void TestContinual::averagesWhatWasUpdated()
{
    StagedFixture fixture("rehearsal", [](RunSpec &spec) { spec.train.steps = 24; });
    const auto tokenizer = must(Tokenizer::create(fixture.spec.data));
    auto model = must(nn::Transformer::create(fixture.spec.model, tokenizer->vocabSize(), 3, "cpu"));
    const auto source = sourceOf(fixture);
    const auto continual = must(Continual::create(fixture.spec, *model, *source));
    // Stage 1 is steps 1 … 8, of which 7 and 8 are averaged; 7 had no targets.
    QVERIFY(continual->state().empty());
    QVERIFY(continual->setState(continual->state(), 7, *model).ok());
    const auto weight = [&] { return model->parameters().front().master.detach(); };
    const at::Tensor kept = weight().clone();
    continual->afterUpdate(*model, 8);
    // Checkpoints of before the count was kept hold the average alone; a count of nonsense is none.
    auto state = continual->state();
    const auto count = std::find_if(state.begin(), state.end(),
                                    [](const NamedTensor &entry) { return entry.name == kNumAveraged; });
    QVERIFY(count != state.end());
    auto older = state;
    older.erase(older.begin() + (count - state.begin()));
    QVERIFY(continual->setState(older, 7, *model).ok());
    count->tensor = at::full({1}, -1.0);
    QVERIFY(continual->setState(state, 7, *model).error().message.find("an average of -1.00 updates") !=
            std::string::npos);
    count->tensor = at::full({1}, 1.0);
    QVERIFY(continual->setState(state, 7, *model).ok());
    weight().add_(1);
    continual->finishStage(*model);
    QVERIFY(at::equal(weight(), kept));
    QVERIFY(continual->state().empty());
    // And two of two are their mean.
    continual->keepStage(*model, 0);
    continual->afterUpdate(*model, 15);
    weight().add_(2);
    continual->afterUpdate(*model, 16);
    continual->finishStage(*model);
    QVERIFY(at::allclose(weight(), kept + 1));
}

void TestContinual::changedTextIsSeen_data()
{
    QTest::addColumn<QString>("strategy");
    QTest::addColumn<int>("stage");
    QTest::addColumn<bool>("isRefused");
    QTest::newRow("derpp") << "derpp" << 0 << true;
    QTest::newRow("ewc") << "ewc" << 0 << true;
    QTest::newRow("nothing kept yet") << "derpp" << 1 << false;
    QTest::newRow("naive") << "naive" << 0 << false;
}

void TestContinual::changedTextIsSeen()
{
    QFETCH(QString, strategy);
    QFETCH(int, stage);
    QFETCH(bool, isRefused);
    const std::string told = "the text of stage " + std::to_string(stage + 1) + " changed";
    StagedFixture fixture(strategy.toStdString());
    Recorder first, second;
    TrainingOptions options;
    options.stopRequested = [&] { return first.series["loss"].size() >= 7; };
    QVERIFY(must(fixture.train(first, options)) == RunState::Stopped);
    fixture.writeText(stage, 3);
    fixture.data = must(prepareRunData(fixture.spec, fixture.folder() / "shards"));
    const auto resumed = fixture.train(second);
    if (isRefused) {
        QVERIFY(!resumed.ok());
        QCOMPARE(resumed.error().code, ErrorCode::InvalidInput);
        QVERIFY2(resumed.error().message.find(told) != std::string::npos, resumed.error().message.c_str());
        fixture.writeText(stage, 1);
        fixture.data = must(prepareRunData(fixture.spec, fixture.folder() / "shards"));
        QVERIFY(must(fixture.train(second)) == RunState::Finished);
        return;
    }
    QVERIFY(must(resumed) == RunState::Finished);
    const RunEvent *event = second.last(EventKind::Resumed);
    QVERIFY(event);
    const std::string text = "Resumed from checkpoint " + std::to_string(event->step) + ". Note that " +
                             told + " since then: losses before and after are of different data.";
    QCOMPARE(event->text, text);
}

QTEST_GUILESS_MAIN(TestContinual)
#include "tst_continual.moc"
