// SPDX-License-Identifier: Apache-2.0
// What a patch of a picture goes through before its linear layer (media.image_stem).
//
// conv:
//   x' = x − 0.9 · mean(x)          of each colour: paper or sky are most of a patch and would move all weights at once
//   S numbers = SiLU(K_2 ∗ SiLU(K_1 ∗ x'))    3 × 3 taps, a stride of 2, zeros around
//
// The convolutions stay within the patch, so that it stays a token of its own. Their few shared taps see edges whatever the colour,
// where a linear layer has to learn every shape in every colour anew. Source: Xiao et al. (2021), "Early convolutions help
// transformers see better", section 4, where they stride over the whole picture and a batch norm takes the mean away.
//
// luma: form and colour by ways of their own, so that no number of a patch stands for a shape in one colour only.
//   y = 0.299 R + 0.587 G + 0.114 B                  ITU-R BT.601-7, section 2.5.1
//   y' = (y − mean(y)) / √(var(y) + 0.05²)           contrast: as strong for yellow as for blue
//   S numbers = SiLU(K_2 ∗ SiLU(K_1 ∗ y')), then mean of y, 2 (R − y), 2 (B − y) in each of as many fields as K_2 has places
// As pictures are stored (ITU-T T.81 with 4:2:0) and as eyes see: fine in brightness, coarse in colour.
//
// Off (linear): no parameter and no operation. Only the thread that owns the model.
// Axes: N patches, F their numbers (rows, columns, colours), S outputs.
#pragma once

#include "core/nn/layers.h"

namespace orrery::nn {

class ImageStem {
public:
    ImageStem() = default; ///< none: hands on what it is given
    /// None where the model has none. @param name of the embedding; parameters are name.stem.0.weight [C/4, 3 or 1, 3, 3], .bias
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
    [[nodiscard]] at::Tensor convolved(const at::Tensor &x_NCHW, at::ScalarType dtype) const;
    [[nodiscard]] static at::Tensor apply(const Convolution &convolution, const at::Tensor &x_NCHW, at::ScalarType dtype);

    bool m_exists = false;
    bool m_isLuma = false;
    int64_t m_patch = 0, m_outputWidth = 0;
    int64_t m_side = 0; ///< places of the second convolution, a side
    Convolution m_first, m_second;
};

} // namespace orrery::nn
