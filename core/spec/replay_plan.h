// SPDX-License-Identifier: Apache-2.0
// How earlier texts are replayed, and what is kept of each for it (keys continual.*). Values; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_spec.h"

#include <cstdint>
#include <vector>

namespace orrery {

struct ReplayPlan {
    double bufferShare = 0;      ///< of a stage's training tokens, the most that is kept
    double sequenceShare = 0;    ///< of a step's sequences
    int64_t windowsPerChunk = 1; ///< above 1: longer excerpts are kept and replayed from any offset
    double dreamShare = 0; ///< of the replayed sequences, those that are made-up texts once there are some
};

/// As a strategy wants it.
ReplayPlan replayPlan(const ContinualSpec &spec);

/// Of a stage's training text, cut into chunks without overlap.
struct ReplayBuffer {
    int64_t windowsPerChunk = 1;
    uint64_t chunkTokens = 0;
    uint64_t numPlaces = 0; ///< chunks of the whole text
    uint64_t numKept = 0;   ///< of them; at least 1
};

/// @param stage from 0   @param numTokens of its training text
/// @error InvalidInput: there is no room for one window
Result<ReplayBuffer> planReplayBuffer(const ReplayPlan &plan, int64_t context, int64_t stage, uint64_t numTokens);

/// Of a run that is to be made. @param numTrainTokens of all its texts, in turn
/// @error as planReplayBuffer
Result<void> checkReplayBuffers(const RunSpec &spec, const std::vector<uint64_t> &numTrainTokens);

} // namespace orrery
