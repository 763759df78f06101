// SPDX-License-Identifier: Apache-2.0
// New facts for a model that knows others: are they recalled in wordings that they were not learned in, and
// what do they cost of prose and of the old ones? All arms begin with the same trained model and have the
// same steps, batches and texts; how they learn differs.
#include "bench/science/facts_base.h"
#include "bench/science/tasks.h"

#include <algorithm>
#include <array>

namespace orrery::bench {
namespace {

constexpr const char *kBase = "base", *kOurs = "sparse_memory";
constexpr double kLeastRecall = 0.95, kLargestLoss = 0.08;
/// With 20 what was kept was replayed some six times, and what prose lost was mostly that it had been learned by heart.
constexpr double kBufferPercent = 60;
/// While the new facts are learned: with none left out a fact lies in the few values that its three wordings share, and another
/// wording misses them. docs/benchmarks.md says what else was tried.
constexpr double kSlotDropout = 0.7;
constexpr double kQuickRecall = 0.15, kQuickKnown = 0.25, kQuickLoss = 0.2; ///< a minute sees that it begins

struct Budget {
    FactsBudget base;
    int64_t learnSteps;
};

Budget budgetOf(ScienceMode mode)
{
    switch (mode) {
    case ScienceMode::Smoke:
        return {.base = {.shape = {.numOldPeople = 10, .numPeople = 20, .numValues = 4},
                         .layers = 1,
                         .width = 32,
                         .context = 16,
                         .batchSize = 8,
                         .steps = 4,
                         .slots = 256,
                         .topK = 4,
                         .proseBytes = 12'000,
                         .heldOutTokens = 320},
                .learnSteps = 2};
    case ScienceMode::Quick:
        return {.base = {.shape = {.numOldPeople = 10, .numPeople = 20, .numValues = 10},
                         .layers = 2,
                         .width = 96,
                         .context = 16,
                         .batchSize = 32,
                         .steps = 700,
                         .slots = 1024,
                         .topK = 8,
                         .proseBytes = 150'000,
                         .heldOutTokens = 4'000},
                .learnSteps = 150};
    case ScienceMode::Full:
        break;
    }
    // With 200 people more, all of whose facts are old, the model knew 36 % of the old facts after 5,000
    // steps.
    // A base of 3,000 steps and 800 of learning gave 87 % in new wordings where 5,000 and 1,600 gave 98 %
    // (seed 11); 8,000 gave no more and cost more of the prose. With four heads of the memory recall in new
    // wordings was 77 to 95 %, a wider model or not: a wording asks a little otherwise, and with eight more of what
    // it reads is the same (96 to 99 %).
    return {.base = {.shape = {.numOldPeople = 0, .vocabSize = 640},
                     .layers = 3,
                     .width = 160,
                     .context = 16,
                     .batchSize = 32,
                     .steps = 5000,
                     .slots = 4096,
                     .topK = 32,
                     .memoryHeads = 8,
                     .proseBytes = 600'000,
                     .heldOutTokens = 32'000},
            .learnSteps = 1600};
}

struct ArmRow {
    const char *name, *what, *strategy;
    double rate; ///< docs/benchmarks.md says what else was tried
    bool isInQuick;
    bool replays = true; ///< where the strategy does
};
constexpr std::array kArms = {
    ArmRow{kBase, "before anything new is learned", "", 0, true},
    ArmRow{kOurs, "ours: values of the semantic memory that the new facts use, but for those that all text uses, replay",
           "sparse_memory", 0.1, true},
    ArmRow{"sparse_no_replay", "ours without replay", "sparse_memory", 0.1, false, false},
    ArmRow{"full", "all weights", "naive", 1e-3, false},
    ArmRow{"full_low", "all weights at a low rate", "naive", 3e-4, false},
    ArmRow{"full_replay", "all weights, replay of excerpts", "er", 3e-3, false},
};

class FactsTask final : public ScienceTask {
public:
    [[nodiscard]] std::string name() const override { return "facts"; }
    [[nodiscard]] std::string summary() const override
    {
        return "200 new facts into the semantic memory: recall in new wordings, and what they cost";
    }

    [[nodiscard]] std::vector<ScienceArm> arms(ScienceMode mode) const override
    {
        std::vector<ScienceArm> listed;
        for (const ArmRow &arm : kArms)
            if (mode == ScienceMode::Full || arm.isInQuick) listed.push_back({arm.name, arm.what});
        return listed;
    }

    Result<std::string> prepare(const ScienceSetting &setting) override
    {
        return m_base.readProse(budgetOf(setting.mode).base.proseBytes, setting);
    }

    Result<ArmResult> runArm(const std::string &name, uint64_t seed, const ScienceSetting &setting) override
    {
        const auto *arm =
            std::find_if(kArms.begin(), kArms.end(), [&](const ArmRow &row) { return row.name == name; });
        if (arm == kArms.end())
            return Error{ErrorCode::InvalidInput, "Cannot run arm \"" + name + "\": facts has none.", ""};
        const Budget budget = budgetOf(setting.mode);
        RunSpec spec = factsSpec(budget.base, setting, seed);
        // In the first training alone. Without it each wording is learned by itself: new facts are recalled
        // in 69 % of new wordings where those they were learned in give 90 %.
        spec.model.dropout = 0.1;
        ORRERY_TRY(m_base.train(budget.base, spec, seed, setting));
        ArmResult result = m_base.trained();
        const FactsFigures &before = m_base.figures();
        FactsFigures figures = before;
        if (name != kBase) {
            // A minute is too short for it: what is left out takes longer to learn.
            spec.plugins.settings["plugins.memory.semantic_dropout"] = setting.mode == ScienceMode::Full ? kSlotDropout : 0.0;
            ORRERY_ASSIGN(auto model, m_base.freshModel(spec, setting));
            spec.continual.strategy = arm->strategy;
            spec.continual.stages = {"new facts"};
            spec.continual.bufferPercent = kBufferPercent;
            if (!arm->replays) spec.continual.replayShare = 0;
            spec.optimizer.lr = arm->rate;
            result.steps = spec.train.steps = budget.learnSteps;
            ORRERY_ASSIGN(result.seconds, learnFacts(*model, spec, m_base.data(), setting));
            figures = measureFacts(*model, m_base.world(), m_base.data().prose);
        }
        const auto worse = [](double from, double to) {
            return from > 0 ? (to - from) / from : 0;
        };
        result.metrics = {{"recall_new", figures.recallNew},
                          {"recall_new_learned", figures.recallNewLearned},
                          {"recall_old", figures.recallOld},
                          {"old_worse", -worse(before.recallOld, figures.recallOld)},
                          {"prose_loss", figures.proseLoss},
                          {"prose_worse", worse(before.proseLoss, figures.proseLoss)}};
        return result;
    }

    [[nodiscard]] std::vector<Check> verdict(const ScienceResults &results, ScienceMode mode) const override
    {
        const bool isFull = mode == ScienceMode::Full;
        return {meanCheck(results, "new facts recalled in new wordings by ours", kOurs, "recall_new",
                      ">=", isFull ? kLeastRecall : kQuickRecall),
                meanCheck(results, "recall of old facts by ours, worse by", kOurs, "old_worse",
                      "<=", isFull ? kLargestLoss : kQuickLoss),
                meanCheck(results, "loss on held-out prose of ours, worse by", kOurs, "prose_worse",
                      "<=", isFull ? kLargestLoss : kQuickLoss),
                meanCheck(results, "old facts that the model knows before", kBase, "recall_old",
                      ">=", isFull ? kLeastRecall : kQuickKnown),
                meanCheck(results, "new facts that it guesses right before", kBase, "recall_new", "<=", 0.15),
                equalParameters(results)};
    }

private:
    FactsBase m_base;
};

} // namespace

std::unique_ptr<ScienceTask> makeFactsTask() { return std::make_unique<FactsTask>(); }

} // namespace orrery::bench
