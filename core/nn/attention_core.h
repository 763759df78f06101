// SPDX-License-Identifier: Apache-2.0
// Softmax attention over heads that are projected already: fused where it can be, explicit where dropout
// needs the probabilities, over the cache while generating. Shared by all kinds of attention. Only the thread
// that owns the model. Axes: B batch, H heads, G heads of keys and values (H, or a divisor of it: head h of
// the queries reads head h·G/H of the keys), T tokens, D head width (keys may be wider than values).
#pragma once

#include "core/nn/extension_points.h"
#include "core/nn/layers.h"

namespace orrery::nn {

struct Heads {
    at::Tensor q_BHTD, k_BGTD, v_BGTD; ///< one dtype; q and k of one width, v may be narrower
};

struct AttendSettings {
    int64_t layer = 0;
    double scale = 1.0;   ///< of q·k, usually 1 / sqrt(D)
    double dropout = 0.0; ///< of the probabilities, used in training only
};

/// The precision that attention runs in. On the CPU it is as fast in fp32 as in bf16, and more exact; on the
/// GPU bf16 reaches the fast kernels. A mask's bias has it too.
inline at::ScalarType attentionType(at::ScalarType dtype, bool isCuda)
{
    return isCuda ? dtype : preciseType(dtype);
}

/// Keys or values once for each head of queries; the same tensor where they are as many. @return [B, H, T, D]
at::Tensor sharedOut(const at::Tensor &x_BGTD, int64_t numHeads);

/// Under context.mask. @return [B, H, T, width of v]
at::Tensor attend(const Heads &heads, const AttendSettings &settings, SharedTables &tables,
                  const ForwardContext &context);

} // namespace orrery::nn
