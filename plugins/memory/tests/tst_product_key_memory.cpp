// SPDX-License-Identifier: Apache-2.0
// The product-key memory against one that scores all of its slots.
#include "core/nn/extension_points.h"
#include "core/nn/attention_tap.h"
#include "plugins/memory/engine/product_key_memory.h"
#include "tests/base/check_result.h"
#include "tests/nn/gradient_check.h"
#include "tests/nn/model_fixtures.h"
#include "tests/support/counted_operations.h"

#include <torch/types.h>

#include <map>
#include <set>

using namespace orrery;
using namespace orrery::memory;
using namespace orrery::nn::test;

namespace {

const SemanticSettings kSettings = {.numSlots = 36, .layer = 0, .numHeads = 2, .topK = 4};

class Registered {
public:
    explicit Registered(const SemanticSettings &settings)
    {
        nn::residualModuleRegistry().add("semantic", [settings](nn::BuildContext &build) {
            return makeProductKeyMemory(build, settings);
        });
    }
    ~Registered() { nn::residualModuleRegistry().remove("semantic"); }
};

std::unique_ptr<nn::Transformer> semanticModel(const SemanticSettings &settings = kSettings)
{
    const Registered registered(settings);
    auto model = makeModel(smallSpec());
    stirWeights(*model);
    return model;
}

at::Tensor rms(const at::Tensor &x) { return x / (x.square().mean(-1, true) + 1e-6).sqrt(); }

/// Scores of all slots, a full sort, softmax over the best.
at::Tensor slowMemory(const std::map<std::string, at::Tensor> &weights, const at::Tensor &x_BTC,
                      const SemanticSettings &settings)
{
    const auto weight = [&](const std::string &name) {
        return weights.at("memory.semantic." + name).detach();
    };
    const int64_t width = x_BTC.size(2), side = weight("keys").size(2);
    at::Tensor out = at::zeros_like(x_BTC);
    for (int64_t b = 0; b < x_BTC.size(0); ++b)
        for (int64_t t = 0; t < x_BTC.size(1); ++t) {
            const at::Tensor x = rms(x_BTC[b][t]) * weight("norm.weight");
            const at::Tensor query = at::matmul(weight("query.weight"), x).view({settings.numHeads, 2, -1});
            at::Tensor mixed = at::zeros({width});
            for (int64_t h = 0; h < settings.numHeads; ++h) {
                std::vector<std::pair<float, int64_t>> scored;
                for (int64_t slot = 0; slot < settings.numSlots; ++slot) {
                    const at::Tensor first = (rms(query[h][0]) * weight("keys")[0][h][slot / side]).sum();
                    const at::Tensor second = (rms(query[h][1]) * weight("keys")[1][h][slot % side]).sum();
                    scored.emplace_back((first + second).item<float>(), slot);
                }
                std::sort(scored.rbegin(), scored.rend());
                scored.resize(static_cast<size_t>(settings.topK));
                double total = 0;
                for (const auto &[score, slot] : scored) total += std::exp(score - scored[0].first);
                for (const auto &[score, slot] : scored)
                    mixed +=
                        std::exp(score - scored[0].first) / total * weight("values").view({-1, width})[slot];
            }
            const at::Tensor gate = at::silu(at::matmul(weight("gate.weight"), x));
            out[b][t] = at::matmul(weight("output.weight"), mixed * gate);
        }
    return out;
}

double distance(const at::Tensor &a, const at::Tensor &b) { return (a - b).abs().max().item<double>(); }

} // namespace

class TestProductKeyMemory : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void equalsTheFullSearch_data();
    void equalsTheFullSearch();
    void offIsThePlainModel();
    void beginsAsThePlainModel();
    void gradientsAreRight();
    void tellsWhatItRead();
    void showsATapWhatItReads();
    void tellsHowManyValuesAreUsed();
    void dropoutLeavesOutWhatIsRead();
    void cacheEqualsWhole();
    void tablesDoNotDecay();
    void worksInBf16();
    void refusesWhatCannotBe_data();
    void refusesWhatCannotBe();
};

void TestProductKeyMemory::equalsTheFullSearch_data()
{
    QTest::addColumn<int>("numSlots");
    QTest::addColumn<int>("topK");
    QTest::addColumn<int>("numHeads");
    QTest::newRow("best of 36") << 36 << 1 << 2;
    QTest::newRow("four of 36") << 36 << 4 << 2;
    QTest::newRow("as many as the side") << 36 << 6 << 1;
    QTest::newRow("many slots") << 400 << 7 << 3;
    QTest::newRow("one slot") << 1 << 1 << 1;
}

void TestProductKeyMemory::equalsTheFullSearch()
{
    QFETCH(int, numSlots);
    QFETCH(int, topK);
    QFETCH(int, numHeads);
    const SemanticSettings settings = {.numSlots = numSlots, .layer = 0, .numHeads = numHeads, .topK = topK};
    const ModelSpec spec = smallSpec();
    nn::ParameterStore parameters(7, at::kCPU);
    nn::SharedTables tables;
    nn::BuildContext build{spec, 0, "", parameters, tables};
    const auto memory = makeProductKeyMemory(build, settings);
    QVERIFY(memory != nullptr);
    std::map<std::string, at::Tensor> weights;
    for (nn::Parameter &parameter : parameters.parameters()) {
        const at::NoGradGuard noGrad;
        parameter.master.add_(
            at::sin(at::arange(parameter.master.numel(), at::kFloat) * 1.7).view(parameter.master.sizes()),
            0.3);
        weights[parameter.name] = parameter.master;
    }
    const at::Tensor x = at::sin(at::arange(96, at::kFloat) * 0.77).view({2, 3, 16}) * 2;
    const at::NoGradGuard noGrad;
    const at::Tensor found = memory->forward(x, {}), expected = slowMemory(weights, x, settings);
    QVERIFY2(distance(found, expected) < 1e-5, qPrintable(QString::number(distance(found, expected))));
    QVERIFY(expected.abs().max().item<double>() > 1e-2);
}

void TestProductKeyMemory::offIsThePlainModel()
{
    const auto plain = makeModel(smallSpec());
    const Registered registered({.numSlots = 0});
    const auto model = makeModel(smallSpec());
    QCOMPARE(model->parameters().size(), plain->parameters().size());
    QVERIFY(at::equal(model->logits(makeIds(2, 9), {}), plain->logits(makeIds(2, 9), {})));
}

void TestProductKeyMemory::beginsAsThePlainModel()
{
    const auto plain = makeModel(smallSpec());
    const Registered registered(kSettings);
    const auto model = makeModel(smallSpec());
    QCOMPARE(model->parameters().size(), plain->parameters().size() + 6);
    QVERIFY(at::equal(model->logits(makeIds(2, 9), {}), plain->logits(makeIds(2, 9), {})));
}

void TestProductKeyMemory::gradientsAreRight()
{
    const auto model = semanticModel();
    nn::ForwardContext context;
    context.isTraining = true;
    context.dtype = at::kDouble;
    const at::Tensor ids = makeIds(2, 8), targets = makeIds(2, 8, 1);
    model->loss(ids, targets, {}, context).backward();
    const GradientAnswer answer = compareGradients(
        *model, [&] { return model->loss(ids, targets, {}, context); },
        {.step = 1e-4f, .tolerance = 1e-3, .perParameter = 6, .chooses = [](const std::string &name) {
             return name.find("memory") != std::string::npos;
         }});
    QVERIFY2(answer.problem.isEmpty(), qPrintable(answer.problem));
    QVERIFY(answer.numChecked > 0);
}

void TestProductKeyMemory::tellsWhatItRead()
{
    const ModelSpec spec = smallSpec();
    nn::ParameterStore parameters(7, at::kCPU);
    nn::SharedTables tables;
    nn::BuildContext build{spec, 0, "", parameters, tables};
    const ProductKeyMemory memory(build, kSettings);
    const at::Tensor x = at::sin(at::arange(96, at::kFloat) * 0.77).view({2, 3, 16});
    const SlotReads reads = memory.reads(x, at::kFloat);
    QCOMPARE(reads.slots_NHK.sizes(), at::IntArrayRef({6, 2, 4}));
    QVERIFY((reads.slots_NHK >= 0).all().item<bool>() && (reads.slots_NHK < 36).all().item<bool>());
    QVERIFY(distance(reads.weights_NHK.sum(-1), at::ones({6, 2})) < 1e-5);
}

void TestProductKeyMemory::showsATapWhatItReads()
{
    struct Tap final : nn::AttentionTap {
        void look(const nn::AttentionLook &) override {}
        void read(const nn::SourceLook &seen) override { reads.push_back(seen); }
        std::vector<nn::SourceLook> reads;
    } tap;
    const auto model = semanticModel();
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, 9), plain = model->logits(ids, {});
    nn::ForwardContext context;
    context.tap = &tap;
    QVERIFY(at::equal(model->logits(ids, context), plain));
    QCOMPARE(tap.reads.size(), size_t{1});
    const nn::SourceLook &seen = tap.reads.front();
    QCOMPARE(std::string(seen.memory), std::string("semantic"));
    QCOMPARE(seen.slots_BHTK.sizes(), at::IntArrayRef({1, 2, 9, 4}));
    QCOMPARE(seen.gate_BHT.sizes(), at::IntArrayRef({1, 2, 9}));
    QVERIFY((seen.slots_BHTK >= 0).all().item<bool>());
    QVERIFY(distance(seen.weights_BHTK.sum(-1), at::ones({1, 2, 9})) < 1e-5);
}

/// Counted by hand; and where nobody listens, not one operation more.
void TestProductKeyMemory::tellsHowManyValuesAreUsed()
{
    const ModelSpec spec = smallSpec();
    nn::ParameterStore parameters(7, at::kCPU);
    nn::SharedTables tables;
    nn::BuildContext build{spec, 0, "", parameters, tables};
    ProductKeyMemory memory(build, kSettings);
    const auto batch = [](double seed) { return at::sin(at::arange(96, at::kFloat) * seed).view({2, 3, 16}); };
    const at::NoGradGuard noGrad;
    std::set<int64_t> ever;
    for (const double seed : {0.77, 1.9, 0.77}) {
        const at::Tensor slots = memory.reads(batch(seed), at::kFloat).slots_NHK.flatten().contiguous();
        const std::set<int64_t> used(slots.const_data_ptr<int64_t>(), slots.const_data_ptr<int64_t>() + slots.numel());
        ever.insert(used.begin(), used.end());
        nn::PassNotes notes;
        nn::ForwardContext context;
        context.isTraining = true;
        context.notes = &notes;
        (void)memory.forward(batch(seed), context);
        QCOMPARE(notes.values.at("semantic/used").item<double>(), static_cast<double>(used.size()) / 36);
        QCOMPARE(notes.values.at("semantic/ever_used").item<double>(), static_cast<double>(ever.size()) / 36);
    }
    QVERIFY(!ever.empty() && ever.size() <= 36);
    // A generation and an evaluation do not count: what they read is not what is learned.
    nn::BuildContext another{spec, 0, "another.", parameters, tables};
    ProductKeyMemory fresh(another, kSettings);
    nn::PassNotes notes;
    nn::ForwardContext quiet, listening, training;
    listening.notes = training.notes = &notes;
    training.isTraining = true;
    const int plain = operationsOf([&] { (void)fresh.forward(batch(1), quiet); });
    QCOMPARE(operationsOf([&] { (void)fresh.forward(batch(1), listening); }), plain);
    QVERIFY(notes.values.empty());
    const int counted = operationsOf([&] { (void)fresh.forward(batch(1), training); });
    QVERIFY2(counted > plain && counted <= plain + 60, qPrintable(QString("%1, %2").arg(plain).arg(counted)));
    QCOMPARE(operationsOf([&] { (void)fresh.forward(batch(1), quiet); }), plain);
}

/// In training alone, the same in the same step, and right on average.
void TestProductKeyMemory::dropoutLeavesOutWhatIsRead()
{
    const ModelSpec spec = smallSpec();
    nn::ParameterStore parameters(7, at::kCPU);
    nn::SharedTables tables;
    nn::BuildContext build{spec, 0, "", parameters, tables};
    SemanticSettings settings = kSettings;
    settings.dropout = 0.5;
    ProductKeyMemory dropping(build, settings);
    const at::NoGradGuard noGrad;
    for (nn::Parameter &parameter : parameters.parameters())
        parameter.master.add_(at::sin(at::arange(parameter.master.numel(), at::kFloat)).view(parameter.master.sizes()), 0.3);
    std::vector<nn::Parameter> all = parameters.parameters();
    nn::ParameterStore same(7, at::kCPU);
    nn::BuildContext other{spec, 0, "", same, tables};
    ProductKeyMemory whole(other, kSettings);
    for (size_t i = 0; i < all.size(); ++i) same.parameters()[i].master.copy_(all[i].master);
    const at::Tensor x = at::sin(at::arange(96, at::kFloat) * 0.77).view({2, 3, 16}) * 2;
    const at::Tensor expected = whole.forward(x, {});
    QVERIFY(at::equal(dropping.forward(x, {}), expected));
    nn::ForwardContext training;
    training.isTraining = true;
    training.seed = 5;
    QVERIFY(at::equal(whole.forward(x, training), expected));
    QVERIFY(at::equal(dropping.forward(x, training), dropping.forward(x, training)));
    at::Tensor sum = at::zeros_like(x);
    constexpr int kSteps = 300;
    for (int step = 0; step < kSteps; ++step) {
        training.step = static_cast<uint64_t>(step);
        sum += dropping.forward(x, training);
    }
    const double scale = expected.abs().max().item<double>();
    QVERIFY(distance(dropping.forward(x, training), expected) > 0.05 * scale);
    QVERIFY2(distance(sum / kSteps, expected) < 0.2 * scale, qPrintable(QString::number(distance(sum / kSteps, expected) / scale)));
    // What is left out is the token's own: a sample reads the same whoever stands beside it.
    training.firstSample = 1;
    const at::Tensor second = dropping.forward(x.narrow(0, 1, 1), training);
    training.firstSample = 0;
    QVERIFY(distance(second, dropping.forward(x, training).narrow(0, 1, 1)) < 1e-5);
}

void TestProductKeyMemory::cacheEqualsWhole()
{
    const auto model = semanticModel();
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 12), whole = model->logits(ids, {});
    nn::KvCache cache = model->makeCache(2, 12);
    nn::ForwardContext context;
    context.cache = &cache;
    for (int64_t t = 0; t < 12; ++t)
        QVERIFY(distance(model->logits(ids.narrow(1, t, 1), context), whole.narrow(1, t, 1)) < 1e-5);
}

void TestProductKeyMemory::tablesDoNotDecay()
{
    const auto model = semanticModel();
    for (const nn::Parameter &parameter : model->parameters())
        if (parameter.name.find("semantic.keys") != std::string::npos ||
            parameter.name.find("semantic.values") != std::string::npos)
            QVERIFY2(!parameter.decays, parameter.name.c_str());
}

void TestProductKeyMemory::worksInBf16()
{
    SemanticSettings settings = kSettings;
    settings.numSlots = 16;
    settings.topK = 4; // of each half all rows: the choice is the same
    const auto model = semanticModel(settings);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 9), exact = model->logits(ids, {});
    nn::ForwardContext context;
    context.dtype = at::kBFloat16;
    QVERIFY(model->logits(ids, context).isfinite().all().item<bool>());
    context.dtype = at::kDouble;
    QVERIFY(distance(model->logits(ids, context), exact) < 1e-3);
}

void TestProductKeyMemory::refusesWhatCannotBe_data()
{
    QTest::addColumn<int>("numSlots");
    QTest::addColumn<int>("topK");
    QTest::addColumn<int>("layer");
    QTest::addColumn<QString>("text");
    QTest::newRow("no square") << 30 << 4 << 0
                               << "plugins.memory.semantic_size is 30, expected a square number such as 25";
    QTest::newRow("too many") << 36 << 7 << 0 << "plugins.memory.semantic_top_k is 7, expected at most 6";
    QTest::newRow("no layer") << 36 << 4 << 2
                              << "plugins.memory.semantic_layer is 2, expected one of the layers 0 to 1";
}

void TestProductKeyMemory::refusesWhatCannotBe()
{
    QFETCH(int, numSlots);
    QFETCH(int, topK);
    QFETCH(int, layer);
    QFETCH(QString, text);
    const ModelSpec spec = smallSpec();
    nn::ParameterStore parameters(7, at::kCPU);
    nn::SharedTables tables;
    nn::BuildContext build{spec, 0, "", parameters, tables};
    try {
        (void)makeProductKeyMemory(build, {.numSlots = numSlots, .layer = layer, .topK = topK});
        QFAIL("nothing was thrown");
    } catch (const std::invalid_argument &error) {
        QVERIFY2(QString(error.what()).startsWith(text), error.what());
    }
}

QTEST_GUILESS_MAIN(TestProductKeyMemory)
#include "tst_product_key_memory.moc"
