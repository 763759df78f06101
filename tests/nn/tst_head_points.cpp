// SPDX-License-Identifier: Apache-2.0
// What stands in front of the head and what only looks on, put in as doubles through the registries: modules
// of the head with their notes, probes, the mask that the spec names, and what a plugin's ones are refused
// for.
#include "core/nn/extension_points.h"
#include "core/nn/modality_embedding.h"
#include "core/nn/modality_input.h"
#include "core/nn/modality_layout.h"
#include "core/nn/plugin_parts.h"
#include "core/nn/torch_guard.h"
#include "tests/base/check_result.h"
#include "tests/nn/model_fixtures.h"

#include <ATen/record_function.h>
#include <torch/types.h>

#include <limits>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

namespace {

/// gate · sin(C · h), with a term of the loss and a value; remembers at which places it was asked.
class DoubleHead final : public HeadModule {
public:
    DoubleHead(BuildContext &build, float gate, std::vector<int64_t> *places = nullptr)
        : m_gate(build.parameters.add(build.prefix + "double.gate", {1}, ParameterInit::constant(gate))),
          m_mix(build.parameters.add(build.prefix + "double.mix", {build.spec.width, build.spec.width},
                                     ParameterInit::normal(1))),
          m_places(places)
    {
    }
    at::Tensor forward(const at::Tensor &h_BTC, const ForwardContext &context) override
    {
        if (context.cache && m_places) m_places->push_back(context.cache->origin + context.cache->length);
        if (context.notes) {
            context.notes->addLoss(0.5 * m_gate.as(at::kFloat).sum() + 2);
            context.notes->addValue("gate", m_gate.as(at::kFloat));
        }
        return m_gate.as(h_BTC.scalar_type()) * at::sin(at::linear(h_BTC, m_mix.as(h_BTC.scalar_type())));
    }
    [[nodiscard]] bool remembers() const override { return m_places != nullptr; }

private:
    Weight m_gate, m_mix;
    std::vector<int64_t> *m_places;
};

/// Keeps what it is shown.
class DoubleProbe final : public Probe {
public:
    void look(int64_t layer, const at::Tensor &x_BTC, const ForwardContext &) override
    {
        seen.emplace_back(layer, x_BTC.clone());
    }
    std::vector<ProbeValue> take() override { return {{"number", static_cast<double>(seen.size())}}; }
    std::vector<std::pair<int64_t, at::Tensor>> seen;
};

/// Each token sees itself alone.
class OwnMask final : public MaskPolicy {
public:
    [[nodiscard]] AttentionMask make(const MaskShape &shape, const ForwardContext &,
                                     const at::TensorOptions &options) const override
    {
        const int64_t numKeys = shape.offset + shape.numQueries;
        at::Tensor bias =
            at::full({1, 1, shape.numQueries, numKeys}, -std::numeric_limits<double>::infinity(), options);
        for (int64_t t = 0; t < shape.numQueries; ++t) bias[0][0][t][shape.offset + t] = 0;
        return {AttentionMask::Kind::Bias, bias};
    }
};

/// In the registry as long as it lives.
template <typename Part> class Registered {
public:
    Registered(Registry<Part> &registry, typename Registry<Part>::Factory factory) : m_registry(registry)
    {
        m_registry.add("double", std::move(factory));
    }
    ~Registered() { m_registry.remove("double"); }

private:
    Registry<Part> &m_registry;
};

Registry<HeadModule>::Factory headOf(float gate, std::vector<int64_t> *places = nullptr)
{
    return [=](BuildContext &build) { return std::make_unique<DoubleHead>(build, gate, places); };
}

/// Operations that LibTorch dispatches while f runs.
template <typename Function> int countOperations(Function f)
{
    static int count;
    count = 0;
    const auto handle = at::addThreadLocalCallback(
        at::RecordFunctionCallback([](const at::RecordFunction &) -> std::unique_ptr<at::ObserverContext> {
            ++count;
            return nullptr;
        }).scopes({at::RecordScope::FUNCTION}));
    f();
    at::removeCallback(handle);
    return count;
}

} // namespace

class TestHeadPoints : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aZeroGatedHeadIsThePlainModel();
    void anOpenHeadIsAddedBehindTheNorm();
    void theHeadIsAskedWithItsPlace();
    void aHeadKnowsWhereItsTokensStand();
    void gradientsReachTheHead();
    void notesAreLeftForWhoeverListens();
    void probesAreShownWhatLayersRead();
    void probesSeePicturesInTheOrderOfTheText();
    void whoeverDoesNotListenCostsNothing();
    void theSpecNamesTheMask();
    void pluginsPartsAreGuarded_data();
    void pluginsPartsAreGuarded();
    void whoLooksMayEndAPassWithinAPlugin();
};

void TestHeadPoints::aZeroGatedHeadIsThePlainModel()
{
    const at::Tensor ids = makeIds(2, 10);
    for (const bool isTied : {true, false}) {
        ModelSpec spec = smallSpec();
        spec.tied = isTied;
        const auto plain = makeModel(spec);
        const Registered head(headModuleRegistry(), headOf(0));
        const auto model = makeModel(spec);
        QCOMPARE(model->parameters().size(), plain->parameters().size() + 2);
        for (const Parameter &parameter : plain->parameters())
            for (const Parameter &other : model->parameters())
                if (other.name == parameter.name) QVERIFY(at::equal(other.master, parameter.master));
        QVERIFY(at::equal(model->logits(ids, {}), plain->logits(ids, {})));
        ForwardContext training;
        training.isTraining = true;
        QVERIFY(at::equal(model->loss(ids, makeIds(2, 10, 1), {}, training),
                          plain->loss(ids, makeIds(2, 10, 1), {}, training)));
    }
}

void TestHeadPoints::anOpenHeadIsAddedBehindTheNorm()
{
    const at::Tensor ids = makeIds(2, 10);
    const at::Tensor h_BTC = makeModel(smallSpec())->hidden(ids, {});
    const Registered head(headModuleRegistry(), headOf(0.5f));
    const auto model = makeModel(smallSpec());
    std::map<std::string, at::Tensor> masters;
    for (const Parameter &parameter : model->parameters()) masters[parameter.name] = parameter.master;
    const at::Tensor expected = h_BTC + 0.5 * at::sin(at::linear(h_BTC, masters.at("head.double.mix")));
    QVERIFY(at::allclose(model->hidden(ids, {}), expected, 1e-5, 1e-6));
    const at::Tensor logits = at::linear(expected, masters.at("embedding.token.weight"));
    QVERIFY(at::allclose(model->logits(ids, {}), logits, 1e-5, 1e-6));
    QVERIFY(!at::allclose(expected, h_BTC, 1e-2, 1e-2));
}

void TestHeadPoints::theHeadIsAskedWithItsPlace()
{
    int64_t layer = -1;
    const Registered head(headModuleRegistry(), [&](BuildContext &build) -> std::unique_ptr<HeadModule> {
        layer = build.layer;
        return nullptr; // it is off
    });
    const auto model = makeModel(smallSpec());
    QCOMPARE(layer, int64_t(2));
    QVERIFY(!model->remembers());
    for (const Parameter &parameter : model->parameters()) QVERIFY(!parameter.name.starts_with("head."));
}

void TestHeadPoints::aHeadKnowsWhereItsTokensStand()
{
    std::vector<int64_t> places;
    const Registered head(headModuleRegistry(), headOf(0.3f, &places));
    const auto model = makeModel(smallSpec());
    QVERIFY(model->remembers());
    const at::NoGradGuard noGrad;
    KvCache cache = model->makeCache(1, 12);
    ForwardContext context;
    context.cache = &cache;
    for (const int64_t length : {3, 1, 4}) (void)model->logits(makeIds(1, length), context);
    cache.restart(2);
    (void)model->logits(makeIds(1, 2), context);
    QCOMPARE(places, (std::vector<int64_t>{0, 3, 4, 6}));
}

void TestHeadPoints::gradientsReachTheHead()
{
    const Registered head(headModuleRegistry(), headOf(0));
    const auto model = makeModel(smallSpec());
    ForwardContext context;
    context.isTraining = true;
    context.dtype = at::kDouble;
    const auto loss = [&] { return model->loss(makeIds(2, 8), makeIds(2, 8, 1), {}, context); };
    loss().backward();
    for (Parameter &parameter : model->parameters()) {
        if (parameter.name != "head.double.gate") continue;
        const auto lossAt = [&](double gate) {
            const at::NoGradGuard noGrad;
            parameter.master.fill_(gate);
            model->mastersChanged();
            return loss().item<double>();
        };
        const double numeric = (lossAt(1e-3) - lossAt(-1e-3)) / 2e-3;
        QVERIFY(std::abs(numeric) > 1e-4);
        QVERIFY(std::abs(numeric - parameter.master.grad().item<double>()) < 1e-3 * std::abs(numeric));
        return;
    }
    QFAIL("the head has no gate");
}

void TestHeadPoints::notesAreLeftForWhoeverListens()
{
    const at::Tensor ids = makeIds(2, 8);
    const Registered head(headModuleRegistry(), headOf(0.25f));
    const auto model = makeModel(smallSpec());
    ForwardContext context;
    context.isTraining = true;
    const at::Tensor alone = model->loss(ids, makeIds(2, 8, 1), {}, context);
    PassNotes notes;
    context.notes = &notes;
    QVERIFY(at::equal(model->loss(ids, makeIds(2, 8, 1), {}, context), alone)); // for the caller to add
    QCOMPARE(notes.loss.item<float>(), 2.125f);
    QVERIFY(notes.loss.requires_grad());
    QVERIFY(notes.values.size() == 1 && notes.values.at("gate").item<float>() == 0.25f);
    QVERIFY(!notes.values.at("gate").requires_grad());
}

void TestHeadPoints::probesAreShownWhatLayersRead()
{
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 10);
    const at::Tensor expected = model->logits(ids, {}), hidden = model->hidden(ids, {});
    DoubleProbe first, second;
    Probe *const probes[] = {&first, &second};
    ForwardContext context;
    context.probes = probes;
    QVERIFY(at::equal(model->logits(ids, context), expected));
    for (const DoubleProbe &probe : {first, second}) {
        QCOMPARE(probe.seen.size(), size_t(3));
        for (size_t layer = 0; layer < 3; ++layer) {
            QCOMPARE(probe.seen[layer].first, static_cast<int64_t>(layer));
            QCOMPARE(probe.seen[layer].second.sizes(), at::IntArrayRef({2, 10, 16}));
        }
        for (const Parameter &parameter : model->parameters())
            if (parameter.name == "embedding.token.weight")
                QVERIFY(at::equal(probe.seen[0].second, at::embedding(parameter.master, ids)));
        QVERIFY(at::equal(probe.seen[2].second, hidden));
        QVERIFY(!at::allclose(probe.seen[1].second, probe.seen[0].second));
    }
}

void TestHeadPoints::probesSeePicturesInTheOrderOfTheText()
{
    ModelSpec spec = smallSpec();
    spec.attention.numModalities = 2;
    spec.media.imageSize = 4;
    spec.media.patchSize = 2;
    const auto model = makeModel(spec);
    stirWeights(*model);
    ModalityInput input;
    input.layout =
        makeModalityLayout(at::tensor({0, 1, 1, 0, 0, 0, 1, 1, 1, 0}, at::kLong).view({2, 5}), 2, at::kCPU);
    input.features.resize(2);
    const int64_t width = featureWidth(spec.media, kModalities[1]);
    input.features[1].values_NF = at::sin(at::arange(5 * width, at::kFloat) * 0.37).view({5, width});
    input.features[1].position_N = at::tensor({0, 1, 0, 1, 2}, at::kLong);
    const at::NoGradGuard noGrad;
    ForwardContext context;
    context.modalities = &input;
    const at::Tensor ids = makeIds(2, 5), expected = model->logits(ids, context);
    DoubleProbe probe;
    Probe *const probes[] = {&probe};
    context.probes = probes;
    QVERIFY(at::equal(model->logits(ids, context), expected));
    QCOMPARE(probe.seen.size(), size_t(3));
    for (const Parameter &parameter : model->parameters())
        if (parameter.name == "embedding.token.weight")
            for (const int64_t t : {0, 3, 4}) // text
                QVERIFY(at::equal(probe.seen[0].second[0][t], parameter.master[ids[0][t].item<int64_t>()]));
    QCOMPARE(probe.seen[1].second.sizes(), at::IntArrayRef({2, 5, 16}));
}

void TestHeadPoints::whoeverDoesNotListenCostsNothing()
{
    const auto model = makeModel(smallSpec());
    const auto pass = [&](const ForwardContext &context) {
        return countOperations([&] { (void)model->loss(makeIds(2, 8), makeIds(2, 8, 1), {}, context); });
    };
    ForwardContext plain, listening, looking;
    plain.isTraining = listening.isTraining = looking.isTraining = true;
    const int expected = pass(plain);
    QVERIFY(expected > 20);
    PassNotes notes;
    listening.notes = &notes;
    QCOMPARE(pass(listening), expected);
    DoubleProbe probe;
    Probe *const probes[] = {&probe};
    looking.probes = probes;
    QVERIFY(pass(looking) > expected); // it copies what it sees: what is counted is there
    QCOMPARE(pass(plain), expected);
}

void TestHeadPoints::theSpecNamesTheMask()
{
    const Registered mask(maskPolicyRegistry(),
                          [](const ModelSpec &) { return std::make_unique<OwnMask>(); });
    ModelSpec spec = smallSpec();
    spec.mask = "double";
    const auto model = makeModel(spec);
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, 8);
    at::Tensor changed = ids.clone();
    changed[0][2] = (ids[0][2].item<int64_t>() + 1) % kVocab;
    const auto isFeltAt = [&](const ForwardContext &context, int64_t place) {
        return !at::allclose(model->logits(ids, context)[0][place],
                             model->logits(changed, context)[0][place]);
    };
    ForwardContext both;
    both.maskPolicy = "bidirectional";
    QVERIFY(isFeltAt({}, 2) && !isFeltAt({}, 3) && !isFeltAt({}, 7));
    QVERIFY(isFeltAt(both, 7) && isFeltAt(both, 0));
    // Token by token with a cache it is the same.
    KvCache cache = model->makeCache(1, 8);
    ForwardContext cached;
    cached.cache = &cache;
    const at::Tensor whole = model->logits(ids, {});
    for (int64_t t = 0; t < 8; ++t)
        QVERIFY(at::allclose(model->logits(ids.narrow(1, t, 1), cached)[0][0], whole[0][t], 1e-4, 1e-5));
    spec.mask = "nowhere";
    VERIFY_ERROR(Transformer::create(spec, kVocab, 7, "cpu"), ErrorCode::InvalidInput,
                 "model.mask is \"nowhere\", expected one of bidirectional, causal, double, prefix");
}

namespace {

class BadHead final : public HeadModule {
public:
    explicit BadHead(QString what) : m_what(std::move(what)) {}
    at::Tensor forward(const at::Tensor &h_BTC, const ForwardContext &context) override
    {
        if (m_what == "head shape") return h_BTC.narrow(2, 0, 1); // would broadcast
        if (m_what == "head type") return h_BTC.to(at::kDouble);  // all behind it would be double
        if (m_what == "head device") return at::empty_like(h_BTC, h_BTC.options().device(at::kMeta));
        if (m_what == "head loss") context.notes->addLoss(h_BTC.mean(-1));
        if (m_what == "head value") context.notes->addValue("kinds", h_BTC.mean(0));
        if (m_what == "head throws") throw std::runtime_error("the head aches");
        return at::zeros_like(h_BTC);
    }
    [[nodiscard]] bool remembers() const override { return m_what == "head remembers" ? throw 7 : false; }

private:
    QString m_what;
};

class BadMask final : public MaskPolicy {
public:
    explicit BadMask(QString what) : m_what(std::move(what)) {}
    [[nodiscard]] AttentionMask make(const MaskShape &shape, const ForwardContext &,
                                     const at::TensorOptions &options) const override
    {
        if (m_what == "mask throws") throw std::runtime_error("the mask fell");
        if (m_what == "mask nothing") return {AttentionMask::Kind::Bias, {}};
        const int64_t batch = m_what == "mask shape" ? 3 : shape.batch;
        return {AttentionMask::Kind::Bias,
                at::zeros({batch, 1, shape.numQueries, shape.numQueries},
                          m_what == "mask type" ? options.dtype(at::kDouble) : options)};
    }

private:
    QString m_what;
};

class BadProbe final : public Probe {
public:
    explicit BadProbe(QString what) : m_what(std::move(what)) {}
    void look(int64_t, const at::Tensor &x_BTC, const ForwardContext &) override
    {
        if (m_what == "probe changes") x_BTC.detach().mul_(2);
        if (m_what == "probe throws") throw std::runtime_error("the probe is blind");
    }
    std::vector<ProbeValue> take() override { return {}; }

private:
    QString m_what;
};

} // namespace

void TestHeadPoints::pluginsPartsAreGuarded_data()
{
    QTest::addColumn<QString>("reason"); // empty: nothing is wrong
    QTest::newRow("head good") << "";
    QTest::newRow("head shape") << "its result has shape [2, 8, 1], expected [2, 8, 16]";
    QTest::newRow("head type") << "its result is Double on cpu, expected Float on cpu";
    QTest::newRow("head device") << "its result is Float on meta, expected Float on cpu";
    QTest::newRow("head loss") << "its term of the loss has shape [2, 8], expected a scalar";
    QTest::newRow("head value") << "its value \"kinds\" has shape [8, 16], expected a scalar";
    QTest::newRow("head throws") << "the head aches";
    QTest::newRow("head remembers") << "it threw something that is no exception class";
    QTest::newRow("mask good") << "";
    QTest::newRow("mask throws") << "the mask fell";
    QTest::newRow("mask nothing") << "its mask has shape (none), expected [1 or 2, 1, 8, 8]";
    QTest::newRow("mask shape") << "its mask has shape [3, 1, 8, 8], expected [1 or 2, 1, 8, 8]";
    QTest::newRow("mask type") << "its mask is Double on cpu, expected Float on cpu";
    QTest::newRow("probe good") << "";
    QTest::newRow("probe changes") << "its probe changed what it was shown";
    QTest::newRow("probe throws") << "the probe is blind";
}

void TestHeadPoints::whoLooksMayEndAPassWithinAPlugin()
{
    struct Cancelled : PassEnded {};
    const PluginGuard outer("outer"), inner("inner");
    QVERIFY_THROWS_EXCEPTION(Cancelled, outer([&] { inner([] { throw Cancelled{}; }); }));
    QVERIFY_THROWS_EXCEPTION(PluginFailure, inner([] { throw 7; }));
}

void TestHeadPoints::pluginsPartsAreGuarded()
{
    QFETCH(QString, reason);
    const QString what = QString::fromLatin1(QTest::currentDataTag());
    const PluginGuard guard("bad");
    const Registered head(headModuleRegistry(), [&](BuildContext &) {
        std::unique_ptr<HeadModule> made =
            what.startsWith("head") ? std::make_unique<BadHead>(what) : nullptr;
        return guardedPart(std::move(made), guard); // nothing stays nothing
    });
    const Registered mask(maskPolicyRegistry(), [&](const ModelSpec &) {
        return guardedPart(std::unique_ptr<MaskPolicy>(std::make_unique<BadMask>(what)), guard);
    });
    const auto probe = guardedPart(std::unique_ptr<Probe>(std::make_unique<BadProbe>(what)), guard);
    const auto outcome = guardTorch("look", [&]() -> Result<void> {
        ORRERY_ASSIGN(const auto model, Transformer::create(smallSpec(), kVocab, 7, "cpu"));
        const at::NoGradGuard noGrad;
        PassNotes notes;
        Probe *const probes[] = {probe.get()};
        ForwardContext context;
        context.notes = &notes;
        if (what.startsWith("probe")) context.probes = probes;
        if (what.startsWith("mask")) context.maskPolicy = "double";
        (void)model->logits(makeIds(2, 8), context);
        return {};
    });
    if (reason.isEmpty())
        VERIFY_OK(outcome);
    else
        VERIFY_ERROR(outcome, ErrorCode::Unavailable,
                     ("plugin \"bad\" failed: " + reason).toUtf8().constData());
}

QTEST_GUILESS_MAIN(TestHeadPoints)
#include "tst_head_points.moc"
