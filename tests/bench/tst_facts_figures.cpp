// SPDX-License-Identifier: Apache-2.0
// What counts as recalled, and what prose costs, with a model that says what the test wants.
#include "bench/science/facts_recall.h"
#include "bench/science/facts_training.h"
#include "stub_model.h"

#include <QtTest>

#include <cmath>
#include <map>

using namespace orrery;
using namespace orrery::bench;
using orrery::test::StubModel;

namespace {

const FactsShape kShape{.numOldPeople = 0, .numPeople = 12, .numNew = 1, .numValues = 4, .vocabSize = 300};

FactsWorld someWorld()
{
    return {kShape, 5, proseWords("The cat sat on the mat. The dog's bone: 12 of 345, in the house.")};
}

} // namespace

class TestFactsFigures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aFactIsItsValueAndItsEnd_data()
    {
        QTest::addColumn<bool>("saysValue");
        QTest::addColumn<bool>("saysStop");
        QTest::newRow("both") << true << true;
        QTest::newRow("the value, and goes on") << true << false;
        QTest::newRow("the end of another value") << false << true;
    }
    /// Of every third sentence in the wordings that were learned, and of nothing else.
    void aFactIsItsValueAndItsEnd()
    {
        QFETCH(bool, saysValue);
        QFETCH(bool, saysStop);
        const FactsWorld world = someWorld();
        const auto learned = world.sentences(Facts::New, Wordings::Learned);
        std::map<std::vector<int32_t>, int32_t> known;
        int64_t numKnown = 0;
        for (size_t i = 0; i < learned.size(); i += 3, ++numKnown) {
            const FactSentence &sentence = learned[i];
            std::vector<int32_t> row = {sentence.ids.back()}; // behind another one's end
            row.insert(row.end(), sentence.ids.begin(), sentence.ids.begin() + static_cast<int64_t>(sentence.answerAt));
            if (saysValue) known[row] = sentence.ids[sentence.answerAt];
            row.push_back(sentence.ids[sentence.answerAt]);
            if (saysStop) known[row] = sentence.ids.back();
        }
        StubModel model(kShape.vocabSize, [&](const std::vector<int32_t> &row) {
            const auto found = known.find(row);
            return found == known.end() ? 0 : found->second;
        });
        const FactsFigures figures = measureFacts(model, world, std::vector<int32_t>(33, 7));
        const bool isRecalled = saysValue && saysStop;
        QCOMPARE(figures.recallNewLearned,
                 isRecalled ? static_cast<double>(numKnown) / static_cast<double>(learned.size()) : 0.0);
        QCOMPARE(figures.recallNew, 0.0);
        QCOMPARE(figures.recallOld, 0.0);
    }
    /// Each in a text of its own, as `consolidation` asks: the same rule for what is right.
    void aFactAloneIsItsValueAndItsEnd()
    {
        const FactsWorld world = someWorld();
        const auto asked = world.sentences(Facts::New, Wordings::HeldOut);
        std::map<std::vector<int32_t>, int32_t> known;
        int64_t numRecalled = 0;
        for (size_t i = 0; i < asked.size(); ++i) {
            const FactSentence &sentence = asked[i];
            std::vector<int32_t> row = {sentence.ids.back()};
            row.insert(row.end(), sentence.ids.begin(), sentence.ids.begin() + static_cast<int64_t>(sentence.answerAt));
            if (i % 4 != 1) known[row] = sentence.ids[sentence.answerAt]; // of some the end alone
            row.push_back(sentence.ids[sentence.answerAt]);
            if (i % 4 != 2) known[row] = sentence.ids.back(); // of some the value alone
            numRecalled += i % 4 == 0 || i % 4 == 3;
        }
        StubModel model(kShape.vocabSize, [&](const std::vector<int32_t> &row) {
            const auto found = known.find(row);
            return found == known.end() ? 0 : found->second;
        });
        QCOMPARE(recallFrom(model, asked, {}),
                 static_cast<double>(numRecalled) / static_cast<double>(asked.size()));
        QCOMPARE(recallFrom(model, {}, {}), 0.0);
    }
    void proseIsReadInWindows()
    {
        const FactsWorld world = someWorld();
        std::vector<int32_t> prose;
        for (int32_t i = 0; i < 40; ++i) prose.push_back(i); // two windows of 16 and a rest that is left
        StubModel model(kShape.vocabSize, [](const std::vector<int32_t> &) { return 0; });
        QCOMPARE(measureFacts(model, world, prose).proseLoss, 16.5); // the mean of the targets 1 … 32
    }
};

QTEST_GUILESS_MAIN(TestFactsFigures)
#include "tst_facts_figures.moc"
