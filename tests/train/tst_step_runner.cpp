// SPDX-License-Identifier: Apache-2.0
#include "core/train/evaluation.h"
#include "core/train/sampling.h"
#include "core/train/step_runner.h"
#include "core/train/text_source.h"

#include <QTemporaryDir>
#include <QtTest>

#include <torch/types.h>

#include <fstream>
#include <limits>

using namespace orrery;

namespace {

constexpr int64_t kContext = 8, kSequences = 16, kVocab = 256;

ModelSpec smallModel()
{
    ModelSpec spec;
    spec.layers = 2;
    spec.width = 16;
    spec.heads = 2;
    spec.context = kContext;
    return spec;
}

/// Model, optimiser and fixed batches of 16 sequences for three steps.
struct Fixture {
    explicit Fixture(const ModelSpec &spec = smallModel())
    {
        const std::string path = folder.filePath(QStringLiteral("batches.bin")).toStdString();
        std::ofstream out(path, std::ios::binary);
        for (int32_t i = 0; i < 3 * kSequences * (kContext + 1); ++i) {
            const int32_t token = 97 + (i * i + i / 9) % 26;
            out.write(reinterpret_cast<const char *>(&token), sizeof token);
        }
        out.close();
        model = nn::Transformer::create(spec, kVocab, 3, "cpu").value();
        optimizer = std::move(makeOptimizer(model->parameters(), {})).value();
        source =
            std::make_unique<TextBatchSource>(BatchSampler::fromFile(path, kSequences, kContext).value());
        runner = std::make_unique<StepRunner>(*model, *optimizer, *source);
    }

    [[nodiscard]] std::vector<at::Tensor> weights() const
    {
        std::vector<at::Tensor> all;
        for (const nn::Parameter &parameter : model->parameters())
            all.push_back(parameter.master.detach().clone());
        return all;
    }

    QTemporaryDir folder;
    std::unique_ptr<nn::Transformer> model;
    std::unique_ptr<Optimizer> optimizer;
    std::unique_ptr<TextBatchSource> source;
    std::unique_ptr<StepRunner> runner;
};

StepSettings settings(int64_t batchSize, int64_t accumulation)
{
    return {.batchSize = batchSize,
            .accumulation = accumulation,
            .seed = 5,
            .dropout = 0.1,
            .clip = 1.0,
            .update = {.learningRate = 1e-3, .weightDecay = 0.1}};
}

bool areEqual(const std::vector<at::Tensor> &a, const std::vector<at::Tensor> &b)
{
    for (size_t i = 0; i < a.size(); ++i)
        if (!at::equal(a[i], b[i])) return false;
    return true;
}

} // namespace

class TestStepRunner : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void accumulationDoesNotMoveTheStep();
    void sameSeedGivesTheSameBits();
    void lossFalls();
    void nonFiniteLossTouchesNoWeight();
    void nonFiniteGradientTouchesNoWeight();
    void clipBoundsTheUpdateNotTheReport();
    void bf16StaysNearFp32();
    void maskedTargetsWeighTheMicroBatches();
    void samplesAreReproducibleAndMoveNothing();
    void samplesGoOnBehindTheContext();
};

void TestStepRunner::accumulationDoesNotMoveTheStep()
{
    Fixture whole, halves, quarters;
    for (int64_t step = 0; step < 3; ++step) {
        const StepOutcome expected = whole.runner->run(step, settings(16, 1));
        const StepOutcome split = halves.runner->run(step, settings(8, 2));
        QVERIFY(std::abs(expected.loss - split.loss) < 1e-6);
        QVERIFY(std::abs(expected.gradNorm - split.gradNorm) < 1e-5);
        QCOMPARE(expected.numTokens, split.numTokens);
        QVERIFY(std::abs(expected.loss - quarters.runner->run(step, settings(4, 4)).loss) < 1e-6);
    }
}

void TestStepRunner::sameSeedGivesTheSameBits()
{
    Fixture first, second, other;
    StepSettings otherSeed = settings(16, 1);
    otherSeed.seed = 6;
    for (int64_t step = 0; step < 3; ++step)
        QCOMPARE(first.runner->run(step, settings(16, 1)).loss,
                 second.runner->run(step, settings(16, 1)).loss);
    QVERIFY(areEqual(first.weights(), second.weights()));
    other.runner->run(0, otherSeed);
    QVERIFY(!areEqual(other.weights(), second.weights()));
}

void TestStepRunner::lossFalls()
{
    Fixture fixture;
    StepSettings now = settings(16, 1);
    now.update.learningRate = 1e-2;
    const double before = fixture.runner->run(0, now).loss;
    double after = before;
    for (int i = 0; i < 30; ++i) after = fixture.runner->run(0, now).loss;
    QVERIFY(std::abs(before - std::log(256.0)) < 0.2);
    QVERIFY2(after < 0.75 * before, qPrintable(QString::number(after)));
}

void TestStepRunner::nonFiniteLossTouchesNoWeight()
{
    Fixture fixture;
    fixture.runner->run(0, settings(16, 1));
    {
        const at::NoGradGuard noGrad;
        fixture.model->parameters().front().master[97][0] = std::numeric_limits<float>::quiet_NaN();
    }
    const auto before = fixture.weights();
    const StepOutcome outcome = fixture.runner->run(1, settings(16, 1));
    QVERIFY(!outcome.isFinite);
    QVERIFY(std::isnan(outcome.loss));
    QCOMPARE(fixture.optimizer->numUpdates(), int64_t(1));
    const auto after = fixture.weights();
    for (size_t i = 1; i < after.size(); ++i) QVERIFY(at::equal(before[i], after[i]));
    QVERIFY(at::equal(before[0].nan_to_num(), after[0].nan_to_num()));
}

void TestStepRunner::nonFiniteGradientTouchesNoWeight()
{
    Fixture fixture;
    fixture.model->parameters().back().master.register_hook(
        [](const at::Tensor &gradient) { return gradient / 0.0; });
    const auto before = fixture.weights();
    const StepOutcome outcome = fixture.runner->run(0, settings(16, 1));
    QVERIFY(!outcome.isFinite);
    QVERIFY(std::isfinite(outcome.loss));
    QVERIFY(areEqual(before, fixture.weights()));
}

void TestStepRunner::clipBoundsTheUpdateNotTheReport()
{
    Fixture open, clipped;
    StepSettings tight = settings(16, 1);
    tight.clip = 1e-3;
    StepSettings off = settings(16, 1);
    off.clip = 0;
    const StepOutcome expected = open.runner->run(0, off);
    QCOMPARE(clipped.runner->run(0, tight).gradNorm, expected.gradNorm);
    QVERIFY(expected.gradNorm > 1e-3);
    const auto state = clipped.optimizer->state(), openState = open.optimizer->state();
    for (size_t i = 0; i < state.size(); ++i) {
        if (!state[i].name.ends_with(".exp_avg")) continue;
        QVERIFY(at::allclose(state[i].tensor, openState[i].tensor * (1e-3 / (expected.gradNorm + 1e-6)), 1e-3,
                             1e-9));
    }
}

void TestStepRunner::bf16StaysNearFp32()
{
    Fixture wide, narrow;
    StepSettings half = settings(16, 1);
    half.dtype = at::kBFloat16;
    for (int64_t step = 0; step < 3; ++step) {
        const double expected = wide.runner->run(step, settings(16, 1)).loss,
                     found = narrow.runner->run(step, half).loss;
        QVERIFY(found != expected);
        QVERIFY(std::abs(found / expected - 1) < 2e-3);
    }
    for (const nn::Parameter &parameter : narrow.model->parameters())
        QCOMPARE(parameter.master.scalar_type(), at::kFloat);
}

void TestStepRunner::maskedTargetsWeighTheMicroBatches()
{
    ModelBatch batch{.numSequences = 2,
                     .context = 3,
                     .ids_BT = {1, 2, 3, 5, 6, 7},
                     .targets_BT = {2, 3, 4, 6, 7, 8},
                     .mask_BT = {1, 0, 1, 0, 0, 0},
                     .prefixLengths = {}};
    BatchTensors tensors(at::kCPU);
    tensors.load(batch);
    QCOMPARE(tensors.numTargets(), int64_t(2));
    QVERIFY(at::equal(tensors.ids_BT, at::tensor({1, 2, 3, 5, 6, 7}, at::kLong).view({2, 3})));
    QVERIFY(at::equal(tensors.targets_BT, at::tensor({2, 3, 4, 6, 7, 8}, at::kLong).view({2, 3})));
    QVERIFY(at::equal(tensors.mask_BT, at::tensor({1, 0, 1, 0, 0, 0}, at::kByte).view({2, 3})));
    batch.mask_BT.clear();
    tensors.load(batch);
    QCOMPARE(tensors.numTargets(), int64_t(6));
    QVERIFY(!tensors.mask_BT.defined());
}

void TestStepRunner::samplesAreReproducibleAndMoveNothing()
{
    Fixture sampled, plain;
    const auto tokenizer = Tokenizer::create({.specialTokens = "none"}).value();
    const SampleRequest request{.prompt = "abc", .maxTokens = 5, .seed = 5, .step = 1};
    const std::string text = drawSample(*sampled.model, *tokenizer, request).text;
    QCOMPARE(text.size(), size_t(5));
    QCOMPARE(drawSample(*sampled.model, *tokenizer, request).text, text);
    SampleRequest other = request;
    other.step = 2;
    QVERIFY(drawSample(*sampled.model, *tokenizer, other).text != text);
    QCOMPARE(sampled.runner->run(0, settings(16, 1)).loss, plain.runner->run(0, settings(16, 1)).loss);
    QVERIFY(areEqual(sampled.weights(), plain.weights()));
}

void TestStepRunner::samplesGoOnBehindTheContext()
{
    Fixture fixture;
    const auto tokenizer = Tokenizer::create({.specialTokens = "none"});
    for (const char *prompt : {"", "a", "exactly8", "longer than the context"})
        QCOMPARE(drawSample(*fixture.model, **tokenizer, {.prompt = prompt, .maxTokens = 20}).text.size(),
                 size_t(20));
}

QTEST_GUILESS_MAIN(TestStepRunner)
#include "tst_step_runner.moc"
