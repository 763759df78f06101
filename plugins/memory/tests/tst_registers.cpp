// SPDX-License-Identifier: Apache-2.0
// Recurrent registers: segments, what reaches whom, and cached against whole.
#include "core/nn/extension_points.h"
#include "core/nn/plugin_failure.h"
#include "plugins/memory/engine/registers.h"
#include "tests/base/check_result.h"
#include "tests/nn/gradient_check.h"
#include "tests/nn/model_fixtures.h"

#include <torch/types.h>

using namespace orrery;
using namespace orrery::memory;
using namespace orrery::nn::test;

namespace {

constexpr int64_t kWindow = 4, kContext = 22; // five segments and a half

ModelSpec registerSpec()
{
    ModelSpec spec = smallSpec();
    spec.context = kContext;
    spec.window = kWindow;
    return spec;
}

class Registered {
public:
    explicit Registered(const RegisterSettings &settings)
    {
        nn::residualModuleRegistry().add(
            "registers", [settings](nn::BuildContext &build) { return makeRegisters(build, settings); });
    }
    ~Registered() { nn::residualModuleRegistry().remove("registers"); }
};

std::unique_ptr<nn::Transformer> registerModel(RegisterSettings settings = {.count = 3})
{
    const Registered registered(settings);
    auto model = makeModel(registerSpec());
    stirWeights(*model);
    return model;
}

at::Tensor cachedLogits(nn::Transformer &model, const at::Tensor &ids, const QList<int> &lengths,
                        nn::KvCache &cache)
{
    nn::ForwardContext context;
    context.cache = &cache;
    std::vector<at::Tensor> pieces;
    int64_t place = 0;
    for (const int length : lengths) {
        pieces.push_back(model.logits(ids.narrow(1, place, length), context));
        place += length;
    }
    return at::cat(pieces, 1);
}

double distance(const at::Tensor &a, const at::Tensor &b) { return (a - b).abs().max().item<double>(); }

} // namespace

class TestRegisters : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void offIsThePlainModel();
    void beginsAsThePlainModel();
    void cacheEqualsWhole_data();
    void cacheEqualsWhole();
    void carriesWhatTheWindowForgets();
    void readsSegmentsBehindOnly();
    void laterTokensDoNotReachBack();
    void gradientsAreRight();
    void gradientsEndBehindTheirSegments();
    void aRestartUpdatesNothingTwice();
    void sequencesDoNotMeet();
    void worksInBf16();
    void refusesWhatCannotBe();
};

void TestRegisters::offIsThePlainModel()
{
    const auto plain = makeModel(registerSpec());
    const Registered registered({.count = 0});
    const auto model = makeModel(registerSpec());
    QCOMPARE(model->parameters().size(), plain->parameters().size());
    QVERIFY(at::equal(model->logits(makeIds(2, kContext), {}), plain->logits(makeIds(2, kContext), {})));
}

void TestRegisters::beginsAsThePlainModel()
{
    const auto plain = makeModel(registerSpec());
    const Registered registered({.count = 3});
    const auto model = makeModel(registerSpec());
    QVERIFY(model->parameters().size() > plain->parameters().size());
    QVERIFY(at::equal(model->logits(makeIds(2, kContext), {}), plain->logits(makeIds(2, kContext), {})));
}

void TestRegisters::cacheEqualsWhole_data()
{
    QTest::addColumn<QList<int>>("lengths");
    QTest::newRow("token by token") << QList<int>(kContext, 1);
    QTest::newRow("chunks") << QList<int>{3, 1, 9, 2, 7};
    QTest::newRow("at ends of segments") << QList<int>{4, 8, 4, 4, 2};
    QTest::newRow("all at once") << QList<int>{kContext};
}

void TestRegisters::cacheEqualsWhole()
{
    QFETCH(QList<int>, lengths);
    const auto model = registerModel();
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, kContext), whole = model->logits(ids, {});
    nn::KvCache cache = model->makeCache(2, kContext);
    const at::Tensor found = cachedLogits(*model, ids, lengths, cache);
    QVERIFY2(distance(found, whole) < 1e-5, qPrintable(QString::number(distance(found, whole))));
}

void TestRegisters::carriesWhatTheWindowForgets()
{
    // Two layers of window 4 see six tokens back.
    const auto model = registerModel();
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext);
    at::Tensor changed = ids.clone();
    changed[0][1] = (ids[0][1].item<int64_t>() + 1) % kVocab;
    const at::Tensor before = model->logits(ids, {}), after = model->logits(changed, {});
    QVERIFY(!at::equal(before[0][kContext - 1], after[0][kContext - 1]));
}

void TestRegisters::readsSegmentsBehindOnly()
{
    // Registers behind the last layer: what token 5 changes beyond the window begins with segment 2.
    const auto model = registerModel({.count = 3, .layer = 1});
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext);
    at::Tensor changed = ids.clone();
    changed[0][0] = (ids[0][0].item<int64_t>() + 1) % kVocab;
    const at::Tensor before = model->logits(ids, {}), after = model->logits(changed, {});
    QVERIFY(!at::equal(before[0][4], after[0][4]));   // by the window
    QVERIFY(!at::equal(before[0][11], after[0][11])); // by the registers
    // Segment 5 as long as the text: there are no segments behind, so nothing passes.
    const auto one = registerModel({.count = 3, .layer = 1, .segmentLength = kContext});
    const at::Tensor alone = one->logits(ids, {}), other = one->logits(changed, {});
    QVERIFY(at::equal(alone[0][11], other[0][11]));
}

void TestRegisters::laterTokensDoNotReachBack()
{
    const auto model = registerModel();
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext), before = model->logits(ids, {});
    for (int64_t t = 1; t < kContext; ++t) {
        at::Tensor changed = ids.clone();
        changed[0][t] = (ids[0][t].item<int64_t>() + 1) % kVocab;
        QVERIFY(at::equal(model->logits(changed, {}).narrow(1, 0, t), before.narrow(1, 0, t)));
    }
}

void TestRegisters::gradientsAreRight()
{
    const auto model = registerModel({.count = 3, .bptt = 100});
    nn::ForwardContext context;
    context.isTraining = true;
    context.dtype = at::kDouble;
    const at::Tensor ids = makeIds(2, 14), targets = makeIds(2, 14, 1);
    model->loss(ids, targets, {}, context).backward();
    const GradientAnswer answer = compareGradients(
        *model, [&] { return model->loss(ids, targets, {}, context); },
        {.step = 1e-3f, .tolerance = 1e-3, .perParameter = 4, .chooses = [](const std::string &name) {
             return name.find("memory") != std::string::npos;
         }});
    QVERIFY2(answer.problem.isEmpty(), qPrintable(answer.problem));
    QVERIFY(answer.numChecked >= 40);
}

void TestRegisters::gradientsEndBehindTheirSegments()
{
    // Behind the last layer the last token, of segment 5, reads what five changes have made of the start.
    const auto gradientOf = [](const std::string &name, int64_t bptt) {
        const auto model = registerModel({.count = 3, .layer = 1, .bptt = bptt});
        nn::ForwardContext context;
        context.isTraining = true;
        at::Tensor mask = at::zeros({1, kContext});
        mask[0][kContext - 1] = 1;
        model->loss(makeIds(1, kContext), makeIds(1, kContext, 1), mask, context).backward();
        for (const nn::Parameter &parameter : model->parameters())
            if (parameter.name.ends_with(name))
                return parameter.master.grad().defined() ? parameter.master.grad().abs().max().item<double>()
                                                         : 0.0;
        return -1.0;
    };
    QVERIFY(gradientOf("registers.start", 100) > 0);
    QVERIFY(gradientOf("registers.start", 5) > 0);
    QCOMPARE(gradientOf("registers.start", 4), 0.0);
    QCOMPARE(gradientOf("registers.start", 1), 0.0);
    QVERIFY(gradientOf("registers.write.output.weight", 1) > 0); // the last change still learns
}

void TestRegisters::aRestartUpdatesNothingTwice()
{
    const auto model = registerModel();
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext);
    nn::KvCache cache = model->makeCache(1, kContext);
    nn::ForwardContext context;
    context.cache = &cache;
    (void)model->logits(ids.narrow(1, 0, 18), context);
    cache.restart(10);
    const at::Tensor again = model->logits(ids.narrow(1, 8, 10), context);
    const at::Tensor last = model->logits(ids.narrow(1, 18, 4), context);
    // Far enough behind the restart that the window is whole again, all is as without one.
    const at::Tensor whole = model->logits(ids, {});
    QVERIFY(distance(last, whole.narrow(1, 18, 4)) < 1e-5);
    QVERIFY(distance(again.narrow(1, 7, 3), whole.narrow(1, 15, 3)) < 1e-5);
}

void TestRegisters::sequencesDoNotMeet()
{
    const auto model = registerModel();
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, kContext);
    at::Tensor changed = ids.clone();
    changed[1].copy_((ids[1] + 1) % kVocab);
    QVERIFY(at::allclose(model->logits(ids, {})[0], model->logits(changed, {})[0], 1e-5, 1e-6));
}

void TestRegisters::worksInBf16()
{
    const auto model = registerModel();
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, kContext), exact = model->logits(ids, {});
    nn::ForwardContext context;
    context.dtype = at::kBFloat16;
    QVERIFY(distance(model->logits(ids, context), exact) < 0.3);
    context.dtype = at::kDouble;
    QVERIFY(distance(model->logits(ids, context), exact) < 1e-4);
}

void TestRegisters::refusesWhatCannotBe()
{
    const ModelSpec spec = registerSpec();
    nn::ParameterStore parameters(7, at::kCPU);
    nn::SharedTables tables;
    nn::BuildContext build{spec, 0, "blocks.0.", parameters, tables};
    QVERIFY(makeRegisters(build, {.count = 3}) != nullptr);
    QVERIFY(makeRegisters(build, {.count = 3, .layer = 1}) == nullptr);
    try {
        (void)makeRegisters(build, {.count = 3, .layer = 2});
        QFAIL("nothing was thrown");
    } catch (const std::invalid_argument &error) {
        QCOMPARE(QString(error.what()),
                 QString("plugins.memory.register_layer is 2, expected one of the layers 0 to 1"));
    }
    ModelSpec uneven = registerSpec();
    uneven.width = 100;
    uneven.heads = 3;
    uneven.headDim = 32;
    nn::BuildContext ofUneven{uneven, 0, "blocks.0.", parameters, tables};
    try {
        (void)makeRegisters(ofUneven, {.count = 3, .layer = 0});
        QFAIL("nothing was thrown");
    } catch (const std::invalid_argument &error) {
        QCOMPARE(QString(error.what()),
                 QString("plugins.memory.registers is 3, expected 0 where model.heads (3) does not divide "
                         "model.width (100)"));
    }
    QVERIFY(makeRegisters(ofUneven, {.count = 0}) == nullptr);
}

QTEST_GUILESS_MAIN(TestRegisters)
#include "tst_registers.moc"
