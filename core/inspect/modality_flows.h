// SPDX-License-Identifier: Apache-2.0
// What a model of several modalities has learned about how they read each other. Only the thread that owns
// the model.
#pragma once

#include "core/nn/transformer.h"
#include "core/spec/inspection.h"

#include <vector>

namespace orrery {

/// softplus(cross_modal_weights) of each flow's head; of a model without them nothing.
void addCrossModalWeights(nn::Transformer &model, std::vector<ModalityFlow> &flows);

} // namespace orrery
