// SPDX-License-Identifier: Apache-2.0
#include "core/nn/modality_input.h"

#include "core/kernels/philox_mask.h"

#include <torch/torch.h>

namespace orrery::nn {
namespace {

/// By modality, whether a sequence has tokens of it. Segments of one sequence stand together.
std::vector<std::vector<bool>> presence(const ModalityLayout &layout)
{
    std::vector<std::vector<bool>> isPresent(static_cast<size_t>(layout.batch),
                                             std::vector<bool>(static_cast<size_t>(layout.numModalities)));
    for (const ModalityLayout::Segment &segment : layout.segments)
        isPresent[static_cast<size_t>(segment.sequence)][static_cast<size_t>(segment.modality)] = true;
    return isPresent;
}

bool isDrawn(const ForwardContext &context, int64_t sequence, int64_t modality, double probability)
{
    const CounterRng rng({.seed = context.seed,
                          .step = context.step,
                          .sample = context.firstSample + static_cast<uint32_t>(sequence),
                          .layer = static_cast<uint32_t>(modality),
                          .purpose = RngPurpose::ModalityDropout});
    return rng.bits(0) < kernels::dropThreshold(probability);
}

} // namespace

at::Tensor dropModalities(const ModalityLayout &layout, const ForwardContext &context, double probability)
{
    if (probability <= 0 || layout.segments.empty()) return {};
    auto isPresent = presence(layout);
    std::vector<std::vector<bool>> isHidden(isPresent.size(),
                                            std::vector<bool>(static_cast<size_t>(layout.numModalities)));
    bool isAnyHidden = false;
    for (int64_t b = 0; b < layout.batch; ++b) {
        auto &present = isPresent[static_cast<size_t>(b)];
        auto left = std::count(present.begin(), present.end(), true);
        for (int64_t m = 1; m < layout.numModalities && left > 1; ++m) {
            if (!present[static_cast<size_t>(m)] || !isDrawn(context, b, m, probability)) continue;
            isHidden[static_cast<size_t>(b)][static_cast<size_t>(m)] = isAnyHidden = true;
            --left;
        }
    }
    if (!isAnyHidden) return {};
    at::Tensor bias_BT = at::zeros({layout.batch, layout.numTokens}, at::kFloat);
    for (const ModalityLayout::Segment &segment : layout.segments)
        if (isHidden[static_cast<size_t>(segment.sequence)][static_cast<size_t>(segment.modality)])
            bias_BT[segment.sequence].narrow(0, segment.firstToken, segment.numTokens).fill_(kDroppedKey);
    return bias_BT.to(layout.modality_BT.device());
}

} // namespace orrery::nn
