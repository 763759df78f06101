// SPDX-License-Identifier: Apache-2.0
// A batch as the model reads it and is measured on it: what it reads, what it must tell, where that counts,
// and who may look at whom. Values; any thread.
#pragma once

#include "core/spec/modality_batch.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

struct ModelBatch {
    int64_t numSequences = 0;
    int64_t context = 0;
    std::vector<int32_t> ids_BT;
    std::vector<int32_t> targets_BT;
    std::vector<uint8_t> mask_BT;             ///< 1 where the target carries loss; empty: everywhere
    std::string maskPolicy = "causal";        ///< as nn::ForwardContext has it
    std::vector<int64_t> prefixLengths;       ///< for the policy "prefix"
    ModalityBatch modalities;                 ///< what of ids_BT is not text
    [[nodiscard]] int64_t numTargets() const; ///< with mask 1
};

} // namespace orrery
