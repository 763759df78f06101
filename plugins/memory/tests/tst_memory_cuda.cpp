// SPDX-License-Identifier: Apache-2.0
// The three tiers of the memory on a GPU: losses, gradients and a text that is read in pieces are those of the CPU.
#include "plugins/memory/engine/episodic_memory.h"
#include "plugins/memory/engine/product_key_memory.h"
#include "plugins/memory/engine/registers.h"
#include "tests/nn/model_fixtures.h"

#include <QtTest>

#include <torch/types.h>

#include <cmath>

using namespace orrery;
using namespace orrery::memory;
using namespace orrery::nn::test;

namespace {

ModelSpec memorySpec()
{
    ModelSpec spec = smallSpec();
    spec.context = 24;
    spec.window = 3;
    return spec;
}

/// All three are in the registry while it lives.
class Registered {
public:
    Registered()
    {
        nn::attentionSourceRegistry().add("episodic", [](nn::BuildContext &build) {
            EpisodicSettings settings;
            settings.store = {.capacity = 100, .surpriseGamma = 1, .blockMin = 2, .blockMax = 4};
            settings.topK = 3;
            return makeEpisodicMemory(build, settings);
        });
        nn::residualModuleRegistry().add("registers", [](nn::BuildContext &build) {
            return makeRegisters(build, {.count = 2, .segmentLength = 4});
        });
        nn::residualModuleRegistry().add("semantic", [](nn::BuildContext &build) {
            return makeProductKeyMemory(build, {.numSlots = 64, .topK = 4});
        });
    }
    ~Registered()
    {
        nn::attentionSourceRegistry().remove("episodic");
        nn::residualModuleRegistry().remove("registers");
        nn::residualModuleRegistry().remove("semantic");
    }
};

} // namespace

class TestMemoryCuda : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void equalsTheCpu();
};

void TestMemoryCuda::equalsTheCpu()
{
    const Registered registered;
    auto onGpu = nn::Transformer::create(memorySpec(), kVocab, 7, "cuda");
    if (!onGpu) QSKIP(onGpu.error().message.c_str());
    const auto onCpu = makeModel(memorySpec());
    const at::Tensor ids = makeIds(1, 20), targets = makeIds(1, 20, 1);
    std::vector<at::Tensor> losses, logits;
    for (nn::Transformer *model : {onCpu.get(), onGpu->get()}) {
        stirWeights(*model);
        const at::Device device = model->parameters().front().master.device();
        const at::Tensor loss = model->loss(ids.to(device), targets.to(device), {}, {.isTraining = true});
        loss.backward();
        losses.push_back(loss.detach().cpu());
        const at::NoGradGuard noGrad;
        nn::KvCache cache = model->makeCache(1, 24);
        nn::ForwardContext context;
        context.cache = &cache;
        for (int64_t place = 0; place < 20; place += 5)
            logits.push_back(model->logits(ids.narrow(1, place, 5).to(device), context).cpu());
    }
    QVERIFY(at::allclose(losses[0], losses[1], 1e-4, 1e-5));
    for (size_t i = 0; i < 4; ++i) QVERIFY(at::allclose(logits[i], logits[i + 4], 1e-3, 1e-4));
    for (size_t i = 0; i < onCpu->parameters().size(); ++i) {
        const at::Tensor &expected = onCpu->parameters()[i].master.grad();
        const at::Tensor &found = (*onGpu)->parameters()[i].master.grad();
        QCOMPARE(found.defined(), expected.defined());
        if (expected.defined())
            QVERIFY2(at::allclose(expected, found.cpu(), 1e-3, 1e-5), onCpu->parameters()[i].name.c_str());
    }
}

QTEST_GUILESS_MAIN(TestMemoryCuda)
#include "tst_memory_cuda.moc"
