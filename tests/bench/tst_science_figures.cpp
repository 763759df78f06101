// SPDX-License-Identifier: Apache-2.0
// What decides the verdicts on shapes and holes: FLOPs to equal loss, texts that are told whole, and which
// bytes of a hole are asked for behind what.
#include "bench/science/infill_holes.h"
#include "bench/science/shapes_arms.h"
#include "bench/science/shapes_verdict.h"
#include "stub_model.h"

#include <QtTest>

#include <cmath>
#include <map>

using namespace orrery;
using namespace orrery::bench;
using orrery::test::StubModel;

namespace {

/// An arm whose validation loss falls by `step` from point to point, ending at `last`.
ScienceRow curve(const char *arm, uint64_t seed, double last, double step, double tflops)
{
    ScienceRow row{.arm = arm, .seed = seed, .result = {}};
    for (int64_t point = 1; point <= kNumPoints; ++point)
        row.result.metrics[pointName(point)] = last + step * static_cast<double>(kNumPoints - point);
    row.result.metrics["train_tflops"] = tflops;
    return row;
}

constexpr int32_t kEnd = static_cast<int32_t>(SpecialToken::EndOfText);

/// Documents of text alone, the last two tokens of which carry loss.
class Texts final : public MultiModalSource {
public:
    explicit Texts(std::vector<std::vector<int32_t>> texts)
    {
        for (const auto &ids : texts) {
            MultiModalRecord record;
            record.ids_L = ids;
            record.modality_L.assign(ids.size(), Modality::Text);
            record.places_L.assign(ids.size(), 0);
            record.loss_L.assign(ids.size(), 0);
            record.loss_L.back() = record.loss_L[ids.size() - 2] = 1;
            m_records.push_back(std::move(record));
        }
    }
    [[nodiscard]] const FrontEnd &frontEnd() const override { return m_frontEnd; }
    [[nodiscard]] int64_t vocabSize() const override { return 272; }
    [[nodiscard]] std::string name() const override { return "texts"; }
    [[nodiscard]] uint64_t numRecords(Split) const override { return m_records.size(); }
    [[nodiscard]] uint64_t numPositions(Split, uint64_t index) const override { return m_records[index].size(); }
    void read(Split, uint64_t index, uint64_t begin, uint64_t count, MultiModalRecord &record) const override
    {
        record = sliceRecord(m_records[index], begin, count, m_frontEnd);
    }

private:
    FrontEnd m_frontEnd;
    std::vector<MultiModalRecord> m_records;
};

/// A stream of bytes with the end of a file at 103.
int32_t tokenAt(uint64_t place) { return place == 103 ? kEnd : static_cast<int32_t>(place * 7 % 251); }

std::vector<int32_t> tokens(uint64_t begin, uint64_t end)
{
    std::vector<int32_t> found;
    for (uint64_t place = begin; place < end; ++place) found.push_back(tokenAt(place));
    return found;
}

std::vector<int32_t> joined(std::vector<std::vector<int32_t>> parts)
{
    std::vector<int32_t> all;
    for (const auto &part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

} // namespace

class TestScienceFigures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aCurveReachesALossBetweenItsPoints()
    {
        const ScienceRow row = curve("ours", 1, 1, 1, 0); // 12, 11, … 1
        QCOMPARE(shareToReach(row, 1), 1.0);
        QCOMPARE(shareToReach(row, 6), 7.0 / 12);
        QCOMPARE(shareToReach(row, 6.5), 6.5 / 12);
        QCOMPARE(shareToReach(row, 50), 1.0 / 12); // what was before the first point nobody knows
        QVERIFY(std::isnan(shareToReach(row, 0.9)));
        // It rises and falls: the first time counts.
        ScienceRow bent = curve("ours", 1, 5, 0, 0);
        bent.result.metrics[pointName(4)] = 3;
        bent.result.metrics[pointName(9)] = 2;
        QCOMPARE(shareToReach(bent, 4), 3.5 / 12);
        bent.result.metrics.erase(pointName(2));
        QVERIFY(std::isnan(shareToReach(bent, 4)));
    }

    /// Ours costs twice as much a step. Up to the loss that the rival ends with it needs half of its steps, and the
    /// other way round.
    void flopsAreCountedToTheHigherOfTheLastLosses()
    {
        ScienceResults results;
        results.rows = {curve("ours", 1, 1, 1, 20), curve("dense", 1, 7, 1, 10), curve("other", 1, 1, 1, 20),
                        curve("ours", 2, 1, 1, 20)}; // dense has no second seed
        const MeanInterval ratio = flopsRatio(results, "ours", "dense");
        QCOMPARE(ratio.count, size_t(1));
        QCOMPARE(ratio.mean, 0.5 * 20 / (1.0 * 10)); // 7 is met at point 6 of 12, and at the rival's last
        QCOMPARE(flopsRatio(results, "dense", "ours").mean, 1.0);
        results.rows.push_back(curve("dense", 2, 1, 1, 10));
        QCOMPARE(flopsRatio(results, "ours", "dense").mean, 1.5); // of 1 and 2
        QCOMPARE(flopsRatio(results, "ours", "nobody").count, size_t(0));
    }

    /// All of what carries loss, the end included, and nothing else.
    void aTextIsToldWhole()
    {
        std::map<std::vector<int32_t>, int32_t> says;
        std::vector<std::vector<int32_t>> texts;
        for (int32_t first = 10; first < 60; first += 10) {
            const std::vector<int32_t> text{first, first + 1, first + 2, kEnd};
            for (size_t count = 1; count < text.size(); ++count)
                says[{text.begin(), text.begin() + static_cast<int64_t>(count)}] = text[count];
            texts.push_back(text);
        }
        says[{20}] = 7;         // the question is not what is told
        says[{30, 31, 32}] = 7; // goes on where it should end
        says[{40, 41}] = 7;     // another word
        StubModel model(272, [&says](const std::vector<int32_t> &row) {
            const auto found = says.find(row);
            return found == says.end() ? 0 : found->second;
        });
        const Texts source(texts);
        QCOMPARE(exactMatch(model, source, Split::Test, 2), 1.0);
        QCOMPARE(exactMatch(model, source, Split::Test, 3), 2.0 / 3);
        QCOMPARE(exactMatch(model, source, Split::Test, 4), 0.5);
        QCOMPARE(exactMatch(model, source, Split::Test, 1000), 0.6);
        // More than one pass.
        std::vector<std::vector<int32_t>> many(70, texts[0]);
        many.back() = texts[2];
        QCOMPARE(exactMatch(model, Texts(many), Split::Test, 1000), 69.0 / 70);
    }

    void aHoleIsAskedForBehindWhatItsViewShows_data()
    {
        QTest::addColumn<int>("view");
        QTest::addColumn<std::vector<int32_t>>("seen"); // before the hole [100, 105) of a window [93, 114)
        const std::vector<int32_t> left = tokens(93, 100);
        QTest::newRow("both sides") << static_cast<int>(HoleView::BothSides)
                                    << joined({{static_cast<int32_t>(SpecialToken::InfillPrefix),
                                                static_cast<int32_t>(SpecialToken::InfillSuffix)},
                                               tokens(105, 114),
                                               {static_cast<int32_t>(SpecialToken::InfillMiddle)},
                                               left});
        QTest::newRow("left of the window") << static_cast<int>(HoleView::LeftSame) << joined({{kEnd}, left});
        QTest::newRow("as much to the left") << static_cast<int>(HoleView::LeftFilled) << tokens(80, 100);
    }

    void aHoleIsAskedForBehindWhatItsViewShows()
    {
        QFETCH(const int, view);
        QFETCH(const std::vector<int32_t>, seen);
        constexpr int64_t kContext = 24;
        const HoleRows rows(tokens, kContext);
        const Hole hole{.begin = 100, .length = 5, .window = 93}, other{.begin = 200, .length = 1, .window = 190};
        const std::vector<Hole> holes{other, hole};
        const ModelBatch batch = rows.batch(holes, static_cast<HoleView>(view));
        QCOMPARE(batch.numSequences, int64_t(2));
        QCOMPARE(batch.numTargets(), int64_t(1 + 4)); // without the end of a file at 103
        for (const auto *all : {&batch.ids_BT, &batch.targets_BT}) QCOMPARE(std::ssize(*all), 2 * kContext);
        const auto row = kContext, first = std::ssize(seen);
        const auto at = [row](const auto &all, int64_t place) { return all[static_cast<size_t>(row + place)]; };
        for (int64_t place = 0; place < first; ++place)
            QCOMPARE(at(batch.ids_BT, place), seen[static_cast<size_t>(place)]);
        for (int64_t place = 0; place < kContext; ++place) {
            const int64_t i = place + 1 - first; // of the hole, what is told there
            const bool isAsked = i >= 0 && i < hole.length && hole.begin + static_cast<uint64_t>(i) != 103;
            QVERIFY2((at(batch.mask_BT, place) != 0) == isAsked, qPrintable(QString::number(place)));
            if (isAsked) QCOMPARE(at(batch.targets_BT, place), tokenAt(hole.begin + static_cast<uint64_t>(i)));
        }
    }
};

QTEST_GUILESS_MAIN(TestScienceFigures)
#include "tst_science_figures.moc"
