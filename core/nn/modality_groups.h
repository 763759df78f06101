// SPDX-License-Identifier: Apache-2.0
// The tokens of a batch as one tensor [M, P, C] for products over all modalities at once: a GPU spends the time
// of a small model on beginning operations, of which weights of each modality's own would begin M times as
// many. P is the longest modality; shorter ones are filled up with copies of their first token, whose gradients
// are 0 and whose values nobody reads. Made once per pass; only the thread that owns the model. Axes: M
// modalities, P rows of each, R = M·P, N = B·T tokens in flat order, S segments.
#pragma once

#include "core/nn/modality_layout.h"

#include <ATen/core/Tensor.h>

namespace orrery::nn {

/// Whether a pass goes over all modalities at once.
enum class Grouping : uint8_t {
    ByDevice, ///< on a GPU: on a CPU products over slices are as fast, and waste nothing
    Always,   ///< tests compare both ways
    Never,
};
void setGrouping(Grouping grouping);
/// And where it may: several modalities are there, and filling up costs no more than it saves.
bool isGrouped(const ModalityLayout &layout, at::Device device);

struct ModalityGroups {
    int64_t numModalities = 0, numRows = 0; ///< M, P
    at::Tensor rowOfToken_N;                ///< int64
    at::Tensor tokenOfRow_R;                ///< int64; of rows that fill up, the token that they copy
    at::Tensor oneHot_NM;
    at::Tensor members_SN; ///< 1 / size of the segment where the token is in it, else 0
    at::Tensor spread_NS;  ///< 1 there
    at::Tensor oneHot_SM;  ///< the segments' modalities
};
/// @param dtype of the matrices
ModalityGroups makeModalityGroups(const ModalityLayout &layout, at::ScalarType dtype);

/// [N, …] to [M, P, …] and back. Differentiable.
at::Tensor toRows(const ModalityGroups &groups, const at::Tensor &x_N);
at::Tensor toTokens(const ModalityGroups &groups, const at::Tensor &x_MP);
/// x_MPC weight_MEC^T, for each modality.
at::Tensor groupedProduct(const at::Tensor &x_MPC, const at::Tensor &weight_MEC);

} // namespace orrery::nn
