// SPDX-License-Identifier: Apache-2.0
#include "core/nn/image_stem.h"

#include <torch/types.h>

#include <cmath>

namespace orrery::nn {
namespace {

constexpr double kMeanTaken = 0.9; ///< with all of it gone nothing would tell a white patch from a black one
constexpr double kRed = 0.299, kGreen = 0.587, kBlue = 0.114;
constexpr double kLeastContrast = 0.05; ///< of −1 … 1: paper stays paper
constexpr double kToneGain = 2;         ///< differences of colours are about half as large as brightness

} // namespace

ImageStem::ImageStem(ParameterStore &parameters, const std::string &name, const ModelSpec &spec)
    : m_exists(hasImageStem(spec)), m_patch(spec.media.patchSize),
      m_outputWidth(m_patch * m_patch * kPictureColours)
{
    if (!m_exists) return;
    const ImageStemShape shape = imageStemShape(spec);
    m_outputWidth = shape.outputs();
    m_isLuma = shape.channels0 == 1;
    m_side = shape.side2;
    const ParameterStore::PartScope others(parameters); // begin as they would without it
    m_first = makeConvolution(parameters, name + ".stem.0", shape.channels0, shape.channels1);
    m_second = makeConvolution(parameters, name + ".stem.1", shape.channels1, shape.channels2);
}

at::Tensor ImageStem::forward(const at::Tensor &patches_NF, at::ScalarType dtype) const
{
    if (!m_exists) return patches_NF;
    const at::Tensor pixels_NHWC = patches_NF.view({-1, m_patch, m_patch, kPictureColours});
    if (m_isLuma) {
        const at::Tensor red_NHW = pixels_NHWC.select(3, 0), blue_NHW = pixels_NHWC.select(3, 2);
        const at::Tensor y_NHW = red_NHW * kRed + pixels_NHWC.select(3, 1) * kGreen + blue_NHW * kBlue;
        const at::Tensor centred_NHW = y_NHW - y_NHW.mean({1, 2}, true);
        const at::Tensor contrast_NHW =
            centred_NHW / (centred_NHW.square().mean({1, 2}, true) + kLeastContrast * kLeastContrast).sqrt();
        const at::Tensor tones_NCHW =
            at::stack({y_NHW, (red_NHW - y_NHW) * kToneGain, (blue_NHW - y_NHW) * kToneGain}, 1);
        return at::cat({convolved(contrast_NHW.unsqueeze(1), dtype),
                        at::adaptive_avg_pool2d(tones_NCHW, {m_side, m_side}).flatten(1).to(dtype)},
                       1);
    }
    const at::Tensor centred_NHWC = pixels_NHWC - pixels_NHWC.mean({1, 2}, true) * kMeanTaken;
    return convolved(centred_NHWC.permute({0, 3, 1, 2}), dtype);
}

at::Tensor ImageStem::convolved(const at::Tensor &x_NCHW, at::ScalarType dtype) const
{
    return apply(m_second, apply(m_first, x_NCHW, dtype), dtype).flatten(1);
}

ImageStem::Convolution ImageStem::makeConvolution(ParameterStore &parameters, const std::string &name,
                                                  int64_t from, int64_t to)
{
    // So that what comes out is as large as what went in: He et al. (2015), "Delving deep into rectifiers",
    // eq. 10.
    const auto numInputs = static_cast<float>(from * kStemKernel * kStemKernel);
    return {parameters.add(name + ".weight", {to, from, kStemKernel, kStemKernel},
                           ParameterInit::normal(std::sqrt(2.0f / numInputs))),
            parameters.add(name + ".bias", {to}, ParameterInit::zeros())};
}

at::Tensor ImageStem::apply(const Convolution &convolution, const at::Tensor &x_NCHW, at::ScalarType dtype)
{
    // Not conv2d: on a CPU it makes a program for each number of patches, which is another one in nearly
    // every step.
    const at::Tensor taps_NKP =
        at::im2col(x_NCHW.to(dtype).contiguous(), {kStemKernel, kStemKernel}, {1, 1}, {1, 1}, {2, 2});
    const at::Tensor y_NPC = at::linear(taps_NKP.transpose(1, 2), convolution.weight.as(dtype).flatten(1),
                                        convolution.bias.as(dtype));
    const int64_t side = (x_NCHW.size(2) + 1) / 2;
    return at::silu(y_NPC).transpose(1, 2).reshape({x_NCHW.size(0), -1, side, side});
}

} // namespace orrery::nn
