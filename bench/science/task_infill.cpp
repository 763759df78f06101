// SPDX-License-Identifier: Apache-2.0
// A hole in held-out code: is it told better from both sides than from the left alone, and what does a model
// that can do so pay in next-token loss? Axes: B rows, T tokens.
#include "bench/science/arm_training.h"
#include "bench/science/infill_holes.h"
#include "bench/science/tasks.h"
#include "core/base/counter_rng.h"
#include "core/data/example.h"
#include "core/spec/objective_mix.h"
#include "core/train/evaluation.h"
#include "core/train/step_runner.h"
#include "core/train/text_source.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

namespace orrery::bench {
namespace {

constexpr double kMaxCausalRatio = 1.02; ///< of the issue: within 2 %
constexpr double kMaxCausalRatioQuick = 1.05;
constexpr double kMaxGapQuick =
    0.05; ///< bits a byte: a minute teaches a small model little of what is behind

constexpr int64_t kMeanHole = 32; ///< bytes

struct Budget {
    int64_t layers, width, heads, context, batchSize, steps, numHoles;
};

Budget budgetOf(ScienceMode mode)
{
    switch (mode) {
    case ScienceMode::Smoke:
        return {2, 32, 2, 64, 4, 6, 16};
    case ScienceMode::Quick:
        return {2, 64, 2, 64, 16, 500, 256};
    case ScienceMode::Full:
        break;
    }
    return {4, 128, 4, 256, 16, 3000, 1024};
}

/// The same for all arms and seeds.
std::vector<Hole> drawHoles(const TokenShards &shards, const ObjectiveSpec &objective, const Budget &budget)
{
    const int64_t numText = infillTextTokens(budget.context);
    const int64_t longest = longestSpan(meanSpan(objective, budget.context));
    const auto margin = static_cast<uint64_t>(2 * budget.context);
    const uint64_t numPlaces = shards.numTokens(Split::Validation) - 2 * margin;
    std::vector<Hole> holes;
    for (int64_t i = 0; i < budget.numHoles; ++i) {
        const CounterRng rng(
            {.seed = 1, .sample = static_cast<uint32_t>(i), .purpose = RngPurpose::Benchmark});
        Hole hole;
        hole.begin = margin + rng.below(0, numPlaces);
        hole.length = 1 + static_cast<int64_t>(rng.below(1, static_cast<uint64_t>(longest)));
        hole.window = hole.begin - rng.below(2, static_cast<uint64_t>(numText - hole.length + 1));
        holes.push_back(hole);
    }
    return holes;
}

/// Bits per byte over all holes.
double holeBits(nn::Transformer &model, const TokenShards &shards, std::span<const Hole> holes, HoleView view,
                int64_t batchSize)
{
    const at::NoGradGuard noGrad;
    const HoleRows rows(
        [&shards](uint64_t begin, uint64_t end) {
            std::vector<int32_t> tokens(end - begin);
            shards.read(Split::Validation, begin, end - begin, tokens.data());
            return tokens;
        },
        model.spec().context);
    BatchTensors tensors(model.parameters().front().master.device());
    double nats = 0;
    int64_t numBytes = 0;
    for (size_t first = 0; first < holes.size(); first += static_cast<size_t>(batchSize)) {
        const auto part =
            holes.subspan(first, std::min(static_cast<size_t>(batchSize), holes.size() - first));
        tensors.load(rows.batch(part, view));
        if (tensors.numTargets() == 0) continue;
        nn::ForwardContext context;
        tensors.describe(context);
        const at::Tensor loss = model.loss(tensors.ids_BT, tensors.targets_BT, tensors.mask_BT, context);
        nats += loss.item<double>() * static_cast<double>(tensors.numTargets());
        numBytes += tensors.numTargets();
    }
    return nats / std::log(2.0) / static_cast<double>(numBytes);
}

class InfillTask final : public ScienceTask {
public:
    [[nodiscard]] std::string name() const override { return "infill"; }
    [[nodiscard]] std::string summary() const override
    {
        return "a hole in held-out code, told from both sides and from the left alone";
    }
    [[nodiscard]] std::vector<ScienceArm> arms(ScienceMode) const override
    {
        return {{"causal", "next token only"}, {"hybrid", "next token, prefix and holes, mixed 50/25/25"}};
    }

    Result<std::string> prepare(const ScienceSetting &setting) override
    {
        ORRERY_ASSIGN(const auto folder, makeExampleData(setting.workFolder));
        m_spec = spec(setting, 1);
        m_spec.data.path = folder.string();
        ORRERY_ASSIGN(m_data, prepareRunData(m_spec, setting.workFolder / "shards", {}, setting.cancel));
        const TokenShards &shards = *m_data.text.front();
        return "C++ headers, " + std::to_string(shards.description().numFiles) + " files, " +
               std::to_string(shards.numTokens(Split::Train)) + " tokens to train on and " +
               std::to_string(shards.numTokens(Split::Validation)) + " of other files held out (" +
               shards.key().substr(0, 12) + ")";
    }

    Result<ArmResult> runArm(const std::string &arm, uint64_t seed, const ScienceSetting &setting) override
    {
        const Budget budget = budgetOf(setting.mode);
        RunSpec armSpec = spec(setting, seed);
        armSpec.data.path = m_spec.data.path;
        armSpec.objective.name = arm == "hybrid" ? "hybrid" : "next_token";
        ORRERY_ASSIGN(const TrainedArm trained, trainArm(armSpec, m_data, setting));
        const TokenShards &shards = *m_data.text.front();
        const std::vector<Hole> holes = drawHoles(shards, armSpec.objective, budget);
        ArmResult result{
            .parameters = trained.model->numParameters(), .steps = trained.steps, .seconds = trained.seconds};
        TextValidationSource windows({&shards, budget.context});
        const double loss =
            evaluateLoss(*trained.model, windows,
                         {.maxTokens = setting.mode == ScienceMode::Smoke ? 512 : 200'000,
                          .batchSize = budget.batchSize})
                .value_or(std::nan(""));
        result.metrics["causal_bits"] = loss / std::log(2.0);
        const auto measure = [&](const char *metric, HoleView view) {
            result.metrics[metric] = holeBits(*trained.model, shards, holes, view, budget.batchSize);
        };
        measure("hole_left_bits", HoleView::LeftSame);
        measure("hole_left_filled_bits", HoleView::LeftFilled);
        if (arm == "hybrid") measure("hole_bits", HoleView::BothSides);
        return result;
    }

    [[nodiscard]] std::vector<Check> verdict(const ScienceResults &results, ScienceMode mode) const override
    {
        const auto against = [&](const char *metric) {
            // Of the same seeds; the causal model is the rival, not the hybrid's own left-to-right.
            std::vector<double> differences;
            for (const ScienceRow &row : results.rows) {
                if (row.arm != "hybrid") continue;
                for (const ScienceRow &other : results.rows)
                    if (other.arm == "causal" && other.seed == row.seed)
                        differences.push_back(row.result.metrics.at("hole_bits") -
                                              other.result.metrics.at(metric));
            }
            return meanInterval(differences);
        };
        const auto below = [mode](const std::string &name, const MeanInterval &interval) {
            return makeCheck(name, interval.count > 1 ? interval.high : interval.mean, "<",
                             mode == ScienceMode::Full ? 0 : kMaxGapQuick, interval);
        };
        const double ratio = results.mean("hybrid", "causal_bits") / results.mean("causal", "causal_bits");
        return {below("hole from both sides minus causal model from the left of the same window, bits/byte",
                      against("hole_left_bits")),
                // A harder question: whether text behind a hole is worth more than as much again in front of it.
                besideVerdict(below(
                    "hole from both sides minus causal model with its whole context to the left, bits/byte",
                    against("hole_left_filled_bits"))),
                makeCheck("next-token loss, hybrid over causal", ratio,
                          "<=", mode == ScienceMode::Full ? kMaxCausalRatio : kMaxCausalRatioQuick),
                equalParameters(results)};
    }

private:
    static RunSpec spec(const ScienceSetting &setting, uint64_t seed)
    {
        const Budget budget = budgetOf(setting.mode);
        RunSpec spec = armSpec(setting, seed);
        spec.model.layers = budget.layers;
        spec.model.width = budget.width;
        spec.model.heads = budget.heads;
        spec.model.context = budget.context;
        spec.model.dropout = 0;
        spec.train.batchSize = budget.batchSize;
        spec.train.steps = budget.steps;
        spec.train.evalTokens = budget.context; // measured here, not there
        // About a line of code, as one that is being written leaves open; a quarter of the context would be two.
        if (setting.mode == ScienceMode::Full) spec.objective.spanMean = kMeanHole;
        spec.optimizer.lr = 2e-3;
        spec.schedule.preset = "cosine";
        return spec;
    }

    RunSpec m_spec;
    RunData m_data;
};

} // namespace

std::unique_ptr<ScienceTask> makeInfillTask() { return std::make_unique<InfillTask>(); }

} // namespace orrery::bench
