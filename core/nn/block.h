// SPDX-License-Identifier: Apache-2.0
// The plain pre-norm block ("reference"), against which faster ones are compared. Only the thread that owns
// the model.
#pragma once

#include "core/nn/extension_points.h"

namespace orrery::nn {

std::unique_ptr<Block> makeReferenceBlock(BuildContext &build);

/// Dropout of this pass: the context's override, else the spec's.
double dropoutOf(const ModelSpec &spec, const ForwardContext &context);
double attentionDropoutOf(const ModelSpec &spec, const ForwardContext &context); ///< of the probabilities

} // namespace orrery::nn
