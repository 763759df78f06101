// SPDX-License-Identifier: GPL-3.0-or-later
// Plugins as an engine might list them, one in each state.
#pragma once

#include "core/spec/field_record.h"
#include "core/spec/plugin_info.h"

namespace orrery::ui {

inline PluginInfo samplePlugin(const std::string &id, PluginState state = PluginState::Available)
{
    PluginInfo plugin;
    plugin.id = id;
    plugin.name = "The " + id;
    plugin.version = "1.2.0";
    plugin.apiVersion = 1;
    plugin.state = state;
    plugin.directory = "/opt/plugins/" + id;
    plugin.hasEngine = true;
    return plugin;
}

/// Squared ReLU with two settings. @param maximum of plugins.relu.scale
inline PluginInfo reluPlugin(int maximum = 10)
{
    PluginInfo plugin = samplePlugin("relu");
    plugin.name = "Squared ReLU";
    plugin.provides = {{"FeedForward", "relu_squared"}};
    const auto fields = pluginFieldsFromText("relu", plugin.name,
                                             R"({"settings":[
        {"key":"scale","label":"Scale","type":"real","default":1,"minimum":0,"maximum":)" +
                                                 std::to_string(maximum) +
                                                 R"(,"effect":"Multiplies the activation."},
        {"key":"mode","label":"Mode","type":"choice","choices":["soft","hard"],"default":"soft","effect":"How it cuts."}]})");
    if (fields.ok()) plugin.settings = *fields;
    return plugin;
}

inline std::vector<PluginInfo> samplePlugins()
{
    PluginInfo disabled = samplePlugin("stands_on", PluginState::Disabled);
    disabled.requirements = {{"missing", "1.2"}};
    disabled.reason = "It requires plugin \"missing\" 1.2, which is not installed.";
    disabled.hint = "Install \"missing\".";
    PluginInfo refused = samplePlugin("open_to_all", PluginState::Refused);
    refused.reason = "Cannot trust \"/opt/plugins/open_to_all\": everybody may write it, expected a place "
                     "that only its owner may write.";
    refused.hint = "Take the permission away: chmod go-w \"/opt/plugins/open_to_all\"";
    PluginInfo unreadable = samplePlugin("unreadable", PluginState::Refused);
    unreadable.name.clear();
    unreadable.version.clear();
    unreadable.apiVersion = 0;
    unreadable.hasEngine = false;
    unreadable.reason = "Cannot read \"unreadable.json\": it is broken JSON (parse error at line 3, column "
                        "4), expected JSON.";
    unreadable.hint = "Mend the plugin's JSON; docs/plugins.md describes it.";
    return {reluPlugin(), disabled, refused, unreadable};
}

} // namespace orrery::ui
