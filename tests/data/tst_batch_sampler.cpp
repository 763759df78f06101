// SPDX-License-Identifier: Apache-2.0
#include "core/data/batch_sampler.h"
#include "data_fixture.h"

#include <cstring>

using namespace orrery;

namespace {

/// Tokens of numberedLines as values: the stream is 0, 1, 2 … when each token is its own place.
Result<TokenShards> countedShards(const DataFixture &data, size_t count, int64_t context)
{
    std::string line = "{\"tokens\":[";
    for (size_t i = 0; i < count; ++i) line += (i ? "," : "") + std::to_string(i);
    DataSpec spec = DataFixture::spec(data.write("counted.jsonl", line + "]}\n"), "none");
    spec.vocabSize = 1 << 20;
    return data.prepare(spec, context);
}

std::filesystem::path writeInts(const DataFixture &data, const std::vector<int32_t> &values)
{
    return data.write("batches.bin",
                      {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(int32_t)});
}

} // namespace

class TestBatchSampler : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void drawsWindowsOfTheTrainingSplit()
    {
        const DataFixture data;
        const auto shards = countedShards(data, 1000, 10);
        VERIFY_OK(shards);
        const auto sampler = BatchSampler::create(*shards, 10, 1);
        VERIFY_OK(sampler);
        Batch batch;
        std::vector<int> seen(900, 0);
        for (int64_t step = 0; step < 2000; ++step) {
            sampler->fill(step, 0, 4, batch);
            QCOMPARE(batch.tokens_BT1.size(), size_t(44));
            QVERIFY(batch.mask_BT.empty());
            for (size_t row = 0; row < 4; ++row) {
                const int32_t start = batch.tokens_BT1[row * 11];
                QVERIFY(start >= 0 && start + 10 < 900);
                for (int32_t t = 0; t < 11; ++t)
                    QCOMPARE(batch.tokens_BT1[row * 11 + static_cast<size_t>(t)], start + t);
                ++seen[static_cast<size_t>(start)];
            }
        }
        // 8,000 draws over 890 starts, about 9 each: first and last start are among them, and none is
        // preferred.
        QVERIFY(seen[0] > 0 && seen[889] > 0 && seen[890] == 0);
        QVERIFY(*std::max_element(seen.begin(), seen.end()) < 30);
    }

    void microBatchesDoNotMoveTheData()
    {
        const DataFixture data;
        const auto shards = countedShards(data, 5000, 10);
        const auto sampler = BatchSampler::create(*shards, 10, 1);
        Batch whole;
        sampler->fill(17, 0, 12, whole);
        for (int64_t numSequences : {1, 2, 3, 4, 6}) {
            std::vector<int32_t> joined;
            Batch part;
            for (int64_t micro = 0; micro < 12 / numSequences; ++micro) {
                sampler->fill(17, micro, numSequences, part);
                joined.insert(joined.end(), part.tokens_BT1.begin(), part.tokens_BT1.end());
            }
            QCOMPARE(joined, whole.tokens_BT1);
        }
    }

    void isAPureFunctionOfSeedAndStep()
    {
        const DataFixture data;
        const auto shards = countedShards(data, 5000, 10);
        Batch a;
        Batch b;
        BatchSampler::create(*shards, 10, 1)->fill(1'000'000, 0, 8, a);
        const auto sampler = BatchSampler::create(*shards, 10, 1);
        sampler->fill(3, 0, 5, b); // whatever was asked for before
        sampler->fill(1'000'000, 0, 8, b);
        QCOMPARE(a.tokens_BT1, b.tokens_BT1);
        sampler->fill(1'000'001, 0, 8, b);
        QVERIFY(a.tokens_BT1 != b.tokens_BT1);
        BatchSampler::create(*shards, 10, 2)->fill(1'000'000, 0, 8, b);
        QVERIFY(a.tokens_BT1 != b.tokens_BT1);
    }

    void theMaskIsThatOfTheTargets()
    {
        const DataFixture data;
        std::string lines;
        // Masked are exactly the tokens 2 and 4, so a target's mask can be told from its id.
        for (int i = 0; i < 40; ++i) lines += "{\"tokens\":[1,2,3,4,5],\"loss_mask\":[1,0,1,0,1]}\n";
        const auto shards = data.prepare(DataFixture::spec(data.write("a.jsonl", lines), "none"), 7);
        VERIFY_OK(shards);
        const auto sampler = BatchSampler::create(*shards, 7, 1);
        Batch batch;
        sampler->fill(0, 0, 6, batch);
        QCOMPARE(batch.mask_BT.size(), size_t(42));
        for (size_t row = 0; row < 6; ++row)
            for (size_t t = 0; t < 7; ++t)
                QCOMPARE(batch.mask_BT[row * 7 + t], uint8_t(batch.tokens_BT1[row * 8 + t + 1] % 2));
        const EvalWindows windows{&*shards, 7};
        windows.fill(0, windows.numWindows(), batch);
        for (size_t t = 0; t < 7; ++t) QCOMPARE(batch.mask_BT[t], uint8_t(batch.tokens_BT1[t + 1] % 2));
    }

    void refusesATrainingSplitWithoutAWindow()
    {
        const DataFixture data;
        const auto shards = countedShards(data, 30, 10); // 19 and 11 tokens
        VERIFY_OK(shards);
        VERIFY_OK(BatchSampler::create(*shards, 18, 1));
        VERIFY_ERROR(BatchSampler::create(*shards, 19, 1), ErrorCode::InvalidInput,
                     "19 tokens, expected at least one context of 19");
        VERIFY_ERROR(BatchSampler::create(*shards, 0, 1), ErrorCode::InvalidInput, "context of 0");
    }

    void evalWindowsFollowEachOther()
    {
        const DataFixture data;
        const auto shards = countedShards(data, 1000, 10);
        const EvalWindows windows{&*shards, 10};
        QCOMPARE(windows.numWindows(),
                 int64_t(9)); // 100 tokens: the last target of window 9 would be token 100
        Batch batch;
        windows.fill(2, 7, batch);
        QCOMPARE(batch.numSequences, int64_t(7));
        for (size_t w = 0; w < 7; ++w)
            for (size_t t = 0; t < 11; ++t)
                QCOMPARE(batch.tokens_BT1[w * 11 + t], int32_t(900 + (w + 2) * 10 + t));
        QCOMPARE((EvalWindows{&*shards, 99}).numWindows(), int64_t(1));
        QCOMPARE((EvalWindows{&*shards, 100}).numWindows(), int64_t(0));
        QCOMPARE((EvalWindows{}).numWindows(), int64_t(0));
    }

    void readsFixedBatchesInOrder()
    {
        const DataFixture data;
        std::vector<int32_t> values(3 * 4 * 6); // three steps, four sequences, context 5
        for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int32_t>(i);
        const auto sampler = BatchSampler::fromFile(writeInts(data, values), 4, 5);
        VERIFY_OK(sampler);
        QCOMPARE(sampler->numFixedSteps(), int64_t(3));
        Batch batch;
        sampler->fill(1, 0, 4, batch);
        QCOMPARE(batch.tokens_BT1.front(), 24);
        QCOMPARE(batch.tokens_BT1.back(), 47);
        sampler->fill(2, 1, 2, batch); // second half of the last step
        QCOMPARE(batch.tokens_BT1.front(), 60);
        QCOMPARE(batch.tokens_BT1.size(), size_t(12));
        sampler->fill(3, 0, 4, batch); // begins again
        QCOMPARE(batch.tokens_BT1.front(), 0);
        const auto copy = *sampler; // shares the file
        copy.fill(1, 0, 4, batch);
        QCOMPARE(batch.tokens_BT1.front(), 24);
    }

    void refusesWrongFixedBatches()
    {
        const DataFixture data;
        VERIFY_ERROR(BatchSampler::fromFile(data.path("none"), 4, 5), ErrorCode::NotFound, "none");
        VERIFY_ERROR(BatchSampler::fromFile(data.write("e", ""), 4, 5), ErrorCode::InvalidInput,
                     "0 bytes, expected a multiple of 96");
        const auto path = writeInts(data, std::vector<int32_t>(25, 1));
        VERIFY_ERROR(BatchSampler::fromFile(path, 4, 5), ErrorCode::InvalidInput,
                     "100 bytes, expected a multiple of 96");
        VERIFY_ERROR(BatchSampler::fromFile(path, 0, 5), ErrorCode::InvalidInput, "0 sequences");
        VERIFY_ERROR(BatchSampler::fromFile(path, INT64_MAX, INT64_MAX - 1), ErrorCode::InvalidInput,
                     "a multiple of one step");
        std::vector<int32_t> values(24, 1);
        values[7] = -3;
        VERIFY_ERROR(BatchSampler::fromFile(writeInts(data, values), 4, 5), ErrorCode::InvalidInput,
                     "token 7 is -3");
    }
};

QTEST_APPLESS_MAIN(TestBatchSampler)
#include "tst_batch_sampler.moc"
