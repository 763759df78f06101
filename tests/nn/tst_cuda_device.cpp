// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform.h"
#include "core/nn/device.h"
#include "core/nn/dropout.h"
#include "tests/nn/model_fixtures.h"

#include <QtTest>

#include <torch/torch.h>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

class TestCudaDevice : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void withoutAGpuItIsUnavailable();
    void masksHaveTheBitsOfTheCpu();
    void lossAndGradientsEqualTheCpu();
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

void TestCudaDevice::lossAndGradientsEqualTheCpu()
{
    ModelSpec spec = smallSpec();
    spec.dropout = 0.1;
    auto onGpu = Transformer::create(spec, kVocab, 7, "cuda");
    if (!onGpu) QSKIP(onGpu.error().message.c_str());
    const auto onCpu = makeModel(spec);
    const ForwardContext context{.isTraining = true, .seed = 2, .step = 3};
    const at::Tensor ids = makeIds(2, 8), targets = makeIds(2, 8, 1);
    const at::Tensor expected = onCpu->loss(ids, targets, {}, context);
    const at::Tensor found = (*onGpu)->loss(ids.to(at::kCUDA), targets.to(at::kCUDA), {}, context);
    expected.backward();
    found.backward();
    QVERIFY(std::abs(expected.item<double>() - found.item<double>()) < 1e-5);
    for (size_t i = 0; i < onCpu->parameters().size(); ++i)
        QVERIFY2(at::allclose(onCpu->parameters()[i].master.grad(),
                              (*onGpu)->parameters()[i].master.grad().cpu(), 1e-3, 1e-5),
                 onCpu->parameters()[i].name.c_str());
}

QTEST_GUILESS_MAIN(TestCudaDevice)
#include "tst_cuda_device.moc"
