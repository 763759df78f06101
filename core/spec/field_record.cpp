// SPDX-License-Identifier: Apache-2.0
#include "core/spec/field_record.h"

#include "core/base/text.h"
#include "core/spec/field_table.h"
#include "core/spec/field_values.h"
#include "core/spec/plugin_rules.h"
#include "core/spec/plugin_use.h"
#include "core/spec/strict_json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

namespace orrery {

using Json = nlohmann::json;

namespace {

constexpr size_t kMaxLabelBytes = 80;
constexpr size_t kMaxUnitBytes = 24;
constexpr size_t kMaxEffectBytes = 400;
constexpr size_t kMaxConditionBytes = 400;
constexpr size_t kMaxFieldsBytes = size_t{1} << 20;

struct TypeName {
    FieldType type;
    const char *name;
};
constexpr std::array kTypeNames = {
    TypeName{FieldType::Bool, "bool"},          TypeName{FieldType::Integer, "integer"},
    TypeName{FieldType::Real, "real"},          TypeName{FieldType::Text, "text"},
    TypeName{FieldType::Choice, "choice"},      TypeName{FieldType::RealList, "real_list"},
    TypeName{FieldType::TextList, "text_list"}, TypeName{FieldType::Path, "path"},
};

std::string typeNames()
{
    std::vector<std::string> names;
    for (const TypeName &entry : kTypeNames) names.emplace_back(entry.name);
    return joinText(names, ", ");
}

/// Reads one record key by key; the first thing that breaks a rule stays.
class RecordReader {
public:
    RecordReader(std::string place, const Json &record) : m_place(std::move(place)), m_record(record) {}

    std::string text(const char *key, bool isRequired, size_t maxBytes)
    {
        const Json *value = take(key, isRequired);
        if (!value) return {};
        if (!value->is_string()) return fail(key, shownJson(*value), "a text"), std::string();
        const auto &text = value->get_ref<const std::string &>();
        const bool hasControls = std::any_of(text.begin(), text.end(), [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        });
        if (text.size() > maxBytes || hasControls || (isRequired && text.empty()))
            fail(key, quotedValue(text), "one line of 1 to " + std::to_string(maxBytes) + " bytes");
        return text;
    }
    bool flag(const char *key)
    {
        const Json *value = take(key, false);
        if (value && !value->is_boolean()) fail(key, shownJson(*value), "true or false");
        return value && value->is_boolean() && value->get<bool>();
    }
    void number(const char *key, double &out)
    {
        const Json *value = take(key, false);
        if (!value) return;
        if (!value->is_number()) return fail(key, shownJson(*value), "a number");
        out = value->get<double>();
    }
    const Json *take(const char *key, bool isRequired)
    {
        m_known.insert(key);
        const auto found = m_record.find(key);
        if (found != m_record.end()) return &*found;
        if (isRequired) fail(key, "nothing", "a value");
        return nullptr;
    }
    void finish()
    {
        for (const auto &[key, value] : m_record.items())
            if (!m_known.contains(key)) {
                const std::vector<std::string> known(m_known.begin(), m_known.end());
                fail(key.c_str(), "an unknown key", "one of " + joinText(known, ", "));
            }
    }
    void fail(const std::string &key, const std::string &found, const std::string &expected)
    {
        if (m_problem) return;
        m_problem = Error{ErrorCode::InvalidInput,
                          "Cannot read " + m_place + ": \"" + sanitizeUtf8(key.substr(0, 60)) + "\" is " +
                              found + ", expected " + expected + ".",
                          "Mend the plugin's JSON."};
    }
    /// What is wrong with a part of the record is wrong with the record.
    void adopt(const RecordReader &part)
    {
        if (!m_problem) m_problem = part.problem();
    }
    [[nodiscard]] const std::optional<Error> &problem() const { return m_problem; }

private:
    std::string m_place;
    const Json &m_record;
    std::set<std::string> m_known;
    std::optional<Error> m_problem;
};

void readChoices(RecordReader &reader, Field &field)
{
    const Json *value = reader.take("choices", field.type == FieldType::Choice);
    if (!value) return;
    const auto list = typedValue(FieldType::TextList, *value);
    if (field.type != FieldType::Choice || !list)
        return reader.fail("choices", shownJson(*value), "a list of texts, of a choice");
    field.choices = std::get<std::vector<std::string>>(*list);
    const std::set<std::string> distinct(field.choices.begin(), field.choices.end());
    const bool areNames =
        std::all_of(field.choices.begin(), field.choices.end(), [](const std::string &choice) {
            return !choice.empty() && choice.size() <= kMaxLabelBytes;
        });
    if (field.choices.empty() || field.choices.size() > kMaxListEntries ||
        distinct.size() != field.choices.size() || !areNames)
        reader.fail("choices", shownJson(*value),
                    "1 to " + std::to_string(kMaxListEntries) + " different names");
}

void readRange(RecordReader &reader, Field &field)
{
    reader.number("minimum", field.minimum);
    reader.number("maximum", field.maximum);
    field.minimumExclusive = reader.flag("minimumExclusive");
    field.maximumExclusive = reader.flag("maximumExclusive");
    double listSize = 0;
    reader.number("listSize", listSize);
    if (!(listSize >= 0 && listSize <= static_cast<double>(kMaxListEntries) &&
          std::floor(listSize) == listSize))
        reader.fail("listSize", "out of range", "0 … " + std::to_string(kMaxListEntries));
    else
        field.listSize = static_cast<size_t>(listSize);
    if (field.minimum > field.maximum) reader.fail("minimum", "above the maximum", "at most the maximum");
}

/// What is wrong with one of them is told as of the record; that its conditions can be read, checkPluginRules() says.
std::vector<PluginRule> readRules(RecordReader &reader, const std::string &place)
{
    std::vector<PluginRule> rules;
    const Json *list = reader.take("rules", false);
    if (!list) return rules;
    const bool areObjects =
        list->is_array() && std::all_of(list->begin(), list->end(), [](const Json &one) { return one.is_object(); });
    if (!areObjects || list->empty() || list->size() > kMaxRules) {
        reader.fail("rules", shownJson(*list), "a list of 1 to " + std::to_string(kMaxRules) + " objects");
        return rules;
    }
    for (const Json &one : *list) {
        RecordReader part(place + ", rule " + std::to_string(rules.size() + 1), one);
        PluginRule rule;
        rule.when = part.text("when", false, kMaxConditionBytes);
        rule.holds = part.text("holds", true, kMaxConditionBytes);
        rule.expected = part.text("expected", true, kMaxRuleTextBytes);
        rule.hint = part.text("hint", true, kMaxRuleTextBytes);
        rule.newRunsOnly = part.flag("newRunsOnly");
        part.finish();
        reader.adopt(part);
        rules.push_back(std::move(rule));
    }
    return rules;
}

Result<Field> fieldFromRecord(std::string_view id, const std::string &group, const std::string &place,
                              const Json &record)
{
    RecordReader reader(place, record);
    Field field;
    const std::string name = reader.text("key", true, 64);
    if (!reader.problem() && !isPluginName(name))
        reader.fail("key", quotedValue(name), "a lower-case letter, then letters, digits and \"_\"");
    field.key = "plugins." + std::string(id) + "." + name;
    field.label = reader.text("label", true, kMaxLabelBytes);
    field.group = group;
    field.effect = reader.text("effect", true, kMaxEffectBytes);
    field.unit = reader.text("unit", false, kMaxUnitBytes);
    field.owner = "plugins/" + std::string(id);
    field.plugin = id;
    field.advanced = reader.flag("advanced");
    const std::string type = reader.text("type", true, 32);
    for (const TypeName &entry : kTypeNames)
        if (type == entry.name) field.type = entry.type;
    if (field.type == FieldType::Unknown) reader.fail("type", quotedValue(type), "one of " + typeNames());
    readRange(reader, field);
    readChoices(reader, field);
    const Json *usual = reader.take("default", true);
    std::vector<PluginRule> rules = readRules(reader, place);
    reader.finish();
    if (reader.problem()) return *reader.problem();

    auto value = typedValue(field.type, *usual);
    if (!value) return fieldTypeError(field, shownJson(*usual));
    ORRERY_TRY(checkFieldValue(field, *value));
    bindPluginField(field, std::move(*value), std::move(rules));
    return field;
}

} // namespace

std::optional<FieldValue> typedValue(FieldType type, const Json &value)
{
    switch (type) {
    case FieldType::Bool:
        if (value.is_boolean()) return FieldValue(value.get<bool>());
        break;
    case FieldType::Integer:
        if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX}) break;
        if (value.is_number_integer()) return FieldValue(value.get<int64_t>());
        if (value.is_number_float())
            if (const auto whole = wholeNumber(value.get<double>())) return FieldValue(*whole);
        break;
    case FieldType::Real:
        if (value.is_number()) return FieldValue(value.get<double>());
        break;
    case FieldType::Text:
    case FieldType::Choice:
    case FieldType::Path:
        if (value.is_string()) return FieldValue(value.get<std::string>());
        break;
    case FieldType::RealList: {
        if (!value.is_array()) break;
        std::vector<double> list;
        for (const Json &entry : value) {
            if (!entry.is_number()) return std::nullopt;
            list.push_back(entry.get<double>());
        }
        return FieldValue(std::move(list));
    }
    case FieldType::TextList: {
        if (!value.is_array()) break;
        std::vector<std::string> list;
        for (const Json &entry : value) {
            if (!entry.is_string()) return std::nullopt;
            list.push_back(entry.get<std::string>());
        }
        return FieldValue(std::move(list));
    }
    case FieldType::Unknown:
        break;
    }
    return std::nullopt;
}

Result<std::vector<Field>> pluginFieldsFromJson(std::string_view id, const std::string &group,
                                                const Json &records)
{
    const auto refuse = [](const std::string &found, const std::string &expected) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot read \"settings\": found " + found + ", expected " + expected + ".",
                     "Mend the plugin's JSON."};
    };
    if (!records.is_array()) return refuse(shownJson(records), "a list of records");
    if (records.size() > kMaxPluginSettings)
        return refuse(std::to_string(records.size()) + " records",
                      "at most " + std::to_string(kMaxPluginSettings));
    std::vector<Field> fields;
    for (const Json &record : records) {
        const std::string place = "\"settings\", record " + std::to_string(fields.size() + 1);
        if (!record.is_object())
            return refuse(shownJson(record) + " in place " + std::to_string(fields.size() + 1), "records");
        ORRERY_ASSIGN(Field field, fieldFromRecord(id, group, place, record));
        for (const Field &other : fields)
            if (other.key == field.key)
                return refuse("two records with key \"" + field.key + "\"", "each key once");
        fields.push_back(std::move(field));
    }
    return fields;
}

Result<std::vector<Field>> pluginFieldsFromText(std::string_view id, const std::string &group,
                                                std::string_view text)
{
    ORRERY_ASSIGN(const Json json, parseStrictJson(text, {.action = "Cannot read the settings of a plugin",
                                                          .advice = "Update the engine or this program.",
                                                          .deepExpected = "records",
                                                          .maxBytes = kMaxFieldsBytes,
                                                          .maxDepth = 5}));
    const auto settings = json.find("settings");
    if (settings == json.end()) return std::vector<Field>();
    return pluginFieldsFromJson(id, group, *settings);
}

Json pluginFieldsToJson(const std::vector<Field> &fields)
{
    Json records = Json::array();
    for (const Field &field : fields) {
        Json record;
        record["key"] = field.key.substr(field.key.rfind('.') + 1);
        record["label"] = field.label;
        record["effect"] = field.effect;
        for (const TypeName &entry : kTypeNames)
            if (entry.type == field.type) record["type"] = entry.name;
        record["default"] = std::visit([](const auto &value) { return Json(value); }, field.get(RunSpec{}));
        if (!field.unit.empty()) record["unit"] = field.unit;
        if (std::isfinite(field.minimum)) record["minimum"] = field.minimum;
        if (std::isfinite(field.maximum)) record["maximum"] = field.maximum;
        if (field.minimumExclusive) record["minimumExclusive"] = true;
        if (field.maximumExclusive) record["maximumExclusive"] = true;
        if (!field.choices.empty()) record["choices"] = field.choices;
        if (field.listSize > 0) record["listSize"] = field.listSize;
        if (field.advanced) record["advanced"] = true;
        for (const PluginRule &rule : rulesOf(field)) {
            Json one = {{"holds", rule.holds}, {"expected", rule.expected}, {"hint", rule.hint}};
            if (!rule.when.empty()) one["when"] = rule.when;
            if (rule.newRunsOnly) one["newRunsOnly"] = true;
            record["rules"].push_back(std::move(one));
        }
        records.push_back(std::move(record));
    }
    return records;
}

std::string pluginFieldsToText(const std::vector<Field> &fields)
{
    return Json{{"settings", pluginFieldsToJson(fields)}}.dump(-1, ' ', false,
                                                               Json::error_handler_t::replace);
}

} // namespace orrery
