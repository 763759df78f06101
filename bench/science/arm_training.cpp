// SPDX-License-Identifier: Apache-2.0
#include "bench/science/arm_training.h"

#include "bench/scratch_folder.h"
#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/spec/field_table.h"
#include "core/store/run_directory.h"
#include "core/tensorfile/checkpoint_files.h"
#include "core/train/checkpoint_io.h"
#include "core/train/training.h"

#include <unistd.h>

namespace orrery::bench {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNever = 1'000'000'000;

class SeriesKeeper final : public TrainerObserver {
public:
    SeriesKeeper(const ScienceSetting &setting, int64_t steps) : m_setting(setting), m_steps(steps) {}

    void onReport(const StepReport &report) override
    {
        for (const MetricValue &metric : report.values) {
            series[metric.series][report.step] = metric.value;
            if (metric.series == series::kLoss)
                m_setting.tell("step " + std::to_string(report.step) + " of " + std::to_string(m_steps) +
                               ", loss " + formatSignificant(metric.value, 3));
        }
    }
    void onEvent(const RunEvent &) override {}
    void onCheckpoint(const CheckpointInfo &) override {}
    void onStatus(const RunStatus &) override {}

    std::map<std::string, std::map<int64_t, double>> series;

private:
    const ScienceSetting &m_setting;
    int64_t m_steps;
};

Result<std::unique_ptr<nn::Transformer>> loadModel(const RunSpec &spec, const fs::path &checkpoint)
{
    ORRERY_ASSIGN(const auto tokenizer, Tokenizer::create(spec.data));
    ORRERY_ASSIGN(auto model, nn::Transformer::create(spec.model, tokenizer->vocabSize(),
                                                      static_cast<uint64_t>(spec.seed), spec.device));
    ORRERY_TRY(nn::loadWeights(*model, (checkpoint / kModelFile).string()));
    return model;
}

} // namespace

RunSpec armSpec(const ScienceSetting &setting, uint64_t seed)
{
    RunSpec spec;
    spec.name = "bench";
    spec.seed = static_cast<int64_t>(seed);
    spec.threads = setting.threads;
    spec.device = setting.device;
    spec.probes.every = 0;
    spec.train.reportEvery = 20;
    spec.train.evalEvery = kNever;
    spec.train.checkpointEvery = kNever;
    spec.train.keepLast = 1;
    spec.train.keepBest = false;
    return spec;
}

Result<TrainedArm> trainArm(RunSpec spec, const RunData &data, const ScienceSetting &setting)
{
    if (setting.preparePlugins) ORRERY_TRY(setting.preparePlugins(spec)); // also out of the arm before
    if (spec.schedule.totalSteps == 0) spec.schedule.totalSteps = spec.train.steps;
    const ScratchFolder folder(setting.workFolder / ("arm-" + std::to_string(::getpid())));
    FrozenSpec frozen;
    frozen.spec = spec;
    frozen.digest = specDigest(spec);
    frozen.id = "bench";
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::create(folder.path(), frozen));
    SeriesKeeper keeper(setting, spec.train.steps);
    TrainingOptions options;
    options.preparePlugins = [](const RunSpec &) -> Result<void> { return {}; }; // they are
    options.stopRequested = [&setting] { return setting.isCancelled(); };
    const double startedAt = monotonicSeconds();
    ORRERY_ASSIGN(auto trainer, createTrainer(run, data, keeper, {}, 0, options));
    ORRERY_ASSIGN(const RunState state, trainer->run());
    if (state != RunState::Finished)
        return Error{ErrorCode::Cancelled, "Cannot finish training an arm: it was cancelled.", ""};
    TrainedArm arm;
    arm.seconds = monotonicSeconds() - startedAt;
    arm.steps = spec.train.steps;
    arm.series = std::move(keeper.series);
    trainer.reset();
    ORRERY_ASSIGN(arm.model, loadModel(spec, checkpointPath(run.checkpoints(), spec.train.steps)));
    return arm;
}

} // namespace orrery::bench
