// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/adapters.h"

#include "core/rpc/wire.h"
#include "core/spec/field_record.h"

namespace orrery {

namespace {

void toMessage(const PluginInfo &value, v1::PluginMessage &message)
{
    message.set_id(wire::utf8(value.id));
    message.set_name(wire::utf8(value.name));
    message.set_version(wire::utf8(value.version));
    message.set_api_version(value.apiVersion);
    message.set_state(static_cast<uint32_t>(value.state));
    message.set_reason(wire::utf8(value.reason));
    message.set_hint(wire::utf8(value.hint));
    message.set_directory(wire::utf8(value.directory));
    message.set_is_experimental(value.isExperimental);
    message.set_has_engine(value.hasEngine);
    message.set_has_ui(value.hasUi);
    for (const ProvidedPart &part : value.provides) {
        v1::ProvidedPartMessage &item = *message.add_provides();
        item.set_point(part.point);
        item.set_name(part.name);
    }
    for (const PluginRequirement &requirement : value.requirements) {
        v1::PluginRequirementMessage &item = *message.add_requirements();
        item.set_id(requirement.id);
        item.set_version(requirement.version);
    }
    for (const PluginCost &cost : value.costs) {
        v1::PluginCostMessage &item = *message.add_costs();
        item.set_name(wire::utf8(cost.name));
        item.set_parameters(wire::utf8(cost.parameters));
        item.set_idle(wire::utf8(cost.idle));
        item.set_activations(wire::utf8(cost.activations));
        item.set_cache(wire::utf8(cost.cache));
    }
    message.set_settings_json(pluginFieldsToText(value.settings));
}

Result<PluginInfo> fromMessage(const v1::PluginMessage &message)
{
    PluginInfo value;
    value.id = message.id();
    value.name = message.name();
    value.version = message.version();
    value.apiVersion = message.api_version();
    if (message.state() <= static_cast<uint32_t>(PluginState::Refused))
        value.state = static_cast<PluginState>(message.state());
    value.reason = message.reason();
    value.hint = message.hint();
    value.directory = message.directory();
    value.isExperimental = message.is_experimental();
    value.hasEngine = message.has_engine();
    value.hasUi = message.has_ui();
    for (const v1::ProvidedPartMessage &item : message.provides())
        value.provides.push_back({item.point(), item.name()});
    for (const v1::PluginRequirementMessage &item : message.requirements())
        value.requirements.push_back({item.id(), item.version()});
    for (const v1::PluginCostMessage &item : message.costs())
        value.costs.push_back(
            {item.name(), item.parameters(), item.idle(), item.activations(), item.cache()});
    auto settings = pluginFieldsFromText(value.id, value.name, message.settings_json());
    if (!settings) {
        Error error = std::move(settings).error();
        error.code = ErrorCode::Io;
        error.hint = "Update the engine or this program: they speak of settings differently.";
        return error;
    }
    value.settings = std::move(*settings);
    return value;
}

} // namespace

void toMessage(const PluginListing &value, v1::PluginList &message)
{
    for (const PluginInfo &plugin : value.plugins) toMessage(plugin, *message.add_plugins());
    for (const Error &problem : value.problems) toMessage(problem, *message.add_problems());
}

Result<PluginListing> fromMessage(const v1::PluginList &message)
{
    PluginListing value;
    for (const v1::PluginMessage &plugin : message.plugins()) {
        ORRERY_ASSIGN(PluginInfo info, fromMessage(plugin));
        value.plugins.push_back(std::move(info));
    }
    for (const v1::ErrorDetail &problem : message.problems()) value.problems.push_back(fromMessage(problem));
    return value;
}

} // namespace orrery
