// SPDX-License-Identifier: Apache-2.0
// A small model of text, pictures and recordings, and batches of them.
#pragma once

#include "tests/nn/model_fixtures.h"

#include "core/nn/modality_embedding.h"
#include "core/nn/modality_input.h"

#include <vector>

namespace orrery::nn::test {

inline constexpr int64_t kText = 0, kImage = 1, kAudio = 2;

inline ModelSpec multiModalSpec()
{
    ModelSpec spec = smallSpec();
    spec.attention.numModalities = 3;
    spec.media.imageSize = 4;
    spec.media.patchSize = 2;
    spec.media.audioTokens = 3;
    return spec;
}

inline at::Tensor makeFeatures(int64_t rows, int64_t width, double phase)
{
    return at::sin(at::arange(rows * width, at::kFloat) * 0.37 + phase).view({rows, width});
}

/// @param modalities of each row, token by token
inline ModalityInput makeInput(const ModelSpec &spec, const std::vector<std::vector<int64_t>> &modalities,
                               double phase = 0)
{
    std::vector<int64_t> all;
    std::vector<std::vector<int64_t>> positions(3);
    for (const auto &row : modalities) {
        int64_t place = 0;
        for (size_t t = 0; t < row.size(); ++t) {
            place = t > 0 && row[t - 1] == row[t] ? place + 1 : 0;
            positions[static_cast<size_t>(row[t])].push_back(place);
            all.push_back(row[t]);
        }
    }
    const auto batch = static_cast<int64_t>(modalities.size());
    ModalityInput input;
    input.layout = makeModalityLayout(at::tensor(all, at::kLong).view({batch, -1}), 3, at::kCPU);
    input.features.resize(3);
    for (int64_t m = 1; m < 3; ++m) {
        auto &part = input.features[static_cast<size_t>(m)];
        part.values_NF =
            makeFeatures(input.layout.size(m), featureWidth(spec.media, kModalities[static_cast<size_t>(m)]),
                         phase + static_cast<double>(m));
        part.position_N = at::tensor(positions[static_cast<size_t>(m)], at::kLong);
    }
    return input;
}

inline const std::vector<std::vector<int64_t>> &mixedBatch()
{
    static const std::vector<std::vector<int64_t>> batch = {
        {kText, kImage, kImage, kImage, kText, kAudio, kAudio, kText, kText},
        {kAudio, kAudio, kAudio, kText, kText, kText, kImage, kImage, kText}};
    return batch;
}

inline ForwardContext contextOf(const ModalityInput &input)
{
    ForwardContext context;
    context.modalities = &input;
    return context;
}

} // namespace orrery::nn::test
