// SPDX-License-Identifier: Apache-2.0
// Which tokens a step sees: a pure function of (seed, step, sample), so resume, micro-batch changes and
// viewers cannot move it. The cursor is the step itself; epochs are counted for display. Immutable; any
// thread.
#pragma once

#include "core/data/token_shards.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace orrery {

struct Batch {
    int64_t numSequences = 0;
    int64_t context = 0;
    std::vector<int32_t> tokens_BT1; ///< numSequences × (context + 1): inputs are [:, :-1], targets [:, 1:]
    std::vector<uint8_t> mask_BT;    ///< 1 where the target carries loss; empty: everywhere
};

/// Keeps a pointer to the shards, which must outlive it.
class BatchSampler {
public:
    /// @error InvalidInput when the training split is shorter than context + 1
    static Result<BatchSampler> create(const TokenShards &shards, int64_t context, uint64_t seed);
    /// Batches read from a file of int32 [steps, numSequences, context + 1], used in order (parity runs);
    /// behind its last step it begins again. numSequences counts all micro-batches of a step.
    /// @error NotFound, Io; InvalidInput for a size that is no whole number of steps, and for negative ids
    static Result<BatchSampler> fromFile(const std::filesystem::path &path, int64_t numSequences,
                                         int64_t context);
    /// Steps in the file of fromFile; 0 for a sampler of shards.
    [[nodiscard]] int64_t numFixedSteps() const;
    /// Starts are uniform over the training split; a window may cross from one document or part into the
    /// next. Sequences of micro-batch `micro` of step `step` (from 0). Sample number = micro·numSequences +
    /// i, so the step's data depend on batch_size·accumulation only.
    void fill(int64_t step, int64_t micro, int64_t numSequences, Batch &batch) const;

private:
    const TokenShards *m_shards = nullptr;
    std::shared_ptr<MappedFile> m_fixed;
    int64_t m_fixedSequences = 0;
    int64_t m_context = 0;
    uint64_t m_seed = 0;
};

/// Validation windows of one context in order without overlap: window w covers tokens [w·context,
/// (w+1)·context].
struct EvalWindows {
    const TokenShards *shards = nullptr;
    int64_t context = 0;
    [[nodiscard]] int64_t numWindows() const;
    void fill(int64_t firstWindow, int64_t numWindows, Batch &batch) const;
};

} // namespace orrery
