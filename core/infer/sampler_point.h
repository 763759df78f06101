// SPDX-License-Identifier: Apache-2.0
// What core/infer opens to plugins. Only the thread that owns the model.
#pragma once

#include "core/infer/logit_sampler.h"
#include "core/nn/plugin_failure.h"
#include "core/nn/plugin_loader.h"

namespace orrery {

std::unique_ptr<Sampler> guardedPart(std::unique_ptr<Sampler> part, const nn::PluginGuard &guard);
/// For nn::EnginePlugins, in a program that generates.
std::vector<nn::PointOpener> samplerPoints();

} // namespace orrery
