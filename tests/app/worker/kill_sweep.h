// SPDX-License-Identifier: Apache-2.0
// Kills workers at random moments and compares what comes out with a training that nobody disturbed.
#pragma once

#include "worker_fixture.h"

namespace orrery::test {

enum class KillMoment : uint8_t { AnyTime, WhileCheckpointIsWritten };

/// Kills workers of one run until numKills were counted; a run that is finished is compared and followed by a
/// fresh one.
/// @return an empty text, or what was wrong
std::string sweepKills(const WorkerFixture &fixture, KillMoment moment, int numKills, uint64_t seed);

} // namespace orrery::test
