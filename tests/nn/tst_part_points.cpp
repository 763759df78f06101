// SPDX-License-Identifier: Apache-2.0
// Sources beside attention and modules behind layers, put in as doubles through the registries: who is asked
// where, with what, and that the plain model stays what it is.
#include "core/nn/extension_points.h"
#include "core/nn/modality_embedding.h"
#include "core/nn/modality_input.h"
#include "core/nn/modality_layout.h"
#include "core/nn/parameter_store.h"
#include "core/spec/memory_events.h"
#include "tests/nn/model_fixtures.h"

#include <QtTest>

#include <torch/types.h>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

namespace {

/// What a double has seen.
struct Seen {
    at::Tensor q_BHTD, k_BHTD, v_BHTD, local_BHTD, ids_BT;
    int numReads = 0;
};

/// gate · mean over heads of the values, added to what attention gave; gate is a parameter.
class DoubleSource final : public AttentionSource {
public:
    DoubleSource(BuildContext &build, Seen &seen, float gate) : m_seen(seen)
    {
        m_mix = build.parameters.add(build.prefix + "double.mix", {4}, ParameterInit::normal(1));
        m_gate = build.parameters.add(build.prefix + "double.gate", {1}, ParameterInit::constant(gate));
    }
    at::Tensor read(const SourceInput &input, const ForwardContext &context) override
    {
        m_seen = {input.q_BHTD.clone(),     input.k_BHTD.clone(), input.v_BHTD.clone(),
                  input.local_BHTD.clone(), context.ids_BT,       m_seen.numReads + 1};
        return input.local_BHTD + m_gate.as(at::kFloat) * input.v_BHTD.mean(1, true);
    }

private:
    Seen &m_seen;
    Weight m_mix, m_gate;
};

/// gate · x
class DoubleModule final : public ResidualModule {
public:
    DoubleModule(BuildContext &build, float gate)
        : m_gate(build.parameters.add(build.prefix + "module.gate", {1}, ParameterInit::constant(gate)))
    {
    }
    at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &) override
    {
        return m_gate.as(at::kFloat) * x_BTC;
    }

private:
    Weight m_gate;
};

/// The registries as they were, whatever a test does.
class Registered {
public:
    Registered &source(const std::string &name, Registry<AttentionSource>::Factory factory)
    {
        attentionSourceRegistry().add(name, std::move(factory));
        m_sources.push_back(name);
        return *this;
    }
    Registered &module(const std::string &name, Registry<ResidualModule>::Factory factory)
    {
        residualModuleRegistry().add(name, std::move(factory));
        m_modules.push_back(name);
        return *this;
    }
    ~Registered()
    {
        for (const auto &name : m_sources) attentionSourceRegistry().remove(name);
        for (const auto &name : m_modules) residualModuleRegistry().remove(name);
    }

private:
    std::vector<std::string> m_sources, m_modules;
};

Registry<AttentionSource>::Factory sourceIn(int64_t layer, Seen &seen, float gate)
{
    return [layer, &seen, gate](BuildContext &build) -> std::unique_ptr<AttentionSource> {
        return build.layer == layer ? std::make_unique<DoubleSource>(build, seen, gate) : nullptr;
    };
}

Registry<ResidualModule>::Factory moduleIn(int64_t layer, float gate)
{
    return [layer, gate](BuildContext &build) -> std::unique_ptr<ResidualModule> {
        return build.layer == layer ? std::make_unique<DoubleModule>(build, gate) : nullptr;
    };
}

/// Those of one name; what else the other one has stays.
void copyWeights(Transformer &from, Transformer &to)
{
    std::map<std::string, at::Tensor> masters;
    for (const Parameter &parameter : from.parameters()) masters[parameter.name] = parameter.master;
    for (Parameter &parameter : to.parameters())
        if (const auto found = masters.find(parameter.name); found != masters.end())
            parameter.master.copy_(found->second);
    to.mastersChanged();
}

/// A model of text and pictures, two sequences of them.
ModelSpec twoModalities()
{
    ModelSpec spec = smallSpec();
    spec.attention.numModalities = 2;
    spec.media.imageSize = 4;
    spec.media.patchSize = 2;
    return spec;
}

ModalityInput picturesAndText()
{
    ModalityInput input;
    const at::Tensor modality_BT = at::tensor({0, 1, 1, 0, 0, 0, 1, 1, 1, 0}, at::kLong).view({2, 5});
    input.layout = makeModalityLayout(modality_BT, 2, at::kCPU);
    input.features.resize(2);
    const int64_t width = featureWidth(twoModalities().media, kModalities[1]);
    input.features[1].values_NF = at::sin(at::arange(5 * width, at::kFloat) * 0.37).view({5, width});
    input.features[1].position_N = at::tensor({0, 1, 0, 1, 2}, at::kLong);
    return input;
}

} // namespace

class TestPartPoints : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plainParametersBeginAsWithoutParts();
    void aZeroGateIsThePlainModel();
    void anOpenGateIsNot();
    void sourcesGetHeadsWithoutPositions();
    void multiModalModelsAskTheirSources();
    void textAloneIsAskedLikeThePlainModel();
    void gradientsReachTheParts();
    void surprisesAreNotedForThoseWhoWantThem();
    void aRestartMovesTheBeginning();
};

void TestPartPoints::plainParametersBeginAsWithoutParts()
{
    const auto plain = makeModel(smallSpec());
    Seen seen;
    Registered registered;
    registered.source("double", sourceIn(0, seen, 0)).module("double", moduleIn(1, 0));
    const auto model = makeModel(smallSpec());
    QCOMPARE(model->parameters().size(), plain->parameters().size() + 3);
    std::map<std::string, at::Tensor> masters;
    for (const Parameter &parameter : model->parameters()) masters[parameter.name] = parameter.master;
    for (const Parameter &parameter : plain->parameters())
        QVERIFY2(at::equal(masters.at(parameter.name), parameter.master), parameter.name.c_str());
    const at::Tensor mix = masters.at("blocks.0.double.mix");
    QVERIFY(mix.abs().min().item<float>() > 0);
    // A part's numbers are of a sequence of their own: no plain parameter begins with them.
    for (const Parameter &parameter : plain->parameters())
        QVERIFY(!at::allclose(parameter.master.detach().view(-1).narrow(0, 0, 4) / 0.02, mix));
}

void TestPartPoints::aZeroGateIsThePlainModel()
{
    const at::Tensor ids = makeIds(2, 10);
    const at::Tensor expected = makeModel(smallSpec())->logits(ids, {});
    Seen seen;
    Registered registered;
    registered.source("double", sourceIn(1, seen, 0)).module("double", moduleIn(0, 0));
    QVERIFY(at::equal(makeModel(smallSpec())->logits(ids, {}), expected));
    QCOMPARE(seen.numReads, 1);
    QVERIFY(at::equal(seen.ids_BT, ids));
}

void TestPartPoints::anOpenGateIsNot()
{
    const at::Tensor ids = makeIds(2, 10);
    const at::Tensor expected = makeModel(smallSpec())->logits(ids, {});
    Seen seen;
    {
        Registered registered;
        registered.source("double", sourceIn(1, seen, 1));
        QVERIFY(!at::allclose(makeModel(smallSpec())->logits(ids, {}), expected));
    }
    Registered registered;
    registered.module("double", moduleIn(1, 0.5f));
    // Behind the last layer, times 1.5: the final norm takes it away but for its epsilon.
    const at::Tensor scaled = makeModel(smallSpec())->logits(ids, {});
    QVERIFY(!at::equal(scaled, expected));
    registered.module("double", moduleIn(0, 0.5f));
    QVERIFY(!at::allclose(makeModel(smallSpec())->logits(ids, {}), expected));
}

void TestPartPoints::sourcesGetHeadsWithoutPositions()
{
    Seen seen;
    Registered registered;
    registered.source("double", sourceIn(0, seen, 0));
    const auto model = makeModel(smallSpec());
    const at::NoGradGuard noGrad;
    const at::Tensor ids = at::full({1, 6}, 5, at::kLong); // the same token everywhere
    (void)model->logits(ids, {});
    QCOMPARE(seen.q_BHTD.sizes(), at::IntArrayRef({1, 2, 6, 8}));
    for (const at::Tensor &heads : {seen.q_BHTD, seen.k_BHTD, seen.v_BHTD})
        for (int64_t t = 1; t < 6; ++t)
            QVERIFY(at::allclose(heads.select(2, t), heads.select(2, 0), 1e-6, 1e-7));
    const at::Tensor length = seen.k_BHTD.square().mean(-1); // normed, as the model's heads are
    QVERIFY(at::allclose(length, at::ones_like(length), 1e-2, 1e-2));
}

void TestPartPoints::multiModalModelsAskTheirSources()
{
    const ModalityInput input = picturesAndText();
    ForwardContext context;
    context.modalities = &input;
    const at::Tensor ids = makeIds(2, 5);
    const auto plain = makeModel(twoModalities());
    stirWeights(*plain);
    const at::NoGradGuard noGrad;
    const at::Tensor expected = plain->logits(ids, context);
    Seen seen;
    Registered registered;
    registered.source("double", sourceIn(0, seen, 0)).module("double", moduleIn(0, 0));
    const auto model = makeModel(twoModalities());
    copyWeights(*plain, *model);
    QVERIFY(at::equal(model->logits(ids, context), expected));
    QCOMPARE(seen.numReads, 1);
    QCOMPARE(seen.v_BHTD.sizes(), at::IntArrayRef({2, 2, 5, 8}));
    QCOMPARE(seen.local_BHTD.sizes(), at::IntArrayRef({2, 2, 5, 8}));
    // In the order of the text, not sorted by modality: a text token's heads change with its id alone.
    at::Tensor changed = ids.clone();
    changed[1][4] = (ids[1][4].item<int64_t>() + 1) % kVocab;
    const at::Tensor before = seen.v_BHTD;
    (void)model->logits(changed, context);
    for (int64_t b = 0; b < 2; ++b)
        for (int64_t t = 0; t < 5; ++t)
            QCOMPARE(at::equal(before[b].select(1, t), seen.v_BHTD[b].select(1, t)), !(b == 1 && t == 4));
    for (Parameter &parameter : model->parameters())
        if (parameter.name == "blocks.0.double.gate") parameter.master.fill_(1);
    QVERIFY(!at::allclose(model->logits(ids, context), expected));
}

void TestPartPoints::textAloneIsAskedLikeThePlainModel()
{
    Seen seen;
    Registered registered;
    registered.source("double", sourceIn(1, seen, 0.7f));
    const auto plain = makeModel(smallSpec()), model = makeModel(twoModalities());
    stirWeights(*plain);
    const at::NoGradGuard noGrad;
    copyWeights(*plain, *model);
    const at::Tensor ids = makeIds(2, 9);
    const at::Tensor expected = plain->logits(ids, {});
    const Seen ofPlain = seen;
    QVERIFY(at::allclose(model->logits(ids, {}), expected, 1e-4, 1e-5));
    QCOMPARE(seen.numReads, 2);
    QVERIFY(at::allclose(seen.q_BHTD, ofPlain.q_BHTD, 1e-4, 1e-5));
    QVERIFY(at::allclose(seen.local_BHTD, ofPlain.local_BHTD, 1e-4, 1e-5));
    QVERIFY(at::equal(seen.ids_BT, ids));
}

void TestPartPoints::gradientsReachTheParts()
{
    Seen seen;
    Registered registered;
    registered.source("double", sourceIn(0, seen, 0)).module("double", moduleIn(0, 0));
    for (const ModelSpec &spec : {smallSpec(), twoModalities()}) {
        const auto model = makeModel(spec);
        stirWeights(*model);
        ForwardContext context;
        context.isTraining = true;
        model->loss(makeIds(2, 8), makeIds(2, 8, 1), {}, context).backward();
        int numGates = 0;
        for (const Parameter &parameter : model->parameters())
            if (parameter.name.ends_with(".gate")) {
                QVERIFY(parameter.master.grad().abs().sum().item<double>() > 1e-9);
                ++numGates;
            }
        QCOMPARE(numGates, 2);
    }
}

void TestPartPoints::surprisesAreNotedForThoseWhoWantThem()
{
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 10);
    const at::Tensor logP_BTV = at::log_softmax(model->logits(ids, {}), -1);
    const at::Tensor expected = -logP_BTV.narrow(1, 0, 9).gather(2, ids.narrow(1, 1, 9).unsqueeze(2));
    KvCache cache = model->makeCache(2, 12);
    ForwardContext context;
    context.cache = &cache;
    (void)model->logits(ids.narrow(1, 0, 2), context);
    QVERIFY(!cache.surprise_BT.defined()); // nobody asked
    cache = model->makeCache(2, 12);
    cache.keepsSurprise = true;
    std::vector<at::Tensor> pieces;
    int64_t place = 0;
    for (const int64_t length : {3, 1, 4, 2}) {
        (void)model->logits(ids.narrow(1, place, length), context);
        pieces.push_back(cache.surprise_BT);
        place += length;
    }
    const at::Tensor surprise = at::cat(pieces, 1);
    QCOMPARE(surprise.sizes(), at::IntArrayRef({2, 10}));
    QVERIFY(surprise.select(1, 0).isnan().all().item<bool>()); // nothing predicted it
    QVERIFY(at::allclose(surprise.narrow(1, 1, 9), expected.squeeze(2), 1e-4, 1e-5));
    cache.restart(0);
    (void)model->hidden(ids.narrow(1, 0, 2), context);
    QVERIFY(!cache.surprise_BT.defined());
}

void TestPartPoints::aRestartMovesTheBeginning()
{
    KvCache cache;
    cache.length = 12;
    cache.parts["x"] = nullptr;
    cache.restart(5);
    QCOMPARE(cache.origin, int64_t(7));
    QCOMPARE(cache.length, int64_t(0));
    cache.length = 9;
    cache.restart(0);
    QCOMPARE(cache.origin, int64_t(16));
    QCOMPARE(cache.parts.size(), size_t(1));
}

QTEST_GUILESS_MAIN(TestPartPoints)
#include "tst_part_points.moc"
