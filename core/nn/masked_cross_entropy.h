// SPDX-License-Identifier: Apache-2.0
// The loss of a batch, of which some targets may not count. Any thread. Axes: B batch, T tokens, V
// vocabulary.
#pragma once

#include <ATen/core/Reduction.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cross_entropy_loss.h>

namespace orrery::nn {

inline constexpr int64_t kIgnoredTarget = -100;

/// @param mask_BT may be undefined   @return targets_N, N = B · T, kIgnoredTarget where the mask is 0
inline at::Tensor maskedTargets(const at::Tensor &targets_BT, const at::Tensor &mask_BT)
{
    const at::Tensor targets_N = targets_BT.reshape({-1});
    return mask_BT.defined() ? targets_N.masked_fill(mask_BT.reshape({-1}).eq(0), kIgnoredTarget) : targets_N;
}

/// Mean over the targets that count, in nats; NaN when none does. @param targets_N of maskedTargets()
inline at::Tensor meanCrossEntropy(const at::Tensor &logits_BTV, const at::Tensor &targets_N)
{
    return at::cross_entropy_loss(logits_BTV.reshape({-1, logits_BTV.size(-1)}), targets_N, {},
                                  at::Reduction::Mean, kIgnoredTarget);
}

} // namespace orrery::nn
