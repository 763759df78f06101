// SPDX-License-Identifier: Apache-2.0
// The episodic memory in models: cached against whole, what must not depend on what, and what it tells.
#include "core/nn/attention_tap.h"
#include "plugins/memory/engine/episodic_file.h"
#include "plugins/memory/tests/episodic_models.h"
#include "tests/base/check_result.h"
#include "tests/nn/gradient_check.h"

#include <QTemporaryDir>

#include <torch/types.h>

#include <cmath>

using namespace orrery;
using namespace orrery::memory;
using namespace orrery::memory::test;
using namespace orrery::nn::test;

class TestEpisodicMemory : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void offIsThePlainModel();
    void aClosedGateIsThePlainModel();
    void modelGradientsAreRight();
    void theFirstTokenPullsAtNothing();
    void cacheEqualsWhole_data();
    void cacheEqualsWhole();
    void reachesBehindTheWindow();
    void laterTokensDoNotReachBack();
    void sequencesDoNotMeet();
    void anotherCacheIsAnotherMemory();
    void aRestartStoresNothingTwice();
    void evictsWhenFull();
    void saysWhatItCouldNotStore();
    void forgetsASource();
    void aWipedSourceLeavesNoKey_data();
    void aWipedSourceLeavesNoKey();
    void savesAndLoads();
    void storesWhatSurprisesOnly();
    void showsATapWhatItReads();
    void showsATapWhatItReadOfTheStore();
    void worksInBf16();
    void softStepsReadAll();
    void refusesWhatCannotBe();
};

void TestEpisodicMemory::offIsThePlainModel()
{
    const auto plain = makeModel(memorySpec());
    EpisodicSettings off = smallMemory();
    off.store.capacity = 0;
    const Registered registered(off);
    const auto model = makeModel(memorySpec());
    QCOMPARE(model->parameters().size(), plain->parameters().size());
    for (size_t i = 0; i < plain->parameters().size(); ++i)
        QVERIFY(at::equal(model->parameters()[i].master, plain->parameters()[i].master));
    const at::Tensor ids = makeIds(2, kContext);
    QVERIFY(at::equal(model->logits(ids, {}), plain->logits(ids, {})));
}

void TestEpisodicMemory::aClosedGateIsThePlainModel()
{
    const auto plain = makeModel(memorySpec());
    EpisodicSettings closed = smallMemory();
    closed.gateBias = -100;
    const Registered registered(closed);
    const auto model = makeModel(memorySpec());
    QVERIFY(model->parameters().size() == plain->parameters().size() + 5);
    const at::Tensor ids = makeIds(2, kContext);
    QVERIFY(at::equal(model->logits(ids, {}), plain->logits(ids, {})));
    nn::KvCache cache = model->makeCache(2, kContext), plainCache = plain->makeCache(2, kContext);
    const at::NoGradGuard noGrad;
    QVERIFY(at::equal(cachedLogits(*model, ids, {9, 1, 14}, cache),
                      cachedLogits(*plain, ids, {9, 1, 14}, plainCache)));
}

void TestEpisodicMemory::modelGradientsAreRight()
{
    const auto model = memoryModel(smallMemory());
    nn::ForwardContext context;
    context.isTraining = true;
    context.dtype = at::kDouble;
    const at::Tensor ids = makeIds(2, 14), targets = makeIds(2, 14, 1);
    model->loss(ids, targets, {}, context).backward();
    const GradientAnswer answer = compareGradients(
        *model, [&] { return model->loss(ids, targets, {}, context); },
        {.step = 1e-4f, .tolerance = 1e-3, .perParameter = 4, .chooses = [](const std::string &name) {
             return name.find("memory") != std::string::npos || name.find("qkv") != std::string::npos;
         }});
    QVERIFY2(answer.problem.isEmpty(), qPrintable(answer.problem));
    QVERIFY(answer.numChecked >= 5 * 2 + 4 * 2);
}

/// With the shift that it begins with, the first token has no key: that is no reason for a gradient of thousands.
void TestEpisodicMemory::theFirstTokenPullsAtNothing()
{
    EpisodicSettings settings = smallMemory();
    settings.keyShift = settings.queryKey = 1;
    const auto shiftGradient = [&](double shift) {
        settings.keyShift = shift;
        const Registered registered(settings);
        const auto model = makeModel(memorySpec());
        nn::ForwardContext context;
        context.isTraining = true;
        model->loss(makeIds(2, 14), makeIds(2, 14, 1), {}, context).backward();
        for (nn::Parameter &parameter : model->parameters())
            if (parameter.name.ends_with("key_shift")) return parameter.master.grad().abs().max().item<double>();
        return -1.0;
    };
    const double atTheBeginning = shiftGradient(1), besideIt = shiftGradient(0.999);
    QVERIFY(besideIt > 0 && atTheBeginning > 0);
    QVERIFY2(atTheBeginning < 10 * besideIt,
             qPrintable(QString("%1 against %2").arg(atTheBeginning).arg(besideIt)));
}

void TestEpisodicMemory::cacheEqualsWhole_data()
{
    QTest::addColumn<QList<int>>("lengths");
    QTest::addColumn<int>("topK");
    QTest::newRow("token by token") << QList<int>(kContext, 1) << 3;
    QTest::newRow("chunks") << QList<int>{7, 1, 9, 2, 5} << 3;
    QTest::newRow("all at once") << QList<int>{kContext} << 3;
    QTest::newRow("prompt, then tokens, best one") << QList<int>{15, 1, 1, 1, 1, 1, 1, 1, 1, 1} << 1;
    QTest::newRow("all read") << QList<int>{4, 20} << 100;
}

void TestEpisodicMemory::cacheEqualsWhole()
{
    QFETCH(QList<int>, lengths);
    QFETCH(int, topK);
    EpisodicSettings settings = smallMemory();
    settings.topK = topK;
    const auto model = memoryModel(settings);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, kContext), whole = model->logits(ids, {});
    nn::KvCache cache = model->makeCache(2, kContext);
    const at::Tensor found = cachedLogits(*model, ids, {lengths.begin(), lengths.end()}, cache);
    QVERIFY2(distance(found, whole) < 1e-5, qPrintable(QString::number(distance(found, whole))));
}

void TestEpisodicMemory::reachesBehindTheWindow()
{
    // Two layers of window 3 see four tokens back; the memory sees all.
    const auto model = memoryModel(smallMemory());
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext);
    at::Tensor changed = ids.clone();
    changed[0][2] = (ids[0][2].item<int64_t>() + 1) % kVocab;
    const at::Tensor before = model->logits(ids, {}), after = model->logits(changed, {});
    int numReached = 0;
    for (int64_t t = 2 + 2 * kWindow; t < kContext; ++t) numReached += !at::equal(before[0][t], after[0][t]);
    QVERIFY(numReached > 0);
}

void TestEpisodicMemory::laterTokensDoNotReachBack()
{
    const auto model = memoryModel(smallMemory());
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext), before = model->logits(ids, {});
    for (int64_t t = 1; t < kContext; ++t) {
        at::Tensor changed = ids.clone();
        changed[0][t] = (ids[0][t].item<int64_t>() + 1) % kVocab;
        QVERIFY(at::allclose(model->logits(changed, {}).narrow(1, 0, t), before.narrow(1, 0, t), 1e-5, 1e-6));
    }
}

void TestEpisodicMemory::sequencesDoNotMeet()
{
    const auto model = memoryModel(smallMemory());
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, kContext);
    at::Tensor changed = ids.clone();
    changed[1].copy_((ids[1] + 1) % kVocab);
    QVERIFY(at::allclose(model->logits(ids, {})[0], model->logits(changed, {})[0], 1e-5, 1e-6));
    nn::KvCache cache = model->makeCache(2, kContext), other = model->makeCache(2, kContext);
    QVERIFY(at::allclose(cachedLogits(*model, ids, {10, 14}, cache)[0],
                         cachedLogits(*model, changed, {10, 14}, other)[0], 1e-5, 1e-6));
}

void TestEpisodicMemory::anotherCacheIsAnotherMemory()
{
    const auto model = memoryModel(smallMemory());
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext);
    nn::KvCache first = model->makeCache(1, kContext);
    const at::Tensor expected = cachedLogits(*model, ids, {20, 4}, first);
    nn::KvCache between = model->makeCache(1, kContext);
    (void)cachedLogits(*model, (ids + 5) % kVocab, {20, 4}, between);
    nn::KvCache second = model->makeCache(1, kContext);
    QVERIFY(at::equal(cachedLogits(*model, ids, {20, 4}, second), expected));
    QVERIFY(&controlOf(first) != &controlOf(second));
}

void TestEpisodicMemory::aRestartStoresNothingTwice()
{
    const auto model = memoryModel(smallMemory());
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext);
    nn::KvCache cache = model->makeCache(1, kContext);
    cache.sources = {{0, "talk"}};
    nn::ForwardContext context;
    context.cache = &cache;
    (void)model->logits(ids.narrow(1, 0, 20), context);
    cache.restart(8); // tokens 12 … 19 again
    (void)model->logits(ids.narrow(1, 12, 8), context);
    (void)model->logits(ids.narrow(1, 20, 4), context); // settles what has left the window: 0 … 20 − window
    QCOMPARE(cache.origin + cache.length, int64_t(24));
    std::vector<int64_t> places;
    int64_t numSlots = 0, next = 0;
    for (const MemoryEvent &event : controlOf(cache).listEvents()) {
        QCOMPARE(qtext(event.source), QString("talk"));
        QCOMPARE(event.firstToken, next);
        next = event.lastToken + 1;
        QCOMPARE(event.numSlots, event.lastToken - event.firstToken + 1);
        for (int64_t i = 0; i < event.numSlots; ++i)
            QCOMPARE(int64_t(event.tokenIds[static_cast<size_t>(i)]),
                     ids[0][event.firstToken + i].item<int64_t>());
        numSlots += event.numSlots;
    }
    QCOMPARE(numSlots, 20 - kWindow + 1);
}

void TestEpisodicMemory::evictsWhenFull()
{
    const auto model = memoryModel(smallMemory(5));
    const at::NoGradGuard noGrad;
    nn::KvCache cache = model->makeCache(1, kContext);
    const at::Tensor logits =
        cachedLogits(*model, makeIds(1, kContext), std::vector<int64_t>(kContext, 1), cache);
    QVERIFY(logits.isfinite().all().item<bool>());
    const MemoryStatus status = controlOf(cache).status();
    QCOMPARE(status.numUsed, int64_t(5));
    QCOMPARE(status.capacity, int64_t(5));
    QCOMPARE(status.numEvicted, kContext - kWindow - 5);
}

void TestEpisodicMemory::saysWhatItCouldNotStore()
{
    const auto model = memoryModel(smallMemory(4));
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext);
    nn::KvCache cache = model->makeCache(1, kContext);
    nn::ForwardContext context;
    context.cache = &cache;
    (void)model->logits(ids.narrow(1, 0, 7), context);
    (void)model->logits(ids.narrow(1, 7, 1), context);
    MemoryControl &control = controlOf(cache);
    for (const MemoryEvent &event : control.listEvents()) VERIFY_OK(control.pin(event.id, true));
    QCOMPARE(control.status().numPinned, int64_t(4));
    VERIFY_ERROR(control.pin(99, true), ErrorCode::NotFound, "Cannot pin event 99");
    const at::Tensor logits = model->logits(ids.narrow(1, 8, 12), context);
    (void)model->logits(ids.narrow(1, 20, 1), context);
    QVERIFY(logits.isfinite().all().item<bool>()); // the text goes on
    QCOMPARE(control.status().numRefused, int64_t(13));
    QVERIFY(control.status().lastRefusal.find("all of its 4 slots are pinned") != std::string::npos);
}

void TestEpisodicMemory::forgetsASource()
{
    const auto model = memoryModel(smallMemory());
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext);
    // What was read and wiped leaves the model as one that never had a memory of it.
    const auto lastLogits = [&](const at::Tensor &past, bool isWiped) {
        nn::KvCache cache = model->makeCache(1, kContext);
        cache.sources = {{0, "secret"}};
        nn::ForwardContext context;
        context.cache = &cache;
        (void)model->logits(past, context);
        (void)model->logits(past.narrow(1, 0, 1), context);
        if (isWiped) {
            MemoryControl &control = controlOf(cache);
            if (control.wipe("nobody") != 0 || control.wipe("secret") != 12 - kWindow + 1)
                qFatal("wiped another number");
            if (!control.listEvents().empty() || control.status().numUsed != 0) qFatal("something is left");
        }
        cache.sources = {{0, "talk"}};
        cache.restart(0); // the window is another text now
        return model->logits(ids.narrow(1, 0, 2), context);
    };
    const at::Tensor one = ids.narrow(1, 0, 12), other = (one + 3) % kVocab;
    QVERIFY(at::equal(lastLogits(one, true), lastLogits(other, true)));
    QVERIFY(!at::allclose(lastLogits(one, false), lastLogits(other, false)));
}

void TestEpisodicMemory::aWipedSourceLeavesNoKey_data()
{
    QTest::addColumn<QList<int>>("lengths");
    QTest::newRow("border within a pass") << QList<int>{20, 1};
    QTest::newRow("border between passes") << QList<int>{12, 8, 1};
    QTest::newRow("token by token") << QList<int>(21, 1);
}

void TestEpisodicMemory::aWipedSourceLeavesNoKey()
{
    QFETCH(QList<int>, lengths);
    EpisodicSettings settings = smallMemory();
    settings.layer = 0; // its keys are of the token alone, but for the shift
    const auto model = memoryModel(settings);
    const at::NoGradGuard noGrad;
    QTemporaryDir folder;
    const std::filesystem::path path = folder.filePath("memory.safetensors").toStdString();
    const at::Tensor ids = makeIds(1, kContext);
    const ModelSpec spec = memorySpec();
    const auto keysAfter = [&](const at::Tensor &secret) {
        nn::KvCache cache = model->makeCache(1, kContext);
        cache.sources = {{0, "secret"}, {12, "talk"}};
        (void)cachedLogits(*model, at::cat({secret, ids.narrow(1, 12, 9)}, 1),
                           {lengths.begin(), lengths.end()}, cache);
        if (controlOf(cache).wipe("secret") != 12) qFatal("wiped another number");
        if (controlOf(cache).status().numUsed != 21 - kWindow - 12) qFatal("another number is left");
        if (!controlOf(cache).save(path).ok()) qFatal("not saved");
        const auto image = readEpisodicFile(path, {spec.heads, spec.width / spec.heads}, 100);
        if (!image.ok()) qFatal("%s", image.error().text().c_str());
        return at::tensor(image->keys_HSD);
    };
    const at::Tensor secret = ids.narrow(1, 0, 12);
    const at::Tensor one = keysAfter(secret), other = keysAfter((secret + 3) % kVocab);
    QVERIFY(one.abs().max().item<float>() > 0);
    QVERIFY2(distance(one, other) < 1e-5, qPrintable(QString::number(distance(one, other))));
}

void TestEpisodicMemory::savesAndLoads()
{
    const auto model = memoryModel(smallMemory());
    const at::NoGradGuard noGrad;
    QTemporaryDir folder;
    const std::filesystem::path path = folder.filePath("memory.safetensors").toStdString();
    const at::Tensor ids = makeIds(1, kContext);
    nn::KvCache cache = model->makeCache(1, kContext);
    (void)cachedLogits(*model, ids, {12, 1}, cache);
    MemoryControl &control = controlOf(cache);
    VERIFY_OK(control.pin(control.listEvents().front().id, true));
    VERIFY_OK(control.save(path));
    const auto goOn = [&](bool isLoaded) {
        nn::KvCache fresh = model->makeCache(1, kContext);
        nn::ForwardContext context;
        context.cache = &fresh;
        (void)model->logits(ids.narrow(1, 0, 1), context);
        if (isLoaded) {
            if (const auto loaded = controlOf(fresh).load(path); !loaded)
                qFatal("%s", loaded.error().text().c_str());
            if (controlOf(fresh).listEvents().size() != control.listEvents().size()) qFatal("other events");
            if (!controlOf(fresh).listEvents().front().isPinned) qFatal("not pinned");
        }
        return model->logits(ids.narrow(1, 1, 1), context);
    };
    QVERIFY(!at::allclose(goOn(true), goOn(false))); // it reads what another conversation left
    QVERIFY(at::equal(goOn(true), goOn(true)));
    VERIFY_ERROR(control.load(folder.filePath("none").toStdString()), ErrorCode::NotFound, "none");
    QCOMPARE(control.status().numUsed, 12 - kWindow + 1);
}

/// What is new only: tst_episodic_chunks.
void TestEpisodicMemory::storesWhatSurprisesOnly()
{
    const at::NoGradGuard noGrad;
    const auto numStored = [](double leastSurprise) {
        EpisodicSettings settings = smallMemory();
        settings.writeSurprise = leastSurprise;
        const auto model = memoryModel(settings);
        nn::KvCache cache = model->makeCache(1, kContext);
        const at::Tensor found =
            cachedLogits(*model, makeIds(1, kContext), std::vector<int64_t>(kContext, 1), cache);
        return found.isfinite().all().item<bool>() ? controlOf(cache).status().numUsed : -1;
    };
    QCOMPARE(numStored(1e6), int64_t(0)); // nothing is as surprising
    QCOMPARE(numStored(1e-6), kContext - kWindow - 1); // all but the first, which nothing predicted
}

void TestEpisodicMemory::showsATapWhatItReads()
{
    struct Tap final : nn::AttentionTap {
        void look(const nn::AttentionLook &) override { ++numLooks; }
        void read(const nn::SourceLook &seen) override { reads.push_back(seen); }
        int numLooks = 0;
        std::vector<nn::SourceLook> reads;
    } tap;
    const auto model = memoryModel(smallMemory());
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, 10), plain = model->logits(ids, {});
    nn::ForwardContext context;
    context.tap = &tap;
    QVERIFY(at::equal(model->logits(ids, context), plain)); // who looks changes nothing
    QCOMPARE(tap.numLooks, 2);
    QCOMPARE(tap.reads.size(), size_t{1});
    const nn::SourceLook &seen = tap.reads.front();
    QCOMPARE(seen.layer, int64_t{1});
    QCOMPARE(std::string(seen.memory), std::string("episodic"));
    QCOMPARE(seen.places_BHTK.sizes(), at::IntArrayRef({1, 2, 10, 3}));
    QVERIFY((seen.places_BHTK.narrow(2, 0, kWindow) == -1).all().item<bool>());
    const at::Tensor sums = seen.weights_BHTK.sum(-1).narrow(2, kWindow, 10 - kWindow);
    QVERIFY(distance(sums, at::ones_like(sums)) < 1e-5);
    QVERIFY((seen.gate_BHT.narrow(2, 0, kWindow) == 0).all().item<bool>()); // nothing to read yet
    QVERIFY((seen.gate_BHT.narrow(2, kWindow, 10 - kWindow) > 0).all().item<bool>());
}

void TestEpisodicMemory::showsATapWhatItReadOfTheStore()
{
    struct Tap final : nn::AttentionTap {
        void look(const nn::AttentionLook &) override {}
        void read(const nn::SourceLook &seen) override { reads.push_back(seen); }
        std::vector<nn::SourceLook> reads;
    } tap;
    const auto model = memoryModel(smallMemory());
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext);
    const auto lastLogits = [&](nn::AttentionTap *looker) {
        nn::KvCache cache = model->makeCache(1, kContext);
        cache.sources = {{0, "book"}};
        nn::ForwardContext context;
        context.cache = &cache;
        (void)model->logits(ids.narrow(1, 0, 10), context);
        cache.sources = {{0, "talk"}};
        cache.restart(0); // the window is empty, the store is not: tokens 0 … 6
        context.tap = looker;
        return model->logits(ids.narrow(1, 10, 5), context);
    };
    QVERIFY(at::equal(lastLogits(&tap), lastLogits(nullptr)));
    QCOMPARE(tap.reads.size(), size_t{1});
    const nn::SourceLook &seen = tap.reads.front();
    QCOMPARE(seen.slots_BHTK.sizes(), at::IntArrayRef({1, 2, 5, 3}));
    const at::Tensor sums = seen.weights_BHTK.sum(-1);
    QVERIFY(distance(sums, at::ones_like(sums)) < 1e-5);
    QVERIFY((seen.events_BHTK > 0).any().item<bool>());
    for (int64_t head = 0; head < 2; ++head)
        for (int64_t t = 0; t < 5; ++t)
            for (int64_t k = 0; k < 3; ++k) {
                const auto at = [&](const at::Tensor &x) { return x[0][head][t][k].item<int64_t>(); };
                QVERIFY(at(seen.slots_BHTK) >= 0);
                QVERIFY(at(seen.places_BHTK) >= 0 && at(seen.places_BHTK) <= 10 + t - kWindow);
            }
}

void TestEpisodicMemory::worksInBf16()
{
    const auto model = memoryModel(smallMemory());
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, kContext), exact = model->logits(ids, {});
    nn::ForwardContext context;
    context.dtype = at::kBFloat16;
    EpisodicSettings all = smallMemory();
    all.topK = 100; // the choice of the best may differ in bf16; their mean may not by much
    const auto soft = memoryModel(all);
    QVERIFY(distance(soft->logits(ids, context), soft->logits(ids, {})) < 0.3);
    context.dtype = at::kDouble;
    QVERIFY(distance(model->logits(ids, context), exact) < 1e-4);
    context.dtype = at::kBFloat16;
    nn::KvCache cache = model->makeCache(2, kContext);
    context.cache = &cache;
    QVERIFY(model->logits(ids, context).isfinite().all().item<bool>());
}

void TestEpisodicMemory::softStepsReadAll()
{
    EpisodicSettings settings = smallMemory();
    settings.softSteps = 5;
    settings.topK = 1;
    const auto model = memoryModel(settings);
    settings.topK = 1000;
    settings.softSteps = 0;
    const auto all = memoryModel(settings);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(1, kContext);
    nn::ForwardContext context;
    context.isTraining = true;
    context.step = 4;
    QVERIFY(at::equal(model->logits(ids, context), all->logits(ids, context)));
    context.step = 5;
    QVERIFY(!at::equal(model->logits(ids, context), all->logits(ids, context)));
    context.step = 4;
    context.isTraining = false;
    QVERIFY(!at::equal(model->logits(ids, context), all->logits(ids, context)));
}

void TestEpisodicMemory::refusesWhatCannotBe()
{
    const auto reason = [](const EpisodicSettings &settings, const ModelSpec &spec) -> QString {
        nn::ParameterStore parameters(7, at::kCPU);
        nn::SharedTables tables;
        nn::BuildContext build{spec, 0, "blocks.0.", parameters, tables};
        try {
            (void)makeEpisodicMemory(build, settings);
        } catch (const std::invalid_argument &error) {
            return QString::fromUtf8(error.what());
        }
        return {};
    };
    ModelSpec spec = memorySpec();
    QCOMPARE(reason(smallMemory(), spec), QString());
    spec.window = 0;
    QVERIFY(
        reason(smallMemory(), spec)
            .startsWith("plugins.memory.episodic_size is 100 and model.window 0, expected a window of 1"));
    EpisodicSettings settings = smallMemory();
    settings.layer = 2;
    QCOMPARE(reason(settings, memorySpec()),
             QString("plugins.memory.episodic_layer is 2, expected one of the layers 0 to 1"));
}

QTEST_GUILESS_MAIN(TestEpisodicMemory)
#include "tst_episodic_memory.moc"
