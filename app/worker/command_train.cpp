// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "app/worker/training_session.h"
#include "core/base/exit_code.h"
#include "core/base/platform.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <map>
#include <memory>

namespace orrery::worker {

namespace {

constexpr double kPatienceSeconds = 2.0; ///< for a terminal that does not take its last lines

/// How long the last lines may take. A program that reads JSON lines gets all of them, however slow, unless
/// it is interrupted; the run itself is complete and unlocked by then.
std::function<bool()> patienceFor(DisplayMode mode)
{
    const bool wasInterrupted = stopSignals().isRequested();
    const double start = monotonicSeconds();
    return [=] {
        if (mode == DisplayMode::Json && !wasInterrupted) return stopSignals().isRequested();
        return monotonicSeconds() - start > kPatienceSeconds;
    };
}

int trainAndShow(const TrainRequest &request)
{
    Display display({.mode = request.display});
    const TrainOutcome outcome = trainRun(request, display);
    const std::string lastLine =
        outcome.result.ok() ? doneLine(outcome.status) : errorLine(outcome.result.error());
    display.finish(lastLine, patienceFor(request.display));
    if (outcome.result.ok()) return kExitOk;
    if (request.display == DisplayMode::Json) return exitCodeFor(outcome.result.error().code);
    return reportError(outcome.result.error(), OutputForm::Text);
}

} // namespace

CommandBody declareTrain(CLI::App &command)
{
    static const std::map<std::string, DisplayMode> displays = {
        {"none", DisplayMode::None}, {"bar", DisplayMode::Bar}, {"json", DisplayMode::Json}};
    auto request = std::make_shared<TrainRequest>();
    command.add_option("run", request->runDirectory, "Run directory with spec.json")->required();
    command.add_option("--steps", request->steps, "New total of steps, also on resume")
        ->check(CLI::PositiveNumber);
    command
        .add_option("--display", request->display,
                    "What to print: none, bar (stderr) or json (lines on stdout)")
        ->transform(CLI::CheckedTransformer(displays));
    command.add_option("--socket", request->socket, "Where viewers and controllers reach this training");
    command.add_flag("--paused", request->startPaused, "Wait before the first step");
    return [request] { return trainAndShow(*request); };
}

} // namespace orrery::worker
