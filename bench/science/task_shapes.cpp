// SPDX-License-Identifier: Apache-2.0
// Pictures of coloured shapes: captions and counts of combinations of colour and shape that training never
// showed. Weights of each modality's own against shared ones, and against a model that sees no picture.
#include "bench/science/shapes_arms.h"
#include "bench/science/shapes_verdict.h"
#include "bench/science/tasks.h"
#include "core/data/data_paths.h"
#include "core/spec/estimate.h"
#include "core/spec/run_records.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace orrery::bench {
namespace {

constexpr double kLeastCaption = 0.98, kLeastCount = 0.97;
constexpr double kRate = 3e-3;
constexpr int kCountsOfCaption = 8;
constexpr double kQuickLossRatio = 0.5; ///< a minute is enough to begin, not to finish
constexpr const char *kOurs = "ours", *kDense = "dense", *kDenseFlops = "dense-same-flops",
                     *kText = "text-only";

ShapesBudget budgetOf(ScienceMode mode)
{
    switch (mode) {
    case ScienceMode::Smoke:
        return {2, 32, 2, 128, 2, 12, 8};
    case ScienceMode::Quick:
        return {2, 64, 2, 128, 8, 250, 100};
    case ScienceMode::Full:
        break;
    }
    return {4, 128, 4, 128, 16, 4500, 1000};
}

class ShapesTask final : public ScienceTask {
public:
    [[nodiscard]] std::string name() const override { return "shapes"; }
    [[nodiscard]] std::string summary() const override
    {
        return "pictures of shapes, captioned and counted, of combinations that were held out";
    }
    [[nodiscard]] std::vector<ScienceArm> arms(ScienceMode mode) const override
    {
        std::vector<ScienceArm> all = {{kOurs, "weights of each modality's own"},
                                       {kDense, "shared weights, as many parameters"}};
        // A minute has room for two.
        if (mode == ScienceMode::Quick) return all;
        all.push_back({kDenseFlops, "shared weights of the same widths: as many FLOPs a token"});
        all.push_back({kText, "ours, never shown a picture: what the questions alone tell"});
        return all;
    }

    Result<std::string> prepare(const ScienceSetting &setting) override
    {
        const RunSpec spec = specOf(kOurs, 1, setting);
        ORRERY_ASSIGN(const RunData data, openWorlds(spec, worldsOf(kOurs, 1)));
        return "captions and counts, one to " + std::to_string(kCountsOfCaption) + ", of " +
               data.multiModal->name() +
               ", the world's seed that of the arm; tested on its test split, each scene of which shows a "
               "combination of colour and shape that training does not";
    }

    Result<ArmResult> runArm(const std::string &arm, uint64_t seed, const ScienceSetting &setting) override
    {
        const RunSpec spec = specOf(arm, seed, setting);
        ORRERY_ASSIGN(const RunData data, openWorlds(spec, worldsOf(arm, seed)));
        ORRERY_ASSIGN(const TrainedArm trained, trainArm(spec, data, setting));
        ArmResult result{
            .parameters = trained.model->numParameters(), .steps = trained.steps, .seconds = trained.seconds};
        const auto estimate = estimateRun(spec, trained.model->vocabSize(), 1e9);
        result.metrics["train_tflops"] = estimate.flopsPerToken *
                                         static_cast<double>(estimate.tokensPerStep) *
                                         static_cast<double>(trained.steps) / 1e12;
        if (const auto curve = trained.series.find(series::kValLoss); curve != trained.series.end()) {
            int64_t point = 0;
            for (const auto &[step, loss] : curve->second)
                if (step > 0 && ++point <= kNumPoints) result.metrics[pointName(point)] = loss;
        }
        const std::string hidden = arm == kText ? "&drop_image=1" : "";
        for (const char *task : {"caption", "count"}) {
            for (const auto &[split, suffix] :
                 {std::pair{Split::Test, ""}, std::pair{Split::Validation, "_seen_combinations"}}) {
                ORRERY_ASSIGN(result.metrics[task + std::string(suffix)],
                              exactMatchOf(*trained.model, spec,
                                           shapesWorld(seed, std::string("tasks=") + task + hidden), split,
                                           budgetOf(setting.mode).numTest));
            }
        }
        return result;
    }

    [[nodiscard]] std::vector<Check> verdict(const ScienceResults &results, ScienceMode mode) const override
    {
        if (mode != ScienceMode::Full)
            return {makeCheck("validation loss at the end over that after a twelfth of the steps, ours",
                              results.mean(kOurs, pointName(kNumPoints)) / results.mean(kOurs, pointName(1)),
                              "<=", kQuickLossRatio)};
        std::vector<Check> checks = {
            meanCheck(results, "captions told whole, ours", kOurs, "caption", ">=", kLeastCaption),
            meanCheck(results, "counts right, ours", kOurs, "count", ">=", kLeastCount)};
        const MeanInterval same = flopsRatio(results, kOurs, kDense),
                           active = flopsRatio(results, kOurs, kDenseFlops);
        checks.push_back(makeCheck("FLOPs to equal loss, ours over dense of as many parameters", same.mean,
                                   "<=", 1, same));
        // Not of as many parameters, as arms are to be, but what somebody who pays for FLOPs would ask.
        checks.push_back(besideVerdict(makeCheck(
            "FLOPs to equal loss, ours over dense of as many FLOPs a token", active.mean, "<=", 1, active)));
        checks.push_back(equalParameters(ofEqualSize(results)));
        return checks;
    }

private:
    /// All but the arm that has fewer parameters on purpose.
    static ScienceResults ofEqualSize(const ScienceResults &results)
    {
        ScienceResults kept = results;
        std::erase_if(kept.rows, [](const ScienceRow &row) { return row.arm == kDenseFlops; });
        return kept;
    }

    /// A caption has some forty tokens to learn from, a count has one.
    static std::vector<std::string> worldsOf(const std::string &arm, uint64_t seed)
    {
        std::vector<std::string> worlds;
        for (int i = 0; i <= kCountsOfCaption; ++i)
            worlds.push_back(shapesWorld(seed, std::string("n=200000&tasks=") +
                                                   (i == 0 ? "caption" : "count") +
                                                   (arm == kText ? "&drop_image=1" : "")));
        return worlds;
    }

    static RunSpec specOf(const std::string &arm, uint64_t seed, const ScienceSetting &setting)
    {
        RunSpec spec = shapesSpec(budgetOf(setting.mode), setting, seed);
        // Nothing is missing in this task, and the rivals hide nothing: hiding pictures would teach ours to
        // guess captions.
        spec.model.attention.modalityDropout = 0;
        // The best of what was tried with ours; all arms have it (docs/benchmarks.md).
        spec.optimizer.name = "muon";
        spec.optimizer.lr = kRate;
        // Shapes whatever their colour: with conv what was never seen together is told as a neighbour of it.
        spec.model.media.imageStem = "luma";
        spec.data.path = worldsOf(arm, seed).front();
        spec.train.evalEvery = std::max<int64_t>(1, spec.train.steps / kNumPoints);
        if (arm == kDense) spec.model = denseModel(spec, DenseOf::Parameters);
        if (arm == kDenseFlops) spec.model = denseModel(spec, DenseOf::Flops);
        return spec;
    }
};

} // namespace

std::unique_ptr<ScienceTask> makeShapesTask() { return std::make_unique<ShapesTask>(); }

} // namespace orrery::bench
