// SPDX-License-Identifier: Apache-2.0
// Kills workers at random moments and compares what comes out with a training that nobody disturbed.
#pragma once

#include "worker_fixture.h"

namespace orrery::test {

enum class KillMoment : uint8_t { AnyTime, WhileCheckpointIsWritten };

struct SweepOutcome {
    std::string wrong; ///< empty: nothing
    int numKills = 0;
    int numWithLosses = 0;  ///< killed after the first update that the store knows
    int numWithPartial = 0; ///< killed with a half-written checkpoint on the disk
};

/// Kills workers of one run until numKills were counted and one of them was what the moment is about; a run
/// that is finished is compared and followed by a fresh one.
SweepOutcome sweepKills(const WorkerFixture &fixture, KillMoment moment, int numKills, uint64_t seed);

} // namespace orrery::test
