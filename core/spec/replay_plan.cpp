// SPDX-License-Identifier: Apache-2.0
#include "core/spec/replay_plan.h"

#include "core/spec/continual_work.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr int64_t kExcerptWindows = 4; ///< of an excerpt

} // namespace

ReplayPlan replayPlan(const ContinualSpec &spec)
{
    const bool replays = spec.strategy != "naive" && spec.strategy != "ewc";
    if (!spec.isOn() || !replays) return {};
    // As many tokens, seen at more offsets. derpp keeps logits of single positions; sparse_memory was measured with
    // single windows.
    const bool keepsExcerpts = spec.strategy == "rehearsal" || spec.strategy == "er";
    return {.bufferShare = spec.bufferPercent / 100,
            .sequenceShare = spec.replayShare,
            .windowsPerChunk = keepsExcerpts ? kExcerptWindows : 1,
            .dreamShare = spec.strategy == "rehearsal" ? kDreamShare : 0};
}

Result<ReplayBuffer> planReplayBuffer(const ReplayPlan &plan, int64_t context, int64_t stage, uint64_t numTokens)
{
    const auto window = static_cast<uint64_t>(context + 1);
    const auto budget = static_cast<uint64_t>(plan.bufferShare * static_cast<double>(numTokens));
    ReplayBuffer buffer{.windowsPerChunk = plan.windowsPerChunk};
    // A small buffer keeps several short excerpts rather than one.
    if (2 * window * static_cast<uint64_t>(buffer.windowsPerChunk) > budget) buffer.windowsPerChunk = 1;
    buffer.chunkTokens = window * static_cast<uint64_t>(buffer.windowsPerChunk);
    buffer.numPlaces = numTokens / buffer.chunkTokens;
    buffer.numKept = std::min(budget / buffer.chunkTokens, buffer.numPlaces);
    if (buffer.numKept > 0) return buffer;
    return Error{ErrorCode::InvalidInput,
                 "Cannot replay stage " + std::to_string(stage + 1) + ": its buffer holds " +
                     std::to_string(budget) + " of " + std::to_string(numTokens) +
                     " tokens, expected at least one window of " + std::to_string(window) + ".",
                 "Use more text, a higher continual.buffer_percent or a shorter model.context."};
}

Result<void> checkReplayBuffers(const RunSpec &spec, const std::vector<uint64_t> &numTrainTokens)
{
    const ReplayPlan plan = replayPlan(spec.continual);
    if (plan.sequenceShare <= 0) return {};
    // Nothing is kept of the last one.
    for (size_t stage = 0; stage + 1 < numTrainTokens.size(); ++stage)
        ORRERY_TRY(planReplayBuffer(plan, spec.model.context, static_cast<int64_t>(stage), numTrainTokens[stage]));
    return {};
}

} // namespace orrery
