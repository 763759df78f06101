// SPDX-License-Identifier: Apache-2.0
// What counts as recalled, and what prose costs, with a model that says what the test wants.
#include "bench/science/facts_training.h"

#include <QtTest>

#include <torch/types.h>

#include <cmath>
#include <functional>
#include <set>

using namespace orrery;
using namespace orrery::bench;

namespace {

/// Says one word behind each beginning of a row; the loss of any text is given.
class StubModel final : public nn::Transformer {
public:
    StubModel(int64_t vocabSize, std::function<int32_t(const std::vector<int32_t> &)> next)
        : m_vocabSize(vocabSize), m_next(std::move(next))
    {
        m_spec.context = 16;
        m_parameters.push_back({"weight", at::zeros({1})});
    }
    [[nodiscard]] const ModelSpec &spec() const override { return m_spec; }
    [[nodiscard]] int64_t vocabSize() const override { return m_vocabSize; }
    [[nodiscard]] std::vector<nn::Parameter> &parameters() override { return m_parameters; }
    [[nodiscard]] uint64_t numParameters() const override { return 1; }
    at::Tensor hidden(const at::Tensor &ids_BT, const nn::ForwardContext &) override { return ids_BT; }
    at::Tensor logits(const at::Tensor &ids_BT, const nn::ForwardContext &) override
    {
        at::Tensor logits_BTV = at::zeros({ids_BT.size(0), ids_BT.size(1), m_vocabSize});
        for (int64_t b = 0; b < ids_BT.size(0); ++b) {
            std::vector<int32_t> row;
            for (int64_t t = 0; t < ids_BT.size(1); ++t) {
                row.push_back(static_cast<int32_t>(ids_BT[b][t].item<int64_t>()));
                logits_BTV[b][t][m_next(row)] = 1;
            }
        }
        return logits_BTV;
    }
    /// The mean of the targets, so that it tells which of them were asked for.
    at::Tensor loss(const at::Tensor &, const at::Tensor &targets_BT, const at::Tensor &,
                    const nn::ForwardContext &) override
    {
        return targets_BT.to(at::kDouble).mean();
    }
    [[nodiscard]] bool remembers() const override { return false; }
    [[nodiscard]] nn::KvCache makeCache(int64_t, int64_t) const override { return {}; }
    void beginText(nn::KvCache &) const override {}
    void mastersChanged() override {}

private:
    ModelSpec m_spec;
    int64_t m_vocabSize;
    std::function<int32_t(const std::vector<int32_t> &)> m_next;
    std::vector<nn::Parameter> m_parameters;
};

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
