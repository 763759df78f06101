// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/command.h"
#include "app/engine/commands/remote_host.h"
#include "app/engine/host/worker_process.h"

#include "bench/many_runs.h"
#include "bench/store_bench.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <unistd.h>

namespace orrery::cli {

namespace {

constexpr const char *kBenchThere = "It measures the machine that it runs on: run it on that machine.";

/// Goes on as orrery-worker, which has the tasks and says what is wrong with the options.
void addScience(CLI::App *command, Session &session)
{
    static std::string task;
    static bool isSmoke = false, isQuick = false;
    static int64_t numSeeds = 0;
    static int64_t threads = 0;
    static std::string workDirectory, device, share;
    auto *science = command->add_subcommand("science", "Modules against their rivals on tasks that need them");
    science->add_option("name", task, "Task; without one, all are listed");
    science->add_flag("--smoke", isSmoke, "Seconds, to see that it runs");
    science->add_flag("--quick", isQuick, "A minute, with looser bounds");
    auto *seeds = science->add_option("--seeds", numSeeds, "Default: the task's own (3; continual 5), or 1 with --quick and --smoke");
    science->add_option("--threads", threads, "0: all processors")->check(CLI::Range(0, 1024));
    science->add_option("--work", workDirectory, "Folder for data and finished results; they are used again");
    science->add_option("--device", device, "cpu (default) or cuda");
    science->add_option("--share", share, "K/N: the K-th of N parts of all results, for N processes with one --work folder");
    addPluginFolders(science);
    finishHere(science, session, kBenchThere, [&session, seeds] {
        std::vector<std::string> arguments = {"bench", "science"};
        if (!task.empty()) arguments.push_back(task);
        if (isSmoke) arguments.push_back("--smoke");
        if (isQuick) arguments.push_back("--quick");
        if (session.json) arguments.push_back("--json");
        if (seeds->count() > 0) arguments.insert(arguments.end(), {"--seeds", std::to_string(numSeeds)});
        if (threads > 0) arguments.insert(arguments.end(), {"--threads", std::to_string(threads)});
        if (!workDirectory.empty()) arguments.insert(arguments.end(), {"--work", workDirectory});
        if (!device.empty()) arguments.insert(arguments.end(), {"--device", device});
        if (!share.empty()) arguments.insert(arguments.end(), {"--share", share});
        return fail(session, execWorker({arguments, threads}));
    });
}

void addInspectBench(CLI::App *command, Session &session)
{
    static bool isSmoke = false;
    static int64_t threads = 0;
    static std::string device;
    auto *inspect = command->add_subcommand("inspect", "How long people wait who look inside a model");
    inspect->add_flag("--smoke", isSmoke, "Seconds, to see that it runs");
    inspect->add_option("--threads", threads, "0: all processors")->check(CLI::Range(0, 1024));
    inspect->add_option("--device", device, "cpu (default) or cuda: then only the live section, on a larger model");
    addPluginFolders(inspect);
    finishHere(inspect, session, kBenchThere, [&session] {
        std::vector<std::string> arguments = {"bench", "inspect"};
        if (isSmoke) arguments.push_back("--smoke");
        if (session.json) arguments.push_back("--json");
        if (threads > 0) arguments.insert(arguments.end(), {"--threads", std::to_string(threads)});
        if (!device.empty()) arguments.insert(arguments.end(), {"--device", device});
        return fail(session, execWorker({arguments, threads}));
    });
}

void addRunsBench(CLI::App *command, Session &session)
{
    static ManyRuns many;
    static std::string home;
    static bool isSmoke = false;
    auto *runs = command->add_subcommand("runs", "A home with many runs, made once, and how long it takes to list them");
    runs->add_option("home", home, "Folder for it; its runs are used again, and --runs more are made when they are missing")->required();
    runs->add_flag("--smoke", isSmoke, "A few small runs, to see that it works");
    runs->add_option("--runs", many.numRuns, "Runs")->capture_default_str();
    runs->add_option("--series", many.numSeries, "Series of each")->capture_default_str();
    runs->add_option("--points", many.numPoints, "Points of each series")->capture_default_str();
    finishHere(runs, session, kBenchThere, [] {
        if (isSmoke) many = {5, 3, 200};
        const bool isShown = ::isatty(STDERR_FILENO);
        const std::string report = runManyRunsBench(home, many, [isShown](int numDone) {
            if (isShown) std::fprintf(stderr, "\r%d of %d runs\033[K", numDone, many.numRuns);
            return true;
        });
        if (isShown) std::fprintf(stderr, "\r\033[K");
        std::printf("%s\n", report.c_str());
        return nlohmann::json::parse(report).value("passed", false) ? kExitOk : kExitFailed;
    });
}

} // namespace

void addBench(CLI::App &app, Session &session)
{
    static bool isSmoke = false;
    static std::string python, device;
    static std::string workDirectory;
    static int numPairs = 20;
    auto *command = app.add_subcommand("bench", "Measure; prints figures, thresholds and whether they were met");
    command->require_subcommand(1);

    auto *store = command->add_subcommand("store", "Run store: commits, WAL, bucket queries");
    store->add_flag("--smoke", isSmoke, "A few seconds, to see that it works");
    finishHere(store, session, kBenchThere, [] {
        const std::string report = runStoreBench(isSmoke);
        std::printf("%s\n", report.c_str());
        return nlohmann::json::parse(report).value("passed", false) ? kExitOk : kExitFailed;
    });

    auto *parity = command->add_subcommand("parity", "Losses and speed against Python PyTorch (scripts/setup/python_peer.sh)");
    parity->add_flag("--smoke", isSmoke, "A few steps, to see that it works");
    parity->add_option("--python", python, "Python with PyTorch 2.11");
    parity->add_option("--work", workDirectory, "Folder for the files both sides read (default: a temporary one)");
    parity->add_option("--device", device, "cpu (default) or cuda");
    parity->add_option("--pairs", numPairs, "Interleaved pairs of timed runs")->capture_default_str();
    finishHere(parity, session, kBenchThere, [&session] {
        std::vector<std::string> arguments = {"bench", "parity", "--pairs", std::to_string(numPairs)};
        if (isSmoke) arguments.push_back("--smoke");
        if (session.json) arguments.push_back("--json");
        if (!python.empty()) arguments.insert(arguments.end(), {"--python", python});
        if (!workDirectory.empty()) arguments.insert(arguments.end(), {"--work", workDirectory});
        if (!device.empty()) arguments.insert(arguments.end(), {"--device", device});
        return fail(session, execWorker({arguments, 0}));
    });
    addScience(command, session);
    addInspectBench(command, session);
    addRunsBench(command, session);
}

} // namespace orrery::cli
