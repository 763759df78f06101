// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "app/worker/worker_plugins.h"
#include "bench/inspect_bench.h"
#include "bench/parity_bench.h"
#include "bench/science/science_runner.h"
#include "core/base/exit_code.h"
#include "core/base/platform.h"
#include "core/base/program_build.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace orrery::worker {

namespace {

struct BenchArguments {
    bench::ParityOptions parity;
    std::string workDirectory;
    bool isJson = false;
};

int runParity(BenchArguments &arguments)
{
    bench::ParityOptions &options = arguments.parity;
    const bool isTemporary = arguments.workDirectory.empty();
    options.workDir = isTemporary ? std::filesystem::temp_directory_path() / ("orrery-parity-" + std::to_string(getpid()))
                                  : std::filesystem::path(arguments.workDirectory);
    options.progress = [](const std::string &line) { std::fprintf(stderr, "%s\n", line.c_str()); };
    const auto outcome = bench::runParityBench(options);
    std::error_code ignored;
    if (isTemporary) std::filesystem::remove_all(options.workDir, ignored);
    if (!outcome) return reportError(outcome.error(), arguments.isJson ? OutputForm::Json : OutputForm::Text);
    printLine(*outcome);
    return nlohmann::json::parse(*outcome).value("passed", false) ? kExitOk : kExitFailed;
}

struct ScienceArguments {
    std::string name;
    std::string workDirectory;
    bool isSmoke = false, isQuick = false, isJson = false;
    int64_t numSeeds = 0;
    bool hasSeeds = false;
    int64_t threads = 0;
    std::string device = "cpu";
    std::string share;
};

void listTasks(bool isJson)
{
    for (const bench::ScienceTaskEntry &entry : bench::scienceTasks()) {
        const std::string summary = entry.make()->summary();
        if (isJson)
            printLine(nlohmann::ordered_json{{"task", entry.name}, {"summary", summary}}.dump());
        else
            std::printf("%-16s %s\n", entry.name.c_str(), summary.c_str());
    }
    std::fflush(stdout);
}

/// Lines for people on stderr; the ones that pass only on a terminal.
void showProgress(const std::string &line, bool isLasting)
{
    static const bool isTerminal = isatty(STDERR_FILENO) != 0;
    if (isTerminal)
        std::fprintf(stderr, "\r\033[K%s%s", line.c_str(), isLasting ? "\n" : "");
    else if (isLasting)
        std::fprintf(stderr, "%s\n", line.c_str());
}

Result<int> measureScience(const ScienceArguments &arguments)
{
    ORRERY_ASSIGN(const bench::ScienceMode mode, bench::scienceMode(arguments.isSmoke, arguments.isQuick));
    if (arguments.hasSeeds) ORRERY_TRY(bench::checkNumSeeds(arguments.numSeeds));
    ORRERY_ASSIGN(const auto task, bench::makeScienceTask(arguments.name, bench::scienceTasks()));
    prepareTensorThread(arguments.threads);
    bench::ScienceOptions options;
    options.mode = mode;
    options.numSeeds = arguments.numSeeds;
    options.threads = numTensorThreads();
    options.device = arguments.device;
    if (!arguments.share.empty()) {
        ORRERY_ASSIGN(options.share, bench::parseScienceShare(arguments.share));
    }
    options.workFolder = arguments.workDirectory.empty() ? userCacheDir() / "bench" / "science"
                                                         : std::filesystem::path(arguments.workDirectory);
    ORRERY_ASSIGN(options.build, programBuild(programPath()));
    options.preparePlugins = loadWorkerPlugins;
    options.progress = showProgress;
    options.cancel = &stopSignals().flag();
    ORRERY_ASSIGN(const bench::ScienceRun run, bench::runScience(*task, options));
    if (!options.share.isWhole() && arguments.isJson) {
        printLine(nlohmann::ordered_json{{"bench", "science"},
                                         {"task", task->name()},
                                         {"share", arguments.share},
                                         {"done", run.results.rows.size()},
                                         {"reused", run.numReused}}
                      .dump());
    } else if (!options.share.isWhole()) {
        std::fprintf(stderr, "Share %s is done. Without --share all results are put together.\n", arguments.share.c_str());
    } else if (arguments.isJson) {
        printLine(bench::scienceJson(*task, options, run));
    } else {
        std::printf("\n%s", bench::scienceTable(*task, options, run).c_str());
        std::fflush(stdout);
    }
    return run.hasPassed ? kExitOk : kExitFailed;
}

int runScienceBench(const ScienceArguments &arguments)
{
    if (arguments.name.empty()) {
        listTasks(arguments.isJson);
        return kExitOk;
    }
    const auto outcome = measureScience(arguments);
    return outcome ? *outcome : reportError(outcome.error(), arguments.isJson ? OutputForm::Json : OutputForm::Text);
}

CommandBody declareScience(CLI::App &bench)
{
    auto arguments = std::make_shared<ScienceArguments>();
    auto *science = bench.add_subcommand("science", "Modules against their rivals on tasks that need them");
    science->add_option("name", arguments->name, "Task; without one, all are listed");
    science->add_flag("--smoke", arguments->isSmoke, "Seconds, to see that it runs");
    science->add_flag("--quick", arguments->isQuick, "A minute, with looser bounds");
    auto *seeds = science->add_option("--seeds", arguments->numSeeds, "Default: the task's own (3; continual 5), or 1 with --quick and --smoke");
    science->add_option("--threads", arguments->threads, "0: all processors")->check(CLI::Range(0, 1024));
    science->add_option("--work", arguments->workDirectory, "Folder for data and finished results");
    science->add_option("--device", arguments->device, "cpu or cuda");
    science->add_option("--share", arguments->share, "K/N: only these results");
    science->add_flag("--json", arguments->isJson, "One JSON line at the end");
    return [arguments, seeds] {
        arguments->hasSeeds = seeds->count() > 0;
        return runScienceBench(*arguments);
    };
}

struct InspectArguments {
    bool isSmoke = false, isJson = false;
    int64_t threads = 0;
    std::string device = "cpu";
};

int runInspect(const InspectArguments &arguments)
{
    prepareTensorThread(arguments.threads);
    bench::InspectBenchOptions options;
    options.isSmoke = arguments.isSmoke;
    options.device = arguments.device;
    options.progress = [](const std::string &line) { std::fprintf(stderr, "%s\n", line.c_str()); };
    options.preparePlugins = loadWorkerPlugins;
    const auto outcome = bench::runInspectBench(options);
    if (!outcome) return reportError(outcome.error(), arguments.isJson ? OutputForm::Json : OutputForm::Text);
    printLine(*outcome);
    return nlohmann::json::parse(*outcome).value("passed", false) ? kExitOk : kExitFailed;
}

CommandBody declareInspectBench(CLI::App &bench)
{
    auto arguments = std::make_shared<InspectArguments>();
    auto *inspect = bench.add_subcommand("inspect", "How long people wait who look inside a model");
    inspect->add_flag("--smoke", arguments->isSmoke, "Seconds, without a verdict on times");
    inspect->add_option("--device", arguments->device, "cpu or cuda");
    inspect->add_option("--threads", arguments->threads, "0: all processors")->check(CLI::Range(0, 1024));
    inspect->add_flag("--json", arguments->isJson, "Errors as JSON too");
    return [arguments] { return runInspect(*arguments); };
}

} // namespace

CommandBody declareBench(CLI::App &command)
{
    auto arguments = std::make_shared<BenchArguments>();
    auto *parity = command.add_subcommand("parity", "Losses and speed against Python PyTorch");
    command.require_subcommand(1);
    parity->add_option("--python", arguments->parity.pythonPath, "Python with PyTorch (scripts/setup/python_peer.sh prints it)")
        ->required();
    parity->add_option("--work", arguments->workDirectory, "Folder for the files both sides read");
    parity->add_option("--pairs", arguments->parity.pairs, "Interleaved pairs of timed runs")->check(CLI::Range(1, 1000));
    parity->add_option("--threads", arguments->parity.threads, "0: all processors");
    parity->add_option("--device", arguments->parity.device, "cpu or cuda");
    parity->add_flag("--smoke", arguments->parity.smoke, "A few seconds, without a verdict on speed");
    parity->add_flag("--json", arguments->isJson, "Errors as JSON too");
    CommandBody runScience = declareScience(command), runInspect = declareInspectBench(command);
    return [arguments, parity, runScience, runInspect, &command] {
        if (parity->parsed()) return runParity(*arguments);
        return command.got_subcommand("inspect") ? runInspect() : runScience();
    };
}

} // namespace orrery::worker
