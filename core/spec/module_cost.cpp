// SPDX-License-Identifier: Apache-2.0
#include "core/spec/module_cost.h"

#include "core/spec/estimate_kept.h"
#include "core/spec/formula.h"
#include "core/spec/plugin_cost.h"
#include "core/spec/plugin_use.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace orrery {

namespace {

using Values = std::map<std::string, double>;

bool costsNothing(const PluginCost &cost, const Values &values)
{
    const auto isNothing = [&values](const std::string &formula) {
        if (formula.empty()) return true;
        const auto value = evaluateFormula(formula, values);
        return !value.ok() || *value == 0; // one that cannot be read counts as 0, as in the estimate
    };
    return isNothing(cost.parameters) && isNothing(cost.idle) && isNothing(cost.activations) &&
           isNothing(cost.cache);
}

FieldValue zeroOf(const FieldValue &value)
{
    if (std::holds_alternative<bool>(value)) return false;
    if (std::holds_alternative<double>(value)) return 0.0;
    return int64_t{0};
}

/// The plugin's setting that may be 0 and takes the part's costs away when it is. Manifests do not name it,
/// and need not.
const Field *switchOfPart(const PluginInfo &plugin, const PluginCost &cost, const RunSpec &spec,
                          Values values)
{
    const size_t prefix = ("plugins." + plugin.id + ".").size();
    for (const Field &field : plugin.settings) {
        const auto value = values.find(field.key.substr(prefix));
        if (value == values.end() || value->second == 0) continue;
        if (!checkFieldValue(field, zeroOf(field.get(spec))).ok()) continue;
        const double given = std::exchange(value->second, 0.0);
        const bool isOff = costsNothing(cost, values);
        value->second = given;
        if (isOff) return &field;
    }
    return nullptr;
}

/// plugins.use without one of them, and without those that bring it along.
std::vector<std::string> usedWithout(const RunSpec &spec, const FieldTable &table, const std::string &id)
{
    std::vector<std::string> rest;
    for (const std::string &text : spec.plugins.use) {
        RunSpec alone;
        alone.plugins.use = {text};
        const std::vector<std::string> used = pluginsUsedBy(alone, table);
        if (std::find(used.begin(), used.end(), id) == used.end()) rest.push_back(text);
    }
    return rest;
}

void addParts(const RunSpec &spec, const FieldTable &table, std::vector<ModuleSwitch> &modules)
{
    for (const std::string &id : pluginsUsedBy(spec, table)) {
        const PluginInfo *plugin = table.findPlugin(id);
        if (!plugin) continue;
        const Values values = formulaValues(*plugin, spec);
        bool isWhole = false; // some part of it goes with the plugin alone
        for (const PluginCost &cost : plugin->costs) {
            if (costsNothing(cost, values)) continue;
            const Field *field = switchOfPart(*plugin, cost, spec, values);
            const bool isKnown =
                field && std::any_of(modules.begin(), modules.end(),
                                     [&](const ModuleSwitch &one) { return one.key == field->key; });
            if (field && !isKnown) modules.push_back({field->key, zeroOf(field->get(spec)), {}});
            if (!field) isWhole = true;
        }
        auto rest = usedWithout(spec, table, id);
        if (isWhole && rest.size() < spec.plugins.use.size())
            modules.push_back({kUsePluginsKey, std::move(rest), id});
    }
}

ModuleCost difference(const RunEstimate &with, double withSeconds, const RunEstimate &without,
                      double withoutSeconds)
{
    const auto less = [](uint64_t one, uint64_t other) {
        return static_cast<double>(one) - static_cast<double>(other);
    };
    ModuleCost cost;
    cost.parameters = less(with.numParameters, without.numParameters);
    cost.bytes = less(with.totalBytes, without.totalBytes);
    cost.cacheBytes = less(with.cacheBytes, without.cacheBytes);
    cost.seconds = withSeconds - withoutSeconds;
    cost.slowdown = withoutSeconds > 0 ? withSeconds / withoutSeconds - 1 : 0;
    return cost;
}

} // namespace

std::vector<ModuleSwitch> modulesOf(const RunSpec &spec, const FieldTable &table)
{
    std::vector<ModuleSwitch> modules;
    if (spec.model.attention.numModalities > 1)
        modules.push_back({"attention.num_modalities", int64_t{1}, {}});
    if (spec.objective.name != "next_token")
        modules.push_back({"objective.name", std::string("next_token"), {}});
    RunSpec defaults;
    applyPreset(defaults, spec.model.preset);
    for (const Field &field : table.fields()) {
        if (field.point.empty() || field.key == "objective.name") continue;
        const FieldValue value = field.get(spec);
        const auto *name = std::get_if<std::string>(&value);
        if (name && table.providerOf(field.point, *name))
            modules.push_back({field.key, field.get(defaults), {}});
    }
    addParts(spec, table, modules);
    if (spec.continual.isOn()) modules.push_back({"continual.stages", std::vector<std::string>{}, {}});
    return modules;
}

std::vector<std::string> switchesOfIdlePlugin(const PluginInfo &plugin, const RunSpec &spec)
{
    // What a field chooses, or what somebody asks for, is in use at no cost of its own; so may be a probe.
    const auto isOfEveryModel = [](const ProvidedPart &part) {
        return part.point == "AttentionSource" || part.point == "ResidualModule" || part.point == "HeadModule";
    };
    Values values = formulaValues(plugin, spec);
    const auto isIdle = [&plugin](const Values &with) {
        return std::all_of(plugin.costs.begin(), plugin.costs.end(),
                           [&with](const PluginCost &cost) { return costsNothing(cost, with); });
    };
    if (plugin.provides.empty() || plugin.costs.empty() || !isIdle(values) ||
        !std::all_of(plugin.provides.begin(), plugin.provides.end(), isOfEveryModel))
        return {};
    std::vector<std::string> switches;
    const size_t prefix = ("plugins." + plugin.id + ".").size();
    for (const Field &field : plugin.settings) {
        const auto value = values.find(field.key.substr(prefix));
        if (value == values.end() || value->second != 0) continue;
        value->second = 1;
        if (!isIdle(values)) switches.push_back(field.key);
        value->second = 0;
    }
    return switches;
}

RunSpec withoutModule(RunSpec spec, const ModuleSwitch &module, const FieldTable &table)
{
    const Field *field = table.find(module.key);
    if (field && field->get(spec).index() == module.off.index()) field->set(spec, module.off);
    return spec;
}

RunEstimate estimateWhole(const RunSpec &spec, const FieldTable &table, uint64_t trainTokens)
{
    RunEstimate estimate =
        estimateRun(spec, byteVocabSize(spec.data), kReferenceFlops, costOfPlugins(spec, table));
    const uint64_t keptBytes = std::min(keptLogitBytes(spec, trainTokens),
                                        std::numeric_limits<uint64_t>::max() - estimate.totalBytes);
    estimate.continualBytes += keptBytes;
    estimate.totalBytes += keptBytes;
    return estimate;
}

ModuleCosts costOfModules(const RunSpec &spec, const FieldTable &table, const MachineSpeed &speed,
                          uint64_t valTokens, uint64_t trainTokens)
{
    ModuleCosts costs;
    const RunEstimate whole = estimateWhole(spec, table, trainTokens);
    const auto secondsOf = [&](const RunSpec &one, const RunEstimate &estimate) {
        return estimateTime(one, estimate, speed, valTokens, trainTokens).seconds;
    };
    const double seconds = secondsOf(spec, whole);
    const auto costAgainst = [&](const RunSpec &without) {
        const RunEstimate estimate = estimateWhole(without, table, trainTokens);
        return difference(whole, seconds, estimate, secondsOf(without, estimate));
    };
    RunSpec plain = spec;
    for (ModuleSwitch &module : modulesOf(spec, table)) {
        const ModuleCost cost = costAgainst(withoutModule(spec, module, table));
        if (cost.isNothing()) continue;
        // Each list without a plugin still has the others.
        if (module.key == kUsePluginsKey)
            plain.plugins.use = usedWithout(plain, table, module.plugin);
        else
            plain = withoutModule(std::move(plain), module, table);
        costs.modules.push_back({std::move(module), cost});
    }
    costs.together = costAgainst(plain);
    return costs;
}

} // namespace orrery
