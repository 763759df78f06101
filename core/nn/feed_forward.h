// SPDX-License-Identifier: Apache-2.0
// The built-in feed-forward networks. Only the thread that owns the model.
#pragma once

#include "core/nn/extension_points.h"

namespace orrery::nn {

/// up, GELU (exact or by tanh), down.
std::unique_ptr<FeedForward> makeGelu(BuildContext &build, const std::string &approximation);
/// (silu(gate) · up), down; gate and up in one matrix, gate first. Source: Shazeer (2020), "GLU variants
/// improve transformer", eq. 6.
std::unique_ptr<FeedForward> makeSwiGlu(BuildContext &build);

} // namespace orrery::nn
