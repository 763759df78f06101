// SPDX-License-Identifier: Apache-2.0
// Learning rate in closed form from the step: no state, so that resume and plots need nothing but the spec. Any thread.
#pragma once

#include "core/spec/run_spec.h"

namespace orrery {

/// Schedule with all "by preset" values filled in.
struct ResolvedSchedule {
    std::string preset;
    int64_t warmupSteps = 0;
    int64_t cycleSteps = 1;
    int64_t numCycles = 1;
    int64_t endStep = 0; ///< first step after the last cycle; the last value holds from here on
    double decay = 0.5;
    double minRatio = 0.1;
};
ResolvedSchedule resolveSchedule(const ScheduleSpec &schedule, int64_t trainSteps);

/// lr(s) = peak·(s+1)/w for s < w; cycle i = ⌊(s−w)/cycle⌋ starts from peak·decay^i and falls by a cosine to minRatio of
/// its peak (reached at the cycle's last step + 1, as in the peer's formula); afterwards the last value holds.
/// Source: the specification 2.2; Loshchilov & Hutter (2017), "SGDR", eq. 5, with decaying peaks.
/// @param step counts from 0
double learningRateAt(const ResolvedSchedule &schedule, double peak, int64_t step);

} // namespace orrery
