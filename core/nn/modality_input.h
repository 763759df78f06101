// SPDX-License-Identifier: Apache-2.0
// What a forward pass is told of tokens that are not text. Values of one batch; the thread that owns the
// model.
#pragma once

#include "core/nn/modality_layout.h"
#include "core/nn/transformer.h"
#include "core/spec/modality_batch.h"

namespace orrery::nn {

/// Features of the tokens of one modality, in the order in which those tokens stand in the batch.
struct ModalityFeatures {
    at::Tensor values_NF;  ///< fp32; a picture's patch or a recording's frames per token
    at::Tensor position_N; ///< int64; cell of the picture, or number of the token within the recording
};

struct ModalityInput {
    ModalityLayout layout;
    std::vector<ModalityFeatures> features; ///< by modality; that of text is empty
};

/// The same as tensors on the model's device. @param batch not of text only
ModalityInput makeModalityInput(const ModalityBatch &batch, int64_t numSequences, at::Device device);

} // namespace orrery::nn
