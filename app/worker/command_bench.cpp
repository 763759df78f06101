// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"
#include "app/worker/process_setup.h"
#include "bench/parity_bench.h"
#include "core/base/exit_code.h"

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
    parity->add_flag("--smoke", arguments->parity.smoke, "A few seconds, without a verdict on speed");
    parity->add_flag("--json", arguments->isJson, "Errors as JSON too");
    return [arguments] { return runParity(*arguments); };
}

} // namespace orrery::worker
