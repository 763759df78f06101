// SPDX-License-Identifier: Apache-2.0
// From episodes to weights: a model reads new facts once, as a text that somebody gives it, and is asked for them in texts
// of their own. With its episodic store; with the store wiped; and with the store wiped after it was consolidated with
// the settings that `memory consolidate` has by itself. All arms of a seed begin with the same trained model.
// Axes: B sequences, T tokens.
#include "bench/science/facts_training.h"
#include "bench/science/tasks.h"
#include "bench/science/text_domains.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/nn/torch_guard.h"

#include <torch/types.h>

#include <algorithm>
#include <array>

namespace orrery::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char *kStore = "store", *kWiped = "wiped", *kConsolidated = "consolidated";
constexpr double kLeastRecall = 0.5, kMostWiped = 0.2, kLargestLoss = 0.08;
constexpr double kMostOfLoss = 0.8; ///< of the text that was read, left by consolidation: a minute sees that it begins
constexpr int64_t kPiece = 16; ///< tokens that are read at once
constexpr int64_t kBackgroundTexts = 64;

struct Budget {
    FactsShape shape;
    int64_t layers, width, context, window, batchSize, steps, slots, topK;
    uint64_t proseBytes;
    size_t heldOutTokens;
};

Budget budgetOf(ScienceMode mode)
{
    if (mode == ScienceMode::Smoke)
        return {{.numOldPeople = 10, .numPeople = 10, .numNew = 1, .numValues = 4}, 1, 32, 32, 8, 4, 3, 256, 4, 12'000, 320};
    Budget budget{{.numOldPeople = 0, .numPeople = 40, .numNew = 1, .numValues = 10, .vocabSize = 512},
                  3, 96, 64, 16, 8, 2500, 4096, 16, 300'000, 8'000};
    if (mode == ScienceMode::Quick) budget.steps = 600;
    return budget;
}

using Parts = std::map<std::string, std::shared_ptr<nn::PartState>>;

at::Tensor idsOf(nn::Transformer &model, const std::vector<int32_t> &ids)
{
    return at::tensor(ids, at::kLong).to(model.parameters().front().master.device()).unsqueeze(0);
}

/// Reads a text as generation does, beyond the context too. @return what remembers it, when it has ended
Parts readText(nn::Transformer &model, const std::vector<int32_t> &text)
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
    Parts ended;
    for (const auto &[name, part] : cache.parts) {
        if (!part || !part->memory()) continue;
        ended[name] = part->clone();
        ended[name]->endText(cache);
    }
    return ended;
}

/// As measureFacts() has it, one sentence after the other, each beginning with what is remembered.
double recallFrom(nn::Transformer &model, const std::vector<FactSentence> &sentences, const Parts &remembered)
{
    const at::NoGradGuard noGrad;
    int64_t right = 0;
    for (const FactSentence &sentence : sentences) {
        std::vector<int32_t> row = {sentence.ids.back()}; // behind another one's end
        row.insert(row.end(), sentence.ids.begin(), sentence.ids.end());
        nn::KvCache cache = model.makeCache(1, std::ssize(row));
        for (auto &[name, part] : cache.parts)
            if (const auto found = remembered.find(name); found != remembered.end()) part = found->second->clone();
        nn::ForwardContext pass;
        pass.cache = &cache;
        const at::Tensor best_T = model.logits(idsOf(model, row), pass)[0].argmax(-1).cpu().contiguous();
        const int64_t *best = best_T.data_ptr<int64_t>();
        const size_t before = sentence.answerAt;
        right += best[before] == sentence.ids[before] && best[before + 1] == sentence.ids[before + 1];
    }
    return static_cast<double>(right) / static_cast<double>(std::max<size_t>(1, sentences.size()));
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
        const TextDomain domain = builtInDomains().front();
        const fs::path folder = setting.workFolder / scienceModeName(setting.mode);
        ORRERY_ASSIGN(const uint64_t numBytes, copyDomain(domain, budgetOf(setting.mode).proseBytes, folder));
        std::vector<fs::path> files;
        for (const auto &entry : fs::directory_iterator(folder / domain.name)) files.push_back(entry.path());
        std::sort(files.begin(), files.end());
        std::string all;
        for (size_t i = 0; i < files.size(); ++i) {
            ORRERY_ASSIGN(const std::string content, readFile(files[i], numBytes));
            all += content;
            const std::vector<std::string> words = proseWords(content);
            auto &to = i % 4 == 1 ? m_heldOut : m_prose; // whole files
            to.insert(to.end(), words.begin(), words.end());
        }
        return "made-up facts; " + domain.what + " " + formatBytes(numBytes) + " " + sha256Hex(all).substr(0, 8);
    }

    Result<ArmResult> runArm(const std::string &name, uint64_t seed, const ScienceSetting &setting) override
    {
        const RunSpec spec = specOf(setting, seed);
        if (m_seed != seed) ORRERY_TRY(makeBase(spec, seed, setting));
        ORRERY_ASSIGN(auto model, baseModel(spec, setting));
        ArmResult result{.metrics = {}, .parameters = model->numParameters(), .steps = m_steps, .seconds = m_seconds};
        const auto measured = nn::guardTorch("consolidate facts", [&]() -> Result<void> {
            const auto read = m_world->sentences(Facts::New, Wordings::Learned);
            const auto others = m_world->sentences(Facts::New, Wordings::HeldOut);
            const Parts remembered = readText(*model, m_world->shuffledText(read, 1, 1));
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
            const FactsFigures figures = measureFacts(*model, *m_world, m_data->prose);
            const Parts kept = name == kStore ? remembered : Parts();
            result.metrics["recall_read"] = recallFrom(*model, read, kept);
            result.metrics["recall_other_wordings"] = recallFrom(*model, others, kept);
            result.metrics["recall_old"] = figures.recallOld;
            result.metrics["old_worse"] = m_recallOld > 0 ? 1 - figures.recallOld / m_recallOld : 0;
            result.metrics["prose_worse"] = figures.proseLoss / m_proseLoss - 1;
            return {};
        });
        if (!measured.ok()) return measured.error();
        return result;
    }

    [[nodiscard]] std::vector<Check> verdict(const ScienceResults &results, ScienceMode mode) const override
    {
        const auto check = [&](const char *what, const char *arm, const char *metric, const char *relation,
                               double limit) {
            const MeanInterval interval = results.interval(arm, metric);
            return makeCheck(what, interval.mean, relation, limit, interval);
        };
        std::vector<Check> checks = {
            check("loss left of the text that was read", kConsolidated, "read_loss_left", "<=", kMostOfLoss),
            check("loss on held-out prose, worse by", kConsolidated, "prose_worse", "<=", kLargestLoss),
            check("facts recalled as they were read, wiped alone", kWiped, "recall_read", "<=", kMostWiped),
            equalParameters(results)};
        if (mode != ScienceMode::Full) return checks; // the model knows too little to recall anything
        checks.push_back(check("the same, consolidated and wiped", kConsolidated, "recall_read", ">=", kLeastRecall));
        checks.push_back(check("old facts that it knew, fewer by", kConsolidated, "old_worse", "<=", kLargestLoss));
        return checks;
    }

private:
    RunSpec specOf(const ScienceSetting &setting, uint64_t seed) const
    {
        const Budget budget = budgetOf(setting.mode);
        RunSpec spec = armSpec(setting, seed);
        spec.model.layers = budget.layers;
        spec.model.width = budget.width;
        spec.model.heads = 4;
        spec.model.context = budget.context;
        spec.model.window = budget.window;
        spec.model.dropout = 0;
        spec.data.vocabSize = budget.shape.vocabSize;
        spec.data.specialTokens = "none";
        spec.data.valFraction = 0.05;
        spec.train.batchSize = budget.batchSize;
        spec.train.steps = budget.steps;
        spec.train.evalTokens = budget.context; // measured here, not there
        spec.optimizer.lr = 3e-3;
        spec.schedule.preset = "cosine";
        if (setting.mode == ScienceMode::Smoke) spec.schedule.warmupSteps = 1;
        spec.plugins.use = {"memory"};
        auto &settings = spec.plugins.settings;
        settings["plugins.memory.episodic_size"] = int64_t{4096};
        settings["plugins.memory.semantic_size"] = budget.slots;
        settings["plugins.memory.semantic_heads"] = int64_t{4};
        settings["plugins.memory.semantic_top_k"] = budget.topK;
        return spec;
    }

    /// What all arms of a seed begin with.
    Result<void> makeBase(const RunSpec &spec, uint64_t seed, const ScienceSetting &setting)
    {
        m_seed = 0;
        m_world = std::make_unique<FactsWorld>(budgetOf(setting.mode).shape, seed, m_prose);
        std::vector<int32_t> heldOut = m_world->encode(m_heldOut);
        heldOut.resize(std::min(heldOut.size(), budgetOf(setting.mode).heldOutTokens));
        const fs::path folder =
            setting.workFolder / scienceModeName(setting.mode) / ("seed" + std::to_string(seed));
        ORRERY_ASSIGN(FactsData data,
                      prepareFacts(*m_world, m_world->encode(m_prose), heldOut, spec, folder, setting));
        m_data = std::make_unique<FactsData>(std::move(data));
        ORRERY_ASSIGN(const TrainedArm trained, trainArm(spec, m_data->base, setting));
        m_weights.clear();
        for (const nn::Parameter &parameter : trained.model->parameters())
            m_weights.push_back(parameter.master.detach().clone());
        const FactsFigures figures = measureFacts(*trained.model, *m_world, m_data->prose);
        m_proseLoss = figures.proseLoss;
        m_recallOld = figures.recallOld;
        m_seconds = trained.seconds;
        m_steps = trained.steps;
        m_seed = seed;
        return {};
    }

    Result<std::unique_ptr<nn::Transformer>> baseModel(const RunSpec &spec, const ScienceSetting &setting) const
    {
        if (setting.preparePlugins) ORRERY_TRY(setting.preparePlugins(spec));
        ORRERY_ASSIGN(auto model, nn::Transformer::create(spec.model, spec.data.vocabSize,
                                                          static_cast<uint64_t>(spec.seed), spec.device));
        const at::NoGradGuard noGrad;
        for (size_t i = 0; i < m_weights.size(); ++i) model->parameters()[i].master.copy_(m_weights[i]);
        model->mastersChanged();
        return model;
    }

    /// Texts of all kinds: prose and old facts by turns.
    [[nodiscard]] std::vector<std::vector<int32_t>> background() const
    {
        const std::vector<int32_t> prose = m_world->encode(m_prose);
        const std::vector<int32_t> facts =
            m_world->shuffledText(m_world->sentences(Facts::Old, Wordings::All), 1, 2);
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

    std::vector<std::string> m_prose, m_heldOut;
    uint64_t m_seed = 0; ///< of what follows; 0: of none
    std::unique_ptr<FactsWorld> m_world;
    std::unique_ptr<FactsData> m_data;
    std::vector<at::Tensor> m_weights;
    double m_proseLoss = 0, m_recallOld = 0, m_seconds = 0;
    int64_t m_steps = 0;
};

} // namespace

std::unique_ptr<ScienceTask> makeConsolidationTask() { return std::make_unique<ConsolidationTask>(); }

} // namespace orrery::bench
