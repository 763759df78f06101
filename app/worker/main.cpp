// SPDX-License-Identifier: Apache-2.0
// orrery-worker: trains one run, or serves one model. Started by orrery-engine, and useful on its own.
#include "app/worker/commands.h"
#include "app/worker/option_checks.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "app/worker/worker_plugins.h"
#include "core/base/exit_code.h"
#include "core/base/result.h"

#include <CLI/CLI.hpp>

#include <exception>
#include <vector>

namespace {

int runWorker(int argc, char **argv)
{
    CLI::App app{"Trains one run or serves one model of Orrery"};
    app.require_subcommand(1);
    app.set_version_flag("--version", orrery::worker::programText());
    std::vector<std::pair<CLI::App *, orrery::worker::CommandBody>> bodies;
    for (const auto &entry : orrery::worker::commandTable()) {
        CLI::App *command = app.add_subcommand(entry.name, entry.summary);
        bodies.emplace_back(command, entry.declare(*command));
    }
    orrery::worker::refuseWhatDoesNotFit(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &problem) {
        return app.exit(problem) == 0 ? orrery::kExitOk : orrery::kExitUsage;
    }
    for (const auto &[command, body] : bodies)
        if (command->parsed()) return body();
    return orrery::kExitUsage;
}

} // namespace

int main(int argc, char **argv)
{
    orrery::worker::prepareProcess();
    orrery::worker::stopSignals();
    int exitCode = orrery::kExitFailed;
    try {
        exitCode = runWorker(argc, argv);
    } catch (const std::exception &problem) {
        exitCode = orrery::worker::reportError(
            orrery::Error{orrery::ErrorCode::Internal,
                          std::string("Cannot go on: ") + problem.what() + ", expected no exception here.",
                          "This is a defect of the program."},
            orrery::worker::OutputForm::Text);
    }
    orrery::worker::stopWorkerPlugins();
    orrery::worker::endProcess(exitCode);
}
