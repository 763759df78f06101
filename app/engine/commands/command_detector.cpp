// SPDX-License-Identifier: Apache-2.0
// data detector: trains the head that tells text, image and audio apart by their bytes, and measures it.
#include "app/engine/commands/command.h"
#include "app/engine/commands/remote_host.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/data/media/modality_training.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace orrery::cli {

namespace {

constexpr double kLeastAccuracy = 0.995;
constexpr double kMostCalibrationError = 0.02;
constexpr double kLeastRandomUnsure = 0.9;

struct DetectorArguments {
    HeadTrainingOptions training;
    std::string out;
    uint64_t measureSeed = 20'001;
    size_t measureWindows = 2'000;
    bool isFresh = false;
};

int train(const Session &session, const DetectorArguments &arguments)
{
    const double begin = monotonicSeconds();
    const TrainedHead head = trainModalityHead(arguments.training);
    if (!arguments.out.empty())
        if (const auto written =
                writeFileAtomically(arguments.out, headTableSource(head, arguments.training));
            !written)
            return fail(session, written.error());
    const double seconds = monotonicSeconds() - begin;
    if (session.json) {
        const nlohmann::ordered_json line = {
            {"windows", head.numWindows}, {"steps", head.numSteps}, {"temperature", head.temperature},
            {"log_loss", head.logLoss},   {"seconds", seconds},     {"out", arguments.out}};
        std::printf("%s\n", line.dump().c_str());
    } else {
        std::printf("%zu windows, %zu Newton steps, temperature %.3f, log-loss %.5f, %.1f s%s%s\n",
                    head.numWindows, head.numSteps, head.temperature, head.logLoss, seconds,
                    arguments.out.empty() ? "" : "; written to ", arguments.out.c_str());
    }
    return kExitOk;
}

nlohmann::ordered_json rowJson(const DetectorRow &row)
{
    return {{"kind", row.kind},
            {"modality", row.modality == Modality::Unknown ? "none" : modalityName(row.modality)},
            {"held_out", row.isHeldOut},
            {"bytes", row.windowBytes},
            {"windows", row.numWindows},
            {"flat", row.numFlat},
            {"right", row.numRight},
            {"unsure", row.numUnsure}};
}

void printRow(const DetectorRow &row)
{
    const double count = static_cast<double>(std::max<size_t>(row.numWindows, 1));
    std::printf("%-24s %-6s %s %4zu bytes %6zu windows  right %6.2f %%  unsure %6.2f %%\n", row.kind.c_str(),
                row.modality == Modality::Unknown ? "none" : modalityName(row.modality),
                row.isHeldOut ? "held out" : "seen    ", row.windowBytes, row.numWindows,
                100 * static_cast<double>(row.numRight) / count,
                100 * static_cast<double>(row.numUnsure) / count);
}

int measure(const Session &session, const DetectorArguments &arguments)
{
    const ModalityHead head = arguments.isFresh ? ModalityHead(trainModalityHead(arguments.training).weights)
                                                : ModalityHead::builtIn();
    const DetectorReport report = measureModalityHead(head, arguments.measureSeed, arguments.measureWindows);
    const bool isPassed = report.accuracy >= kLeastAccuracy &&
                          report.calibrationError <= kMostCalibrationError &&
                          report.randomUnsure >= kLeastRandomUnsure;
    if (session.json) {
        nlohmann::ordered_json object = {{"accuracy", report.accuracy},
                                         {"answered_accuracy", report.answeredAccuracy},
                                         {"calibration_error", report.calibrationError},
                                         {"random_unsure", report.randomUnsure},
                                         {"accuracy_64_bytes", report.accuracyAt64Bytes},
                                         {"held_out_accuracy", report.heldOutAccuracy},
                                         {"held_out_calibration_error", report.heldOutCalibrationError},
                                         {"thresholds",
                                          {{"accuracy", kLeastAccuracy},
                                           {"calibration_error", kMostCalibrationError},
                                           {"random_unsure", kLeastRandomUnsure}}},
                                         {"seed", arguments.measureSeed},
                                         {"passed", isPassed}};
        for (const DetectorRow &row : report.rows) object["rows"].push_back(rowJson(row));
        std::printf("%s\n", object.dump().c_str());
        return isPassed ? kExitOk : kExitFailed;
    }
    for (const DetectorRow &row : report.rows) printRow(row);
    std::printf("right, of 64 bytes of text, a patch, a frame      %6.2f %%  (at least %.1f; unsure counts "
                "as wrong)\n"
                "right where it answered                           %6.2f %%\n"
                "calibration error                                 %6.2f %%  (at most %.1f)\n"
                "unsure of random bytes                            %6.2f %%  (at least %.0f)\n"
                "right at 64 bytes of anything                     %6.2f %%\n"
                "right on kinds never seen, calibration error      %6.2f %%, %.2f %%\n%s\n",
                100 * report.accuracy, 100 * kLeastAccuracy, 100 * report.answeredAccuracy,
                100 * report.calibrationError, 100 * kMostCalibrationError, 100 * report.randomUnsure,
                100 * kLeastRandomUnsure, 100 * report.accuracyAt64Bytes, 100 * report.heldOutAccuracy,
                100 * report.heldOutCalibrationError, isPassed ? "passed" : "missed");
    return isPassed ? kExitOk : kExitFailed;
}

} // namespace

void addDetector(CLI::App &data, Session &session)
{
    static DetectorArguments arguments;
    auto *command =
        data.add_subcommand("detector", "The head that tells text, image and audio apart by their bytes");
    command->require_subcommand(1);
    auto addTraining = [](CLI::App *to) {
        to->add_option("--seed", arguments.training.seed, "Seed of the training windows")
            ->capture_default_str();
        to->add_option("--windows", arguments.training.windowsPerKind, "Training windows of each kind")
            ->check(CLI::Range(10, 100'000))
            ->capture_default_str();
    };
    auto *trainCommand = command->add_subcommand("train", "Train it on made windows");
    addTraining(trainCommand);
    trainCommand->add_option("--out", arguments.out, "Write the table for the sources here");
    finishHere(trainCommand, session, "It trains in seconds on any machine: run it here, or there.", [&session] { return train(session, arguments); });
    auto *measureCommand =
        command->add_subcommand("measure", "Accuracy, calibration and how it takes random bytes");
    addTraining(measureCommand);
    measureCommand->add_flag("--fresh", arguments.isFresh,
                             "Train first, instead of taking the built-in table");
    measureCommand->add_option("--measure-seed", arguments.measureSeed, "Seed of the windows")
        ->capture_default_str();
    measureCommand->add_option("--measure-windows", arguments.measureWindows, "Windows of each kind and size")
        ->check(CLI::Range(10, 1'000'000))
        ->capture_default_str();
    finishHere(measureCommand, session, "It is the same on any machine: run it here, or there.", [&session] { return measure(session, arguments); });
}

} // namespace orrery::cli
