// SPDX-License-Identifier: Apache-2.0
// Heads of queries that share keys and values, heads that are not the width shared out, and rope and norms
// with numbers of their own.
#include "core/nn/attention_tap.h"
#include "core/nn/layers.h"
#include "core/spec/estimate.h"
#include "core/spec/model_shape.h"
#include "tests/nn/gradient_check.h"
#include "tests/nn/model_fixtures.h"

#include <QtTest>

#include <torch/types.h>

#include <cmath>
#include <map>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

namespace {

ModelSpec groupedSpec()
{
    ModelSpec spec = smallSpec();
    spec.width = 24;
    spec.heads = 4;
    spec.kvHeads = 2;
    spec.headDim = 10; // not 24 / 4
    return spec;
}

/// The same model with keys and values written out for each head of queries.
std::unique_ptr<Transformer> writtenOut(Transformer &grouped)
{
    ModelSpec spec = grouped.spec();
    const int64_t inner = queryWidth(spec), keys = keyWidth(spec), group = spec.heads / spec.kvHeads;
    spec.kvHeads = 0;
    auto model = makeModel(spec);
    const at::NoGradGuard noGrad;
    const auto repeated = [&](const at::Tensor &rows) {
        return rows.view({-1, spec.headDim, rows.size(1)})
            .repeat_interleave(group, 0)
            .reshape({inner, rows.size(1)});
    };
    for (size_t i = 0; i < model->parameters().size(); ++i) {
        const at::Tensor &from = grouped.parameters()[i].master;
        at::Tensor &to = model->parameters()[i].master;
        if (grouped.parameters()[i].name.find("qkv.weight") == std::string::npos) {
            to.copy_(from);
            continue;
        }
        to.copy_(at::cat({from.narrow(0, 0, inner), repeated(from.narrow(0, inner, keys)),
                          repeated(from.narrow(0, inner + keys, keys))}));
    }
    model->mastersChanged();
    return model;
}

double distance(const at::Tensor &a, const at::Tensor &b) { return (a - b).abs().max().item<double>(); }

/// Keeps what a look is shown.
class KeepLooks final : public AttentionTap {
public:
    std::map<int64_t, at::Tensor> keys_BHSD;
    void look(const AttentionLook &look) override { keys_BHSD[look.layer] = look.k_BHSD.clone(); }
};

} // namespace

class TestGroupedHeads : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void giveWhatHeadsOfTheirOwnGive()
    {
        const at::NoGradGuard noGrad;
        const auto grouped = makeModel(groupedSpec());
        stirWeights(*grouped);
        const auto plain = writtenOut(*grouped);
        const at::Tensor ids = makeIds(2, 12);
        for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
            ForwardContext context;
            context.dtype = dtype;
            const double found = distance(grouped->logits(ids, context), plain->logits(ids, context));
            QVERIFY2(found < 2e-6, qPrintable(QString::number(found)));
        }
    }
    void dropAttentionAsHeadsOfTheirOwnDo()
    {
        const at::NoGradGuard noGrad;
        const auto grouped = makeModel(groupedSpec());
        stirWeights(*grouped);
        const auto plain = writtenOut(*grouped);
        ForwardContext context;
        context.isTraining = true;
        context.attentionDropout = 0.3;
        const at::Tensor ids = makeIds(2, 12);
        QVERIFY(distance(grouped->logits(ids, context), plain->logits(ids, context)) < 2e-6);
    }
    void cachedPassesGiveTheSame_data()
    {
        QTest::addColumn<int>("chunk");
        QTest::addColumn<int>("window");
        for (const int window : {0, 5})
            for (const int chunk : {1, 3, 12})
                QTest::addRow("chunks of %d, window %d", chunk, window) << chunk << window;
    }
    void cachedPassesGiveTheSame()
    {
        QFETCH(int, chunk);
        QFETCH(int, window);
        const at::NoGradGuard noGrad;
        ModelSpec spec = groupedSpec();
        spec.window = window;
        const auto model = makeModel(spec);
        stirWeights(*model);
        const at::Tensor ids = makeIds(2, 12);
        const at::Tensor whole = model->logits(ids, {});
        KvCache cache = model->makeCache(2, 12);
        QCOMPARE(cache.keys[0].sizes().vec(), (std::vector<int64_t>{2, 2, 12, 10}));
        QCOMPARE(cache.values[0].sizes().vec(), (std::vector<int64_t>{2, 2, 12, 10}));
        ForwardContext context;
        context.cache = &cache;
        for (int64_t begin = 0; begin < 12; begin += chunk) {
            const at::Tensor part = model->logits(ids.narrow(1, begin, chunk), context);
            const double found = distance(part, whole.narrow(1, begin, chunk));
            QVERIFY2(found < 5e-6, qPrintable(QString("%1 at %2").arg(found).arg(begin)));
        }
    }
    void gradientsMatchFiniteDifferences()
    {
        const auto model = makeModel(groupedSpec());
        stirWeights(*model);
        const at::Tensor ids = makeIds(2, 8), targets = makeIds(2, 8, 1);
        ForwardContext context;
        context.isTraining = true;
        context.dtype = at::kDouble;
        const auto loss = [&] { return model->loss(ids, targets, {}, context); };
        loss().backward();
        const GradientAnswer answer = compareGradients(*model, loss);
        QVERIFY2(answer.problem.isEmpty(), qPrintable(answer.problem));
        QVERIFY(answer.numChecked > 50);
    }
    void tapsSeeOneKeyForEachHead()
    {
        const at::NoGradGuard noGrad;
        const auto model = makeModel(groupedSpec());
        KeepLooks looks;
        ForwardContext context;
        context.tap = &looks;
        (void)model->logits(makeIds(1, 6), context);
        QCOMPARE(looks.keys_BHSD.size(), size_t(2));
        const at::Tensor &keys = looks.keys_BHSD[1];
        QCOMPARE(keys.sizes().vec(), (std::vector<int64_t>{1, 4, 6, 10}));
        QVERIFY(at::equal(keys.select(1, 0), keys.select(1, 1)));
        QVERIFY(at::equal(keys.select(1, 2), keys.select(1, 3)));
        QVERIFY(!at::equal(keys.select(1, 1), keys.select(1, 2)));
        // With a cache they see the same.
        KvCache cache = model->makeCache(1, 6);
        context.cache = &cache;
        KeepLooks cached;
        context.tap = &cached;
        for (int64_t i = 0; i < 6; ++i) (void)model->logits(makeIds(1, 6).narrow(1, i, 1), context);
        QCOMPARE(cached.keys_BHSD[1].sizes().vec(), keys.sizes().vec());
        QVERIFY(distance(cached.keys_BHSD[1], keys) < 1e-5);
    }
    void asManyKeysAsHeadsIsToday()
    {
        const at::NoGradGuard noGrad;
        const auto today = makeModel(smallSpec());
        ModelSpec spec = smallSpec();
        spec.kvHeads = spec.heads;
        spec.headDim = spec.width / spec.heads;
        spec.normEps = 1e-6;
        const auto said = makeModel(spec);
        for (size_t i = 0; i < today->parameters().size(); ++i) {
            QCOMPARE(said->parameters()[i].name, today->parameters()[i].name);
            QVERIFY(at::equal(said->parameters()[i].master, today->parameters()[i].master));
        }
        QVERIFY(at::equal(said->logits(makeIds(2, 12), {}), today->logits(makeIds(2, 12), {})));
    }
    void countAsTheEstimateSays()
    {
        RunSpec run;
        run.model = groupedSpec();
        run.model.bias = true;
        run.data.vocabSize = kVocab;
        const RunEstimate estimate = estimateRun(run, kVocab, 0);
        QCOMPARE(makeModel(run.model)->numParameters(), estimate.numParameters);
        QCOMPARE(estimate.cacheBytes,
                 uint64_t{4 * 2 * 12 * 2 * 2 * 10}); // fp32, layers, context, k and v, heads, width
    }
    /// Source: the numbers of transformers 5.24, _compute_llama3_parameters with the settings of Llama 3.1.
    void stretchesLongWavelengthsAsLlama3Does()
    {
        ModelSpec spec;
        spec.heads = 1;
        spec.headDim = 128;
        spec.ropeTheta = 500'000;
        const at::Tensor plain = ropeFrequencies(spec);
        spec.ropeScaling = {8, 1, 4, 8192};
        const at::Tensor stretched = ropeFrequencies(spec);
        const auto ratio = [&](int64_t i) { return (stretched[i] / plain[i]).item<double>(); };
        QCOMPARE(ratio(0), 1.0);
        QCOMPARE(ratio(28), 1.0);                                          // wavelength 1,956 of 8,192 / 4
        QCOMPARE(ratio(63), 1.0 / 8);                                      // far above 8,192
        const double turns = 8192 * plain[32].item<double>() / (2 * M_PI); // between 1 and 4
        QVERIFY(turns > 1 && turns < 4);
        const double smooth = (turns - 1) / 3;
        QVERIFY(std::abs(ratio(32) - ((1 - smooth) / 8 + smooth)) < 1e-12);
        QVERIFY(std::abs(plain[1].item<double>() - std::pow(500'000.0, -2.0 / 128)) < 1e-15);
    }
    void baseAndEpsilonReachTheModel()
    {
        const at::NoGradGuard noGrad;
        const auto logits = [](const ModelSpec &spec) {
            const auto model = makeModel(spec);
            stirWeights(*model);
            return model->logits(makeIds(1, 12), {});
        };
        const at::Tensor plain = logits(smallSpec());
        ModelSpec theta = smallSpec(), epsilon = smallSpec(), stretched = smallSpec();
        theta.ropeTheta = 500;
        epsilon.normEps = 0.1;
        stretched.ropeScaling = {4, 1, 4, 4};
        for (const ModelSpec &spec : {theta, epsilon, stretched})
            QVERIFY(distance(logits(spec), plain) > 1e-3);
        ModelSpec gpt2 = gpt2Spec(), other = gpt2Spec();
        other.normEps = 0.1;
        QVERIFY(distance(logits(gpt2), logits(other)) > 1e-3);
    }
    void refusesHeadsThatDoNotFit_data()
    {
        QTest::addColumn<int>("kvHeads");
        QTest::addColumn<int>("headDim");
        QTest::addColumn<double>("highFactor");
        QTest::addColumn<QString>("text");
        QTest::newRow("no divisor") << 3 << 0 << 4.0
                                    << "model.kv_heads is 3, expected 0 or a divisor of model.heads 4";
        QTest::newRow("more than heads") << 8 << 0 << 4.0 << "model.kv_heads is 8";
        QTest::newRow("below 0") << -1 << 0 << 4.0 << "model.kv_heads is -1";
        QTest::newRow("odd") << 0 << 5 << 4.0 << "model.head_dim is 5, expected an even width per head";
        QTest::newRow("width below 0") << 0 << -2 << 4.0 << "model.head_dim is -2";
        QTest::newRow("factors") << 0 << 0 << 1.0 << "model.rope_high_factor is 1.000, expected more than";
    }
    void refusesHeadsThatDoNotFit()
    {
        QFETCH(int, kvHeads);
        QFETCH(int, headDim);
        QFETCH(double, highFactor);
        QFETCH(QString, text);
        ModelSpec spec = groupedSpec();
        spec.kvHeads = kvHeads;
        spec.headDim = headDim;
        spec.ropeScaling = {2, 1, highFactor, 8192};
        const auto model = Transformer::create(spec, kVocab, 1, "cpu");
        QVERIFY(!model.ok());
        QCOMPARE(model.error().code, ErrorCode::InvalidInput);
        QVERIFY2(model.error().text().find(text.toStdString()) != std::string::npos,
                 model.error().text().c_str());
    }
    void modalitiesWithWeightsOfTheirOwnHavePlainHeads()
    {
        ModelSpec spec = groupedSpec();
        spec.attention.numModalities = 2;
        QVERIFY(!Transformer::create(spec, 300, 1, "cpu").ok());
        spec.attention.isSeparate = false;
        QVERIFY(Transformer::create(spec, 300, 1, "cpu").ok());
    }
};

QTEST_GUILESS_MAIN(TestGroupedHeads)
#include "tst_grouped_heads.moc"
