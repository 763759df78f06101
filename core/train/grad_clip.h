// SPDX-License-Identifier: Apache-2.0
// The norm of all gradients together, and scaling them down to a largest norm. Trainer thread only.
#pragma once

#include "core/nn/transformer.h"

namespace orrery {

/// L2 norm over all gradients, fp32 scalar on their device; 0 when there is none. Nothing is read back to the
/// host.
at::Tensor gradientNorm(const std::vector<nn::Parameter> &parameters);

/// Multiplies all gradients by largest / (norm + 1e-6) when norm > largest and largest > 0, as torch's
/// clip_grad_norm_.
void clipGradients(const std::vector<nn::Parameter> &parameters, double norm, double largest);

} // namespace orrery
