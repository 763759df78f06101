// SPDX-License-Identifier: Apache-2.0
// Which plugins a spec uses, whether it can, and with which settings. The same code answers when a run is
// made and when it starts: only the table differs. Pure; any thread.
#pragma once

#include "core/spec/field_table.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

struct PluginReference {
    std::string id;
    std::string version; ///< empty: any
};
/// "id" or "id@version". @error InvalidInput
Result<PluginReference> parsePluginReference(std::string_view text);

/// Ids of the plugins that a spec names, uses by a part they provide, or needs because such a one requires
/// them; required ones first. Also ids that the table does not know.
std::vector<std::string> pluginsUsedBy(const RunSpec &spec, const FieldTable &table);
/// Plugins that are missing, refused or of another major version, and settings of plugins that are not used
/// or do not have them. Keys are those of the fields that ask for the plugin.
std::vector<FieldProblem> findPluginProblems(const RunSpec &spec, const FieldTable &table);
/// Of those that a spec names in plugins.use, which are missing, refused or of another major version: all in one
/// error. Nothing when they can be used.
std::optional<Error> refusalOfNamed(const RunSpec &spec, const FieldTable &table);
/// All of those problems in one error, or the first of the names that plugins may provide, or of a value of a
/// setting; the rest of the spec is not looked at. What a program asks before it loads anything.
Result<void> checkPluginUse(const RunSpec &spec, const FieldTable &table);
/// Fills in spec.plugins: everything that is used with its version, and all settings of it with the defaults.
void completePlugins(RunSpec &spec, const FieldTable &table);
/// The settings of one used plugin by their short names, complete, in the types of the table.
/// @error InvalidInput for a value that the table's field does not take
Result<std::map<std::string, FieldValue>> pluginSettings(const RunSpec &spec, const FieldTable &table,
                                                         std::string_view id);

/// "Cannot use plugin "x": …" with its reason and hint.
Error pluginRefusal(const PluginInfo &plugin);
/// get and set of a plugin's field: its place is spec.plugins.settings, its default what stands there when
/// nothing does. JSON does not tell 2 from 2.0 everywhere, nor [] of numbers from [] of texts: get gives the
/// field's own type.
void bindPluginField(Field &field, FieldValue defaultValue);

} // namespace orrery
