// SPDX-License-Identifier: Apache-2.0
#include "core/spec/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace orrery {

namespace {

constexpr int64_t kPortfolioWarmup = 2000;
constexpr int64_t kPortfolioCycle = 25000;
constexpr int64_t kNumCycles = 4;
constexpr int64_t kCosineWarmup = 100;

int64_t dividedUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

} // namespace

ResolvedSchedule resolveSchedule(const ScheduleSpec &schedule, int64_t trainSteps)
{
    const int64_t total = std::max<int64_t>(schedule.totalSteps > 0 ? schedule.totalSteps : trainSteps, 1);
    const auto warmupOr = [&](int64_t byPreset) {
        return schedule.warmupSteps >= 0 ? schedule.warmupSteps : byPreset;
    };
    ResolvedSchedule resolved;
    resolved.preset = schedule.preset;
    resolved.decay = schedule.decay;
    resolved.minRatio = schedule.minRatio;
    if (schedule.preset == "portfolio") {
        resolved.warmupSteps = warmupOr(kPortfolioWarmup);
        resolved.cycleSteps = schedule.cycleSteps > 0 ? schedule.cycleSteps : kPortfolioCycle;
        resolved.numCycles = kNumCycles;
    } else if (schedule.preset == "cosine") {
        resolved.warmupSteps = warmupOr(std::min(kCosineWarmup, total - 1));
        resolved.cycleSteps = std::max<int64_t>(total - resolved.warmupSteps, 1);
    } else if (schedule.preset == "constant") {
        resolved.warmupSteps = warmupOr(0);
        resolved.cycleSteps = std::max<int64_t>(total - resolved.warmupSteps, 1);
        resolved.minRatio = 1;
    } else {
        resolved.warmupSteps = warmupOr(std::max<int64_t>(total / 50, 1));
        const int64_t rest = std::max<int64_t>(total - resolved.warmupSteps, 1);
        resolved.cycleSteps = schedule.cycleSteps > 0 ? schedule.cycleSteps : dividedUp(rest, kNumCycles);
        resolved.numCycles = schedule.cycleSteps > 0 ? dividedUp(rest, schedule.cycleSteps) : kNumCycles;
    }
    resolved.endStep = resolved.warmupSteps + resolved.numCycles * resolved.cycleSteps;
    return resolved;
}

double learningRateAt(const ResolvedSchedule &schedule, double peak, int64_t step)
{
    step = std::max<int64_t>(step, 0);
    if (step < schedule.warmupSteps)
        return peak * (static_cast<double>(step + 1) / static_cast<double>(schedule.warmupSteps));
    const auto topOf = [&](int64_t cycle) {
        return peak * std::pow(schedule.decay, static_cast<double>(cycle));
    };
    if (step >= schedule.endStep) return topOf(schedule.numCycles - 1) * schedule.minRatio;
    const int64_t cycle = (step - schedule.warmupSteps) / schedule.cycleSteps;
    const int64_t within = (step - schedule.warmupSteps) % schedule.cycleSteps;
    // The order of operations is the peer's, so that equal settings give equal doubles.
    const double angle =
        std::numbers::pi * static_cast<double>(within) / static_cast<double>(schedule.cycleSteps);
    return topOf(cycle) * (schedule.minRatio + (1 - schedule.minRatio) * 0.5 * (1 + std::cos(angle)));
}

} // namespace orrery
