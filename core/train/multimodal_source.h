// SPDX-License-Identifier: Apache-2.0
// Batches of documents with pictures and recordings: next-token prediction of their texts. Trainer thread
// only.
#pragma once

#include "core/data/multimodal/sampler.h"
#include "core/train/batch_source.h"

namespace orrery {

class MultiModalBatchSource final : public BatchSource {
public:
    /// What the sampler reads from must outlive it. @param numModalities of the model
    MultiModalBatchSource(MultiModalSampler sampler, int64_t numModalities)
        : m_sampler(sampler), m_numModalities(numModalities)
    {
    }
    void fill(const BatchPlace &place, ModelBatch &out) override;

private:
    MultiModalSampler m_sampler;
    int64_t m_numModalities;
    MultiModalBatch m_batch; ///< used again
};

/// One document a window, cut where it is longer than the context.
class MultiModalValidationSource final : public ValidationSource {
public:
    /// @param source must outlive it
    MultiModalValidationSource(const MultiModalSource &source, Split split, int64_t context,
                               int64_t numModalities, uint64_t maxDocuments = ~uint64_t{0})
        : m_windows(source, split, context, maxDocuments), m_context(context), m_numModalities(numModalities)
    {
    }
    [[nodiscard]] int64_t context() const override { return m_context; }
    [[nodiscard]] int64_t numWindows() const override { return m_windows.numWindows(); }
    void fill(int64_t first, int64_t count, uint64_t seed, ModelBatch &out) override;

private:
    MultiModalWindows m_windows;
    int64_t m_context;
    int64_t m_numModalities;
    MultiModalBatch m_batch;
};

} // namespace orrery
