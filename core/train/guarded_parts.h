// SPDX-License-Identifier: Apache-2.0
// Objectives and optimisers of plugins as a training sees them: their exceptions name the plugin. Trainer
// thread only.
#pragma once

#include "core/nn/plugin_failure.h"
#include "core/train/objective.h"
#include "core/train/optimizer.h"

namespace orrery {

/// What it prepares is checked: its sizes, and that no id is negative.
Result<std::unique_ptr<Objective>> guardedPart(Result<std::unique_ptr<Objective>> part,
                                               const nn::PluginGuard &guard);
std::unique_ptr<Optimizer> guardedPart(std::unique_ptr<Optimizer> part, const nn::PluginGuard &guard);

} // namespace orrery
