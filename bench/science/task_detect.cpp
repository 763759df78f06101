// SPDX-License-Identifier: Apache-2.0
// Text, image or audio by 64 bytes, a patch or a frame: the head that is built in, and one that is trained
// anew with each seed.
#include "bench/science/science_task.h"
#include "bench/science/tasks.h"
#include "core/base/platform.h"
#include "core/data/media/modality_training.h"

namespace orrery::bench {
namespace {

constexpr double kLeastAccuracy = 0.995, kMostCalibrationError = 0.02;
constexpr uint64_t kFirstMeasureSeed = 700'000; ///< no choice of the head or its features was made on these
constexpr const char *kBuiltIn = "built-in", *kFresh = "trained-anew";

class DetectTask final : public ScienceTask {
public:
    [[nodiscard]] std::string name() const override { return "detect"; }
    [[nodiscard]] std::string summary() const override
    {
        return "the modality of 64 bytes, a patch, a frame";
    }
    [[nodiscard]] std::vector<ScienceArm> arms(ScienceMode) const override
    {
        return {{kBuiltIn, "the table in the program"}, {kFresh, "the same training with another seed"}};
    }
    Result<std::string> prepare(const ScienceSetting &) override
    {
        return "windows of 22 made kinds and of kinds held out, of seeds from " +
               std::to_string(kFirstMeasureSeed + 1);
    }

    Result<ArmResult> runArm(const std::string &arm, uint64_t seed, const ScienceSetting &setting) override
    {
        const size_t numWindows = setting.mode == ScienceMode::Smoke   ? 20
                                  : setting.mode == ScienceMode::Quick ? 200
                                                                       : 2'000;
        const double startedAt = monotonicSeconds();
        ArmResult result;
        HeadWeights weights = ModalityHead::builtIn().weights();
        if (arm == kFresh) {
            const TrainedHead trained =
                trainModalityHead({.seed = 1000 + seed, .windowsPerKind = numWindows});
            weights = trained.weights;
            result.steps = static_cast<int64_t>(trained.numSteps);
        }
        result.parameters = kNumHeadRows * (kNumWindowFeatures + 1);
        setting.tell("measuring");
        const DetectorReport report =
            measureModalityHead(ModalityHead(weights), kFirstMeasureSeed + seed, numWindows);
        result.seconds = monotonicSeconds() - startedAt;
        result.metrics = {{"accuracy", report.accuracy},
                          {"calibration_error", report.calibrationError},
                          {"answered_accuracy", report.answeredAccuracy},
                          {"accuracy_64_bytes", report.accuracyAt64Bytes},
                          {"accuracy_unseen_kinds", report.heldOutAccuracy},
                          {"calibration_error_unseen_kinds", report.heldOutCalibrationError},
                          {"random_bytes_unsure", report.randomUnsure}};
        return result;
    }

    [[nodiscard]] std::vector<Check> verdict(const ScienceResults &results, ScienceMode) const override
    {
        return {meanCheck(results, "right, unsure counts as wrong", kBuiltIn, "accuracy", ">=", kLeastAccuracy),
                meanCheck(results, "calibration error", kBuiltIn, "calibration_error",
                          "<=", kMostCalibrationError)};
    }
};

} // namespace

std::unique_ptr<ScienceTask> makeDetectTask() { return std::make_unique<DetectTask>(); }

} // namespace orrery::bench
