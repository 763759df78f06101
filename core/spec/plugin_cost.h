// SPDX-License-Identifier: Apache-2.0
// What the plugins of a spec add to its estimate. A program without their libraries knows it by the formulas
// of their JSON. Pure; any thread.
#pragma once

#include "core/spec/estimate.h"
#include "core/spec/field_table.h"

#include <map>
#include <string>

namespace orrery {

/// What the names in formulas and rules of a plugin's JSON stand for: its settings that are numbers (true is 1), by
/// their short names, and the model's layers, width, heads, context and window.
std::map<std::string, double> formulaValues(const PluginInfo &plugin, const RunSpec &spec);
/// Checks that all formulas can be read, with the names that they may use. @error InvalidInput naming the
/// part
Result<void> checkPluginCosts(const PluginInfo &plugin);
/// Of all plugins that the spec uses, with its settings; those that the table does not know cost nothing.
PluginCostSum costOfPlugins(const RunSpec &spec, const FieldTable &table);

} // namespace orrery
