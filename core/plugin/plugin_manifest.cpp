// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/plugin_manifest.h"

#include "core/base/files.h"
#include "core/base/text.h"
#include "core/spec/field_record.h"
#include "core/spec/formula.h"
#include "core/spec/plugin_cost.h"
#include "core/spec/plugin_rules.h"
#include "core/spec/strict_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace orrery {

using Json = nlohmann::json;

namespace {

constexpr int kMaxDepth = 6;
constexpr size_t kMaxNameBytes = 80;
constexpr size_t kMaxVersionBytes = 32;
constexpr size_t kMaxLibraryBytes = 100;
constexpr size_t kMaxRequirements = 32;
constexpr size_t kMaxProvided = 64;
constexpr size_t kMaxCosts = 32;
constexpr const char *kMendHint = "Mend the plugin's JSON; docs/plugins.md describes it.";

const std::vector<std::string> &manifestKeys()
{
    static const std::vector<std::string> keys = {"id",        "name",     "version",      "apiVersion",
                                                  "requires",  "provides", "experimental", "engineLibrary",
                                                  "uiLibrary", "settings", "costs"};
    return keys;
}

class ManifestReader {
public:
    ManifestReader(const Json &json, const std::string &id) : m_json(json), m_id(id) {}
    Result<PluginManifest> read();
    /// Of the names, and of what it provides, what is right by itself.
    PluginInfo identity();

private:
    [[nodiscard]] std::vector<ProvidedPart> knownParts() const;
    Result<void> readApiVersion();
    Result<void> readNames();
    Result<void> readRequirements();
    Result<void> readProvided();
    Result<void> readCosts();
    Result<void> addFlops(const std::string &flops, PluginCost &cost) const;
    Result<std::string> text(const Json &object, const std::string &key, size_t maxBytes) const;
    Result<std::string> library(const char *key) const;
    [[nodiscard]] Error refuse(const std::string &key, const std::string &found,
                               const std::string &expected) const
    {
        return Error{ErrorCode::InvalidInput,
                     "Cannot read \"" + m_id + ".json\": \"" + key + "\" is " + found + ", expected " +
                         expected + ".",
                     kMendHint};
    }
    /// The list under a key; empty when there is none.
    Result<std::vector<Json>> objects(const char *key, size_t most) const;
    Result<void> checkKeys(const Json &object, const std::string &place,
                           const std::vector<std::string> &known) const;

    const Json &m_json;
    const std::string &m_id;
    PluginManifest m_manifest;
};

Result<PluginManifest> ManifestReader::read()
{
    ORRERY_TRY(readApiVersion());
    ORRERY_TRY(checkKeys(m_json, "", manifestKeys()));
    ORRERY_TRY(readNames());
    ORRERY_TRY(readRequirements());
    ORRERY_TRY(readProvided());
    ORRERY_ASSIGN(m_manifest.engineLibrary, library("engineLibrary"));
    ORRERY_ASSIGN(m_manifest.uiLibrary, library("uiLibrary"));
    m_manifest.info.hasEngine = !m_manifest.engineLibrary.empty();
    m_manifest.info.hasUi = !m_manifest.uiLibrary.empty();
    if (!m_manifest.info.hasEngine && !m_manifest.info.hasUi)
        return refuse("engineLibrary", "missing, as is \"uiLibrary\"", "at least one of them");
    if (!m_manifest.info.provides.empty() && !m_manifest.info.hasEngine)
        return refuse("provides", "given without \"engineLibrary\"", "a library that provides it");
    if (const auto settings = m_json.find("settings"); settings != m_json.end()) {
        auto fields = pluginFieldsFromJson(m_id, m_manifest.info.name, *settings);
        if (!fields) {
            Error error = std::move(fields).error();
            error.hint = kMendHint;
            return error;
        }
        m_manifest.info.settings = std::move(*fields);
        ORRERY_TRY(checkPluginRules(m_manifest.info));
    }
    ORRERY_TRY(readCosts());
    return std::move(m_manifest);
}

PluginInfo ManifestReader::identity()
{
    PluginInfo info;
    info.id = m_id;
    (void)readApiVersion(); // one that this program does not have is known, too
    info.apiVersion = m_manifest.info.apiVersion;
    if (auto name = text(m_json, "name", kMaxNameBytes)) info.name = std::move(*name);
    if (auto version = text(m_json, "version", kMaxVersionBytes); version && parsePluginVersion(*version))
        info.version = std::move(*version);
    info.provides = knownParts();
    return info;
}

/// Who asks for one of them hears that it is of this plugin, and why that cannot be used.
std::vector<ProvidedPart> ManifestReader::knownParts() const
{
    std::vector<ProvidedPart> parts;
    const auto found = m_json.find("provides");
    if (found == m_json.end() || !found->is_array()) return parts;
    const std::vector<std::string> &points = extensionPointNames();
    for (const Json &entry : *found) {
        if (!entry.is_object() || parts.size() >= kMaxProvided) continue;
        const auto point = text(entry, "point", kMaxNameBytes), name = text(entry, "name", kMaxNameBytes);
        if (!point || !name || !isPluginName(*name)) continue;
        const ProvidedPart part{*point, *name};
        const bool isKnown = std::find(points.begin(), points.end(), part.point) != points.end();
        if (isKnown && std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
    }
    return parts;
}

Result<void> ManifestReader::readApiVersion()
{
    const auto found = m_json.find("apiVersion");
    if (found == m_json.end()) return refuse("apiVersion", "missing", std::to_string(kPluginApiVersion));
    if (!found->is_number_integer()) return refuse("apiVersion", shownJson(*found), "a whole number");
    const bool isHuge = found->is_number_unsigned() && found->get<uint64_t>() > uint64_t{INT64_MAX};
    const int64_t version = isHuge ? INT64_MAX : found->get<int64_t>();
    m_manifest.info.apiVersion = version;
    if (version == kPluginApiVersion) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot read \"" + m_id + ".json\": it was made for version " + found->dump() +
                     " of the plugin interface, expected " + std::to_string(kPluginApiVersion) + ".",
                 version > kPluginApiVersion ? "Update Orrery, or install an older version of the plugin."
                                             : "Install a newer version of the plugin."};
}

Result<void> ManifestReader::readNames()
{
    PluginInfo &info = m_manifest.info;
    ORRERY_ASSIGN(info.id, text(m_json, "id", kMaxNameBytes));
    if (!isPluginName(info.id))
        return refuse("id", shownJson(m_json["id"]), "a lower-case letter, then letters, digits and \"_\"");
    if (info.id != m_id)
        return refuse("id", shownJson(m_json["id"]), "\"" + m_id + "\", the name of its folder");
    ORRERY_ASSIGN(info.name, text(m_json, "name", kMaxNameBytes));
    ORRERY_ASSIGN(info.version, text(m_json, "version", kMaxVersionBytes));
    if (!parsePluginVersion(info.version))
        return refuse("version", shownJson(m_json["version"]), "numbers such as \"1.2.0\"");
    if (const auto found = m_json.find("experimental"); found != m_json.end()) {
        if (!found->is_boolean()) return refuse("experimental", shownJson(*found), "true or false");
        info.isExperimental = found->get<bool>();
    }
    return {};
}

Result<void> ManifestReader::readRequirements()
{
    ORRERY_ASSIGN(const std::vector<Json> list, objects("requires", kMaxRequirements));
    for (const Json &entry : list) {
        ORRERY_TRY(checkKeys(entry, "requires", {"id", "version"}));
        PluginRequirement requirement;
        ORRERY_ASSIGN(requirement.id, text(entry, "id", kMaxNameBytes));
        if (!isPluginName(requirement.id))
            return refuse("requires", shownJson(entry["id"]), "the id of a plugin");
        if (entry.contains("version")) {
            ORRERY_ASSIGN(requirement.version, text(entry, "version", kMaxVersionBytes));
            if (!parsePluginVersion(requirement.version))
                return refuse("requires", shownJson(entry["version"]), "a version such as \"1.2\"");
        }
        m_manifest.info.requirements.push_back(std::move(requirement));
    }
    return {};
}

Result<void> ManifestReader::readProvided()
{
    ORRERY_ASSIGN(const std::vector<Json> list, objects("provides", kMaxProvided));
    const std::vector<std::string> &points = extensionPointNames();
    std::vector<ProvidedPart> &provides = m_manifest.info.provides;
    for (const Json &entry : list) {
        ORRERY_TRY(checkKeys(entry, "provides", {"point", "name"}));
        ProvidedPart part;
        ORRERY_ASSIGN(part.point, text(entry, "point", kMaxNameBytes));
        ORRERY_ASSIGN(part.name, text(entry, "name", kMaxNameBytes));
        if (std::find(points.begin(), points.end(), part.point) == points.end())
            return refuse("provides", "for an extension point " + shownJson(entry["point"]),
                          "one of " + joinText(points, ", "));
        if (!isPluginName(part.name))
            return refuse("provides", shownJson(entry["name"]),
                          "a lower-case letter, then letters, digits and \"_\"");
        if (std::find(provides.begin(), provides.end(), part) != provides.end())
            return refuse("provides", "\"" + part.name + "\" twice", "each name once");
        provides.push_back(std::move(part));
    }
    return {};
}

Result<void> ManifestReader::readCosts()
{
    ORRERY_ASSIGN(const std::vector<Json> list, objects("costs", kMaxCosts));
    for (const Json &entry : list) {
        ORRERY_TRY(checkKeys(entry, "costs", {"name", "parameters", "idle", "flops", "activations", "cache"}));
        PluginCost cost;
        ORRERY_ASSIGN(cost.name, text(entry, "name", kMaxNameBytes));
        const auto read = [&](const char *key, std::string &formula) -> Result<void> {
            if (!entry.contains(key)) return {};
            ORRERY_ASSIGN(formula, text(entry, key, kMaxFormulaBytes));
            return {};
        };
        ORRERY_TRY(read("parameters", cost.parameters));
        ORRERY_TRY(read("idle", cost.idle));
        ORRERY_TRY(read("activations", cost.activations));
        ORRERY_TRY(read("cache", cost.cache));
        std::string flops;
        ORRERY_TRY(read("flops", flops));
        ORRERY_TRY(addFlops(flops, cost));
        m_manifest.info.costs.push_back(std::move(cost));
    }
    return checkPluginCosts(m_manifest.info);
}

/// Work joins the formula of idle parameters, as what a token passes through more, 6 FLOPs each: so it is known wherever
/// that is. Checked by itself first, so that an error shows what stands in the JSON.
Result<void> ManifestReader::addFlops(const std::string &flops, PluginCost &cost) const
{
    if (flops.empty()) {
        if (!cost.idle.empty()) cost.idle = "max(0, " + cost.idle + ")"; // below 0 it would be work
        return {};
    }
    PluginInfo alone;
    alone.id = m_manifest.info.id;
    alone.settings = m_manifest.info.settings;
    alone.costs = {{cost.name, flops, cost.idle, {}, {}}};
    ORRERY_TRY(checkPluginCosts(alone));
    // No more can be idle than there are; work comes on top of that.
    const std::string idle = "max(0, " + (cost.idle.empty() ? "0" : cost.idle) + ")";
    const std::string most = cost.parameters.empty() ? "0" : "max(0, " + cost.parameters + ")";
    cost.idle = "min(" + most + ", " + idle + ") - max(0, " + flops + ") / 6";
    return {};
}

Result<std::string> ManifestReader::text(const Json &object, const std::string &key, size_t maxBytes) const
{
    const auto found = object.find(key);
    if (found == object.end()) return refuse(key, "missing", "a text");
    if (!found->is_string()) return refuse(key, shownJson(*found), "a text");
    const auto &text = found->get_ref<const std::string &>();
    const bool hasControls = std::any_of(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    if (text.empty() || text.size() > maxBytes || hasControls)
        return refuse(key, shownJson(*found), "one line of 1 to " + std::to_string(maxBytes) + " bytes");
    return text;
}

/// A file in the plugin's own folder: nothing that a path could be made of.
Result<std::string> ManifestReader::library(const char *key) const
{
    if (!m_json.contains(key)) return std::string();
    ORRERY_ASSIGN(const std::string name, text(m_json, key, kMaxLibraryBytes));
    const bool isPlain = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    });
    if (!isPlain || name.front() == '.' || name.find(".so") == std::string::npos)
        return refuse(key, shownJson(m_json[key]),
                      "the name of a file in the plugin's folder, such as \"lib" + m_id + ".so\"");
    return name;
}

Result<std::vector<Json>> ManifestReader::objects(const char *key, size_t most) const
{
    std::vector<Json> list;
    const auto found = m_json.find(key);
    if (found == m_json.end()) return list;
    if (!found->is_array()) return refuse(key, shownJson(*found), "a list");
    if (found->size() > most)
        return refuse(key, "a list of " + std::to_string(found->size()),
                      "at most " + std::to_string(most) + " entries");
    for (const Json &entry : *found) {
        if (!entry.is_object()) return refuse(key, "a list with " + shownJson(entry), "a list of objects");
        list.push_back(entry);
    }
    return list;
}

Result<void> ManifestReader::checkKeys(const Json &object, const std::string &place,
                                       const std::vector<std::string> &known) const
{
    for (const auto &[key, value] : object.items()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        const std::string shown = sanitizeUtf8(key.substr(0, 60));
        const std::string near = nearestName(shown, known);
        Error error = refuse(place.empty() ? shown : place + "." + shown, "an unknown key",
                             "one of " + joinText(known, ", "));
        if (!near.empty()) error.hint = "Did you mean \"" + near + "\"?";
        return error;
    }
    return {};
}

Result<Json> parseJson(std::string_view json, const std::string &id)
{
    return parseStrictJson(json, {.action = "Cannot read \"" + id + ".json\"",
                                  .advice = kMendHint,
                                  .deepExpected = "the manifest of a plugin",
                                  .maxBytes = kMaxManifestBytes,
                                  .maxDepth = kMaxDepth});
}

} // namespace

Result<PluginManifest> parsePluginManifest(std::string_view json, const std::string &id)
{
    ORRERY_ASSIGN(const Json parsed, parseJson(json, id));
    return ManifestReader(parsed, id).read();
}

PluginInfo parsePluginIdentity(std::string_view json, const std::string &id)
{
    const Result<Json> parsed = parseJson(json, id);
    return ManifestReader(parsed ? *parsed : Json(), id).identity();
}

Result<PluginManifest> readPluginManifest(const std::filesystem::path &folder)
{
    const std::string id = folder.filename().string();
    ORRERY_ASSIGN(const std::string text, readFile(folder / (id + ".json"), kMaxManifestBytes));
    return parsePluginManifest(text, id);
}

PluginInfo readPluginIdentity(const std::filesystem::path &folder)
{
    const std::string id = folder.filename().string();
    const Result<std::string> text = readFile(folder / (id + ".json"), kMaxManifestBytes);
    return parsePluginIdentity(text ? *text : std::string(), id);
}

} // namespace orrery
