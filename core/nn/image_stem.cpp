// SPDX-License-Identifier: Apache-2.0
#include "core/nn/image_stem.h"

#include <torch/types.h>

#include <cmath>

namespace orrery::nn {
namespace {

constexpr double kMeanTaken = 0.9; ///< with all of it gone nothing would tell a white patch from a black one

} // namespace

ImageStem::ImageStem(ParameterStore &parameters, const std::string &name, const ModelSpec &spec)
    : m_exists(hasImageStem(spec)), m_patch(spec.media.patchSize), m_outputWidth(m_patch * m_patch * kPictureColours)
{
    if (!m_exists) return;
    const ImageStemShape shape = imageStemShape(spec);
    m_outputWidth = shape.outputs();
    const ParameterStore::PartScope others(parameters); // begin as they would without it
    m_first = makeConvolution(parameters, name + ".stem.0", kPictureColours, shape.channels1);
    m_second = makeConvolution(parameters, name + ".stem.1", shape.channels1, shape.channels2);
}

at::Tensor ImageStem::forward(const at::Tensor &patches_NF, at::ScalarType dtype) const
{
    if (!m_exists) return patches_NF;
    const at::Tensor pixels_NHWC = patches_NF.view({-1, m_patch, m_patch, kPictureColours});
    const at::Tensor centred_NHWC = pixels_NHWC - pixels_NHWC.mean({1, 2}, true) * kMeanTaken;
    return apply(m_second, apply(m_first, centred_NHWC.permute({0, 3, 1, 2}), dtype), dtype).flatten(1);
}

ImageStem::Convolution ImageStem::makeConvolution(ParameterStore &parameters, const std::string &name, int64_t from, int64_t to)
{
    // So that what comes out is as large as what went in: He et al. (2015), "Delving deep into rectifiers", eq. 10.
    const auto numInputs = static_cast<float>(from * kStemKernel * kStemKernel);
    return {parameters.add(name + ".weight", {to, from, kStemKernel, kStemKernel},
                           ParameterInit::normal(std::sqrt(2.0f / numInputs))),
            parameters.add(name + ".bias", {to}, ParameterInit::zeros())};
}

at::Tensor ImageStem::apply(const Convolution &convolution, const at::Tensor &x_NCHW, at::ScalarType dtype)
{
    return at::silu(at::conv2d(x_NCHW.to(dtype).contiguous(), convolution.weight.as(dtype), convolution.bias.as(dtype), 2, 1));
}

} // namespace orrery::nn
