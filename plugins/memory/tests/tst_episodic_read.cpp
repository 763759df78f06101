// SPDX-License-Identifier: Apache-2.0
// The read of the episodic memory by itself: against loops, its gradient, in blocks and in parts.
#include "plugins/memory/engine/episodic_read.h"

#include <QtTest>

#include <c10/util/accumulate.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>

using namespace orrery::memory;

namespace {

double distance(const at::Tensor &a, const at::Tensor &b) { return (a - b).abs().max().item<double>(); }

at::Tensor unit(at::IntArrayRef shape, double phase)
{
    at::Tensor x = at::sin(at::arange(c10::multiply_integers(shape), at::kDouble) * 1.3 + phase).view(shape);
    return x / x.norm(2, {-1}, true);
}

/// Row by row: the best keys by a full sort, softmax over them.
at::Tensor slowRead(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &scale,
                    int64_t window, int64_t topK)
{
    at::Tensor out = at::zeros_like(v);
    for (int64_t b = 0; b < q.size(0); ++b)
        for (int64_t h = 0; h < q.size(1); ++h)
            for (int64_t t = window; t < q.size(2); ++t) {
                std::vector<std::pair<double, int64_t>> scored;
                for (int64_t s = 0; s <= t - window; ++s)
                    scored.emplace_back((q[b][h][t] * k[b][h][s]).sum().item<double>(), s);
                std::sort(scored.rbegin(), scored.rend());
                scored.resize(std::min<size_t>(scored.size(), static_cast<size_t>(topK)));
                double total = 0;
                for (const auto &[cosine, s] : scored) total += std::exp(scale[h].item<double>() * cosine);
                for (const auto &[cosine, s] : scored)
                    out[b][h][t] += std::exp(scale[h].item<double>() * cosine) / total * v[b][h][s];
            }
    return out;
}

} // namespace

class TestEpisodicRead : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readEqualsTheLoops_data();
    void readEqualsTheLoops();
    void tellsWhatItRead_data() { readEqualsTheLoops_data(); }
    void tellsWhatItRead();
    void readGradientsAreRight_data();
    void readGradientsAreRight();
    void ofEqualKeysNoMoreAreRead();
    void partsEqualTheWhole();
    void theLastReadOfEachKey();
    void aHundredThousandSlotsAreRead();
};

void TestEpisodicRead::readEqualsTheLoops_data()
{
    QTest::addColumn<int>("numTokens");
    QTest::addColumn<int>("window");
    QTest::addColumn<int>("topK");
    QTest::addColumn<int>("blockElements");
    QTest::newRow("one block") << 17 << 3 << 4 << (1 << 20);
    QTest::newRow("a block per query") << 17 << 3 << 4 << 1;
    QTest::newRow("blocks of a few") << 17 << 3 << 4 << 150;
    QTest::newRow("best one") << 17 << 1 << 1 << 100;
    QTest::newRow("all") << 17 << 5 << 40 << 100;
    QTest::newRow("nothing has left") << 5 << 5 << 4 << 100;
    QTest::newRow("one has left") << 6 << 5 << 4 << 100;
}

void TestEpisodicRead::readEqualsTheLoops()
{
    QFETCH(int, numTokens);
    QFETCH(int, window);
    QFETCH(int, topK);
    QFETCH(int, blockElements);
    const at::Tensor q = unit({2, 2, numTokens, 5}, 0.1), k = unit({2, 2, numTokens, 5}, 2.7),
                     v = unit({2, 2, numTokens, 5}, 5.3), scale = at::tensor({3.0, 11.0}, at::kDouble);
    const at::Tensor found = readOwnPast(q, k, v, scale, window, topK, blockElements);
    const at::Tensor expected = slowRead(q, k, v, scale, window, topK);
    QVERIFY(distance(found, expected) < 1e-12);
    QVERIFY(distance(found, at::zeros_like(found)) > 0.01 || numTokens <= window);
}

void TestEpisodicRead::tellsWhatItRead()
{
    QFETCH(int, numTokens);
    QFETCH(int, window);
    QFETCH(int, topK);
    QFETCH(int, blockElements);
    const at::Tensor q = unit({2, 2, numTokens, 5}, 0.1), k = unit({2, 2, numTokens, 5}, 2.7),
                     v = unit({2, 2, numTokens, 5}, 5.3), scale = at::tensor({3.0, 11.0}, at::kDouble);
    const PastReads reads = ownPastReads(q, k, scale, window, topK, blockElements);
    QCOMPARE(reads.places_BHTK.size(-1), std::min<int64_t>(topK, numTokens - window));
    // What it says is what was given: the values at these places, so weighed.
    at::Tensor again = at::zeros_like(v);
    for (int64_t b = 0; b < 2; ++b)
        for (int64_t h = 0; h < 2; ++h)
            for (int64_t t = 0; t < numTokens; ++t)
                for (int64_t i = 0; i < reads.places_BHTK.size(-1); ++i) {
                    const auto place = reads.places_BHTK[b][h][t][i].item<int64_t>();
                    const auto weight = reads.weights_BHTK[b][h][t][i].item<double>();
                    QCOMPARE(weight > 0, place >= 0);
                    if (place < 0) continue;
                    QVERIFY(place <= t - window);
                    again[b][h][t] += weight * v[b][h][place];
                }
    QVERIFY(distance(again, readOwnPast(q, k, v, scale, window, topK)) < 1e-12);
}

void TestEpisodicRead::readGradientsAreRight_data()
{
    QTest::addColumn<int>("topK");
    QTest::addColumn<int>("blockElements");
    QTest::newRow("all, one block") << 40 << (1 << 20);
    QTest::newRow("top 3, blocks") << 3 << 50;
}

void TestEpisodicRead::readGradientsAreRight()
{
    QFETCH(int, topK);
    QFETCH(int, blockElements);
    std::vector<at::Tensor> leaves = {unit({2, 2, 9, 4}, 0.1), unit({2, 2, 9, 4}, 2.7),
                                      unit({2, 2, 9, 4}, 5.3), at::tensor({3.0, 7.0}, at::kDouble)};
    for (at::Tensor &leaf : leaves) leaf.set_requires_grad(true);
    const at::Tensor weights = unit({2, 2, 9, 4}, 9.1);
    const auto value = [&] {
        return (readOwnPast(leaves[0], leaves[1], leaves[2], leaves[3], 2, topK, blockElements) * weights)
            .sum();
    };
    value().backward();
    for (size_t which = 0; which < leaves.size(); ++which) {
        const at::Tensor gradient = leaves[which].grad().view(-1);
        QVERIFY(gradient.abs().max().item<double>() > 1e-3);
        const at::NoGradGuard noGrad;
        at::Tensor flat = leaves[which].view(-1);
        for (int64_t i = 0; i < flat.numel(); i += 1 + flat.numel() / 40) {
            const double before = flat[i].item<double>(), step = 1e-6;
            flat[i] = before + step;
            const double high = value().item<double>();
            flat[i] = before - step;
            const double low = value().item<double>();
            flat[i] = before;
            const double expected = (high - low) / (2 * step);
            QVERIFY2(std::abs(gradient[i].item<double>() - expected) < 1e-7 + 1e-6 * std::abs(expected),
                     qPrintable(QStringLiteral("leaf %1, %2: %3 against %4")
                                    .arg(which)
                                    .arg(i)
                                    .arg(gradient[i].item<double>())
                                    .arg(expected)));
        }
    }
}

void TestEpisodicRead::partsEqualTheWhole()
{
    const at::Tensor q = unit({1, 2, 12, 5}, 0.1), k = unit({1, 2, 12, 5}, 2.7), v = unit({1, 2, 12, 5}, 5.3),
                     scale = at::tensor({3.0, 11.0}, at::kDouble);
    const at::Tensor expected = readOwnPast(q, k, v, scale, 2, 3)[0], from = at::arange(12, at::kLong) + 2;
    const auto part = [&](int64_t begin, int64_t count) {
        return ReadPart{k[0].narrow(1, begin, count), v[0].narrow(1, begin, count),
                        from.narrow(0, begin, count)};
    };
    for (const int64_t blockElements : {1, 60, 100000}) {
        const ReadResult found =
            readParts(q[0], {part(0, 5), part(5, 7)}, at::arange(12, at::kLong), scale, 3, {}, blockElements);
        QVERIFY(distance(found.values_HTD, expected) < 1e-12);
        // Ten of the queries had something to read, with weights that sum to 1.
        const at::Tensor total = found.weights_S[0].sum() + found.weights_S[1].sum();
        QVERIFY(std::abs(total.item<double>() - 10) < 1e-9);
    }
}

/// A token that comes often has the same key each time: not all of them are read then.
void TestEpisodicRead::ofEqualKeysNoMoreAreRead()
{
    const int64_t numTokens = 12, window = 2;
    const at::Tensor one = unit({1, 2, 1, 5}, 0.4), q = unit({1, 2, numTokens, 5}, 0.1),
                     k = one.expand({1, 2, numTokens, 5}).contiguous(), v = unit({1, 2, numTokens, 5}, 5.3),
                     scale = at::tensor({3.0, 11.0}, at::kDouble), places = at::arange(numTokens, at::kLong);
    for (const int64_t topK : {1, 3}) {
        const at::Tensor own = readOwnPast(q, k, v, scale, window, topK);
        const PastReads reads = ownPastReads(q, k, scale, window, topK);
        const ReadPart all{k[0], v[0], places + window};
        const PastReads stored = partReads(q[0], {all}, places, scale, topK);
        const ReadResult read = readParts(q[0], {all}, places, scale, topK);
        for (int64_t t = window; t < numTokens; ++t)
            for (int64_t h = 0; h < 2; ++h) {
                const int64_t count = std::min(topK, t - window + 1);
                for (const PastReads *told : {&reads, &stored}) {
                    const at::Tensor weights_K = told->weights_BHTK[0][h][t], which_K = told->places_BHTK[0][h][t];
                    QCOMPARE((weights_K > 0).sum().item<int64_t>(), count);
                    QVERIFY(std::abs(weights_K.sum().item<double>() - 1) < 1e-12);
                    QVERIFY(distance(weights_K.narrow(0, 0, count), at::full({count}, 1.0 / count, at::kDouble)) <
                            1e-12);
                    // And what they tell is what they read.
                    const at::Tensor mean = v[0][h].index_select(0, which_K.narrow(0, 0, count)).mean(0);
                    QVERIFY(distance(told == &stored ? read.values_HTD[h][t] : own[0][h][t], mean) < 1e-12);
                }
            }
    }
}

void TestEpisodicRead::theLastReadOfEachKey()
{
    // Less alike than unit(): many keys are read.
    const auto scattered = [](double phase) {
        const at::Tensor x_HTD =
            at::sin(at::arange(180, at::kDouble).square() * 0.7 + phase).view({3, 12, 5});
        return x_HTD / x_HTD.norm(2, {-1}, true);
    };
    const at::Tensor q = scattered(0.1), k = scattered(2.7),
                     scale = at::tensor({3.0, 11.0, 6.0}, at::kDouble), from = at::arange(12, at::kLong) + 2,
                     places = at::arange(12, at::kLong);
    const std::vector<ReadPart> parts = {{k.narrow(1, 0, 5), k.narrow(1, 0, 5), from.narrow(0, 0, 5)},
                                         {k.narrow(1, 5, 7), k.narrow(1, 5, 7), from.narrow(0, 5, 7)}};
    const PastReads all = partReads(q, parts, places, scale, 3);
    std::map<int64_t, KeyRead> expected;
    for (int64_t t = 0; t < 12; ++t)
        for (int64_t h = 0; h < 3; ++h)
            for (int64_t i = 0; i < 3; ++i) {
                const auto key = all.places_BHTK[0][h][t][i].item<int64_t>();
                const auto weight = all.weights_BHTK[0][h][t][i].item<float>();
                KeyRead &last = expected[key];
                if (key >= 0 && (t > last.query || weight > last.weight)) last = {key, t, h, weight};
            }
    expected.erase(-1);
    for (const int64_t blockElements : {1, 60, 100000}) {
        const ReadResult found = readParts(q, parts, places, scale, 3, {}, blockElements);
        QCOMPARE(found.last.size(), expected.size());
        QVERIFY(found.last.size() >= 4);
        for (const KeyRead &read : found.last) {
            const KeyRead &wanted = expected.at(read.key);
            QCOMPARE(read.query, wanted.query);
            QCOMPARE(read.head, wanted.head);
            QVERIFY(std::abs(read.weight - wanted.weight) < 1e-6F);
        }
    }
}

void TestEpisodicRead::aHundredThousandSlotsAreRead()
{
    // Each query finds the key that it is, in blocks: all scores together would be 51 MB.
    const int64_t numSlots = 100'000, numQueries = 64;
    const at::Tensor keys = unit({2, numSlots, 4}, 0.3).to(at::kFloat),
                     values = unit({2, numSlots, 4}, 0.9).to(at::kFloat);
    const at::Tensor q = keys.narrow(1, 777, numQueries).contiguous();
    const ReadResult found =
        readParts(q, {{keys, values, at::zeros({numSlots}, at::kLong)}}, at::arange(numQueries, at::kLong),
                  at::full({2}, 200.0, at::kFloat), 1);
    QVERIFY(distance(found.weights_S[0].sum(), at::tensor(static_cast<float>(numQueries))) < 1e-2);
    QCOMPARE(found.values_HTD.sizes(), at::IntArrayRef({2, numQueries, 4}));
}

QTEST_GUILESS_MAIN(TestEpisodicRead)
#include "tst_episodic_read.moc"
