// SPDX-License-Identifier: Apache-2.0
// Masks against plain loops, in attention alone and through whole models.
#include "core/base/counter_rng.h"
#include "core/nn/attention_core.h"
#include "core/nn/dropout.h"
#include "tests/nn/attention_kernels.h"
#include "tests/nn/gradient_check.h"
#include "tests/nn/model_fixtures.h"

#include <QtTest>

#include <torch/types.h>

#include <cmath>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

namespace {

constexpr int64_t kBatch = 3, kHeads = 2, kTokens = 9, kWidth = 4;
constexpr double kScale = 0.5; // 1 / sqrt(kWidth)

/// Random numbers of (seed, which), without ATen's generator.
at::Tensor randomTensor(at::IntArrayRef shape, uint64_t seed, uint32_t which)
{
    const CounterRng rng({.seed = seed, .sample = which, .purpose = RngPurpose::WeightInit});
    at::Tensor out = at::empty(shape, at::kFloat);
    for (int64_t i = 0; i < out.numel(); ++i) out.data_ptr<float>()[i] = rng.normal(static_cast<uint64_t>(i));
    return out;
}

/// Every length from 0 (none) to all tokens comes up.
std::vector<int64_t> randomPrefixes(uint64_t seed, int64_t batch, int64_t numTokens)
{
    const CounterRng rng({.seed = seed, .purpose = RngPurpose::Sampling});
    std::vector<int64_t> lengths;
    for (int64_t b = 0; b < batch; ++b)
        lengths.push_back(
            static_cast<int64_t>(rng.below(static_cast<uint64_t>(b), static_cast<uint64_t>(numTokens) + 1)));
    return lengths;
}

struct LeafHeads {
    explicit LeafHeads(uint64_t seed)
    {
        for (uint32_t i = 0; i < 3; ++i)
            tensors.push_back(
                randomTensor({kBatch, kHeads, kTokens, kWidth}, seed, i).set_requires_grad(true));
    }
    [[nodiscard]] Heads heads() const { return {tensors[0], tensors[1], tensors[2]}; }
    std::vector<at::Tensor> tensors;
};

/// Softmax row by row over the keys that a loop says are seen. @param keep of the probabilities, or undefined
at::Tensor slowAttention(const LeafHeads &leaf, const std::vector<int64_t> &prefix, const at::Tensor &keep)
{
    std::vector<at::Tensor> rows;
    for (int64_t b = 0; b < kBatch; ++b)
        for (int64_t h = 0; h < kHeads; ++h)
            for (int64_t t = 0; t < kTokens; ++t) {
                std::vector<at::Tensor> scores;
                std::vector<int64_t> seen;
                for (int64_t s = 0; s < kTokens; ++s) {
                    const bool isInPrefix =
                        t < prefix[static_cast<size_t>(b)] && s < prefix[static_cast<size_t>(b)];
                    if (s > t && !isInPrefix) continue;
                    scores.push_back((leaf.tensors[0][b][h][t] * leaf.tensors[1][b][h][s]).sum() * kScale);
                    seen.push_back(s);
                }
                at::Tensor weights = at::softmax(at::stack(scores), 0);
                const at::Tensor places = at::tensor(seen, at::kLong);
                if (keep.defined()) weights = weights * keep[b][h][t].index_select(0, places);
                rows.push_back(at::matmul(weights, leaf.tensors[2][b][h].index_select(0, places)));
            }
    return at::stack(rows).view({kBatch, kHeads, kTokens, kWidth});
}

ForwardContext prefixContext(std::vector<int64_t> prefix)
{
    ForwardContext context;
    context.maskPolicy = "prefix";
    context.prefixLengths = std::move(prefix);
    return context;
}

/// As the model does it before its first layer.
void makeMask(ForwardContext &context, int64_t batch, int64_t numTokens)
{
    const auto policy = (*maskPolicyRegistry().find(context.maskPolicy))(smallSpec());
    context.mask = policy->make({batch, numTokens, 0}, context, at::TensorOptions(at::kFloat));
}

double distance(const at::Tensor &a, const at::Tensor &b) { return (a - b).abs().max().item<double>(); }

/// Sees itself and the token before it.
class PairMask final : public MaskPolicy {
public:
    explicit PairMask(int &numMade) : m_numMade(numMade) {}
    [[nodiscard]] AttentionMask make(const MaskShape &shape, const ForwardContext &,
                                     const at::TensorOptions &options) const override
    {
        ++m_numMade;
        at::Tensor bias = at::full({1, 1, shape.numQueries, shape.numQueries}, -INFINITY, options);
        for (int64_t t = 0; t < shape.numQueries; ++t)
            for (int64_t s = std::max<int64_t>(0, t - 1); s <= t; ++s) bias[0][0][t][s] = 0;
        return {AttentionMask::Kind::Bias, bias};
    }

private:
    int &m_numMade;
};

} // namespace

class TestMasks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void attentionEqualsTheLoops_data();
    void attentionEqualsTheLoops();
    void eachSequenceHasItsOwnPrefix();
    void shortPrefixesAreTheCausalPath();
    void wholePrefixesAreBidirectional();
    void fusedKernelsDoIt_data();
    void fusedKernelsDoIt();
    void gradientsMatchFiniteDifferences_data();
    void gradientsMatchFiniteDifferences();
    void cachedDecodingGoesOnBehindThePrefix_data();
    void cachedDecodingGoesOnBehindThePrefix();
    void refusesAPrefixInPieces();
    void refusesWhatDoesNotFit();
    void ownMasksAreMadeOncePerPass();
};

void TestMasks::attentionEqualsTheLoops_data()
{
    QTest::addColumn<int>("seed");
    QTest::addColumn<QString>("policy");
    QTest::addColumn<double>("dropout");
    for (int seed = 1; seed <= 6; ++seed)
        QTest::addRow("prefix %d", seed) << seed << QStringLiteral("prefix") << 0.0;
    QTest::newRow("bidirectional") << 7 << QStringLiteral("bidirectional") << 0.0;
    QTest::newRow("causal") << 8 << QStringLiteral("causal") << 0.0;
    QTest::newRow("prefix, dropout") << 9 << QStringLiteral("prefix") << 0.3;
    QTest::newRow("bidirectional, dropout") << 10 << QStringLiteral("bidirectional") << 0.3;
    QTest::newRow("causal, dropout") << 11 << QStringLiteral("causal") << 0.3;
}

void TestMasks::attentionEqualsTheLoops()
{
    QFETCH(int, seed);
    QFETCH(QString, policy);
    QFETCH(double, dropout);
    std::vector<int64_t> prefix = randomPrefixes(static_cast<uint64_t>(seed), kBatch, kTokens);
    if (policy == QStringLiteral("causal")) prefix.assign(kBatch, 0);
    if (policy == QStringLiteral("bidirectional")) prefix.assign(kBatch, kTokens);
    ForwardContext context = prefixContext(prefix);
    context.maskPolicy = policy.toStdString();
    context.isTraining = true;
    context.seed = static_cast<uint64_t>(seed);
    makeMask(context, kBatch, kTokens);

    const LeafHeads fast(static_cast<uint64_t>(seed)), slow(static_cast<uint64_t>(seed));
    SharedTables tables;
    const at::Tensor found = attend(fast.heads(), {0, kScale, dropout}, tables, context);
    at::Tensor keep;
    if (dropout > 0) keep = attentionMask(context, 0, {kBatch, kHeads, kTokens, kTokens}, dropout, at::kCPU);
    const at::Tensor expected = slowAttention(slow, prefix, keep);
    QVERIFY2(distance(found, expected) <= 1e-5, qPrintable(QString::number(distance(found, expected))));

    const at::Tensor weights = randomTensor(found.sizes(), static_cast<uint64_t>(seed), 9);
    (found * weights).sum().backward();
    (expected * weights).sum().backward();
    for (size_t i = 0; i < 3; ++i) {
        const double worst = distance(fast.tensors[i].grad(), slow.tensors[i].grad());
        QVERIFY2(worst <= 1e-5, qPrintable(QStringLiteral("gradient of %1: %2").arg(i).arg(worst)));
    }
}

void TestMasks::eachSequenceHasItsOwnPrefix()
{
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, 10).repeat({3, 1});
    at::Tensor changed = ids.clone();
    changed.select(1, 5).fill_((ids[0][5].item<int64_t>() + 1) % kVocab);
    const ForwardContext context = prefixContext({0, 5, 6});
    const at::Tensor before = model->logits(ids, context), after = model->logits(changed, context);
    for (int64_t b = 0; b < 2; ++b) // token 5 is behind the prefix
        QVERIFY(at::equal(before[b].narrow(0, 0, 5), after[b].narrow(0, 0, 5)));
    for (int64_t t = 0; t < 10; ++t) QVERIFY(!at::allclose(before[2][t], after[2][t]));
    QVERIFY(!at::allclose(before[0][4], before[1][4]) || !at::allclose(before[0][2], before[1][2]));
}

void TestMasks::shortPrefixesAreTheCausalPath()
{
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 10);
    QVERIFY(at::equal(model->logits(ids, prefixContext({1, 0})), model->logits(ids, {})));
}

void TestMasks::wholePrefixesAreBidirectional()
{
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 10);
    ForwardContext context;
    context.maskPolicy = "bidirectional";
    const at::Tensor both = model->logits(ids, context);
    QVERIFY(at::equal(model->logits(ids, prefixContext({10, 10})), both));
    QVERIFY(distance(model->logits(ids, prefixContext({10, 9}))[0], both[0]) < 1e-5);
}

void TestMasks::fusedKernelsDoIt_data()
{
    QTest::addColumn<QString>("policy");
    QTest::addColumn<int>("window");
    QTest::addColumn<bool>("isFused");
    QTest::newRow("causal") << "causal" << 0 << true;
    QTest::newRow("causal within a window") << "causal" << 3 << true;
    QTest::newRow("bidirectional") << "bidirectional" << 0 << true;
    QTest::newRow("prefix") << "prefix" << 0 << true;
    QTest::newRow("prefix and window") << "prefix" << 3 << true;
    QTest::newRow("what the count sees when attention is dropped") << "causal" << 0 << false;
}

/// Forward and back, none of them falls back to plain operations.
void TestMasks::fusedKernelsDoIt()
{
    QFETCH(QString, policy);
    QFETCH(int, window);
    QFETCH(bool, isFused);
    ModelSpec spec = smallSpec();
    spec.window = window;
    const auto model = makeModel(spec);
    ForwardContext context;
    context.maskPolicy = policy.toStdString();
    if (policy == QStringLiteral("prefix")) context.prefixLengths = {5, 3};
    context.isTraining = true;
    if (!isFused) context.attentionDropout = 0.2;
    const auto kernels = attentionKernels(
        [&] { model->loss(makeIds(2, 10), makeIds(2, 10, 1), {}, context).backward(); });
    QCOMPARE(areFusedAlone(kernels), isFused);
}

void TestMasks::gradientsMatchFiniteDifferences_data()
{
    QTest::addColumn<double>("dropout");
    QTest::newRow("fused") << 0.0;
    QTest::newRow("explicit, for dropout") << 0.2;
}

void TestMasks::gradientsMatchFiniteDifferences()
{
    QFETCH(double, dropout);
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const at::Tensor ids = makeIds(2, 8), targets = makeIds(2, 8, 1);
    ForwardContext context = prefixContext({5, 3});
    context.isTraining = true;
    context.dtype = at::kDouble;
    context.dropout = 0;
    context.attentionDropout = dropout;
    if (dropout > 0) {
        const at::NoGradGuard noGrad;
        ForwardContext whole = context;
        whole.attentionDropout = 0;
        QVERIFY(distance(model->logits(ids, context)[0], model->logits(ids, whole)[0]) > 1e-3);
    }
    model->loss(ids, targets, {}, context).backward();
    const GradientAnswer answer =
        compareGradients(*model, [&] { return model->loss(ids, targets, {}, context); },
                         {.step = 1e-3f, .tolerance = 2e-4, .perParameter = 3});
    QVERIFY2(answer.problem.isEmpty(), qPrintable(answer.problem));
    QVERIFY(answer.numChecked > 0);
}

void TestMasks::cachedDecodingGoesOnBehindThePrefix_data()
{
    QTest::addColumn<QString>("policy");
    QTest::addColumn<int>("prefix"); // of 5 tokens that are read at once
    QTest::newRow("prefix as long as the prompt") << QStringLiteral("prefix") << 5;
    QTest::newRow("shorter prefix") << QStringLiteral("prefix") << 3;
    QTest::newRow("bidirectional prompt") << QStringLiteral("bidirectional") << 5;
}

void TestMasks::cachedDecodingGoesOnBehindThePrefix()
{
    QFETCH(QString, policy);
    QFETCH(int, prefix);
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 12);
    const at::Tensor full = model->logits(ids, prefixContext({prefix, prefix}));
    KvCache cache = model->makeCache(2, 12);
    ForwardContext context = prefixContext({prefix, prefix});
    context.maskPolicy = policy.toStdString();
    context.cache = &cache;
    std::vector<at::Tensor> pieces;
    int64_t position = 0;
    for (const int64_t length : {5, 1, 1, 3, 2}) {
        pieces.push_back(model->logits(ids.narrow(1, position, length), context));
        position += length;
    }
    QCOMPARE(cache.length, int64_t(12));
    QVERIFY(distance(at::cat(pieces, 1), full) < 1e-5);
}

void TestMasks::refusesAPrefixInPieces()
{
    const auto model = makeModel(smallSpec());
    const at::NoGradGuard noGrad;
    KvCache cache = model->makeCache(1, 12);
    ForwardContext context = prefixContext({6});
    context.cache = &cache;
    QVERIFY_THROWS_EXCEPTION(c10::Error, (void)model->logits(makeIds(1, 4), context));
}

void TestMasks::refusesWhatDoesNotFit()
{
    const auto model = makeModel(smallSpec());
    const at::NoGradGuard noGrad;
    QVERIFY_THROWS_EXCEPTION(c10::Error, (void)model->logits(makeIds(2, 4), prefixContext({3})));
    QVERIFY_THROWS_EXCEPTION(c10::Error, (void)model->logits(makeIds(1, 4), prefixContext({5})));
    ForwardContext unknown;
    unknown.maskPolicy = "diagonal";
    QVERIFY_THROWS_EXCEPTION(c10::Error, (void)model->logits(makeIds(1, 4), unknown));
}

void TestMasks::ownMasksAreMadeOncePerPass()
{
    int numMade = 0;
    maskPolicyRegistry().add("pair", [&](const ModelSpec &) { return std::make_unique<PairMask>(numMade); });
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    ForwardContext context;
    context.maskPolicy = "pair";
    const at::Tensor ids = makeIds(1, 10);
    at::Tensor changed = ids.clone();
    changed[0][2] = (ids[0][2].item<int64_t>() + 1) % kVocab;
    const at::Tensor before = model->logits(ids, context);
    QCOMPARE(numMade, 1); // for two layers
    const at::Tensor after = model->logits(changed, context);
    maskPolicyRegistry().remove("pair");
    QCOMPARE(numMade, 2);
    for (const int64_t t : {0, 1, 5, 6, 9}) // two layers look back two tokens
        QVERIFY(at::equal(before[0][t], after[0][t]));
    for (const int64_t t : {2, 3, 4}) QVERIFY(!at::allclose(before[0][t], after[0][t]));
}

QTEST_GUILESS_MAIN(TestMasks)
#include "tst_masks.moc"
