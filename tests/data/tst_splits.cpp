// SPDX-License-Identifier: Apache-2.0
// The promise of the splits: what validation measures, training has not seen.
#include "core/data/split_plan.h"
#include "data_fixture.h"

#include <algorithm>
#include <set>

using namespace orrery;

namespace {

/// JSONL of token lists in which every id of the corpus is different, so that ids tell places.
std::string uniqueTokens(const std::vector<size_t> &lengths)
{
    std::string lines;
    size_t next = 0;
    for (size_t length : lengths) {
        lines += "{\"tokens\":[";
        for (size_t i = 0; i < length; ++i) lines += (i ? "," : "") + std::to_string(next++);
        lines += "]}\n";
    }
    return lines;
}

DataSpec uniqueSpec(const std::filesystem::path &path, double fraction)
{
    DataSpec spec = DataFixture::spec(path, "none");
    spec.vocabSize = 1 << 30;
    spec.valFraction = fraction;
    return spec;
}

/// The smallest distance in the corpus between a training and a validation token.
int64_t distance(const TokenShards &shards)
{
    auto train = tokensOf(shards, Split::Train);
    auto val = tokensOf(shards, Split::Validation);
    std::sort(train.begin(), train.end());
    std::sort(val.begin(), val.end());
    int64_t smallest = INT64_MAX;
    for (int32_t id : val) {
        const auto above = std::lower_bound(train.begin(), train.end(), id);
        if (above != train.end()) smallest = std::min<int64_t>(smallest, *above - id);
        if (above != train.begin()) smallest = std::min<int64_t>(smallest, id - *(above - 1));
    }
    return smallest;
}

} // namespace

class TestSplits : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void wholeDocumentsGoToOneSplit()
    {
        const DataFixture data;
        std::vector<size_t> lengths;
        for (size_t i = 0; i < 200; ++i) lengths.push_back(20 + i % 31);
        const auto path = data.write("a.jsonl", uniqueTokens(lengths));
        for (uint64_t seed : {1, 2, 3, 4, 5}) {
            const auto shards = data.prepare(uniqueSpec(path, 0.1), 16, seed);
            VERIFY_OK(shards);
            const auto train = tokensOf(*shards, Split::Train);
            const auto val = tokensOf(*shards, Split::Validation);
            const std::set<int32_t> valSet(val.begin(), val.end());
            QCOMPARE(train.size() + val.size(), size_t(shards->description().numTokens));
            size_t next = 0;
            int numValidation = 0;
            for (size_t length : lengths) {
                const size_t inside =
                    static_cast<size_t>(std::count_if(val.begin(), val.end(), [&](int32_t id) {
                        return static_cast<size_t>(id) >= next && static_cast<size_t>(id) < next + length;
                    }));
                QVERIFY(inside == 0 || inside == length);
                numValidation += inside > 0 ? 1 : 0;
                next += length;
            }
            QCOMPARE(numValidation, 20);
            for (int32_t id : train) QVERIFY(!valSet.count(id));
        }
    }

    void theSeedDecidesAndNothingElse()
    {
        const DataFixture data;
        const DataFixture other;
        const std::string lines = uniqueTokens(std::vector<size_t>(60, 30));
        const auto path = data.write("a.jsonl", lines);
        const auto first = tokensOf(*data.prepare(uniqueSpec(path, 0.2), 16, 7), Split::Validation);
        QCOMPARE(tokensOf(*other.prepare(uniqueSpec(path, 0.2), 16, 7), Split::Validation), first);
        QVERIFY(tokensOf(*data.prepare(uniqueSpec(path, 0.2), 16, 8), Split::Validation) != first);
    }

    /// Few documents: parts of 64 Ki tokens, and one context lost at each seam.
    void partsKeepOneContextApart_data()
    {
        QTest::addColumn<int>("numDocuments");
        QTest::addColumn<int>("context");
        QTest::addColumn<double>("fraction");
        QTest::newRow("one document") << 1 << 64 << 0.1;
        QTest::newRow("nineteen documents") << 19 << 64 << 0.1;
        QTest::newRow("long context") << 1 << 4000 << 0.3;
        QTest::newRow("half") << 3 << 100 << 0.5;
    }
    void partsKeepOneContextApart()
    {
        QFETCH(int, numDocuments);
        QFETCH(int, context);
        QFETCH(double, fraction);
        const DataFixture data;
        const size_t total = 12 * 65'536;
        const auto path = data.write(
            "a.jsonl", uniqueTokens(std::vector<size_t>(static_cast<size_t>(numDocuments),
                                                        total / static_cast<size_t>(numDocuments))));
        for (uint64_t seed : {1, 2}) {
            const auto shards = data.prepare(uniqueSpec(path, fraction), context, seed);
            VERIFY_OK(shards);
            QCOMPARE(distance(*shards), int64_t(context) + 1);
            const double share =
                static_cast<double>(shards->numTokens(Split::Validation)) / static_cast<double>(total);
            QVERIFY2(std::abs(share - fraction) < 0.09, qPrintable(QString::number(share)));
            // Each of 12 parts loses two contexts at most, and parts differ by less than their tenth.
            QVERIFY(static_cast<double>(shards->numTokens(Split::Train)) >
                    static_cast<double>(total) * (0.91 - fraction) - 40.0 * context);
        }
    }

    void textIsCutAtLineEnds()
    {
        const DataFixture data;
        std::string text = numberedLines(100'000);
        const auto shards = data.prepare(DataFixture::spec(data.write("a.txt", text)), 32);
        VERIFY_OK(shards);
        const auto val = tokensOf(*shards, Split::Validation);
        QCOMPARE(val.size() % 10, size_t(0));
        QVERIFY(val.size() >= 65'536);
        QCOMPARE(val.back(), int32_t('\n'));
        const auto train = tokensOf(*shards, Split::Train);
        const std::string trained(train.begin(), train.end());
        const std::string first(val.begin(), val.begin() + 10);
        QVERIFY(text.find(first) % 10 == 0);
        QVERIFY(trained.find(first) == std::string::npos);
    }

    void smallTextsKeepTheirTail()
    {
        const DataFixture data;
        const std::string text = numberedLines(1000);
        const auto shards = data.prepare(DataFixture::spec(data.write("a.txt", text)), 100);
        const auto val = tokensOf(*shards, Split::Validation);
        QCOMPARE(std::string(val.begin(), val.end()), text.substr(9000));
        // One context and a token at least.
        QCOMPARE(data.prepare(DataFixture::spec(data.path("a.txt")), 2000)->numTokens(Split::Validation),
                 uint64_t(2001));
        DataSpec none = DataFixture::spec(data.path("a.txt"));
        none.valFraction = 0;
        QCOMPARE(data.prepare(none, 100)->numTokens(Split::Validation), uint64_t(101));
        none.valFraction = 0.999;
        QCOMPARE(data.prepare(none, 100)->numTokens(Split::Train), uint64_t(101));
    }

    void refusesBelowTwoContexts()
    {
        const DataFixture data;
        const auto path = data.write("a.txt", std::string(200, 'x'));
        VERIFY_OK(data.prepare(DataFixture::spec(path), 99));
        VERIFY_ERROR(data.prepare(DataFixture::spec(path), 100), ErrorCode::InvalidInput,
                     "200 tokens, below two contexts, expected at least 202");
    }

    /// Twenty tiny documents and a huge one: whole documents would leave one side without a window or most of
    /// the text in validation.
    void unevenDocumentsStillGetTwoUsableSplits()
    {
        const DataFixture data;
        std::vector<size_t> lengths(25, 10);
        lengths[7] = 700'000;
        const auto path = data.write("a.jsonl", uniqueTokens(lengths));
        for (uint64_t seed = 1; seed <= 6; ++seed) {
            const auto shards = data.prepare(uniqueSpec(path, 0.1), 64, seed);
            VERIFY_OK(shards);
            QVERIFY(shards->numTokens(Split::Train) > 600'000);
            QVERIFY(shards->numTokens(Split::Validation) > 60'000 ||
                    shards->numTokens(Split::Validation) < 1000);
            QVERIFY(shards->numTokens(Split::Validation) > 64);
        }
    }

    void shortDocumentsGrowTheShareUntilAWindowFits()
    {
        const DataFixture data;
        const auto path = data.write("a.jsonl", uniqueTokens(std::vector<size_t>(40, 30)));
        const auto shards = data.prepare(uniqueSpec(path, 0.1), 200);
        VERIFY_OK(shards);
        QVERIFY(shards->numTokens(Split::Validation) > 200);
        QCOMPARE(shards->numTokens(Split::Validation) % 30, uint64_t(0)); // whole documents
    }

    void choosesTheWishedShare_data()
    {
        QTest::addColumn<qulonglong>("count");
        QTest::addColumn<double>("fraction");
        QTest::addColumn<qulonglong>("least");
        QTest::addColumn<qulonglong>("most");
        QTest::newRow("two") << 2ull << 0.1 << 1ull << 1ull;
        QTest::newRow("none wished") << 30ull << 0.0 << 1ull << 1ull;
        QTest::newRow("all wished") << 30ull << 0.9999 << 29ull << 29ull;
        QTest::newRow("exact") << 10'000ull << 0.25 << 2500ull << 2500ull;
        QTest::newRow("threshold") << 200'000ull << 0.25 << 49'000ull << 51'000ull;
    }
    void choosesTheWishedShare()
    {
        QFETCH(qulonglong, count);
        QFETCH(double, fraction);
        QFETCH(qulonglong, least);
        QFETCH(qulonglong, most);
        const UnitChooser chooser(5, count, fraction);
        qulonglong chosen = 0;
        for (qulonglong i = 0; i < count; ++i) chosen += chooser.splitOf(i) == Split::Validation ? 1 : 0;
        QVERIFY2(chosen >= least && chosen <= most, qPrintable(QString::number(chosen)));
    }

    void cutsOnlyWhereItMay()
    {
        auto everyHundred = [](uint64_t index) { return (index + 1) % 100 == 0; };
        QCOMPARE(cutIntoParts(1000, 250, everyHundred), (std::vector<uint64_t>{300, 600, 1000}));
        QCOMPARE(cutIntoParts(499, 250, everyHundred), (std::vector<uint64_t>{499}));
        QCOMPARE(cutIntoParts(1000, 250, [](uint64_t) { return false; }), (std::vector<uint64_t>{1000}));
        QVERIFY(cutIntoParts(0, 250, everyHundred).empty());
    }
};

QTEST_APPLESS_MAIN(TestSplits)
#include "tst_splits.moc"
