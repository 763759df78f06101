// SPDX-License-Identifier: Apache-2.0
// The tokens of a batch as one tensor [G, P, C] for products over all modalities at once: a GPU spends the time
// of a small model on beginning operations, of which weights of each modality's own would begin M times as
// many. A group has tokens of one modality, and a modality as many groups as it takes; P is the smallest number
// of rows with which 2·M groups do. Rows that are left over copy a token, have gradients of 0, and nobody reads
// them. Made once per pass; only the thread that owns the model. Axes: M modalities, G groups, P rows of each,
// R = G·P, N = B·T tokens in flat order, S segments.
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
/// And where it may: several modalities are there, and their matrices fit.
bool isGrouped(const ModalityLayout &layout, at::Device device);

struct ModalityGroups {
    int64_t numRows = 0;                  ///< P
    std::vector<int64_t> modalityOfGroup; ///< G numbers, those of one modality side by side
    at::Tensor rowOfToken_N;              ///< int64
    at::Tensor tokenOfRow_R;              ///< int64; of rows that are left over, the token that they copy
    at::Tensor oneHot_NM;
    at::Tensor members_SN; ///< 1 / size of the segment where the token is in it, else 0
    at::Tensor spread_NS;  ///< 1 there
    at::Tensor oneHot_SM;  ///< the segments' modalities
};
/// @param dtype of the matrices
ModalityGroups makeModalityGroups(const ModalityLayout &layout, at::ScalarType dtype);

/// [N, …] to [G, P, …] and back. Differentiable.
at::Tensor toRows(const ModalityGroups &groups, const at::Tensor &x_N);
at::Tensor toTokens(const ModalityGroups &groups, const at::Tensor &x_GP);
/// x_GPC weight_GEC^T, for each group.
at::Tensor groupedProduct(const at::Tensor &x_GPC, const at::Tensor &weight_GEC);

} // namespace orrery::nn
