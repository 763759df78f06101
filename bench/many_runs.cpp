// SPDX-License-Identifier: Apache-2.0
#include "bench/many_runs.h"

#include "core/base/lock_file.h"
#include "core/base/platform.h"
#include "core/spec/field_table.h"
#include "core/store/catalogue.h"
#include "core/store/run_directory.h"
#include "core/store/run_labels.h"
#include "core/store/run_store.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace orrery {

namespace {

namespace fs = std::filesystem;

constexpr double kMaxIndexSeconds = 60;
constexpr double kFirstTime = 1'760'000'000; // one long evening after the other
constexpr std::array<double, 5> kRates = {1e-4, 3e-4, 1e-3, 2e-3, 4e-3};
constexpr int kSeedsOfEach = 4;
constexpr std::array kNames = {"loss", "val_loss", "lr", "grad_norm", "tokens_per_s", "memory_bytes"};

std::string seriesName(int index)
{
    return index < std::ssize(kNames) ? kNames[static_cast<size_t>(index)] : "probe/layer_" + std::to_string(index - std::ssize(kNames));
}

/// 0 … 1, the same for the same numbers.
double noise(uint64_t run, uint64_t series, uint64_t step)
{
    uint64_t mixed = (run * 1'000'003 + series * 7919 + step) * 0x9E3779B97F4A7C15ULL;
    mixed ^= mixed >> 29;
    mixed *= 0xBF58476D1CE4E5B9ULL;
    mixed ^= mixed >> 32;
    return static_cast<double>(mixed >> 11) * 0x1p-53;
}

double valueOf(int run, int series, int64_t step, const RunSpec &spec)
{
    const double x = static_cast<double>(step) * spec.optimizer.lr;
    const double seen = noise(static_cast<uint64_t>(run), static_cast<uint64_t>(series), static_cast<uint64_t>(step));
    const double level = 1.2 + 0.05 * static_cast<double>(run % 7) + 4 / std::sqrt(1 + 3 * x);
    const double spike = step % 9973 == 77 + run ? 3 : 0;
    // As a training writes them: single precision widened.
    return static_cast<double>(static_cast<float>(level / (1 + series) + 0.1 * seen + spike));
}

RunSpec specOf(int run, const ManyRuns &many)
{
    RunSpec spec;
    const auto rate = static_cast<size_t>(run / kSeedsOfEach) % kRates.size();
    spec.optimizer.lr = kRates[rate];
    spec.model.layers = 2 + run / (kSeedsOfEach * static_cast<int>(kRates.size())) % 6;
    spec.seed = 1 + run % kSeedsOfEach;
    spec.data.path = "/data/text.txt";
    spec.threads = 2;
    spec.train.steps = many.numPoints;
    spec.schedule.totalSteps = many.numPoints;
    spec.name = "sweep " + std::to_string(spec.model.layers) + " layers, rate " + std::to_string(rate) + ", seed " + std::to_string(spec.seed);
    return spec;
}

Result<void> fill(const RunDirectory &directory, int run, const ManyRuns &many)
{
    const RunSpec &spec = directory.frozen().spec;
    ORRERY_ASSIGN(const LockFile lock, directory.lock("bench"));
    ORRERY_ASSIGN(const std::unique_ptr<RunWriter> writer, RunWriter::open(directory.path()));
    RunStatus status = directory.status();
    StepReport report;
    for (int series = 0; series < many.numSeries; ++series) report.values.push_back({seriesName(series), 0});
    for (int64_t step = 1; step <= many.numPoints; ++step) {
        report.step = step;
        report.wallTime = directory.frozen().createdAt + static_cast<double>(step) * 0.05;
        for (int series = 0; series < many.numSeries; ++series)
            report.values[static_cast<size_t>(series)].value = valueOf(run, series, step, spec);
        writer->addReport(report);
    }
    status.state = run % 11 == 10 ? RunState::Stopped : RunState::Finished;
    status.step = many.numPoints;
    status.totalSteps = many.numPoints;
    status.loss = report.values.front().value;
    status.valLoss = report.values[1].value;
    status.bestValLoss = status.valLoss;
    status.lastReportAt = report.wallTime;
    status.elapsedSeconds = static_cast<double>(many.numPoints) * 0.05;
    status.tokensPerSecond = 20'000;
    status.numParameters = 900'000;
    writer->addEvent({0, many.numPoints, report.wallTime, 0, EventKind::Note, "Made for a measurement.", ""});
    writer->setStatus(status);
    return writer->flush();
}

Result<void> makeOne(const fs::path &target, const std::string &id, int run, const ManyRuns &many)
{
    FrozenSpec frozen;
    frozen.id = id;
    frozen.spec = specOf(run, many);
    frozen.digest = specDigest(frozen.spec);
    frozen.program = "orrery bench";
    frozen.createdAt = kFirstTime + 3600.0 * run;
    ORRERY_ASSIGN(const RunDirectory directory, RunDirectory::create(target, frozen));
    ORRERY_TRY(fill(directory, run, many));
    RunEdit edit;
    edit.tags = std::vector<std::string>{"sweep", run % 2 == 0 ? "even" : "odd"};
    ORRERY_TRY(editRunLabels(directory.path(), id, edit));
    return {};
}

} // namespace

Result<void> makeManyRuns(const fs::path &home, const ManyRuns &many, const std::function<bool(int)> &onRun)
{
    if (many.numRuns < 1 || many.numRuns > 100'000 || many.numSeries < 2 || many.numSeries > 4096 || many.numPoints < 1)
        return Error{ErrorCode::InvalidInput,
                     "Cannot make runs: " + std::to_string(many.numRuns) + " runs of " + std::to_string(many.numSeries) + " series with " +
                         std::to_string(many.numPoints) + " points, expected 1 to 100000 runs, 2 to 4096 series and 1 point or more.",
                     "Choose other numbers."};
    for (int run = 0; run < many.numRuns; ++run) {
        const std::string number = std::to_string(run);
        const std::string id = "sweep-" + std::string(5 - std::min<size_t>(5, number.size()), '0') + number;
        const fs::path target = home / "runs" / id;
        std::error_code ignored;
        if (!fs::exists(target, ignored)) {
            // By one rename, so that an interrupted call leaves whole runs only.
            const fs::path made = home / ("making-" + id);
            fs::remove_all(made, ignored);
            fs::create_directories(home / "runs", ignored);
            ORRERY_TRY(makeOne(made, id, run, many));
            ORRERY_TRY(renameDurably(made, target));
        }
        if (onRun && !onRun(run + 1)) return Error{ErrorCode::Cancelled, "Cannot make all runs: it was cancelled.", ""};
    }
    return {};
}

std::string runManyRunsBench(const fs::path &home, const ManyRuns &many, const std::function<bool(int)> &onRun)
{
    const double begin = monotonicSeconds();
    const Result<void> made = makeManyRuns(home, many, onRun);
    if (!made.ok()) return nlohmann::json{{"event", "error"}, {"message", made.error().message}, {"hint", made.error().hint}, {"passed", false}}.dump();
    const double makeSeconds = monotonicSeconds() - begin;
    const Catalogue catalogue(home);
    std::vector<double> listSeconds;
    size_t numListed = 0;
    for (int turn = 0; turn < 3; ++turn) {
        const double start = monotonicSeconds();
        numListed = 0;
        for (const fs::path &run : catalogue.scan()) numListed += readRunStatus(run) ? 1 : 0;
        listSeconds.push_back(monotonicSeconds() - start);
    }
    std::vector<double> seriesMs;
    for (const fs::path &run : catalogue.scan()) {
        const double start = monotonicSeconds();
        const auto reader = RunReader::open(run);
        if (!reader) continue;
        const auto all = (*reader)->listSeries();
        for (size_t i = 0; all.ok() && i < all->size(); ++i) (void)(*reader)->query({.series = (*all)[i].name, .maxBuckets = 2000});
        seriesMs.push_back((monotonicSeconds() - start) * 1e3);
        if (seriesMs.size() == 50) break;
    }
    std::sort(seriesMs.begin(), seriesMs.end());
    const bool hasPassed = numListed >= static_cast<size_t>(many.numRuns) && listSeconds.front() <= kMaxIndexSeconds;
    return nlohmann::ordered_json{{"home", home.string()},
                                  {"runs", numListed},
                                  {"series", many.numSeries},
                                  {"points", many.numPoints},
                                  {"make_seconds", makeSeconds},
                                  {"index_seconds", listSeconds},
                                  {"index_max_seconds", kMaxIndexSeconds},
                                  {"run_series_ms_median", seriesMs.empty() ? 0 : seriesMs[seriesMs.size() / 2]},
                                  {"run_series_ms_worst", seriesMs.empty() ? 0 : seriesMs.back()},
                                  {"passed", hasPassed}}
        .dump();
}

} // namespace orrery
