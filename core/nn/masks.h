// SPDX-License-Identifier: Apache-2.0
// The built-in masks. Only the thread that owns the model.
#pragma once

#include "core/nn/extension_points.h"

namespace orrery::nn {

/// Each token sees itself and what stands before it. @param window that many tokens in all, itself included;
/// 0: no limit
std::unique_ptr<MaskPolicy> makeCausalMask(int64_t window);
/// All tokens of a pass see one another; with a cache this holds for the first pass, what follows is causal.
std::unique_ptr<MaskPolicy> makeBidirectionalMask();
/// The first ForwardContext::prefixLengths[b] tokens of sequence b see one another, what follows is causal.
/// With a cache the prefix must be read in one pass, the first. Causal when no prefix is longer than one
/// token. @param window as above, for what does not stand in the prefix
std::unique_ptr<MaskPolicy> makePrefixMask(int64_t window);

} // namespace orrery::nn
