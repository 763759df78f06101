// SPDX-License-Identifier: Apache-2.0
// A text that is read in chunks leaves the episodic memory as it would token by token: what is stored, how
// much it was used, how old it is and where its events begin.
#include "plugins/memory/engine/episodic_state.h"
#include "plugins/memory/tests/episodic_models.h"

#include <QtTest>

#include <cmath>
#include <map>
#include <optional>

using namespace orrery;
using namespace orrery::memory;
using namespace orrery::memory::test;
using namespace orrery::nn::test;

namespace {

/// What the memory tells of the token at a place.
struct Told {
    double usage = 0, surprise = 0;
    int64_t age = 0, event = 0, lastRead = 0;
};
using ToldOf = std::map<int64_t, Told>;

/// @param ends whether the text ends behind the last chunk
ToldOf readIn(nn::Transformer &model, const at::Tensor &ids, const std::vector<int64_t> &lengths, bool ends)
{
    const at::NoGradGuard noGrad;
    nn::KvCache cache = model.makeCache(1, kContext);
    (void)cachedLogits(model, ids, lengths, cache);
    if (ends) cache.parts.begin()->second->endText(cache);
    ToldOf told;
    for (const MemoryEvent &event : controlOf(cache).listEvents()) {
        // All is stored here: slots are numbered by their places.
        for (size_t i = 0; i < event.slots.size(); ++i)
            told[event.slots[i]] = {event.usages[i], event.surprises[i], event.age, event.id,
                                    event.reads[i].age};
    }
    return told;
}

void compare(const ToldOf &found, const ToldOf &expected)
{
    QCOMPARE(found.size(), expected.size());
    for (const auto &[place, told] : found) {
        const Told &wanted = expected.at(place);
        const QString where = QString("token %1: %2 against %3").arg(place).arg(told.usage).arg(wanted.usage);
        QVERIFY2(std::abs(told.usage - wanted.usage) < 1e-5, qPrintable(where));
        QVERIFY2(std::abs(told.surprise - wanted.surprise) < 1e-4, qPrintable(where));
        QCOMPARE(told.age, wanted.age);
        QCOMPARE(told.event, wanted.event);
        QCOMPARE(told.lastRead, wanted.lastRead);
    }
}

const std::vector<int64_t> kOneByOne(kContext, 1);

} // namespace

class TestEpisodicChunks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void leaveTheSameMemory_data();
    void leaveTheSameMemory();
    void readsKeepTokensAlive();
    void aRepeatedTokenIsStoredOnce_data();
    void aRepeatedTokenIsStoredOnce();
    void theFirstTokenSurprisesNobody();
};

void TestEpisodicChunks::leaveTheSameMemory_data()
{
    QTest::addColumn<QList<int>>("lengths");
    QTest::newRow("prompt, then tokens") << QList<int>{18, 1, 1, 1, 1, 1, 1};
    QTest::newRow("chunks") << QList<int>{7, 1, 9, 2, 5};
    QTest::newRow("shorter than the window") << QList<int>(12, 2);
    QTest::newRow("all but one") << QList<int>{23, 1};
}

void TestEpisodicChunks::leaveTheSameMemory()
{
    QFETCH(QList<int>, lengths);
    const auto model = memoryModel(smallMemory());
    const at::Tensor ids = makeIds(1, kContext);
    for (const bool ends : {true, false}) {
        // Without an end, one more token has to come behind a chunk before what left the window in it is
        // stored.
        if (!ends && lengths.back() != 1) continue;
        const ToldOf expected = readIn(*model, ids, kOneByOne, ends);
        QCOMPARE(std::ssize(expected), ends ? kContext : kContext - kWindow);
        compare(readIn(*model, ids, {lengths.begin(), lengths.end()}, ends), expected);
        int numRead = 0; // usage that is more than what was written has left
        for (const auto &[place, told] : expected) numRead += told.usage > 1.01;
        QVERIFY(numRead >= 3);
    }
}

/// Of a long chunk the least used go, not simply the oldest.
void TestEpisodicChunks::readsKeepTokensAlive()
{
    EpisodicSettings settings = smallMemory();
    settings.topK = 1;
    const auto large = memoryModel(settings);
    const at::Tensor ids = makeIds(1, kContext);
    const std::vector<int64_t> lengths{kContext - 1, 1};
    std::vector<std::pair<double, int64_t>> byUsage;
    for (const auto &[place, told] : readIn(*large, ids, lengths, false))
        byUsage.emplace_back(told.usage, place);
    const auto numStored = std::ssize(byUsage);
    std::sort(byUsage.rbegin(), byUsage.rend());
    const auto [mostUsage, mostRead] = byUsage.front();
    QVERIFY(mostRead < numStored - 5 && mostUsage > 1); // the oldest alone would let it go

    settings.store.capacity = 5;
    const auto small = memoryModel(settings);
    const at::NoGradGuard noGrad;
    nn::KvCache cache = small->makeCache(1, kContext);
    (void)cachedLogits(*small, ids, lengths, cache);
    bool isThere = false;
    for (const MemoryEvent &event : controlOf(cache).listEvents())
        isThere = isThere || (event.firstToken <= mostRead && mostRead <= event.lastToken);
    QVERIFY(isThere);
    QCOMPARE(controlOf(cache).status().numUsed, int64_t(5));
}

void TestEpisodicChunks::aRepeatedTokenIsStoredOnce_data()
{
    QTest::addColumn<QList<int>>("lengths");
    QTest::newRow("token by token") << QList<int>(kContext, 1);
    QTest::newRow("prompt, then tokens") << QList<int>{20, 1, 1, 1, 1};
    QTest::newRow("chunks") << QList<int>{2, 9, 7, 5, 1};
}

void TestEpisodicChunks::aRepeatedTokenIsStoredOnce()
{
    QFETCH(QList<int>, lengths);
    EpisodicSettings settings = smallMemory();
    settings.writeNovelty = 0.05;
    settings.keyShift = settings.queryKey = 0;
    settings.layer = 0; // keys of the first layer are of the token alone
    const auto model = memoryModel(settings);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = at::arange(kContext, at::kLong).remainder(3).view({1, -1}); // 0 1 2 0 1 2 …
    nn::KvCache cache = model->makeCache(1, kContext);
    (void)cachedLogits(*model, ids, {lengths.begin(), lengths.end()}, cache);
    QCOMPARE(controlOf(cache).status().numUsed, int64_t(3));
    QCOMPARE(controlOf(cache).status().numSkipped, kContext - kWindow - 3);
}

/// Nothing predicted it: a 0 in its place would hide what is surprising behind it.
void TestEpisodicChunks::theFirstTokenSurprisesNobody()
{
    EpisodicSettings settings = smallMemory();
    settings.store.blockMax = 100;
    const StateShape shape{1, 4, kWindow, at::kCPU};
    const std::vector<float> surprises{5, 5, 5, 5, 5.5, 5, 5, 5, 5, 5, 5};
    const auto eventsWith = [&](float first) {
        EpisodicState state(settings, shape, 1);
        const auto numTokens = std::ssize(surprises) + 1;
        const at::Tensor any = at::ones({1, 1, numTokens, 4}) / 2;
        state.append({.keys_BHTD = any,
                      .values_BHTD = any,
                      .ids_BT = at::arange(numTokens, at::kLong).view({1, -1}),
                      .source_T = std::vector<std::string>(static_cast<size_t>(numTokens), "talk")});
        const at::Tensor all_BT = at::cat({at::tensor({first}), at::tensor(surprises)}).view({1, -1});
        state.settle(100, all_BT);
        std::vector<int64_t> begins;
        for (const MemoryEvent &event : state.listEvents()) begins.push_back(event.firstToken);
        return begins;
    };
    QCOMPARE(eventsWith(std::nanf("")), (std::vector<int64_t>{0, 5}));
    QCOMPARE(eventsWith(0), (std::vector<int64_t>{0})); // as if that were known

    // And a model says of the first token of a text that it does not know.
    const auto model = memoryModel(smallMemory());
    nn::KvCache cache = model->makeCache(1, kContext);
    const at::NoGradGuard noGrad;
    (void)cachedLogits(*model, makeIds(1, kContext), {10}, cache);
    QVERIFY(std::isnan(cache.surprise_BT[0][0].item<float>()));
    QVERIFY(cache.surprise_BT[0].narrow(0, 1, 9).isfinite().all().item<bool>());
}

QTEST_GUILESS_MAIN(TestEpisodicChunks)
#include "tst_episodic_chunks.moc"
