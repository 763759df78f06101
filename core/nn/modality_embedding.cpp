// SPDX-License-Identifier: Apache-2.0
#include "core/nn/modality_embedding.h"

#include <torch/types.h>

#include <cmath>

namespace orrery::nn {
namespace {

constexpr int64_t kMelBands = 32, kFramesPerToken = 4;

} // namespace

int64_t featureWidth(const MediaSpec &media, Modality modality)
{
    if (modality == Modality::Image) return media.patchSize * media.patchSize * kPictureColours;
    return kMelBands * kFramesPerToken;
}

int64_t numPositions(const MediaSpec &media, Modality modality)
{
    const int64_t cells = media.imageSize / media.patchSize;
    return modality == Modality::Image ? cells * cells : media.audioTokens;
}

ModalityEmbedding::ModalityEmbedding(ParameterStore &parameters, const ModelSpec &spec)
{
    m_parts.resize(1);
    for (int64_t m = 1; m < spec.attention.numModalities; ++m) {
        const auto modality = kModalities[static_cast<size_t>(m)];
        const std::string name = "embedding." + modalityLabel(m);
        Part part;
        if (modality == Modality::Image) part.stem = ImageStem(parameters, name, spec);
        const int64_t width = modality == Modality::Image ? part.stem.outputWidth() : featureWidth(spec.media, modality);
        part.linear = Linear(parameters, name, width, spec.width, true, kInitDeviation);
        // As large as what the linear layer gives at first: where it is much smaller, all cells look alike for long.
        const bool isLarge = modality == Modality::Image && hasImageStem(spec);
        const float position = isLarge ? kInitDeviation * std::sqrt(static_cast<float>(width)) : kInitDeviation;
        part.position = parameters.add(name + ".position.weight", {numPositions(spec.media, modality), spec.width},
                                       ParameterInit::normal(position));
        m_parts.push_back(std::move(part));
    }
}

at::Tensor ModalityEmbedding::place(const at::Tensor &x_BTC, const ModalityInput &input,
                                    at::ScalarType dtype) const
{
    const at::ScalarType precise = preciseType(dtype);
    const ModalityLayout &layout = input.layout;
    at::Tensor x_NC = x_BTC.reshape({-1, x_BTC.size(2)});
    for (int64_t m = 1; m < layout.numModalities; ++m) {
        if (layout.size(m) == 0) continue;
        const ModalityFeatures &features = input.features[static_cast<size_t>(m)];
        TORCH_CHECK(
            features.values_NF.size(0) == layout.size(m) && features.position_N.size(0) == layout.size(m),
            modalityLabel(m), " has ", features.values_NF.size(0), " tokens, expected ", layout.size(m));
        const Part &part = m_parts[static_cast<size_t>(m)];
        const at::Tensor vectors_NC = part.linear.forward(part.stem.forward(features.values_NF, dtype), dtype).to(precise) +
                                      at::embedding(part.position.as(precise), features.position_N);
        x_NC = x_NC.index_copy(0, layout.places(m), vectors_NC);
    }
    return x_NC.view(x_BTC.sizes());
}

} // namespace orrery::nn
