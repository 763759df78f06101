// SPDX-License-Identifier: Apache-2.0
#include "core/nn/modality_input.h"

#include "core/kernels/philox_mask.h"

#include <torch/types.h>

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

ModalityInput makeModalityInput(const ModalityBatch &batch, int64_t numSequences, at::Device device)
{
    const auto numPositions = static_cast<int64_t>(batch.modality_BT.size());
    TORCH_CHECK(numSequences > 0 && numPositions % numSequences == 0, numPositions, " positions in ",
                numSequences, " sequences");
    const at::Tensor modality_BT = at::from_blob(const_cast<uint8_t *>(batch.modality_BT.data()),
                                                 {numSequences, numPositions / numSequences}, at::kByte)
                                       .to(at::kLong);
    ModalityInput input;
    input.layout = makeModalityLayout(modality_BT, batch.numModalities, device);
    input.features.resize(static_cast<size_t>(batch.numModalities));
    for (size_t m = 1; m < input.features.size() && m < batch.rows.size(); ++m) {
        const ModalityRows &rows = batch.rows[m];
        const auto numRows = static_cast<int64_t>(rows.places_N.size());
        if (numRows == 0) continue;
        TORCH_CHECK(static_cast<int64_t>(rows.features_NF.size()) == numRows * rows.width, "features of ",
                    modalityLabel(static_cast<int64_t>(m)), " do not fill their rows");
        // Copies: the batch may be filled again while a device still reads.
        input.features[m].values_NF =
            at::from_blob(const_cast<float *>(rows.features_NF.data()), {numRows, rows.width}, at::kFloat)
                .clone()
                .to(device);
        input.features[m].position_N =
            at::from_blob(const_cast<int32_t *>(rows.places_N.data()), {numRows}, at::kInt)
                .to(device, at::kLong);
    }
    return input;
}

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
