// SPDX-License-Identifier: Apache-2.0
// Three kinds of text learned in turn, with 2.5 % of the earlier ones kept: what is forgotten, and how good
// is the model on all three in the end? All arms have the same model, steps, batch, learning rate and buffer.
#include "bench/science/arm_training.h"
#include "bench/science/tasks.h"
#include "bench/science/text_domains.h"
#include "core/base/text.h"
#include "core/train/continual/stage_series.h"
#include "core/train/evaluation.h"
#include "core/train/text_source.h"

#include <cmath>

namespace orrery::bench {
namespace {

constexpr double kMaxForgetting = 0.02; ///< bits a byte
constexpr const char *kOurs = "rehearsal", *kNoTeacher = "rehearsal-no-teacher";

struct Budget {
    int64_t layers, width, heads, context, batchSize, stepsPerStage;
    uint64_t domainBytes;
    int64_t evalTokens; ///< of each domain; 0: all
};

Budget budgetOf(ScienceMode mode)
{
    switch (mode) {
    case ScienceMode::Smoke:
        return {1, 32, 2, 32, 4, 4, 60'000, 256};
    case ScienceMode::Quick:
        // So little text that what is kept of it is read as often as in Full: about 25 times. With a buffer
        // that does not wear out, replay alone is best.
        return {2, 48, 2, 48, 8, 240, 50'000, 8'000};
    case ScienceMode::Full:
        break;
    }
    return {2, 128, 4, 64, 16, 700, 600'000, 0};
}

class ContinualTask final : public ScienceTask {
public:
    [[nodiscard]] std::string name() const override { return "continual"; }
    [[nodiscard]] std::string summary() const override
    {
        return "English, C++ and Python in turn, 2.5 % of each kept: loss on all three, and forgetting";
    }

    /// Of three the interval of ours minus derpp was once wider than the difference (docs/benchmarks.md).
    [[nodiscard]] int64_t numSeeds() const override { return 5; }

    [[nodiscard]] std::vector<ScienceArm> arms(ScienceMode) const override
    {
        return {{"naive", "nothing against forgetting"},
                {"ewc", "penalty on weights that earlier texts need"},
                {"er", "replay of what is kept"},
                {"derpp", "replay, held to kept logits"},
                {kOurs,
                 "ours: replay of excerpts and of made-up texts, held to the model before, averaged weights"},
                {kNoTeacher, "ours, not held to the model before"},
                {"joint", "all three at once, as many steps: not continual"}};
    }

    Result<std::string> prepare(const ScienceSetting &setting) override
    {
        const Budget budget = budgetOf(setting.mode);
        std::string text;
        for (const TextDomain &domain : builtInDomains()) {
            if (setting.isCancelled())
                return Error{ErrorCode::Cancelled, "Cannot prepare the texts: it was cancelled.", ""};
            const std::filesystem::path folder = setting.workFolder / scienceModeName(setting.mode);
            ORRERY_ASSIGN(const uint64_t numBytes, copyDomain(domain, budget.domainBytes, folder));
            m_paths.push_back((folder / domain.name).string());
            text += (text.empty() ? "" : ", ") + domain.what + " " + formatBytes(numBytes);
        }
        m_spec = spec(setting, 1);
        ORRERY_ASSIGN(m_data, prepareRunData(m_spec, setting.workFolder / "shards", {}, setting.cancel));
        for (const auto &shards : m_data.text) text += " " + shards->key().substr(0, 8);
        return text;
    }

    Result<ArmResult> runArm(const std::string &arm, uint64_t seed, const ScienceSetting &setting) override
    {
        RunSpec armSpec = spec(setting, seed);
        if (arm == "joint")
            armSpec.continual = {}; // with three texts in the data: all at once
        else
            armSpec.continual.strategy = arm == kNoTeacher ? kOurs : arm;
        // Three settings of each were tried with a seed that does not count; docs/benchmarks.md has them.
        if (arm == "er") armSpec.continual.replayShare = 0.33;
        armSpec.continual.distillWeight = arm == "derpp" ? 0.5 : arm == kNoTeacher ? 0.0 : 2.0;
        ORRERY_ASSIGN(const TrainedArm trained, trainArm(armSpec, m_data, setting));
        const Budget budget = budgetOf(setting.mode);
        ArmResult result{
            .parameters = trained.model->numParameters(), .steps = trained.steps, .seconds = trained.seconds};
        const char *names[] = {"bits_prose", "bits_cpp", "bits_python"};
        double sum = 0;
        for (size_t i = 0; i < m_data.text.size(); ++i) {
            TextValidationSource source({m_data.text[i].get(), budget.context});
            const double nats =
                evaluateLoss(*trained.model, source,
                             {.maxTokens = budget.evalTokens, .batchSize = 4 * budget.batchSize})
                    .value_or(std::nan(""));
            result.metrics[names[i]] = nats / std::log(2.0);
            sum += nats / std::log(2.0);
        }
        result.metrics["bits_mean"] = sum / static_cast<double>(m_data.text.size());
        for (const char *name : {series::kForgetting, series::kBackwardTransfer})
            if (const auto found = trained.series.find(name); found != trained.series.end())
                result.metrics[name] = found->second.rbegin()->second / std::log(2.0);
        return result;
    }

    [[nodiscard]] std::vector<Check> verdict(const ScienceResults &results, ScienceMode mode) const override
    {
        const double er = results.mean("er", "bits_mean"), derpp = results.mean("derpp", "bits_mean");
        const std::string rival = er < derpp ? "er" : "derpp";
        const MeanInterval gain = results.difference(kOurs, rival, "bits_mean");
        const double others = std::min(results.mean("naive", "bits_mean"), results.mean("ewc", "bits_mean"));
        // A third of the steps forgets as much with less learned: Quick has a bound of its own.
        return {meanCheck(results, "forgetting of ours, bits/byte", kOurs, series::kForgetting,
                          "<=", mode == ScienceMode::Full ? kMaxForgetting : 5 * kMaxForgetting),
                makeCheck("mean loss of ours minus " + rival + ", the better of er and derpp, bits/byte",
                          gain.count > 1 ? gain.high : gain.mean, "<", mode == ScienceMode::Full ? 0 : 0.02,
                          gain),
                makeCheck("mean loss of er minus the better of naive and ewc, bits/byte", er - others,
                          "<=", mode == ScienceMode::Full ? -0.1 : 0),
                equalParameters(results)};
    }

private:
    RunSpec spec(const ScienceSetting &setting, uint64_t seed) const
    {
        const Budget budget = budgetOf(setting.mode);
        RunSpec spec = armSpec(setting, seed);
        spec.model.layers = budget.layers;
        spec.model.width = budget.width;
        spec.model.heads = budget.heads;
        spec.model.context = budget.context;
        spec.model.dropout = 0;
        spec.train.batchSize = budget.batchSize;
        spec.train.steps = 3 * budget.stepsPerStage;
        spec.train.evalTokens = budget.evalTokens == 0 ? 16'384 : budget.evalTokens;
        spec.optimizer.lr = 2e-3;
        // Who learns text after text does not know which is the last: no arm's rate falls.
        spec.schedule.preset = "constant";
        spec.schedule.warmupSteps = 20;
        spec.data.path = m_paths.at(0);
        spec.continual.stages = {m_paths.at(1), m_paths.at(2)};
        if (setting.mode == ScienceMode::Smoke) spec.schedule.warmupSteps = 1;
        return spec;
    }

    std::vector<std::string> m_paths;
    RunSpec m_spec;
    RunData m_data;
};

} // namespace

std::unique_ptr<ScienceTask> makeContinualTask() { return std::make_unique<ContinualTask>(); }

} // namespace orrery::bench
