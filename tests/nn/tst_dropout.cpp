// SPDX-License-Identifier: Apache-2.0
#include "core/nn/dropout.h"
#include "tests/nn/model_fixtures.h"

#include <QtTest>

#include <ATen/Parallel.h>
#include <torch/types.h>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

class TestDropout : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void maskIsTheSameForAnyMicroBatch();
    void maskIsTheSameForAnyThreadCount();
    void everyPlaceStepAndLayerDiffers();
    void keptValuesKeepTheMean();
    void stochasticDepthDropsWholeSamples();
    void stochasticDepthGrowsWithTheLayer();
    void offIsUndefined();
    void evaluationIgnoresDropout();
    void torchsGeneratorIsNotTouched();
    void lossIsTheMeanOverMicroBatches();
    void contextOverridesTheSpec();
};

namespace {

ForwardContext training(uint64_t step = 4, uint32_t firstSample = 0)
{
    return {.isTraining = true, .seed = 11, .step = step, .firstSample = firstSample};
}

at::Tensor residual(const ForwardContext &context, int64_t batch, int64_t layer = 1,
                    DropoutPlace place = DropoutPlace::Attention)
{
    return residualMask(context, layer, place, {batch, 9, 15}, 0.3, 0.2, at::kCPU);
}

} // namespace

void TestDropout::maskIsTheSameForAnyMicroBatch()
{
    const at::Tensor whole = residual(training(), 16);
    const at::Tensor halves = at::cat({residual(training(), 8), residual(training(4, 8), 8)});
    QVERIFY(at::equal(whole, halves));
    const auto attention = [](uint32_t first, int64_t batch) {
        return attentionMask(training(4, first), 2, {batch, 2, 7, 7}, 0.4, at::kCPU);
    };
    QVERIFY(at::equal(attention(0, 16), at::cat({attention(0, 8), attention(8, 8)})));
}

void TestDropout::maskIsTheSameForAnyThreadCount()
{
    const int threads = at::get_num_threads();
    const auto make = [](int count) {
        at::set_num_threads(count);
        return residualMask(training(), 0, DropoutPlace::FeedForward, {3, 64, 128}, 0.1, 0, at::kCPU);
    };
    const at::Tensor one = make(1), two = make(2);
    at::set_num_threads(threads);
    QVERIFY(at::equal(one, two));
}

void TestDropout::everyPlaceStepAndLayerDiffers()
{
    const at::Tensor mask = residual(training(), 4);
    QVERIFY(!at::equal(mask, residual(training(5), 4)));
    QVERIFY(!at::equal(mask, residual(training(4, 4), 4)));
    QVERIFY(!at::equal(mask, residual(training(), 4, 2)));
    QVERIFY(!at::equal(mask, residual(training(), 4, 1, DropoutPlace::FeedForward)));
}

void TestDropout::keptValuesKeepTheMean()
{
    const at::Tensor mask =
        residualMask(training(), 0, DropoutPlace::Attention, {64, 64, 64}, 0.1, 0, at::kCPU);
    QVERIFY(std::abs(mask.mean().item<double>() - 1) < 0.005);
    QVERIFY(std::abs(mask.max().item<double>() - 1 / 0.9) < 1e-6);
    QVERIFY(std::abs((mask == 0).to(at::kDouble).mean().item<double>() - 0.1) < 0.003);
}

void TestDropout::stochasticDepthDropsWholeSamples()
{
    const at::Tensor mask =
        residualMask(training(), 3, DropoutPlace::Attention, {4000, 3, 2}, 0, 0.25, at::kCPU);
    QCOMPARE(mask.sizes(), at::IntArrayRef({4000, 1, 1}));
    QVERIFY(std::abs((mask == 0).to(at::kDouble).mean().item<double>() - 0.25) < 0.025);
    QVERIFY(std::abs(mask.max().item<double>() - 1 / 0.75) < 1e-6);
}

void TestDropout::stochasticDepthGrowsWithTheLayer()
{
    ModelSpec spec;
    spec.layers = 4;
    spec.stochasticDepth = 0.2;
    QCOMPARE(depthDropout(spec, 0), 0.05);
    QCOMPARE(depthDropout(spec, 3), 0.2);
}

void TestDropout::offIsUndefined()
{
    QVERIFY(!residualMask(training(), 0, DropoutPlace::Attention, {2, 2, 2}, 0, 0, at::kCPU).defined());
    QVERIFY(!residualMask({}, 0, DropoutPlace::Attention, {2, 2, 2}, 0.5, 0.5, at::kCPU).defined());
}

void TestDropout::evaluationIgnoresDropout()
{
    ModelSpec spec = smallSpec();
    const auto plain = makeModel(spec);
    spec.dropout = 0.5;
    spec.stochasticDepth = 0.5;
    const auto dropped = makeModel(spec);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 8);
    QVERIFY(at::equal(plain->logits(ids, {}), dropped->logits(ids, {})));
    QVERIFY(!at::equal(plain->logits(ids, {}), dropped->logits(ids, training())));
}

void TestDropout::torchsGeneratorIsNotTouched()
{
    ModelSpec spec = smallSpec();
    spec.dropout = 0.5;
    const auto model = makeModel(spec);
    at::manual_seed(1);
    const at::Tensor expected = at::rand({4});
    at::manual_seed(1);
    model->loss(makeIds(2, 8), makeIds(2, 8, 1), {}, training()).backward();
    QVERIFY(at::equal(at::rand({4}), expected));
}

void TestDropout::lossIsTheMeanOverMicroBatches()
{
    ModelSpec spec = smallSpec();
    spec.dropout = 0.2;
    spec.stochasticDepth = 0.2;
    const auto model = makeModel(spec);
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(16, 8), targets = makeIds(16, 8, 1);
    const double whole = model->loss(ids, targets, {}, training()).item<double>();
    double halves = 0;
    for (int64_t first : {0, 8})
        halves += 0.5 * model
                            ->loss(ids.narrow(0, first, 8), targets.narrow(0, first, 8), {},
                                   training(4, static_cast<uint32_t>(first)))
                            .item<double>();
    QVERIFY(std::abs(whole - halves) < 1e-6);
}

void TestDropout::contextOverridesTheSpec()
{
    ModelSpec spec = smallSpec();
    spec.dropout = 0.5;
    const auto model = makeModel(spec);
    const at::NoGradGuard noGrad;
    ForwardContext off = training();
    off.dropout = 0;
    QVERIFY(at::allclose(model->logits(makeIds(1, 6), off), model->logits(makeIds(1, 6), {})));
}

QTEST_GUILESS_MAIN(TestDropout)
#include "tst_dropout.moc"
