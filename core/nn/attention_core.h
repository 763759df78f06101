// SPDX-License-Identifier: Apache-2.0
// Softmax attention over heads that are projected already: fused where it can be, explicit where dropout needs the
// probabilities, over the cache while generating. Shared by all kinds of attention. Only the thread that owns the
// model. Axes: B batch, H heads, T tokens, D head width (keys may be wider than values).
#pragma once

#include "core/nn/extension_points.h"

namespace orrery::nn {

struct Heads {
    at::Tensor q_BHTD, k_BHTD, v_BHTD; ///< one dtype; q and k of one width, v may be narrower
};

struct AttendSettings {
    int64_t layer = 0;
    double scale = 1.0;   ///< of q·k, usually 1 / sqrt(D)
    double dropout = 0.0; ///< of the probabilities, used in training only
};

/// @return [B, H, T, width of v]
at::Tensor attend(const Heads &heads, const AttendSettings &settings, SharedTables &tables,
                  const ForwardContext &context);

} // namespace orrery::nn
