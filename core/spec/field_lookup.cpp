// SPDX-License-Identifier: Apache-2.0
// Finding fields by key: the program's own, and those of a table that plugins extend.
#include "core/spec/field_table.h"

#include "core/base/text.h"

#include <algorithm>
#include <optional>

namespace orrery {

namespace {

constexpr std::string_view kPluginPrefix = "plugins.";

/// Where a person may have meant a known key: its last part was typed alone, or it was misspelt.
std::string suggestedKey(std::span<const Field> fields, std::string_view key)
{
    const std::string tail = "." + std::string(key.substr(key.rfind('.') + 1));
    std::vector<std::string> keys;
    for (const Field &field : fields) {
        if (field.key.ends_with(tail)) return field.key;
        keys.push_back(field.key);
    }
    if (std::string name = nearestName(key, keys); !name.empty()) return name;
    // "optimiser.learnrate": the part behind the dot may be near although the whole is not.
    std::vector<std::string> tails;
    for (const std::string &full : keys) tails.push_back(full.substr(full.rfind('.') + 1));
    const std::string name = nearestName(tail.substr(1), tails);
    const auto found = std::find(tails.begin(), tails.end(), name);
    return name.empty() ? std::string() : keys[static_cast<size_t>(found - tails.begin())];
}

Error unknownKey(std::span<const Field> fields, std::string_view key)
{
    const std::string shown = sanitizeUtf8(key.substr(0, 80));
    const std::string near = suggestedKey(fields, key.substr(0, 80));
    return Error{
        ErrorCode::InvalidInput,
        "Cannot set \"" + shown + "\": unknown key, expected one that \"orrery-engine schema spec\" lists.",
        near.empty() ? "Look the key up with: orrery-engine schema spec" : "Did you mean \"" + near + "\"?"};
}

/// A key under "plugins." of a plugin that is not there: the plugin is what is missing, not the key.
Error unknownPlugin(const FieldTable &table, std::string_view key)
{
    const std::string id = sanitizeUtf8(key.substr(0, 80));
    std::vector<std::string> ids;
    for (const PluginInfo &plugin : table.plugins()) ids.push_back(plugin.id);
    const std::string near = nearestName(id, ids);
    return Error{ErrorCode::InvalidInput,
                 "Cannot set \"" + std::string(kPluginPrefix) + id + "\": there is no plugin \"" + id +
                     "\" here, expected " + (ids.empty() ? "one that is installed" : joinText(ids, ", ")) +
                     ".",
                 near.empty() ? "List the plugins with: orrery-engine plugins list"
                              : "Did you mean \"" + near + "\"?"};
}

/// The end of a message about a name that is known, but of no use now.
Error refusedChoice(const PluginInfo &plugin)
{
    return Error{ErrorCode::InvalidInput,
                 "it comes from plugin \"" + plugin.id +
                     "\", which cannot be used: " + plugin.reasonInSentence(),
                 plugin.hint};
}

constexpr size_t kMaxReasons = 3; ///< in one hint

/// Of plugins whose JSON nobody could read, and so nobody knows what they bring: the end of a hint about an unknown name.
std::optional<Error> unreadPlugins(const std::vector<PluginInfo> &plugins)
{
    std::vector<std::string> unread, reasons;
    for (const PluginInfo &plugin : plugins) {
        // Of what was read it is known that it has a half, or what it provides.
        if (plugin.isUsable() || plugin.hasEngine || plugin.hasUi || !plugin.provides.empty()) continue;
        unread.push_back("\"" + plugin.id + "\"");
        if (unread.size() <= kMaxReasons) reasons.push_back(unread.back() + ": " + plugin.reasonInSentence());
    }
    if (unread.empty()) return std::nullopt;
    if (unread.size() == 1)
        return Error{ErrorCode::InvalidInput, "", "If it is of plugin " + unread.front() + ", that was refused: " +
                                                      reasons.front().substr(unread.front().size() + 2)};
    const std::string others =
        unread.size() > kMaxReasons ? " Of the others orrery-engine plugins list says why." : std::string();
    return Error{ErrorCode::InvalidInput, "",
                 "If it is of one of the plugins " + joinText(unread, ", ") + ", these were refused. " +
                     joinText(reasons, " ") + others};
}

Field usedPluginsField()
{
    Field field;
    field.key = kUsePluginsKey;
    field.label = "Plugins in use";
    field.group = "Plugins";
    field.type = FieldType::TextList;
    field.effect = "Plugins that the run needs besides those whose parts it names, by id.";
    field.owner = "core/plugin";
    field.advanced = true;
    field.get = [](const RunSpec &spec) { return FieldValue(spec.plugins.use); };
    field.set = [](RunSpec &spec, FieldValue value) {
        spec.plugins.use = std::get<std::vector<std::string>>(std::move(value));
    };
    return field;
}

} // namespace

const Field *findField(std::string_view key) { return FieldTable::builtIn()->find(key); }

Result<const Field *> requireField(std::string_view key) { return FieldTable::builtIn()->require(key); }

const FieldTable::Ptr &FieldTable::builtIn()
{
    static const Ptr table(new FieldTable({}));
    return table;
}

FieldTable::Ptr FieldTable::withPlugins(std::vector<PluginInfo> plugins)
{
    std::vector<PluginInfo> first;
    for (PluginInfo &plugin : plugins) {
        const bool isThere = std::any_of(first.begin(), first.end(),
                                         [&](const PluginInfo &other) { return other.id == plugin.id; });
        if (!isThere) first.push_back(std::move(plugin));
    }
    auto *table = new FieldTable(std::move(first));
    Ptr made(table);
    table->addPlugins();
    return made;
}

FieldTable::FieldTable(std::vector<PluginInfo> plugins) : m_plugins(std::move(plugins))
{
    for (const Field &field : specFields()) {
        m_index.emplace(field.key, m_fields.size());
        m_fields.push_back(field);
    }
}

void FieldTable::addPlugins()
{
    const std::optional<Error> unread = unreadPlugins(m_plugins);
    for (Field &field : m_fields) {
        if (field.point.empty()) continue;
        if (unread) field.refusedChoices.emplace(std::string(), *unread); // under no name, as they have none that we know
        for (const PluginInfo &plugin : m_plugins)
            for (const ProvidedPart &part : plugin.provides) {
                if (part.point != field.point || providerOf(part.point, part.name) != &plugin) continue;
                if (plugin.isUsable())
                    field.choices.push_back(part.name);
                else
                    field.refusedChoices.emplace(part.name, refusedChoice(plugin));
            }
    }
    const auto add = [this](Field field) {
        if (m_index.emplace(field.key, m_fields.size()).second) m_fields.push_back(std::move(field));
    };
    add(usedPluginsField());
    for (const PluginInfo &plugin : m_plugins)
        for (const Field &field : plugin.settings) add(field);
}

const Field *FieldTable::find(std::string_view key) const
{
    const auto found = m_index.find(key);
    return found == m_index.end() ? nullptr : &m_fields[found->second];
}

Result<const Field *> FieldTable::require(std::string_view key) const
{
    if (const Field *field = find(key)) return field;
    if (key.starts_with(kPluginPrefix) && find(kUsePluginsKey)) {
        const std::string_view rest = key.substr(kPluginPrefix.size());
        const std::string_view id = rest.substr(0, rest.find('.'));
        if (!findPlugin(id)) return unknownPlugin(*this, id);
    }
    return unknownKey(m_fields, key);
}

bool FieldTable::isGroup(std::string_view key) const
{
    const std::string prefix = std::string(key) + ".";
    const auto next = m_index.lower_bound(prefix);
    return next != m_index.end() && next->first.starts_with(prefix);
}

const PluginInfo *FieldTable::findPlugin(std::string_view id) const
{
    const auto found = std::find_if(m_plugins.begin(), m_plugins.end(),
                                    [&](const PluginInfo &plugin) { return plugin.id == id; });
    return found == m_plugins.end() ? nullptr : &*found;
}

const PluginInfo *FieldTable::providerOf(std::string_view point, std::string_view name) const
{
    for (const Field &field : specFields()) // the program's own names cannot be taken over
        if (field.point == point &&
            std::find(field.choices.begin(), field.choices.end(), name) != field.choices.end())
            return nullptr;
    const PluginInfo *unusable = nullptr;
    for (const PluginInfo &plugin : m_plugins)
        for (const ProvidedPart &part : plugin.provides) {
            if (part.point != point || part.name != name) continue;
            if (plugin.isUsable()) return &plugin;
            if (!unusable) unusable = &plugin;
        }
    return unusable;
}

} // namespace orrery
