// SPDX-License-Identifier: Apache-2.0
// Runs the arms of a task over its seeds. Each finished result is appended to <work>/results.jsonl and taken
// from there the next time, as long as program, data and options are the same. One caller at a time, on the
// thread that may call torch.
#pragma once

#include "bench/science/science_task.h"

#include <span>

namespace orrery::bench {

/// One of `of` equal stretches of all results, seed by seed: for processes side by side on one work folder.
/// Behind them the whole bench finds all results there and gives the verdict.
struct ScienceShare {
    int64_t index = 1, of = 1; ///< 1 ≤ index ≤ of
    [[nodiscard]] bool isWhole() const { return of == 1; }
};

struct ScienceOptions {
    ScienceMode mode = ScienceMode::Full;
    int64_t numSeeds = 0; ///< 0: the task's own in full, 1 otherwise; seeds are 1 … n
    int64_t threads = 1;
    std::string device = "cpu";       ///< "cpu" or "cuda"
    ScienceShare share;               ///< of the results; a share of them has no verdict
    std::filesystem::path workFolder; ///< made; results.jsonl and a folder of each task's own
    std::string build;                ///< of the program (programBuild): results of another one are not used
    std::function<Result<void>(const RunSpec &)> preparePlugins;
    /// What is going on, for people. @param isLasting a line to keep, else one that the next one replaces
    std::function<void(const std::string &line, bool isLasting)> progress;
    const std::atomic<bool> *cancel = nullptr;
    [[nodiscard]] int64_t seedsOf(const ScienceTask &task) const
    {
        return numSeeds > 0 ? numSeeds : mode == ScienceMode::Full ? task.numSeeds() : 1;
    }
};

struct ScienceRun {
    std::string data; ///< what the task trained on
    ScienceResults results;
    std::vector<Check> checks; ///< none in Smoke
    bool hasPassed = false;    ///< all checks are met but those told beside
    int64_t numReused = 0;     ///< results that were there already
    double seconds = 0;        ///< of all results
};

/// @error InvalidInput (no seed), Cancelled (what is finished is kept), Io, and those of the task
Result<ScienceRun> runScience(ScienceTask &task, const ScienceOptions &options);

/// @error InvalidInput naming the nearest one
Result<std::unique_ptr<ScienceTask>> makeScienceTask(const std::string &name,
                                                     std::span<const ScienceTaskEntry> entries);
/// @error InvalidInput: fewer than one seed, or both --smoke and --quick
Result<ScienceMode> scienceMode(bool isSmoke, bool isQuick);
Result<void> checkNumSeeds(int64_t numSeeds);
/// "2/3". @error InvalidInput
Result<ScienceShare> parseScienceShare(const std::string &text);

/// One line: per seed and arm the metrics, parameters, steps, seconds and those of the processor; then intervals, checks, "passed" (null without checks).
std::string scienceJson(const ScienceTask &task, const ScienceOptions &options, const ScienceRun &run);
/// For a terminal.
std::string scienceTable(const ScienceTask &task, const ScienceOptions &options, const ScienceRun &run);

} // namespace orrery::bench
