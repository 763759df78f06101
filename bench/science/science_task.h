// SPDX-License-Identifier: Apache-2.0
// What a science benchmark is: arms that are trained under equal conditions over several seeds, and a verdict
// over what they measured. A task is one file, task_*.cpp, and one line in science_tasks.cpp. The thread that
// may call torch.
#pragma once

#include "bench/science/science_results.h"
#include "core/base/result.h"
#include "core/spec/run_spec.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace orrery::bench {

/// Smoke: seconds, that it runs at all. Quick: a minute, looser bounds. Full: what the figures are made of.
enum class ScienceMode : uint8_t { Smoke, Quick, Full };
const char *scienceModeName(ScienceMode mode);

/// What a task is given. Paths exist; `cancel` is polled.
struct ScienceSetting {
    ScienceMode mode = ScienceMode::Full;
    int64_t threads = 1;
    std::string device = "cpu";       ///< what models train and are measured on: "cpu" or "cuda"
    std::filesystem::path workFolder; ///< of the task: prepared data, shared by its arms, kept
    /// Loads what a spec uses, also nothing; no model may live then. As nn::PreparePlugins.
    std::function<Result<void>(const RunSpec &)> preparePlugins;
    std::function<void(const std::string &)> progress; ///< "step 300 of 2,000, loss 1.23"
    const std::atomic<bool> *cancel = nullptr;
    [[nodiscard]] bool isCancelled() const { return cancel && cancel->load(std::memory_order_relaxed); }
    void tell(const std::string &text) const
    {
        if (progress) progress(text);
    }
};

struct ScienceArm {
    std::string name;
    std::string what; ///< one line
};

class ScienceTask {
public:
    virtual ~ScienceTask() = default;
    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual std::string summary() const = 0; ///< one line
    [[nodiscard]] virtual std::vector<ScienceArm> arms(ScienceMode mode) const = 0;
    /// Of a run in full that asks for no number: what its verdict needs so as not to hang on the spread of three.
    [[nodiscard]] virtual int64_t numSeeds() const { return 3; }
    /// Makes or finds the data that all arms use. @return what they are, in words that change with them:
    /// results of other data are not used again @error NotFound where this machine has none; Cancelled
    virtual Result<std::string> prepare(const ScienceSetting &setting) = 0;
    /// Trains and measures one arm. The same arguments give the same metrics on the same machine.
    /// @error those of training; Cancelled
    virtual Result<ArmResult> runArm(const std::string &arm, uint64_t seed,
                                     const ScienceSetting &setting) = 0;
    /// Of all arms and seeds; not asked in Smoke. Without intervals (one seed) the means alone decide.
    [[nodiscard]] virtual std::vector<Check> verdict(const ScienceResults &results,
                                                     ScienceMode mode) const = 0;
};

struct ScienceTaskEntry {
    std::string name;
    std::function<std::unique_ptr<ScienceTask>()> make;
};
/// All tasks, in the order of the list.
const std::vector<ScienceTaskEntry> &scienceTasks();

} // namespace orrery::bench
