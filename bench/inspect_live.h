// SPDX-License-Identifier: Apache-2.0
// How long somebody waits who looks inside a model while it trains: from the request to the maps of four
// heads of a text of one context, answered by the training itself at a step boundary, within its probe
// budget. On a GPU a larger model, a map of every head with them, and how many of them a second the budget
// gives. One caller at a time, on a thread that may call torch.
#pragma once

#include "core/base/result.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace orrery::bench {

struct LiveOptions {
    std::filesystem::path workDir; ///< made; the run in it goes again
    bool smoke = false;            ///< seconds: a small model and few requests
    int64_t threads = 2;
    std::string device = "cpu"; ///< or "cuda"
    int requests = 40;
    bool wantsOverview = false;                        ///< of every head, in place of four
    std::function<void(const std::string &)> progress; ///< one line at a time for people; may be empty
    const std::atomic<bool> *cancel = nullptr;
};

/// Milliseconds. A step is an update without what is done behind it.
struct LiveResult {
    std::string device;
    int64_t layers = 0, width = 0, heads = 0, batch = 0, context = 0, threads = 0;
    bool isOverview = false; ///< maps of all heads, else of four
    int numRequests = 0;
    int64_t numSteps = 0;
    double stepP50 = 0, stepP95 = 0;
    double answerP50 = 0, answerP95 = 0;     ///< from the request to the answer
    double boundaryP50 = 0, boundaryP95 = 0; ///< from the end of the step it was asked in to the answer
    double computeP50 = 0;                   ///< of the answer itself
    double firstCompute = 0;                 ///< ms: of the look before those that were counted
    double viewerPercent = 0, budgetPercent = 0;
    double load = 0;                          ///< load average of a minute when it ended
    double limit = 0;                         ///< of answerP95: stepP50 + 150
    double perSecond = 0, leastPerSecond = 0; ///< answers; the least is 0 on a CPU
    [[nodiscard]] bool hasPassed() const
    {
        return answerP95 <= limit && viewerPercent <= budgetPercent && perSecond >= leastPerSecond;
    }
};

/// Minutes: questions are as rare as the budget asks for. @error Cancelled, and those of training
Result<LiveResult> runLiveBench(const LiveOptions &options);
/// One JSON object.
std::string liveJson(const LiveResult &result);

} // namespace orrery::bench
