// SPDX-License-Identifier: Apache-2.0
#include "core/spec/plugin_cost.h"

#include "core/spec/formula.h"
#include "core/spec/plugin_use.h"

#include <algorithm>

namespace orrery {

namespace {

using Values = std::map<std::string, double>;
constexpr double kMostOfOne = 1e18;

Values modelValues(const ModelSpec &model)
{
    return {{"layers", static_cast<double>(model.layers)},
            {"width", static_cast<double>(model.width)},
            {"heads", static_cast<double>(model.heads)},
            {"context", static_cast<double>(model.context)},
            {"window", static_cast<double>(model.window)}};
}

double valueOf(const std::string &formula, const Values &values, double least = 0)
{
    if (formula.empty()) return 0;
    const auto value = evaluateFormula(formula, values);
    // Checked when the JSON was read; sums of what is left stay finite.
    return value.ok() ? std::clamp(*value, least, kMostOfOne) : 0;
}

/// Below 0 where a token costs more than a pass through the parameters: what a part's JSON says under "flops" comes so,
/// 6 a parameter (core/plugin/plugin_manifest.cpp).
double idleOf(const std::string &formula, const Values &values)
{
    return valueOf(formula, values, -kMostOfOne);
}

} // namespace

std::map<std::string, double> formulaValues(const PluginInfo &plugin, const RunSpec &spec)
{
    Values values = modelValues(spec.model);
    const size_t prefix = ("plugins." + plugin.id + ".").size();
    for (const Field &field : plugin.settings) {
        const FieldValue value = field.get(spec);
        const std::string name = field.key.substr(prefix);
        if (const auto *whole = std::get_if<int64_t>(&value)) values[name] = static_cast<double>(*whole);
        if (const auto *real = std::get_if<double>(&value)) values[name] = *real;
        if (const auto *flag = std::get_if<bool>(&value)) values[name] = *flag ? 1 : 0;
    }
    return values;
}

Result<void> checkPluginCosts(const PluginInfo &plugin)
{
    const Values values = formulaValues(plugin, RunSpec{});
    for (const PluginCost &cost : plugin.costs)
        for (const std::string *formula : {&cost.parameters, &cost.idle, &cost.activations, &cost.cache}) {
            if (formula->empty()) continue;
            const auto value = evaluateFormula(*formula, values);
            if (value.ok()) continue;
            return Error{ErrorCode::InvalidInput,
                         "Cannot use the costs of \"" + cost.name + "\" of plugin \"" + plugin.id +
                             "\": " + value.error().message,
                         value.error().hint};
        }
    return {};
}

PluginCostSum costOfPlugins(const RunSpec &spec, const FieldTable &table)
{
    PluginCostSum sum;
    for (const std::string &id : pluginsUsedBy(spec, table)) {
        const PluginInfo *plugin = table.findPlugin(id);
        if (!plugin) continue;
        const Values values = formulaValues(*plugin, spec);
        for (const PluginCost &cost : plugin->costs) {
            const double parameters = valueOf(cost.parameters, values);
            sum.parameters += parameters;
            sum.idleParameters += std::min(parameters, idleOf(cost.idle, values));
            sum.activations += valueOf(cost.activations, values);
            sum.cacheNumbers += valueOf(cost.cache, values);
        }
    }
    return sum;
}

} // namespace orrery
