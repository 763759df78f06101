// SPDX-License-Identifier: Apache-2.0
#include "core/nn/modality_input.h"

#include <torch/types.h>

namespace orrery::nn {

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

} // namespace orrery::nn
