// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform.h"
#include "core/nn/device.h"
#include "core/nn/dropout.h"
#include "core/nn/modality_input.h"
#include "tests/nn/model_fixtures.h"

#include <QtTest>

#include <torch/types.h>

#include <cmath>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

class TestCudaDevice : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void withoutAGpuItIsUnavailable();
    void masksHaveTheBitsOfTheCpu();
    void lossAndGradientsEqualTheCpu_data();
    void lossAndGradientsEqualTheCpu();
    void severalModalitiesEqualTheCpu();
};

void TestCudaDevice::withoutAGpuItIsUnavailable()
{
    if (const auto count = cudaDeviceCount(); count.ok() && *count > 0) QSKIP("this machine has a GPU");
    const auto model = Transformer::create(smallSpec(), kVocab, 1, "cuda");
    QVERIFY(!model.ok());
    QCOMPARE(model.error().code, ErrorCode::Unavailable);
    QVERIFY(!model.error().hint.empty());
}

void TestCudaDevice::masksHaveTheBitsOfTheCpu()
{
    if (const auto device = openDevice("cuda"); !device) QSKIP(device.error().message.c_str());
    const ForwardContext context{.isTraining = true, .seed = 2, .step = 3, .firstSample = 1};
    const auto make = [&](at::Device device) {
        return residualMask(context, 1, DropoutPlace::FeedForward, {5, 33, 7}, 0.1, 0.3, device).cpu();
    };
    QVERIFY(at::equal(make(at::kCPU), make(at::kCUDA)));
}

namespace {

void compareGradients(Transformer &onCpu, Transformer &onGpu)
{
    for (size_t i = 0; i < onCpu.parameters().size(); ++i) {
        const at::Tensor &expected = onCpu.parameters()[i].master.grad();
        const at::Tensor &found = onGpu.parameters()[i].master.grad();
        QCOMPARE(found.defined(), expected.defined());
        if (expected.defined())
            QVERIFY2(at::allclose(expected, found.cpu(), 1e-3, 1e-5), onCpu.parameters()[i].name.c_str());
    }
}

} // namespace

void TestCudaDevice::lossAndGradientsEqualTheCpu_data()
{
    QTest::addColumn<double>("dropout");
    QTest::addColumn<double>("attentionDropout");
    QTest::addColumn<int>("window");
    QTest::addColumn<QString>("mask");
    QTest::newRow("plain") << 0.0 << 0.0 << 0 << "causal";
    QTest::newRow("dropout") << 0.1 << 0.0 << 0 << "causal";
    QTest::newRow("dropout of the attention") << 0.1 << 0.1 << 0 << "causal";
    QTest::newRow("window") << 0.0 << 0.0 << 3 << "causal";
    QTest::newRow("both sides") << 0.0 << 0.0 << 0 << "bidirectional";
    QTest::newRow("prefix") << 0.1 << 0.0 << 0 << "prefix";
}

void TestCudaDevice::lossAndGradientsEqualTheCpu()
{
    QFETCH(const double, dropout);
    QFETCH(const double, attentionDropout);
    QFETCH(const int, window);
    QFETCH(const QString, mask);
    ModelSpec spec = smallSpec();
    spec.dropout = dropout;
    spec.attentionDropout = attentionDropout;
    spec.window = window;
    auto onGpu = Transformer::create(spec, kVocab, 7, "cuda");
    if (!onGpu) QSKIP(onGpu.error().message.c_str());
    const auto onCpu = makeModel(spec);
    ForwardContext context{.isTraining = true, .seed = 2, .step = 3};
    context.maskPolicy = mask.toStdString();
    if (mask == "prefix") context.prefixLengths = {3, 6};
    const at::Tensor ids = makeIds(2, 8), targets = makeIds(2, 8, 1);
    const at::Tensor expected = onCpu->loss(ids, targets, {}, context);
    const at::Tensor found = (*onGpu)->loss(ids.to(at::kCUDA), targets.to(at::kCUDA), {}, context);
    expected.backward();
    found.backward();
    QVERIFY(std::abs(expected.item<double>() - found.item<double>()) < 1e-5);
    compareGradients(*onCpu, **onGpu);
}

void TestCudaDevice::severalModalitiesEqualTheCpu()
{
    ModelSpec spec = smallSpec();
    spec.attention.numModalities = 3;
    spec.media = {.imageSize = 4, .patchSize = 2, .audioTokens = 3};
    auto onGpu = Transformer::create(spec, kVocab, 7, "cuda");
    if (!onGpu) QSKIP(onGpu.error().message.c_str());
    const auto onCpu = makeModel(spec);
    ModalityBatch batch{.numModalities = 3, .modality_BT = {0, 1, 1, 1, 1, 0, 2, 2, 0}, .rows = {}};
    batch.rows.resize(3);
    for (const Modality modality : {Modality::Image, Modality::Audio}) {
        ModalityRows &rows = batch.rows[modalityIndex(modality)];
        rows.width = modality == Modality::Image ? 3 * 2 * 2 : 128;
        rows.places_N = modality == Modality::Image ? std::vector<int32_t>{0, 1, 2, 3} : std::vector<int32_t>{0, 1};
        for (size_t i = 0; i < rows.places_N.size() * static_cast<size_t>(rows.width); ++i)
            rows.features_NF.push_back(std::sin(0.37F * static_cast<float>(i)));
    }
    const at::Tensor ids = makeIds(1, 9), targets = makeIds(1, 9, 1);
    std::vector<double> losses;
    for (Transformer *model : {onCpu.get(), onGpu->get()}) {
        const at::Device device = model->parameters().front().master.device();
        const ModalityInput input = makeModalityInput(batch, 1, device);
        ForwardContext context{.isTraining = true, .seed = 2, .step = 3};
        context.modalities = &input;
        const at::Tensor loss = model->loss(ids.to(device), targets.to(device), {}, context);
        loss.backward();
        losses.push_back(loss.item<double>());
    }
    QVERIFY(std::abs(losses[0] - losses[1]) < 1e-5);
    compareGradients(*onCpu, **onGpu);
}

QTEST_GUILESS_MAIN(TestCudaDevice)
#include "tst_cuda_device.moc"
