// SPDX-License-Identifier: Apache-2.0
// A picture and a recording of the same shapes; one of them is then missing or drowned in noise. A model with
// gates and modality dropout against shared weights and against specialists of one modality.
#include "bench/science/shapes_arms.h"
#include "bench/science/tasks.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace orrery::bench {
namespace {

constexpr const char *kOurs = "ours", *kDense = "dense", *kSeeing = "picture-only",
                     *kHearing = "recording-only", *kNoDropout = "ours-no-modality-dropout";
constexpr double kSlack = 0.01; ///< one point
constexpr double kSlackQuick = 0.5;

struct Corruption {
    const char *metric;
    const char *settings;
};
constexpr Corruption kClean = {"clean", ""};
constexpr std::array<Corruption, 4> kCorruptions = {{{"picture_noise", "&image_snr=-15"},
                                                     {"recording_noise", "&audio_snr=-15"},
                                                     {"picture_missing", "&drop_image=1"},
                                                     {"recording_missing", "&drop_audio=1"}}};

ShapesBudget budgetOf(ScienceMode mode)
{
    switch (mode) {
    case ScienceMode::Smoke:
        return {2, 32, 2, 96, 2, 6, 8};
    case ScienceMode::Quick:
        return {2, 64, 2, 96, 8, 150, 60};
    case ScienceMode::Full:
        break;
    }
    return {3, 128, 4, 96, 16, 4500, 1000};
}

/// Noise that training has, dB. Louder than what is tested as well as softer: with 0 and -10 alone a model learns
/// how much noise can be heard through, not that beyond it the other modality has to be asked.
constexpr std::array<const char *, 3> kTrainedNoise = {"0", "-10", "-20"};

/// What an arm is trained on: a third clean, a third with a noisy picture, a third with a noisy recording, where
/// the arm has them. Nobody is trained on what is tested: -15 dB, and nothing at all.
std::vector<std::string> trainedOn(const std::string &arm)
{
    const std::string own = arm == kSeeing ? "&drop_audio=1" : arm == kHearing ? "&drop_image=1" : "";
    std::vector<std::string> all(kTrainedNoise.size(), own);
    for (const char *snr : kTrainedNoise) {
        all.push_back(own + (arm == kHearing ? "" : std::string("&image_snr=") + snr));
        all.push_back(own + (arm == kSeeing ? "" : std::string("&audio_snr=") + snr));
    }
    return all;
}

class ShapesCorruptTask final : public ScienceTask {
public:
    [[nodiscard]] std::string name() const override { return "shapes-corrupt"; }
    [[nodiscard]] std::string summary() const override
    {
        return "the shapes of a picture and a recording, one of which is missing or noisy";
    }
    [[nodiscard]] std::vector<ScienceArm> arms(ScienceMode mode) const override
    {
        std::vector<ScienceArm> all = {{kOurs, "weights and gates of each modality's own, modality dropout"},
                                       {kDense, "shared weights, as many parameters, the same modality dropout"},
                                       {kSeeing, "ours, trained on pictures alone"},
                                       {kHearing, "ours, trained on recordings alone"}};
        // A minute has no room for it.
        if (mode == ScienceMode::Full)
            all.push_back({kNoDropout, "ours, whose modalities are never hidden in training"});
        return all;
    }
    Result<std::string> prepare(const ScienceSetting &) override
    {
        return shapesWorld(1, "n=200000&tasks=both") +
               ", the world's seed that of the arm; a third of the training documents noisy in the picture, a "
               "third in the recording, at 0, -10 and -20 dB; tested on held-out combinations, clean, at -15 dB and without one of the two";
    }

    Result<ArmResult> runArm(const std::string &arm, uint64_t seed, const ScienceSetting &setting) override
    {
        RunSpec spec = shapesSpec(budgetOf(setting.mode), setting, seed);
        spec.model.attention.numModalities = 3;
        spec.data.path = shapesWorld(seed, "n=200000&tasks=both");
        // Often enough that each modality is learned without the other, seldom enough that two documents in five show
        // both: which one to trust is learned there. Shared weights see the same.
        spec.model.attention.modalityDropout = arm == kNoDropout ? 0 : 0.4;
        if (arm == kDense) spec.model = denseModel(spec, DenseOf::Parameters);
        std::vector<std::string> worlds;
        for (const std::string &settings : trainedOn(arm)) worlds.push_back(spec.data.path + settings);
        ORRERY_ASSIGN(const RunData data, openWorlds(spec, worlds));
        ORRERY_ASSIGN(const TrainedArm trained, trainArm(spec, data, setting));
        ArmResult result{
            .parameters = trained.model->numParameters(), .steps = trained.steps, .seconds = trained.seconds};
        const auto measure = [&](const Corruption &corruption) -> Result<void> {
            // A specialist never sees the other modality, whatever became of it.
            std::string settings = corruption.settings;
            const std::string own = arm == kSeeing ? "&drop_audio=1" : arm == kHearing ? "&drop_image=1" : "";
            if (settings != own) settings += own;
            ORRERY_ASSIGN(result.metrics[corruption.metric],
                          exactMatchOf(*trained.model, spec, shapesWorld(seed, "tasks=both" + settings),
                                       Split::Test, budgetOf(setting.mode).numTest));
            return {};
        };
        ORRERY_TRY(measure(kClean));
        for (const Corruption &corruption : kCorruptions) ORRERY_TRY(measure(corruption));
        return result;
    }

    [[nodiscard]] std::vector<Check> verdict(const ScienceResults &results, ScienceMode mode) const override
    {
        const double slack = mode == ScienceMode::Full ? kSlack : kSlackQuick;
        std::vector<Check> checks;
        double ourFall = 0, denseFall = 0;
        for (const Corruption &corruption : kCorruptions) {
            const double best =
                std::max(results.mean(kSeeing, corruption.metric), results.mean(kHearing, corruption.metric));
            checks.push_back(meanCheck(results, std::string("told whole with ") + corruption.metric + ", ours",
                                       kOurs, corruption.metric, ">=", best - slack));
            ourFall += results.mean(kOurs, kClean.metric) - results.mean(kOurs, corruption.metric);
            denseFall += results.mean(kDense, kClean.metric) - results.mean(kDense, corruption.metric);
        }
        if (mode != ScienceMode::Full) return checks;
        const auto numCorruptions = static_cast<double>(kCorruptions.size());
        checks.push_back(makeCheck("mean fall of ours minus that of dense",
                                   (ourFall - denseFall) / numCorruptions, "<", 0));
        checks.push_back(equalParameters(results));
        return checks;
    }
};

} // namespace

std::unique_ptr<ScienceTask> makeShapesCorruptTask() { return std::make_unique<ShapesCorruptTask>(); }

} // namespace orrery::bench
