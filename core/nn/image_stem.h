// SPDX-License-Identifier: Apache-2.0
// What a patch of a picture goes through before its linear layer (media.image_stem = conv):
//
//   x' = x − 0.9 · mean(x)          of each colour: paper or sky are most of a patch and would move all weights at once
//   S numbers = SiLU(K_2 ∗ SiLU(K_1 ∗ x'))    3 × 3 taps, a stride of 2, zeros around
//
// The convolutions stay within the patch, so that it stays a token of its own. Their few shared taps see edges whatever the colour,
// where a linear layer has to learn every shape in every colour anew. Source: Xiao et al. (2021), "Early convolutions help
// transformers see better", section 4, where they stride over the whole picture and a batch norm takes the mean away.
// Off (linear): no parameter and no operation. Only the thread that owns the model.
// Axes: N patches, F their numbers (rows, columns, colours), S outputs.
#pragma once

#include "core/nn/layers.h"

namespace orrery::nn {

class ImageStem {
public:
    ImageStem() = default; ///< none: hands on what it is given
    /// None where the model has none. @param name of the embedding; parameters are name.stem.0.weight [C/4, 3, 3, 3], .bias
    /// and name.stem.1.weight [C/2, C/4, 3, 3], .bias
    ImageStem(ParameterStore &parameters, const std::string &name, const ModelSpec &spec);
    /// S with a stem, else F.
    [[nodiscard]] int64_t outputWidth() const { return m_outputWidth; }
    /// @param patches_NF in −1 … 1 @return [N, S] in dtype; patches_NF itself without a stem
    [[nodiscard]] at::Tensor forward(const at::Tensor &patches_NF, at::ScalarType dtype) const;

private:
    struct Convolution {
        Weight weight, bias;
    };
    [[nodiscard]] static Convolution makeConvolution(ParameterStore &parameters, const std::string &name, int64_t from, int64_t to);
    [[nodiscard]] static at::Tensor apply(const Convolution &convolution, const at::Tensor &x_NCHW, at::ScalarType dtype);

    bool m_exists = false;
    int64_t m_patch = 0, m_outputWidth = 0;
    Convolution m_first, m_second;
};

} // namespace orrery::nn
