// SPDX-License-Identifier: Apache-2.0
// Turns patches of pictures and frames of recordings into vectors of the residual stream: a linear layer and
// a learned position (cell of the picture, place within the recording) of each modality's own, for patches behind
// the picture stem. Only the thread that owns the model.
#pragma once

#include "core/nn/image_stem.h"
#include "core/nn/layers.h"
#include "core/nn/modality_input.h"

namespace orrery::nn {

/// Numbers per token of a modality that is not text.
int64_t featureWidth(const MediaSpec &media, Modality modality);
/// Different positions of its tokens.
int64_t numPositions(const MediaSpec &media, Modality modality);

class ModalityEmbedding {
public:
    ModalityEmbedding() = default;
    ModalityEmbedding(ParameterStore &parameters, const ModelSpec &spec);
    /// Puts the vectors of tokens that are not text in their places of x_BTC, whatever stood there.
    [[nodiscard]] at::Tensor place(const at::Tensor &x_BTC, const ModalityInput &input,
                                   at::ScalarType dtype) const;

private:
    struct Part {
        ImageStem stem; ///< of pictures
        Linear linear;
        Weight position;
    };
    std::vector<Part> m_parts; ///< by modality; text's is empty
};

} // namespace orrery::nn
