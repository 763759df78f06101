// SPDX-License-Identifier: Apache-2.0
// Texts that a model makes up to replay: drawn from its own predictions, the same each time, and mixed into the steps.
#include "core/train/continual/dreams.h"

#include "core/base/counter_rng.h"
#include "core/train/continual/staged_source.h"
#include "tests/nn/model_fixtures.h"
#include "tests/train/run_fixture.h"

#include <QtTest>

#include <torch/types.h>

#include <set>

using namespace orrery;
using namespace orrery::test;
using namespace orrery::nn::test;

namespace {

constexpr int64_t kStart = 3, kLength = 13; // one more than the model's context

DreamRequest requestFor(int64_t numTexts)
{
    DreamRequest request{.starts_NP = {}, .startLength = kStart, .length = kLength, .seed = 5, .stage = 1};
    for (int64_t i = 0; i < numTexts * kStart; ++i)
        request.starts_NP.push_back(static_cast<int32_t>((i * 7 + 2) % kVocab));
    return request;
}

/// Token after token, each time reading all that stands before it.
std::vector<int32_t> slowDream(nn::Transformer &model, const DreamRequest &request, int64_t number)
{
    const at::NoGradGuard noGrad;
    const auto begin = request.starts_NP.begin() + number * request.startLength;
    std::vector<int64_t> ids(begin, begin + request.startLength);
    const CounterRng rng({.seed = request.seed,
                          .step = static_cast<uint64_t>(request.stage),
                          .sample = static_cast<uint32_t>(request.firstNumber + number),
                          .layer = kDreamStream,
                          .purpose = RngPurpose::Replay});
    while (std::ssize(ids) < request.length) {
        const at::Tensor p_V = model.logits(at::tensor(ids).unsqueeze(0), {})[0][-1].to(at::kDouble).softmax(-1);
        double left = rng.uniformDouble(ids.size());
        int64_t id = 0;
        while (id + 1 < p_V.numel() && (left -= p_V[id].item<double>()) >= 0) ++id;
        ids.push_back(id);
    }
    return {ids.begin(), ids.end()};
}

/// A run that learns one text twice, and keeps half of it.
struct TwoStages {
    TwoStages()
    {
        const std::filesystem::path root(folder.path().toStdString());
        {
            std::ofstream out(root / "text");
            for (int i = 0; i < 400; ++i) out << "line " << i * i % 97 << " of a text that is learned twice\n";
        }
        spec = smallRun();
        spec.data.path = (root / "text").string();
        spec.continual.stages = {spec.data.path};
        spec.continual.strategy = "rehearsal";
        spec.continual.bufferPercent = 50;
        spec.schedule.totalSteps = spec.train.steps;
        data = must(prepareRunData(spec, root / "shards"));
        source = must(StagedBatchSource::create(spec, data, StagePlan::of(spec), replayPlan(spec.continual),
                                                nextTokenObjective()));
    }
    QTemporaryDir folder;
    RunSpec spec;
    RunData data;
    std::unique_ptr<StagedBatchSource> source;
};

} // namespace

class TestDreams : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void equalTheSlowWay();
    void areTheSameEachTime();
    void doNotDependOnTheirNeighbours();
    void endWhenTheyAreCancelled();
    void takeTheirShareOfTheReplay();
    void beginAsExcerptsDo();
};

void TestDreams::equalTheSlowWay()
{
    const auto model = makeModel(smallSpec());
    stirWeights(*model);
    const DreamRequest request = requestFor(4);
    const std::vector<int32_t> texts = dreamTexts(*model, request);
    QCOMPARE(std::ssize(texts), 4 * kLength);
    std::set<std::vector<int32_t>> different;
    for (int64_t i = 0; i < 4; ++i) {
        const std::vector<int32_t> text(texts.begin() + i * kLength, texts.begin() + (i + 1) * kLength);
        QCOMPARE(text, slowDream(*model, request, i));
        different.insert(text);
    }
    QCOMPARE(different.size(), size_t{4});
}

void TestDreams::areTheSameEachTime()
{
    const auto model = makeModel(smallSpec());
    DreamRequest request = requestFor(3);
    const auto first = dreamTexts(*model, request);
    QCOMPARE(dreamTexts(*model, request), first);
    request.seed = 6;
    QVERIFY(dreamTexts(*model, request) != first);
    request.seed = 5;
    request.stage = 2;
    QVERIFY(dreamTexts(*model, request) != first);
}

void TestDreams::doNotDependOnTheirNeighbours()
{
    const auto model = makeModel(smallSpec());
    const DreamRequest all = requestFor(300); // more than are drawn at once
    const auto texts = dreamTexts(*model, all);
    for (const int64_t number : {0, 255, 256, 299}) {
        DreamRequest one = all;
        one.firstNumber = number;
        one.starts_NP.assign(all.starts_NP.begin() + number * kStart, all.starts_NP.begin() + (number + 1) * kStart);
        QCOMPARE(dreamTexts(*model, one),
                 std::vector<int32_t>(texts.begin() + number * kLength, texts.begin() + (number + 1) * kLength));
    }
}

void TestDreams::endWhenTheyAreCancelled()
{
    const auto model = makeModel(smallSpec());
    DreamRequest request = requestFor(300); // drawn in two batches
    int numAsked = 0, limit = 1000;
    request.isCancelled = [&] { return ++numAsked > limit; };
    QCOMPARE(std::ssize(dreamTexts(*model, request)), 300 * kLength);
    QCOMPARE(numAsked, int(2 * (kLength - kStart))); // between two tokens
    limit = numAsked + int(kLength - kStart) + 2; // within the second batch
    QVERIFY(dreamTexts(*model, request).empty());
    QCOMPARE(numAsked, limit + 1);
}

void TestDreams::takeTheirShareOfTheReplay()
{
    const TwoStages run;
    StagedBatchSource *source = run.source.get();
    const int64_t context = run.spec.model.context, step = StagePlan::of(run.spec).end(0);
    ModelBatch batch;
    const auto countDreams = [&] {
        int64_t numDreams = 0;
        source->fill({.step = step, .batchSize = 400}, batch);
        for (const auto &replay : source->lastReplays()) numDreams += replay.chunk == -1;
        return numDreams;
    };
    QCOMPARE(countDreams(), int64_t{0}); // none were made yet
    QVERIFY(source->numDreamsWanted(0) > 0);
    std::vector<int32_t> texts;
    for (int64_t i = 0; i < 7 * (context + 1); ++i) texts.push_back(static_cast<int32_t>(200 + i / (context + 1)));
    source->setDreams({texts});
    const int64_t numDreams = countDreams(), numReplays = std::ssize(source->lastReplays());
    QCOMPARE(numReplays, int64_t{200});
    QVERIFY2(numDreams > 75 && numDreams < 125, qPrintable(QString::number(numDreams))); // half
    std::set<int32_t> seen;
    for (const auto &replay : source->lastReplays()) {
        const auto begin = batch.ids_BT.begin() + replay.row * context;
        const bool isDream = *begin >= 200;
        QCOMPARE(isDream, replay.chunk == -1);
        if (!isDream) continue;
        QVERIFY(std::all_of(begin, begin + context, [&](int32_t id) { return id == *begin; }));
        seen.insert(*begin);
    }
    QCOMPARE(seen.size(), size_t{7});
}

void TestDreams::beginAsExcerptsDo()
{
    const TwoStages run;
    StagedBatchSource *source = run.source.get();
    const TokenShards &shards = *run.data.text.front();
    std::vector<int32_t> all(shards.numTokens(Split::Train));
    shards.read(Split::Train, 0, all.size(), all.data());
    std::set<std::vector<int32_t>> starts;
    for (int64_t number = 0; number < 20; ++number) {
        const std::vector<int32_t> start = source->excerptStart(0, number, 6);
        QCOMPARE(start, source->excerptStart(0, number, 6));
        QVERIFY(std::search(all.begin(), all.end(), start.begin(), start.end()) != all.end());
        starts.insert(start);
    }
    QVERIFY(starts.size() > 5);
}

QTEST_GUILESS_MAIN(TestDreams)
#include "tst_dreams.moc"
