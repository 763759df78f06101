// SPDX-License-Identifier: Apache-2.0
// model.window: masks against plain loops over who sees whom, and whole models with and without a cache.
#include "core/nn/masks.h"
#include "tests/nn/model_fixtures.h"

#include <QtTest>

#include <torch/types.h>

#include <cmath>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

namespace {

/// Who sees whom: the token itself and window − 1 before it; in the prefix everybody sees the prefix.
bool isSeen(int64_t query, int64_t key, int64_t window, int64_t prefix)
{
    if (query < prefix) return key < prefix;
    return key <= query && (window == 0 || key > query - window);
}

bool shows(const AttentionMask &mask, int64_t b, int64_t query, int64_t key, int64_t offset)
{
    if (mask.kind == AttentionMask::Kind::Full) return true;
    if (mask.kind == AttentionMask::Kind::Causal) return key <= offset + query;
    const at::Tensor bias = mask.bias_B1TS.size(0) == 1 ? mask.bias_B1TS[0][0] : mask.bias_B1TS[b][0];
    const double value = bias[query][key].item<double>();
    if (value != 0 && !(std::isinf(value) && value < 0)) qFatal("a bias of %f", value);
    return value == 0;
}

ModelSpec windowSpec(int64_t window)
{
    ModelSpec spec = smallSpec();
    spec.window = window;
    return spec;
}

double distance(const at::Tensor &a, const at::Tensor &b) { return (a - b).abs().max().item<double>(); }

} // namespace

class TestWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void masksShowWhatTheLoopsShow_data();
    void masksShowWhatTheLoopsShow();
    void aWideWindowIsThePlainMask();
    void prefixesMayStandInWindows();
    void cacheEqualsWhole_data();
    void cacheEqualsWhole();
    void tokensBehindTheWindowAreNotSeen();
    void rowsEqualThePlainModelOfTheirWindow();
};

void TestWindow::masksShowWhatTheLoopsShow_data()
{
    QTest::addColumn<int>("window");
    QTest::addColumn<int>("offset");
    QTest::addColumn<int>("numQueries");
    QTest::newRow("whole") << 3 << 0 << 9;
    QTest::newRow("window 1") << 1 << 0 << 5;
    QTest::newRow("as wide as the text") << 9 << 0 << 9;
    QTest::newRow("one narrower than the text") << 8 << 0 << 9;
    QTest::newRow("first token") << 3 << 0 << 1;
    QTest::newRow("one behind a cache") << 3 << 7 << 1;
    QTest::newRow("several behind a cache") << 3 << 7 << 4;
    QTest::newRow("several, cache shorter than window") << 6 << 2 << 5;
}

void TestWindow::masksShowWhatTheLoopsShow()
{
    QFETCH(int, window);
    QFETCH(int, offset);
    QFETCH(int, numQueries);
    const auto policy = makeCausalMask(window);
    const AttentionMask mask = policy->make({2, numQueries, offset}, {}, at::TensorOptions(at::kFloat));
    for (int64_t t = 0; t < numQueries; ++t)
        for (int64_t s = 0; s < offset + numQueries; ++s)
            QVERIFY2(shows(mask, 1, t, s, offset) == isSeen(offset + t, s, window, 0),
                     qPrintable(QStringLiteral("query %1, key %2").arg(offset + t).arg(s)));
}

void TestWindow::aWideWindowIsThePlainMask()
{
    for (const int64_t window : {0, 9, 100})
        QVERIFY(makeCausalMask(window)->make({1, 9, 0}, {}, at::TensorOptions(at::kFloat)).kind ==
                AttentionMask::Kind::Causal);
    QVERIFY(makeCausalMask(8)->make({1, 9, 0}, {}, at::TensorOptions(at::kFloat)).kind ==
            AttentionMask::Kind::Bias);
}

void TestWindow::prefixesMayStandInWindows()
{
    const int64_t numTokens = 9;
    ForwardContext context;
    context.maskPolicy = "prefix";
    for (const int64_t window : {0, 1, 3, 8, 9})
        for (int64_t first = 0; first <= numTokens; ++first) {
            context.prefixLengths = {first, 4};
            const AttentionMask mask =
                makePrefixMask(window)->make({2, numTokens, 0}, context, at::TensorOptions(at::kFloat));
            for (int64_t b = 0; b < 2; ++b)
                for (int64_t t = 0; t < numTokens; ++t)
                    for (int64_t s = 0; s < numTokens; ++s)
                        QVERIFY2(shows(mask, b, t, s, 0) ==
                                     isSeen(t, s, window, context.prefixLengths[static_cast<size_t>(b)]),
                                 qPrintable(QStringLiteral("window %1, prefix %2, query %3, key %4")
                                                .arg(window)
                                                .arg(first)
                                                .arg(t)
                                                .arg(s)));
        }
}

void TestWindow::cacheEqualsWhole_data()
{
    QTest::addColumn<int>("window");
    QTest::addColumn<int>("prefix");
    for (const int window : {0, 1, 3, 11}) QTest::addRow("causal, window %d", window) << window << 0;
    QTest::newRow("prefix 5, window 3") << 3 << 5;
}

void TestWindow::cacheEqualsWhole()
{
    QFETCH(int, window);
    QFETCH(int, prefix);
    const auto model = makeModel(windowSpec(window));
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    ForwardContext context;
    if (prefix > 0) {
        context.maskPolicy = "prefix";
        context.prefixLengths = {prefix, prefix};
    }
    const at::Tensor ids = makeIds(2, 12), whole = model->logits(ids, context);
    KvCache cache = model->makeCache(2, 12);
    context.cache = &cache;
    std::vector<at::Tensor> pieces;
    int64_t place = 0;
    for (const int64_t length : {5, 1, 1, 3, 2}) {
        pieces.push_back(model->logits(ids.narrow(1, place, length), context));
        place += length;
    }
    QVERIFY(distance(at::cat(pieces, 1), whole) < 1e-5);
}

void TestWindow::tokensBehindTheWindowAreNotSeen()
{
    // Two layers of window 3 look back four tokens.
    const auto model = makeModel(windowSpec(3));
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, 12);
    at::Tensor changed = ids.clone();
    changed[0][4] = (ids[0][4].item<int64_t>() + 1) % kVocab;
    const at::Tensor before = model->logits(ids, {}), after = model->logits(changed, {});
    for (int64_t t = 0; t < 12; ++t) {
        const bool isReached = t >= 4 && t <= 8;
        QVERIFY2(at::equal(before[0][t], after[0][t]) == !isReached, qPrintable(QString::number(t)));
    }
}

void TestWindow::rowsEqualThePlainModelOfTheirWindow()
{
    // With one layer the last token's logits are those of a text that holds its window alone, but for where
    // the tokens stand: rotary positions are relative.
    ModelSpec spec = windowSpec(4);
    spec.layers = 1;
    const auto windowed = makeModel(spec);
    spec.window = 0;
    const auto plain = makeModel(spec);
    stirWeights(*windowed);
    stirWeights(*plain);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 12), logits = windowed->logits(ids, {});
    for (int64_t t = 3; t < 12; ++t)
        QVERIFY(distance(plain->logits(ids.narrow(1, t - 3, 4), {}).select(1, 3), logits.select(1, t)) <
                1e-5);
}

QTEST_GUILESS_MAIN(TestWindow)
#include "tst_window.moc"
