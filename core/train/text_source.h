// SPDX-License-Identifier: Apache-2.0
// Batches of text: windows of a token stream, made into what an objective asks for. Trainer thread only.
#pragma once

#include "core/data/batch_sampler.h"
#include "core/train/batch_source.h"
#include "core/train/objective.h"

namespace orrery {

class TextBatchSource final : public BatchSource {
public:
    /// What the sampler reads from, and the objective, must outlive it.
    explicit TextBatchSource(BatchSampler sampler, const Objective &objective = nextTokenObjective());
    void fill(const BatchPlace &place, ModelBatch &out) override;

private:
    BatchSampler m_sampler;
    const Objective &m_objective;
    Batch m_text; ///< used again
};

class TextValidationSource final : public ValidationSource {
public:
    /// @param windows their shards must outlive it   @param owned what keeps the objective alive, or null
    explicit TextValidationSource(EvalWindows windows, const Objective &objective = nextTokenObjective(),
                                  std::shared_ptr<const Objective> owned = nullptr);
    [[nodiscard]] int64_t context() const override { return m_windows.context; }
    [[nodiscard]] int64_t numWindows() const override { return m_windows.numWindows(); }
    void fill(int64_t first, int64_t count, uint64_t seed, ModelBatch &out) override;

private:
    EvalWindows m_windows;
    std::shared_ptr<const Objective> m_owned;
    const Objective &m_objective;
    Batch m_text;
};

/// val_loss, always the next token's, and what the objective measures beside it.
std::vector<ValidationMeasure> textMeasures(const EvalWindows &windows, const Objective &objective);

} // namespace orrery
