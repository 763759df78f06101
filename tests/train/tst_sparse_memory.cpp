// SPDX-License-Identifier: Apache-2.0
// The strategy sparse_memory on a memory whose use is plain to see. Which slots may change, and that nothing else of
// the model does.
#include "core/train/continual/continual.h"
#include "core/train/step_runner.h"
#include "tests/train/run_fixture.h"
#include "tests/train/token_memory.h"

#include <QtTest>

#include <torch/types.h>

#include <algorithm>
#include <set>

using namespace orrery;
using namespace orrery::test;

namespace {

constexpr int64_t kSlots = 256; ///< one a byte

/// Two texts; both have the letter "e" in every window, else each has letters of its own.
class TwoTexts {
public:
    explicit TwoTexts(int64_t numSlots = kSlots) : m_memory(numSlots)
    {
        spec = smallRun();
        spec.threads = 1;
        spec.continual.strategy = "sparse_memory";
        spec.continual.replayShare = 0; // what is replayed uses slots too
        spec.data.path = write("first", "abcde");
        spec.continual.stages = {write("second", "vwxye")};
        spec.schedule.totalSteps = spec.train.steps;
        const std::filesystem::path folder = m_folder.path().toStdString();
        data = must(prepareRunData(spec, folder / "shards"));
        model = must(nn::Transformer::create(spec.model, kSlots, 3, "cpu"));
        source = must(StagedBatchSource::create(spec, data, StagePlan::of(spec), replayPlan(spec.continual),
                                                nextTokenObjective()));
        continual = must(Continual::create(spec, *model, *source));
        optimizer = must(makeOptimizer(model->parameters(), spec.optimizer));
    }

    void run(int64_t firstStep, int64_t endStep)
    {
        StepRunner runner(*model, *optimizer, *source, continual.get());
        StepSettings settings;
        settings.batchSize = spec.train.batchSize;
        settings.update = {.learningRate = 0.01, .weightDecay = 0.1};
        for (int64_t step = firstStep; step < endStep; ++step) QVERIFY(runner.run(step, settings).isFinite);
    }
    [[nodiscard]] std::vector<at::Tensor> weights() const
    {
        std::vector<at::Tensor> all;
        for (const nn::Parameter &parameter : model->parameters())
            all.push_back(parameter.master.detach().clone());
        return all;
    }
    /// Letters whose slots differ from `before`; @param other whether anything else does
    [[nodiscard]] std::set<char> changed(const std::vector<at::Tensor> &before, bool &other) const
    {
        std::set<char> letters;
        other = false;
        for (size_t i = 0; i < before.size(); ++i) {
            const nn::Parameter &parameter = model->parameters()[i];
            const at::Tensor differs = parameter.master.detach() != before[i];
            if (!isSemanticMemory(parameter)) {
                other = other || differs.any().item<bool>();
                continue;
            }
            const at::Tensor rows_S = differs.flatten(1).any(1);
            for (int64_t slot = 0; slot < rows_S.numel(); ++slot)
                if (rows_S[slot].item<bool>()) letters.insert(static_cast<char>(slot));
        }
        return letters;
    }

    RunSpec spec;
    RunData data;
    std::unique_ptr<nn::Transformer> model;
    std::unique_ptr<StagedBatchSource> source;
    std::unique_ptr<Continual> continual;
    std::unique_ptr<Optimizer> optimizer;

private:
    std::string write(const std::string &name, const std::string &letters)
    {
        const std::filesystem::path path = std::filesystem::path(m_folder.path().toStdString()) / name;
        std::ofstream out(path);
        // The last letter every third time.
        for (size_t i = 0; i < 4000; ++i) out << (i % 3 == 0 ? letters[4] : letters[(i * i / 7) % 4]);
        return path.string();
    }
    WithTokenMemory m_memory;
    QTemporaryDir m_folder;
};

} // namespace

class TestSparseMemory : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theFirstTextChangesEverything()
    {
        TwoTexts texts;
        const auto before = texts.weights();
        texts.run(0, 2);
        bool other = false;
        QCOMPARE(texts.changed(before, other), std::set<char>({'a', 'b', 'c', 'd', 'e'}));
        QVERIFY(other);
    }
    void behindItOnlySlotsOfWhatIsNewChange()
    {
        TwoTexts texts;
        texts.run(0, 6);
        texts.continual->keepStage(*texts.model, 0);
        const auto before = texts.weights();
        texts.run(6, 12);
        bool other = true;
        // "e" is in every window of the first text, so its slot stays as it is.
        const std::set<char> letters = texts.changed(before, other), own = {'v', 'w', 'x', 'y'};
        QVERIFY(letters.size() >= 2);
        QVERIFY(std::includes(own.begin(), own.end(), letters.begin(), letters.end()));
        QVERIFY(!other);
    }
    void oneUpdateChangesWhatItUses()
    {
        TwoTexts texts;
        texts.continual->keepStage(*texts.model, 0);
        const auto before = texts.weights();
        texts.run(6, 7);
        bool other = true;
        QCOMPARE(texts.changed(before, other).size(), size_t(4)); // v, w, x and y; not e, which the first text has everywhere
    }
    void whatEverythingUsesStaysClosed()
    {
        TwoTexts texts(1); // a single slot, which everything uses
        texts.continual->keepStage(*texts.model, 0);
        const auto before = texts.weights();
        texts.run(6, 8);
        bool other = true;
        QVERIFY(texts.changed(before, other).empty());
        QVERIFY(!other);
    }
    void useIsCountedOverTheWholeText()
    {
        TwoTexts texts;
        texts.continual->keepStage(*texts.model, 0);
        const auto state = texts.continual->state();
        QCOMPARE(state.size(), size_t(1));
        const int64_t numWindows = texts.source->numWindows(0);
        QVERIFY(numWindows > 64);
        QCOMPARE(state[0].tensor['e'].item<int64_t>(), numWindows);
        QVERIFY(state[0].tensor['a'].item<int64_t>() > numWindows / 2);
        QCOMPARE(state[0].tensor['v'].item<int64_t>(), int64_t(0));
        // Of every slot the windows that hold its letter, whatever else they hold; and no gradient is left
        // behind.
        at::Tensor expected_S = at::zeros({kSlots});
        for (int64_t i = 0; i < numWindows; ++i) {
            Batch window = texts.source->emptyBatch();
            texts.source->appendSample(0, i, window);
            const std::set<int32_t> letters(window.tokens_BT1.begin(), window.tokens_BT1.end() - 1);
            for (const int32_t letter : letters) expected_S[letter] += 1;
        }
        QVERIFY(at::equal(state[0].tensor, expected_S));
        for (const nn::Parameter &parameter : texts.model->parameters())
            QVERIFY(!parameter.master.grad().defined());
    }
};

QTEST_GUILESS_MAIN(TestSparseMemory)
#include "tst_sparse_memory.moc"
