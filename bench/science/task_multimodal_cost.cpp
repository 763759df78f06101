// SPDX-License-Identifier: Apache-2.0
// What weights of each modality's own, the folded bias and the gates cost in time, against shared weights of
// the same widths, which spend as many FLOPs a token: interleaved pairs on the same batch.
#include "bench/science/shapes_arms.h"
#include "bench/science/tasks.h"
#include "core/base/platform.h"
#include "core/nn/device.h"
#include "core/spec/field_table.h"
#include "core/train/optimizer.h"
#include "core/train/step_runner.h"

#include <torch/types.h>

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

namespace orrery::bench {
namespace {

constexpr double kMostCost = 1.15, kMostCostQuick = 3; ///< a minute on a busy machine sees gross faults only
constexpr const char *kPairs = "pairs";

/// A model, its optimiser, and the time of one step of it.
class Timed {
public:
    static Result<std::unique_ptr<Timed>> create(const RunSpec &spec)
    {
        auto timed = std::unique_ptr<Timed>(new Timed);
        ORRERY_ASSIGN(timed->m_model, nn::Transformer::create(spec.model, 272, 1, spec.device));
        ORRERY_ASSIGN(timed->m_optimizer, makeOptimizer(timed->m_model->parameters(), spec.optimizer));
        return timed;
    }
    [[nodiscard]] uint64_t numParameters() const { return m_model->numParameters(); }

    struct Seconds {
        double passes = 0; ///< forward and backward
        double step = 0;   ///< and the update
    };
    Seconds step(const BatchTensors &tensors, uint64_t number)
    {
        for (nn::Parameter &parameter : m_model->parameters()) parameter.master.mutable_grad() = at::Tensor();
        nn::ForwardContext context;
        context.isTraining = true;
        context.seed = 1;
        context.step = number;
        tensors.describe(context);
        const double begin = monotonicSeconds();
        m_model->loss(tensors.ids_BT, tensors.targets_BT, tensors.mask_BT, context).backward();
        waitForDevice();
        const double middle = monotonicSeconds();
        m_optimizer->update({.learningRate = 1e-4, .weightDecay = 0.1});
        m_model->mastersChanged();
        waitForDevice();
        return {middle - begin, monotonicSeconds() - begin};
    }

private:
    Timed() = default;
    /// A GPU works behind the program's back; a value that is read back ends its queue.
    void waitForDevice() const
    {
        (void)m_model->parameters().front().master.detach().view(-1)[0].item<float>();
    }
    std::unique_ptr<nn::Transformer> m_model;
    std::unique_ptr<Optimizer> m_optimizer;
};

double quantile(std::vector<double> values, double share)
{
    std::sort(values.begin(), values.end());
    return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

class MultiModalCostTask final : public ScienceTask {
public:
    [[nodiscard]] std::string name() const override { return "multimodal-cost"; }
    [[nodiscard]] std::string summary() const override
    {
        return "time of a step of three modalities over one of shared weights, interleaved; needs a quiet "
               "machine";
    }
    [[nodiscard]] std::vector<ScienceArm> arms(ScienceMode) const override
    {
        return {{kPairs, "ours and dense in turn on the same batches"}};
    }
    Result<std::string> prepare(const ScienceSetting &) override
    {
        return std::string("gen:shapes with pictures and recordings, 16 patches and 20 tokens each");
    }

    Result<ArmResult> runArm(const std::string &, uint64_t seed, const ScienceSetting &setting) override
    {
        RunSpec spec = specOf(setting, seed);
        if (setting.preparePlugins) ORRERY_TRY(setting.preparePlugins(spec));
        at::set_num_threads(static_cast<int>(std::max<int64_t>(1, setting.threads)));
        ORRERY_ASSIGN(const RunData data,
                      prepareRunData(spec, setting.workFolder / "shards", {}, setting.cancel));
        ORRERY_ASSIGN(TrainingSources sources, makeTrainingSources(spec, data, nextTokenObjective(), "", 1));
        ORRERY_ASSIGN(const auto ours, Timed::create(spec));
        RunSpec rival = spec;
        rival.model = denseModel(spec, DenseOf::Flops);
        ORRERY_ASSIGN(const auto dense, Timed::create(rival));
        const int64_t numPairs = setting.mode == ScienceMode::Full    ? 24
                                 : setting.mode == ScienceMode::Quick ? 6
                                                                      : 1;
        std::vector<double> passRatios, stepRatios, ourSeconds, denseSeconds;
        ModelBatch batch;
        ORRERY_ASSIGN(const at::Device device, nn::openDevice(spec.device));
        BatchTensors tensors(device);
        const double startedAt = monotonicSeconds();
        for (int64_t pair = -1; pair < numPairs; ++pair) { // the first one warms up
            if (setting.isCancelled())
                return Error{ErrorCode::Cancelled, "Cannot finish the pairs: it was cancelled.", ""};
            sources.batches->fill({.step = pair + 1, .batchSize = spec.train.batchSize, .seed = seed}, batch);
            tensors.load(batch);
            const bool isOursFirst = pair % 2 == 0;
            Timed::Seconds our, other;
            if (isOursFirst) our = ours->step(tensors, static_cast<uint64_t>(pair + 1));
            other = dense->step(tensors, static_cast<uint64_t>(pair + 1));
            if (!isOursFirst) our = ours->step(tensors, static_cast<uint64_t>(pair + 1));
            if (pair < 0) continue;
            passRatios.push_back(our.passes / other.passes);
            stepRatios.push_back(our.step / other.step);
            ourSeconds.push_back(our.passes);
            denseSeconds.push_back(other.passes);
            setting.tell("pair " + std::to_string(pair + 1) + " of " + std::to_string(numPairs));
        }
        ArmResult result{.parameters = ours->numParameters(),
                         .steps = numPairs,
                         .seconds = monotonicSeconds() - startedAt};
        result.metrics = {{"cost", quantile(passRatios, 0.5)},
                          {"cost_quarter", quantile(passRatios, 0.25)},
                          {"cost_three_quarters", quantile(passRatios, 0.75)},
                          {"cost_with_update", quantile(stepRatios, 0.5)},
                          {"ours_seconds", quantile(ourSeconds, 0.5)},
                          {"dense_seconds", quantile(denseSeconds, 0.5)},
                          {"pairs", static_cast<double>(numPairs)},
                          {"dense_parameters", static_cast<double>(dense->numParameters())}};
        return result;
    }

    [[nodiscard]] std::vector<Check> verdict(const ScienceResults &results, ScienceMode mode) const override
    {
        return {meanCheck(results, "forward and backward, ours over dense (median of pairs)", kPairs, "cost",
                          "<=", mode == ScienceMode::Full ? kMostCost : kMostCostQuick)};
    }

private:
    static RunSpec specOf(const ScienceSetting &setting, uint64_t seed)
    {
        RunSpec spec = armSpec(setting, seed);
        applyPreset(spec, "small"); // 6 × 384, context 256
        if (setting.mode == ScienceMode::Smoke) {
            spec.model.layers = 2;
            spec.model.width = 64;
            spec.model.heads = 2;
        }
        spec.model.dropout = 0;
        spec.model.attention.numModalities = 3;
        spec.model.media.audioTokens = 20;
        spec.data.path = "gen:shapes?tasks=caption,both&seed=" + std::to_string(seed);
        return spec;
    }
};

} // namespace

std::unique_ptr<ScienceTask> makeMultiModalCostTask() { return std::make_unique<MultiModalCostTask>(); }

} // namespace orrery::bench
