// SPDX-License-Identifier: Apache-2.0
// How whoever builds a model asks its program for the plugins that the model needs. Called on the thread that
// owns the model.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_spec.h"

#include <functional>

namespace orrery::nn {

/// Loads what spec.plugins names; the parts of the spec besides model, data and plugins may be defaults.
using PreparePlugins = std::function<Result<void>(const RunSpec &spec)>;

/// Runs prepare when the spec uses plugins. @error InvalidInput when it does and there is no prepare: a
/// program that loads none must not build another model than the spec describes
Result<void> preparePlugins(const PreparePlugins &prepare, const RunSpec &spec);

} // namespace orrery::nn
