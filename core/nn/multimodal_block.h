// SPDX-License-Identifier: Apache-2.0
// The pre-norm block of a model with several modalities: norms, projections and feed-forward of each
// modality's own, one attention over all. Its residual stream is [1, N, C], sorted by modality
// (ForwardContext::modalities); the model sorts once per batch. Only the thread that owns the model.
#pragma once

#include "core/nn/extension_points.h"

namespace orrery::nn {

std::unique_ptr<Block> makeMultiModalBlock(BuildContext &build);

} // namespace orrery::nn
