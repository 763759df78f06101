// SPDX-License-Identifier: Apache-2.0
#include "core/train/multimodal_source.h"

namespace orrery {
namespace {

void toModelBatch(MultiModalBatch &batch, int64_t numModalities, ModelBatch &out)
{
    out.numSequences = batch.numSequences;
    out.context = batch.context;
    out.ids_BT = batch.ids_BT;
    out.targets_BT = batch.targets_BT;
    out.mask_BT = batch.mask_BT;
    out.maskPolicy = "causal";
    out.prefixLengths.clear();
    out.modalities = takeModalities(batch, numModalities);
}

} // namespace

void MultiModalBatchSource::fill(const BatchPlace &place, ModelBatch &out)
{
    m_sampler.fill(place.step, place.micro, place.batchSize, m_batch);
    toModelBatch(m_batch, m_numModalities, out);
}

void MultiModalValidationSource::fill(int64_t first, int64_t count, uint64_t /*seed*/, ModelBatch &out)
{
    m_windows.fill(first, count, m_batch);
    toModelBatch(m_batch, m_numModalities, out);
}

} // namespace orrery
