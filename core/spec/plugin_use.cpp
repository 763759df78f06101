// SPDX-License-Identifier: Apache-2.0
#include "core/spec/plugin_use.h"

#include "core/base/text.h"
#include "core/spec/field_values.h"
#include "core/spec/plugin_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

namespace orrery {

namespace {

constexpr std::string_view kPrefix = "plugins.";
constexpr size_t kMaxNameBytes = 64;
constexpr int64_t kMaxVersionNumber = 999'999;

std::string settingPrefix(std::string_view id) { return std::string(kPrefix) + std::string(id) + "."; }

/// "example_ffn" of "plugins.example_ffn.slope".
std::string pluginOfKey(std::string_view key)
{
    const std::string_view rest = key.starts_with(kPrefix) ? key.substr(kPrefix.size()) : std::string_view();
    return std::string(rest.substr(0, rest.find('.')));
}

FieldType typeOf(const FieldValue &value)
{
    constexpr std::array kTypes = {FieldType::Bool, FieldType::Integer,  FieldType::Real,
                                   FieldType::Text, FieldType::RealList, FieldType::TextList};
    return kTypes[value.index()];
}

/// The plugins that fields of the table ask for, with the key of each field: named ones, then providers.
std::vector<std::pair<PluginReference, std::string>> askedPlugins(const RunSpec &spec,
                                                                  const FieldTable &table)
{
    std::vector<std::pair<PluginReference, std::string>> asked;
    for (const std::string &text : spec.plugins.use)
        if (auto reference = parsePluginReference(text))
            asked.emplace_back(std::move(*reference), kUsePluginsKey);
    for (const Field &field : table.fields()) {
        if (field.point.empty()) continue;
        const FieldValue value = field.get(spec);
        const auto *name = std::get_if<std::string>(&value);
        const PluginInfo *provider = name ? table.providerOf(field.point, *name) : nullptr;
        const bool isNamed = provider && std::any_of(asked.begin(), asked.end(), [&](const auto &entry) {
                                 return entry.first.id == provider->id;
                             });
        if (provider && !isNamed) asked.emplace_back(PluginReference{provider->id, {}}, field.key);
    }
    return asked;
}

void addWithRequirements(const std::string &id, const FieldTable &table, std::set<std::string> &seen,
                         std::vector<std::string> &order)
{
    if (!seen.insert(id).second) return;
    if (const PluginInfo *plugin = table.findPlugin(id))
        for (const PluginRequirement &requirement : plugin->requirements)
            addWithRequirements(requirement.id, table, seen, order);
    order.push_back(id);
}

/// Why the table's plugin does not do for a reference; nothing when it does.
std::optional<Error> refusalOf(const PluginReference &reference, const FieldTable &table)
{
    const PluginInfo *plugin = table.findPlugin(reference.id);
    if (!plugin)
        return Error{ErrorCode::InvalidInput,
                     "Cannot use plugin \"" + reference.id +
                         "\": it is not installed here, expected it in a plugin folder.",
                     "Install it, or name its folder with --plugin-dir. List what is there with: "
                     "orrery-engine plugins list"};
    if (!plugin->isUsable()) return pluginRefusal(*plugin);
    if (reference.version.empty()) return std::nullopt;
    const auto wanted = parsePluginVersion(reference.version);
    const auto found = parsePluginVersion(plugin->version);
    if (wanted && found && wanted->major == found->major) return std::nullopt;
    return Error{ErrorCode::InvalidInput,
                 "Cannot use plugin \"" + reference.id + "\": its version is " + plugin->version +
                     ", expected " + reference.version + " or another one of the same major version.",
                 "Install version " + reference.version + " of it."};
}

Error unusedSetting(const std::string &key, const std::string &id)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot set \"" + key + "\": the run does not use plugin \"" + id +
                     "\", expected one that it uses.",
                 "Add \"" + id + "\" to plugins.use, or leave the setting out."};
}

} // namespace

const char *pluginStateName(PluginState state)
{
    switch (state) {
    case PluginState::Available:
        return "available";
    case PluginState::Disabled:
        return "disabled";
    case PluginState::Refused:
        return "refused";
    case PluginState::Unknown:
        break;
    }
    return "unknown";
}

std::string PluginInfo::reasonInSentence() const
{
    std::string text = reason;
    if (!text.empty() && text.front() >= 'A' && text.front() <= 'Z')
        text.front() = static_cast<char>(text.front() - 'A' + 'a');
    return text;
}

bool isPluginName(std::string_view name)
{
    if (name.empty() || name.size() > kMaxNameBytes || name == "use") return false;
    if (name.front() < 'a' || name.front() > 'z') return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

const std::vector<std::string> &extensionPointNames()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> made;
        for (const Field &field : specFields())
            if (!field.point.empty()) made.push_back(field.point);
        // No field chooses among these: the parts of a run's plugins are all asked, and their settings
        // decide; a sampler is chosen by each generation.
        made.insert(made.end(), {"AttentionSource", "ResidualModule", "HeadModule", "Probe", "Sampler"});
        return made;
    }();
    return names;
}

Result<PluginVersion> parsePluginVersion(std::string_view text)
{
    const Error error{ErrorCode::InvalidInput,
                      "Cannot read version " + quotedValue(text) + ": expected numbers such as \"1.2.0\".",
                      "Write major, minor and patch number with dots between."};
    std::array<int64_t, 3> numbers{};
    const char *at = text.data();
    const char *end = text.data() + text.size();
    for (size_t i = 0; i < numbers.size(); ++i) {
        const auto [next, code] = std::from_chars(at, end, numbers[i]);
        if (code != std::errc() || *at == '-' || numbers[i] > kMaxVersionNumber) return error;
        at = next;
        if (at == end) return PluginVersion{numbers[0], numbers[1], numbers[2]};
        if (*at++ != '.' || at == end) return error;
    }
    return error;
}

Result<PluginReference> parsePluginReference(std::string_view text)
{
    PluginReference reference;
    const size_t at = text.find('@');
    reference.id = text.substr(0, at);
    if (at != std::string_view::npos) reference.version = text.substr(at + 1);
    const bool hasVersion = at == std::string_view::npos || parsePluginVersion(reference.version).ok();
    if (isPluginName(reference.id) && hasVersion) return reference;
    return Error{ErrorCode::InvalidInput,
                 "Cannot use plugin " + quotedValue(text) +
                     ": expected an id such as \"example_ffn\", or \"example_ffn@1.0.0\".",
                 "List the plugins with: orrery-engine plugins list"};
}

Error pluginRefusal(const PluginInfo &plugin)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot use plugin \"" + plugin.id + "\": " + plugin.reasonInSentence(), plugin.hint};
}

void bindPluginField(Field &field, FieldValue defaultValue)
{
    bindPluginField(field, std::move(defaultValue), {});
}

std::vector<std::string> pluginsUsedBy(const RunSpec &spec, const FieldTable &table)
{
    std::set<std::string> seen;
    std::vector<std::string> order;
    for (const auto &[reference, key] : askedPlugins(spec, table))
        addWithRequirements(reference.id, table, seen, order);
    return order;
}

std::vector<FieldProblem> findPluginProblems(const RunSpec &spec, const FieldTable &table)
{
    std::vector<FieldProblem> problems;
    std::set<std::string> named;
    for (const std::string &text : spec.plugins.use) {
        auto reference = parsePluginReference(text);
        if (!reference)
            problems.push_back({kUsePluginsKey, std::move(reference).error()});
        else if (!named.insert(reference->id).second)
            problems.push_back(
                {kUsePluginsKey, Error{ErrorCode::InvalidInput,
                                       "Cannot use plugin \"" + reference->id + "\": it is named twice.",
                                       "Name each plugin once."}});
    }
    for (const auto &[reference, key] : askedPlugins(spec, table))
        if (auto refusal = refusalOf(reference, table)) problems.push_back({key, std::move(*refusal)});
    const std::vector<std::string> used = pluginsUsedBy(spec, table);
    for (const std::string &id : used) {
        const PluginInfo *plugin = table.findPlugin(id);
        if (!plugin || !plugin->isUsable()) continue;
        for (FieldProblem &problem : findBrokenRules(*plugin, spec)) problems.push_back(std::move(problem));
    }
    for (const auto &[key, value] : spec.plugins.settings) {
        const std::string id = pluginOfKey(key);
        const PluginInfo *plugin = table.findPlugin(id);
        if (plugin && !plugin->isUsable()) continue; // said above, or of no matter
        if (std::find(used.begin(), used.end(), id) == used.end())
            problems.push_back({key, unusedSetting(key, id)});
        else if (plugin && !table.find(key))
            problems.push_back({key, Error{ErrorCode::InvalidInput,
                                           "Cannot set \"" + key + "\": plugin \"" + id + "\" " +
                                               plugin->version + " has no such setting.",
                                           "Install the version that the run was made with."}});
    }
    return problems;
}

std::optional<Error> refusalOfNamed(const RunSpec &spec, const FieldTable &table)
{
    std::optional<Error> all;
    for (const std::string &text : spec.plugins.use) {
        const auto reference = parsePluginReference(text);
        auto refusal = reference ? refusalOf(*reference, table) : std::nullopt;
        if (!refusal) continue;
        if (all)
            all->message += " " + refusal->message;
        else
            all = std::move(refusal);
    }
    return all;
}

Result<void> checkPluginUse(const RunSpec &spec, const FieldTable &table)
{
    const auto problems = findPluginProblems(spec, table);
    if (!problems.empty()) {
        // All of them: whoever has to install something wants to do it once.
        Error all = problems.front().error;
        for (size_t i = 1; i < problems.size(); ++i) all.message += " " + problems[i].error.message;
        return all;
    }
    for (const Field &field : table.fields())
        if (!field.point.empty()) ORRERY_TRY(checkFieldValue(field, field.get(spec)));
    for (const std::string &id : pluginsUsedBy(spec, table)) {
        const auto settings = pluginSettings(spec, table, id);
        if (!settings) return settings.error();
    }
    return {};
}

FieldTable::Ptr FieldTable::describedBy(const RunSpec &spec)
{
    std::vector<PluginInfo> plugins;
    for (const std::string &text : spec.plugins.use) {
        const auto reference = parsePluginReference(text);
        if (!reference) continue; // a problem that findPluginProblems() tells
        PluginInfo plugin;
        plugin.id = reference->id;
        plugin.name = reference->id;
        plugin.version = reference->version;
        plugin.state = PluginState::Available;
        for (const auto &[key, value] : spec.plugins.settings) {
            if (!key.starts_with(settingPrefix(plugin.id))) continue;
            Field field;
            field.key = key;
            field.label = key.substr(settingPrefix(plugin.id).size());
            field.group = plugin.id;
            field.type = typeOf(value);
            field.owner = "plugins/" + plugin.id;
            field.plugin = plugin.id;
            bindPluginField(field, value);
            plugin.settings.push_back(std::move(field));
        }
        plugins.push_back(std::move(plugin));
    }
    if (plugins.empty()) return builtIn();
    for (const Field &field : specFields()) {
        if (field.point.empty()) continue;
        const FieldValue value = field.get(spec);
        const auto &name = std::get<std::string>(value);
        // Which of them provides it does not matter here: all of them are needed.
        if (isPluginName(name)) plugins.front().provides.push_back({field.point, name});
    }
    return withPlugins(std::move(plugins));
}

void completePlugins(RunSpec &spec, const FieldTable &table)
{
    PluginsSpec complete;
    for (const std::string &id : pluginsUsedBy(spec, table)) {
        const PluginInfo *plugin = table.findPlugin(id);
        complete.use.push_back(plugin && !plugin->version.empty() ? id + "@" + plugin->version : id);
        if (!plugin) continue;
        for (const Field &field : plugin->settings)
            complete.settings.insert_or_assign(field.key, field.get(spec));
    }
    spec.plugins = std::move(complete);
}

Result<std::map<std::string, FieldValue>> pluginSettings(const RunSpec &spec, const FieldTable &table,
                                                         std::string_view id)
{
    std::map<std::string, FieldValue> settings;
    const PluginInfo *plugin = table.findPlugin(id);
    if (!plugin) return settings;
    for (const Field &field : plugin->settings) {
        FieldValue value = field.get(spec);
        ORRERY_TRY(checkFieldValue(field, value));
        settings.emplace(field.key.substr(settingPrefix(id).size()), std::move(value));
    }
    return settings;
}

} // namespace orrery
