// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform.h"
#include "core/nn/device.h"
#include "core/nn/dropout.h"
#include "core/nn/modality_input.h"
#include "tests/nn/attention_kernels.h"
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
    void attentionIsFused_data();
    void attentionIsFused();
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

/// A sequence with a picture of four patches and a recording of two frames, for media of 4, 2 and 3.
ModalityBatch mixedBatch()
{
    ModalityBatch batch{.numModalities = 3, .modality_BT = {0, 1, 1, 1, 1, 0, 2, 2, 0}, .rows = {}};
    batch.rows.resize(3);
    for (const Modality modality : {Modality::Image, Modality::Audio}) {
        ModalityRows &rows = batch.rows[modalityIndex(modality)];
        rows.width = modality == Modality::Image ? 3 * 2 * 2 : 128;
        rows.places_N = modality == Modality::Image ? std::vector<int32_t>{0, 1, 2, 3} : std::vector<int32_t>{0, 1};
        for (size_t i = 0; i < rows.places_N.size() * static_cast<size_t>(rows.width); ++i)
            rows.features_NF.push_back(std::sin(0.37F * static_cast<float>(i)));
    }
    return batch;
}

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
    const ModalityBatch batch = mixedBatch();
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

void TestCudaDevice::attentionIsFused_data()
{
    QTest::addColumn<bool>("isMixed");
    QTest::addColumn<bool>("isCoarse");
    QTest::newRow("text, fp32") << false << false;
    QTest::newRow("text, bf16") << false << true;
    QTest::newRow("pictures and recordings, fp32") << true << false;
    QTest::newRow("pictures and recordings, bf16") << true << true;
}

/// A model with heads of a usual width never falls back to plain operations, also with the weights between modalities in it.
void TestCudaDevice::attentionIsFused()
{
    QFETCH(const bool, isMixed);
    QFETCH(const bool, isCoarse);
    ModelSpec spec = smallSpec();
    spec.width = 128;
    if (isMixed) {
        spec.attention.numModalities = 3;
        spec.media = {.imageSize = 4, .patchSize = 2, .audioTokens = 3};
    }
    const auto model = Transformer::create(spec, kVocab, 7, "cuda");
    if (!model) QSKIP(model.error().message.c_str());
    const ModalityInput input = makeModalityInput(mixedBatch(), 1, at::kCUDA);
    ForwardContext context{.isTraining = true, .seed = 2, .step = 3};
    context.dtype = isCoarse ? at::kBFloat16 : at::kFloat;
    if (isMixed) context.modalities = &input;
    const auto kernels = attentionKernels([&] {
        (*model)->loss(makeIds(1, 9).to(at::kCUDA), makeIds(1, 9, 1).to(at::kCUDA), {}, context).backward();
    });
    std::string names;
    for (const std::string &name : kernels) names += name + ' ';
    QVERIFY2(areFusedAlone(kernels), names.c_str());
}

QTEST_GUILESS_MAIN(TestCudaDevice)
#include "tst_cuda_device.moc"
