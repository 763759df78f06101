// SPDX-License-Identifier: Apache-2.0
#include "core/nn/extension_points.h"
#include "core/nn/transformer.h"
#include "core/spec/estimate.h"
#include "tests/nn/gradient_check.h"
#include "tests/nn/model_fixtures.h"

#include <QtTest>

#include <ATen/Parallel.h>
#include <torch/types.h>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

Q_DECLARE_METATYPE(orrery::ModelSpec)

class TestTransformer : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initialisationDependsOnSeedAlone();
    void residualProjectionsStartSmaller();
    void parameterCountEqualsTheEstimate_data();
    void parameterCountEqualsTheEstimate();
    void onlyMatricesDecay();
    void gradientsMatchFiniteDifferences_data();
    void gradientsMatchFiniteDifferences();
    void tiedHeadSharesTheEmbedding();
    void looksOnlyBackwards();
    void cachedLogitsEqualTheFullForward_data();
    void cachedLogitsEqualTheFullForward();
    void refusesMoreTokensThanTheContext();
    void maskedTargetsCarryNoLoss();
    void bf16StaysNearFp32();
    void bf16CopiesFollowTheMasters();
    void rejectsBadModels_data();
    void rejectsBadModels();
    void feedForwardCanBeReplacedThroughTheRegistry();
};

void TestTransformer::initialisationDependsOnSeedAlone()
{
    const int threads = at::get_num_threads();
    ModelSpec spec = smallSpec();
    spec.width = 256; // wide enough to be split between threads
    at::set_num_threads(1);
    const auto one = makeModel(spec, 7);
    at::set_num_threads(2);
    const auto two = makeModel(spec, 7);
    const auto other = makeModel(spec, 8);
    at::set_num_threads(threads);
    for (size_t i = 0; i < one->parameters().size(); ++i) {
        const at::Tensor &first = one->parameters()[i].master;
        QVERIFY2(at::equal(first, two->parameters()[i].master), one->parameters()[i].name.c_str());
        if (first.dim() == 2) QVERIFY(!at::equal(first, other->parameters()[i].master));
    }
}

void TestTransformer::residualProjectionsStartSmaller()
{
    ModelSpec spec = smallSpec();
    spec.width = 128;
    const auto model = makeModel(spec);
    for (const Parameter &parameter : model->parameters()) {
        if (parameter.master.dim() < 2) continue;
        const bool isResidual =
            parameter.name.ends_with("output.weight") || parameter.name.ends_with("down.weight");
        const double expected = isResidual ? 0.02 / std::sqrt(4.0) : 0.02;
        const double found = parameter.master.detach().std().item<double>();
        QVERIFY2(std::abs(found / expected - 1) < 0.06, parameter.name.c_str());
    }
}

void TestTransformer::parameterCountEqualsTheEstimate_data()
{
    QTest::addColumn<ModelSpec>("spec");
    QTest::newRow("default") << smallSpec();
    QTest::newRow("gpt2") << gpt2Spec();
    ModelSpec biased = gpt2Spec();
    biased.bias = true;
    QTest::newRow("bias") << biased;
    ModelSpec untied = smallSpec();
    untied.tied = false;
    QTest::newRow("untied") << untied;
    ModelSpec wide = smallSpec();
    wide.ffnWidth = 40;
    wide.norm = "layernorm";
    QTest::newRow("swiglu 40, layernorm, qk-norm") << wide;
    for (int64_t modalities : {2, 3})
        for (bool isSeparate : {true, false}) {
            ModelSpec several = modalities == 2 ? gpt2Spec() : smallSpec();
            several.bias = modalities == 2;
            several.attention.numModalities = modalities;
            several.attention.isSeparate = isSeparate;
            several.media.audioTokens = 7;
            several.media.imageStem = isSeparate ? "conv" : "linear";
            QTest::addRow("%d modalities, %s", static_cast<int>(modalities),
                          isSeparate ? "separate" : "shared")
                << several;
        }
    for (int64_t patch : {6, 7}) {
        ModelSpec luma = smallSpec();
        luma.attention.numModalities = 2;
        luma.media = {.imageSize = 3 * patch, .patchSize = patch, .imageStem = "luma"};
        QTest::addRow("stem of brightness, patches of %d", static_cast<int>(patch)) << luma;
    }
}

void TestTransformer::parameterCountEqualsTheEstimate()
{
    QFETCH(ModelSpec, spec);
    RunSpec run;
    run.model = spec;
    QCOMPARE(makeModel(spec)->numParameters(), estimateRun(run, kVocab, 60e9).numParameters);
}

void TestTransformer::onlyMatricesDecay()
{
    ModelSpec spec = smallSpec();
    spec.bias = true;
    const auto model = makeModel(spec);
    for (const Parameter &parameter : model->parameters()) {
        const bool isPlain =
            parameter.name.find("norm") != std::string::npos || parameter.name.ends_with(".bias");
        QVERIFY2(parameter.decays == !isPlain, parameter.name.c_str());
    }
}

void TestTransformer::gradientsMatchFiniteDifferences_data()
{
    QTest::addColumn<ModelSpec>("spec");
    QTest::newRow("rmsnorm, rope, qk-norm, swiglu") << smallSpec();
    ModelSpec gpt2 = gpt2Spec();
    gpt2.bias = true;
    QTest::newRow("layernorm, learned, gelu, bias") << gpt2;
    ModelSpec dropped = smallSpec();
    dropped.dropout = 0.2;
    dropped.stochasticDepth = 0.3;
    dropped.ffn = "gelu_tanh";
    dropped.tied = false;
    QTest::newRow("dropout, stochastic depth, tanh, untied") << dropped;
}

// Everything runs in double; masters are fp32, whose values double holds exactly, so the step that was really
// taken is known.
void TestTransformer::gradientsMatchFiniteDifferences()
{
    QFETCH(ModelSpec, spec);
    const auto model = makeModel(spec);
    stirWeights(*model);
    const at::Tensor ids = makeIds(2, 8), targets = makeIds(2, 8, 1);
    const ForwardContext context{.isTraining = true, .dtype = at::kDouble, .seed = 3, .step = 5};
    model->loss(ids, targets, {}, context).backward();
    const GradientAnswer answer =
        compareGradients(*model, [&] { return model->loss(ids, targets, {}, context); },
                         {.step = 1e-3f, .tolerance = 2e-4, .perParameter = 5});
    QVERIFY2(answer.problem.isEmpty(), qPrintable(answer.problem));
    QVERIFY(answer.numChecked > 0);
}

void TestTransformer::tiedHeadSharesTheEmbedding()
{
    const auto tied = makeModel(smallSpec());
    ModelSpec spec = smallSpec();
    spec.tied = false;
    const auto untied = makeModel(spec);
    QCOMPARE(tied->parameters().size() + 1, untied->parameters().size());
    QCOMPARE(QString::fromStdString(untied->parameters().back().name), QStringLiteral("head.weight"));
    // Only the head sees a token that is never an input: its row of the embedding moves when it is tied.
    const at::Tensor ids = at::zeros({1, 4}, at::kLong), targets = at::ones({1, 4}, at::kLong);
    tied->loss(ids, targets, {}, {}).backward();
    untied->loss(ids, targets, {}, {}).backward();
    QVERIFY(tied->parameters()[0].master.grad()[5].abs().sum().item<float>() > 0);
    QCOMPARE(untied->parameters()[0].master.grad()[5].abs().sum().item<float>(), 0.0f);
}

void TestTransformer::looksOnlyBackwards()
{
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, 10);
    at::Tensor changed = ids.clone();
    changed[0][6] = (ids[0][6].item<int64_t>() + 1) % kVocab;
    const at::Tensor before = model->logits(ids, {}), after = model->logits(changed, {});
    QVERIFY(at::equal(before.narrow(1, 0, 6), after.narrow(1, 0, 6)));
    QVERIFY(!at::allclose(before.narrow(1, 6, 4), after.narrow(1, 6, 4)));
}

void TestTransformer::cachedLogitsEqualTheFullForward_data()
{
    QTest::addColumn<ModelSpec>("spec");
    QTest::newRow("rope") << smallSpec();
    QTest::newRow("learned") << gpt2Spec();
}

void TestTransformer::cachedLogitsEqualTheFullForward()
{
    QFETCH(ModelSpec, spec);
    const auto model = makeModel(spec);
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 12);
    const at::Tensor full = model->logits(ids, {});
    KvCache cache = model->makeCache(2, 12);
    ForwardContext context;
    context.cache = &cache;
    // A prompt, single tokens, and a piece behind them: the three paths of the cache.
    std::vector<at::Tensor> pieces;
    int64_t position = 0;
    for (const int64_t length : {5, 1, 1, 3, 2}) {
        pieces.push_back(model->logits(ids.narrow(1, position, length), context));
        position += length;
    }
    QCOMPARE(cache.length, int64_t(12));
    QVERIFY((at::cat(pieces, 1) - full).abs().max().item<float>() < 1e-5f);
}

void TestTransformer::refusesMoreTokensThanTheContext()
{
    const auto model = makeModel(smallSpec());
    QVERIFY_THROWS_EXCEPTION(c10::Error, (void)model->logits(makeIds(1, 13), {}));
}

void TestTransformer::maskedTargetsCarryNoLoss()
{
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, 6), targets = makeIds(1, 6, 1);
    at::Tensor mask = at::ones({1, 6}, at::kByte);
    mask[0][2] = 0;
    mask[0][5] = 0;
    const at::Tensor losses = at::cross_entropy_loss(model->logits(ids, {}).view({-1, kVocab}),
                                                     targets.view(-1), {}, at::Reduction::None);
    const double expected = (losses.sum() - losses[2] - losses[5]).item<double>() / 4;
    QVERIFY(std::abs(model->loss(ids, targets, mask, {}).item<double>() - expected) < 1e-6);
}

void TestTransformer::bf16StaysNearFp32()
{
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const at::Tensor ids = makeIds(2, 8), targets = makeIds(2, 8, 1);
    const auto run = [&](at::ScalarType dtype) {
        for (Parameter &parameter : model->parameters()) parameter.master.mutable_grad() = at::Tensor();
        const at::Tensor loss = model->loss(ids, targets, {}, {.isTraining = true, .dtype = dtype});
        loss.backward();
        std::vector<at::Tensor> gradients;
        for (Parameter &parameter : model->parameters()) gradients.push_back(parameter.master.grad().clone());
        return std::make_pair(loss.item<double>(), gradients);
    };
    const auto [loss32, gradients32] = run(at::kFloat);
    const auto [loss16, gradients16] = run(at::kBFloat16);
    QVERIFY(loss16 != loss32);
    QVERIFY(std::abs(loss16 / loss32 - 1) < 0.01);
    for (size_t i = 0; i < gradients32.size(); ++i) {
        QCOMPARE(gradients16[i].scalar_type(), at::kFloat);
        const double error =
            (gradients16[i] - gradients32[i]).norm().item<double>() / gradients32[i].norm().item<double>();
        QVERIFY2(error < 0.05, model->parameters()[i].name.c_str());
    }
}

void TestTransformer::bf16CopiesFollowTheMasters()
{
    const auto model = makeModel(smallSpec());
    const at::NoGradGuard noGrad;
    const ForwardContext context{.dtype = at::kBFloat16};
    const at::Tensor before = model->logits(makeIds(1, 4), context);
    for (Parameter &parameter : model->parameters()) parameter.master.mul_(1.5);
    model->mastersChanged();
    QVERIFY(!at::allclose(model->logits(makeIds(1, 4), context), before));
}

void TestTransformer::rejectsBadModels_data()
{
    QTest::addColumn<ModelSpec>("spec");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char *name, auto change, const char *expected) {
        ModelSpec spec = smallSpec();
        change(spec);
        QTest::newRow(name) << spec << QString::fromLatin1(expected);
    };
    row(
        "layers", [](ModelSpec &s) { s.layers = 0; }, "model.layers is 0");
    row(
        "heads", [](ModelSpec &s) { s.heads = 3; }, "model.heads is 3");
    row(
        "odd head", [](ModelSpec &s) { s.width = 6; }, "even width per head");
    row(
        "ffn", [](ModelSpec &s) { s.ffn = "relu"; }, "gelu, gelu_tanh, swiglu");
    row(
        "norm", [](ModelSpec &s) { s.norm = "batch"; }, "rmsnorm or layernorm");
    row(
        "position", [](ModelSpec &s) { s.position = "alibi"; }, "rope or learned");
    row(
        "block", [](ModelSpec &s) { s.block = "fused"; }, "reference");
    row(
        "dropout", [](ModelSpec &s) { s.dropout = 1; }, "below 1");
    row(
        "depth", [](ModelSpec &s) { s.stochasticDepth = -0.1; }, "model.stochastic_depth is -0.1");
}

void TestTransformer::rejectsBadModels()
{
    QFETCH(ModelSpec, spec);
    QFETCH(QString, expected);
    const auto model = Transformer::create(spec, kVocab, 1, "cpu");
    QVERIFY(!model.ok());
    QCOMPARE(model.error().code, ErrorCode::InvalidInput);
    QVERIFY2(QString::fromStdString(model.error().message).contains(expected), model.error().message.c_str());
    const auto device = Transformer::create(smallSpec(), kVocab, 1, "tpu");
    QVERIFY(!device.ok() && device.error().code == ErrorCode::InvalidInput);
}

namespace {
class ZeroFeedForward final : public FeedForward {
public:
    at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &) override
    {
        return at::zeros_like(x_BTC);
    }
};
} // namespace

void TestTransformer::feedForwardCanBeReplacedThroughTheRegistry()
{
    feedForwardRegistry().add("zero", [](BuildContext &) { return std::make_unique<ZeroFeedForward>(); });
    ModelSpec spec = smallSpec();
    spec.ffn = "zero";
    const auto model = makeModel(spec);
    feedForwardRegistry().remove("zero");
    for (const Parameter &parameter : model->parameters())
        QVERIFY(parameter.name.find("ffn.") == std::string::npos);
    QVERIFY(model->logits(makeIds(1, 4), {}).isfinite().all().item<bool>());
}

QTEST_GUILESS_MAIN(TestTransformer)
#include "tst_transformer.moc"
