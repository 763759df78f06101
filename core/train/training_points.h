// SPDX-License-Identifier: Apache-2.0
// What core/train opens to plugins. Only the thread that owns the model.
#pragma once

#include "core/nn/plugin_loader.h"

namespace orrery {

/// Objectives and optimisers; for nn::EnginePlugins, in a program that trains.
std::vector<nn::PointOpener> trainingPoints();

} // namespace orrery
