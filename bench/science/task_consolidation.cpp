// SPDX-License-Identifier: Apache-2.0
// From episodes to weights: a model reads new facts once, as a text that somebody gives it, and is asked for them in texts
// of their own. With its episodic store; with the store wiped; and with the store wiped after it was consolidated with
// the settings that `memory consolidate` has by itself. All arms of a seed begin with the same trained model.
// Axes: B sequences, T tokens.
#include "bench/science/facts_base.h"
#include "bench/science/facts_recall.h"
#include "bench/science/tasks.h"
#include "core/nn/torch_guard.h"

#include <torch/types.h>

#include <algorithm>

namespace orrery::bench {
namespace {

constexpr const char *kStore = "store", *kWiped = "wiped", *kConsolidated = "consolidated";
constexpr double kLeastRecall = 0.5, kMostWiped = 0.2, kLargestLoss = 0.08;
constexpr double kMostOfLoss = 0.8, kQuickOfLoss = 0.9; ///< of the text that was read, left by consolidation: a minute sees that it begins
constexpr int64_t kPiece = 16; ///< tokens that are read at once
constexpr int64_t kBackgroundTexts = 256; ///< as the command takes

struct Budget {
    FactsBudget base;
    int64_t window;
};

Budget budgetOf(ScienceMode mode)
{
    if (mode == ScienceMode::Smoke)
        return {.base = {.shape = {.numOldPeople = 10, .numPeople = 10, .numNew = 1, .numValues = 4},
                         .layers = 1,
                         .width = 32,
                         .context = 32,
                         .batchSize = 4,
                         .steps = 3,
                         .slots = 256,
                         .topK = 4,
                         .proseBytes = 12'000,
                         .heldOutTokens = 320},
                .window = 8};
    return {.base = {.shape = {.numOldPeople = 0, .numPeople = 40, .numNew = 1, .numValues = 10, .vocabSize = 512},
                     .layers = 3,
                     .width = 96,
                     .context = 64,
                     .batchSize = 8,
                     .steps = mode == ScienceMode::Quick ? 260 : 2500,
                     .slots = 4096,
                     .topK = 16,
                     .proseBytes = 300'000,
                     .heldOutTokens = mode == ScienceMode::Quick ? size_t{4'000} : size_t{8'000}},
            .window = 16};
}

at::Tensor idsOf(nn::Transformer &model, const std::vector<int32_t> &ids)
{
    return at::tensor(ids, at::kLong).to(model.parameters().front().master.device()).unsqueeze(0);
}

/// Reads a text as generation does, beyond the context too. @return what remembers it, when it has ended
RememberedParts readText(nn::Transformer &model, const std::vector<int32_t> &text)
{
    const at::NoGradGuard noGrad;
    const int64_t context = model.spec().context;
    const at::Tensor ids_1T = idsOf(model, text);
    nn::KvCache cache = model.makeCache(1, context);
    cache.sources = {{0, "town#text"}};
    nn::ForwardContext pass;
    pass.cache = &cache;
    for (int64_t read = 0; read < ids_1T.size(1);) {
        if (cache.length == context) {
            cache.restart(context / 2);
            read -= context / 2; // again, from place 0
        }
        const int64_t count = std::min({context - cache.length, kPiece, ids_1T.size(1) - read});
        (void)model.logits(ids_1T.narrow(1, read, count), pass);
        read += count;
    }
    RememberedParts ended;
    for (const auto &[name, part] : cache.parts) {
        if (!part || !part->memory()) continue;
        ended[name] = part->clone();
        ended[name]->endText(cache);
    }
    return ended;
}

class ConsolidationTask final : public ScienceTask {
public:
    [[nodiscard]] std::string name() const override { return "consolidation"; }
    [[nodiscard]] std::string summary() const override
    {
        return "new facts that were read once: recall with the store, without it, and consolidated";
    }
    [[nodiscard]] std::vector<ScienceArm> arms(ScienceMode) const override
    {
        return {{kStore, "with the episodic store that read them"},
                {kWiped, "the store wiped, nothing consolidated"},
                {kConsolidated, "ours: consolidated, then the store wiped"}};
    }

    Result<std::string> prepare(const ScienceSetting &setting) override
    {
        return m_base.readProse(budgetOf(setting.mode).base.proseBytes, setting);
    }

    Result<ArmResult> runArm(const std::string &name, uint64_t seed, const ScienceSetting &setting) override
    {
        const Budget budget = budgetOf(setting.mode);
        RunSpec spec = factsSpec(budget.base, setting, seed);
        spec.model.window = budget.window;
        spec.model.dropout = 0;
        spec.plugins.settings["plugins.memory.episodic_size"] = int64_t{4096};
        ORRERY_TRY(m_base.train(budget.base, spec, seed, setting));
        ORRERY_ASSIGN(auto model, m_base.freshModel(spec, setting));
        const FactsWorld &world = m_base.world();
        const FactsFigures &before = m_base.figures();
        ArmResult result = m_base.trained();
        const auto measured = nn::guardTorch("consolidate facts", [&]() -> Result<void> {
            const auto read = world.sentences(Facts::New, Wordings::Learned);
            const auto others = world.sentences(Facts::New, Wordings::HeldOut);
            const RememberedParts remembered = readText(*model, world.shuffledText(read, 1, 1));
            if (remembered.empty())
                return Error{ErrorCode::Internal, "Cannot measure: the model remembers nothing.", ""};
            if (name == kConsolidated) {
                const std::atomic<bool> never{false};
                ORRERY_ASSIGN(const Consolidation done,
                              remembered.begin()->second->consolidate(*model, background(), ConsolidationSettings{},
                                                                      setting.cancel ? *setting.cancel : never));
                result.metrics["slots_changed"] = static_cast<double>(done.slots.size());
                result.metrics["read_loss_before"] = done.lossBefore;
                result.metrics["read_loss_after"] = done.lossAfter;
                result.metrics["read_loss_left"] = done.lossAfter / done.lossBefore;
            }
            const FactsFigures figures = measureFacts(*model, world, m_base.data().prose);
            const RememberedParts kept = name == kStore ? remembered : RememberedParts();
            result.metrics["recall_read"] = recallFrom(*model, read, kept);
            result.metrics["recall_other_wordings"] = recallFrom(*model, others, kept);
            result.metrics["recall_old"] = figures.recallOld;
            result.metrics["old_worse"] = before.recallOld > 0 ? 1 - figures.recallOld / before.recallOld : 0;
            result.metrics["prose_worse"] = figures.proseLoss / before.proseLoss - 1;
            return {};
        });
        if (!measured.ok()) return measured.error();
        return result;
    }

    [[nodiscard]] std::vector<Check> verdict(const ScienceResults &results, ScienceMode mode) const override
    {
        std::vector<Check> checks = {
            meanCheck(results, "loss left of the text that was read", kConsolidated, "read_loss_left",
                      "<=", mode == ScienceMode::Full ? kMostOfLoss : kQuickOfLoss),
            meanCheck(results, "loss on held-out prose, worse by", kConsolidated, "prose_worse",
                      "<=", kLargestLoss),
            meanCheck(results, "facts recalled as they were read, wiped alone", kWiped, "recall_read",
                      "<=", kMostWiped),
            equalParameters(results)};
        if (mode != ScienceMode::Full) return checks; // the model knows too little to recall anything
        checks.push_back(meanCheck(results, "the same, consolidated and wiped", kConsolidated, "recall_read",
                                   ">=", kLeastRecall));
        checks.push_back(meanCheck(results, "old facts that it knew, fewer by", kConsolidated, "old_worse",
                                   "<=", kLargestLoss));
        return checks;
    }

private:
    /// Texts of all kinds: prose and old facts by turns.
    [[nodiscard]] std::vector<std::vector<int32_t>> background() const
    {
        const FactsWorld &world = m_base.world();
        const std::vector<int32_t> prose = world.encode(m_base.prose());
        const std::vector<int32_t> facts = world.shuffledText(world.sentences(Facts::Old, Wordings::All), 1, 2);
        constexpr int64_t kLength = 64;
        std::vector<std::vector<int32_t>> texts;
        for (int64_t i = 0; i < kBackgroundTexts; ++i) {
            const auto &from = i % 2 == 0 ? prose : facts;
            const int64_t begin = i / 2 * kLength;
            if (begin + kLength <= std::ssize(from))
                texts.emplace_back(from.begin() + begin, from.begin() + begin + kLength);
        }
        return texts;
    }

    FactsBase m_base;
};

} // namespace

std::unique_ptr<ScienceTask> makeConsolidationTask() { return std::make_unique<ConsolidationTask>(); }

} // namespace orrery::bench
