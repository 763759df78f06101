// SPDX-License-Identifier: Apache-2.0
// Masks of dropout and stochastic depth. A mask is a pure function of (seed, step, sample, place): a step's
// masks are the same whether its 16 sequences run as 1 × 16 or 2 × 8, and nothing else that draws numbers can
// move them.
#pragma once

#include "core/nn/transformer.h"

namespace orrery::nn {

/// Places that drop, numbered for the generator's layer word: 4·layer + place. Append only.
enum class DropoutPlace : uint32_t { Attention = 0, FeedForward = 1, Embedding = 2, MemoryRead = 3 };

/// Multiplier for a residual branch [B, T, C], or for what a part reads (any shape that begins with B); [B, 1, 1] when
/// only stochastic depth acts; undefined when
/// neither does, so that "off" dispatches nothing. Kept values are scaled by 1 / (1 - p).
at::Tensor residualMask(const ForwardContext &context, int64_t layer, DropoutPlace place,
                        at::IntArrayRef shape_BTC, double dropout, double depthDropout, at::Device device);

/// Multiplier for attention probabilities [B, H, T, S].
at::Tensor attentionMask(const ForwardContext &context, int64_t layer, at::IntArrayRef shape_BHTS,
                         double dropout, at::Device device);

/// p_l = p·(layer + 1) / layers, layer from 0. Source: Huang et al. (2016), "Deep networks with stochastic
/// depth", eq. 4.
double depthDropout(const ModelSpec &spec, int64_t layer);

} // namespace orrery::nn
