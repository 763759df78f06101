// SPDX-License-Identifier: Apache-2.0
#include "core/spec/estimate.h"
#include "core/spec/field_table.h"
#include "core/spec/field_values.h"
#include "core/spec/objective_mix.h"
#include "core/spec/spec_rules.h"

#include "core/base/text.h"

#include <nlohmann/json.hpp>
#include <set>

namespace orrery {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

namespace {

constexpr int kMaxDepth = 8;
constexpr const char *kVersionKey = "spec_version";
constexpr const char *kUpdateHint = "Update Orrery to a version that knows it.";

Error specError(const std::string &found, const std::string &expected, const std::string &hint)
{
    return Error{ErrorCode::InvalidInput, "Cannot read spec: " + found + ", expected " + expected + ".",
                 hint};
}

/// nlohmann::json keeps the last of two equal keys and knows no limit of depth: both are checked while it
/// parses.
Result<Json> parseStrictly(std::string_view text)
{
    if (text.size() > kMaxSpecBytes)
        return specError("it has " + std::to_string(text.size()) + " bytes",
                         "at most " + std::to_string(kMaxSpecBytes),
                         "Check that this is a spec and not a data file.");
    std::vector<std::set<std::string>> keysOfObjects;
    std::optional<Error> problem;
    const auto watch = [&](int depth, Json::parse_event_t event, Json &parsed) {
        if (event == Json::parse_event_t::object_start) {
            keysOfObjects.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            keysOfObjects.pop_back();
        } else if (event == Json::parse_event_t::key && !problem) {
            const auto &key = parsed.get_ref<const std::string &>();
            if (!keysOfObjects.back().insert(key).second)
                problem = specError("key " + quotedValue(key) + " stands there twice", "each key once",
                                    "Remove one of the two.");
        }
        if (depth > kMaxDepth && !problem)
            problem = specError("its values are nested more than " + std::to_string(kMaxDepth) + " deep",
                                "settings in groups, such as {\"model\":{\"layers\":4}}",
                                "Check that this is a spec.");
        return true;
    };
    try {
        Json json = Json::parse(text, watch);
        if (problem) return std::move(*problem);
        if (!json.is_object())
            return specError("its top level is of type " + std::string(json.type_name()), "an object",
                             "Write the settings between { and }.");
        return json;
    } catch (const Json::exception &broken) {
        // "[json.exception.parse_error.101] parse error at line 3, …": the prefix tells a user nothing.
        const std::string what = sanitizeUtf8(broken.what());
        const size_t end = what.find("] ");
        return specError("it is broken JSON (" + (end == std::string::npos ? what : what.substr(end + 2)) +
                             ")",
                         "JSON without comments or trailing commas", "Mend the file at that place.");
    }
}

std::string shownJson(const Json &value)
{
    if (value.is_string()) return quotedValue(value.get_ref<const std::string &>());
    if (value.is_object()) return "an object";
    const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    return text.size() > 60 ? text.substr(0, 40) + "…" : text;
}

std::optional<FieldValue> typedValue(const Field &field, const Json &value)
{
    switch (field.type) {
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

bool isGroup(const std::string &key)
{
    for (const Field &field : specFields())
        if (field.key.starts_with(key + ".")) return true;
    return false;
}

Error notAGroup(const std::string &key, const Json &value)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot set \"" + key + "\": found " + shownJson(value) +
                     ", expected an object of settings.",
                 "Write \"" + key + "\": { … }, or name one setting as \"" + key + ".…\"."};
}

using Values = std::map<std::string, FieldValue>;

Result<void> collect(const std::string &prefix, const Json &object, Values &values)
{
    for (const auto &[name, value] : object.items()) {
        const std::string key = prefix + name;
        if (prefix.empty() && name == kVersionKey) continue;
        const Field *field = findField(key);
        if (!field && isGroup(key)) {
            if (!value.is_object()) return notAGroup(key, value);
            ORRERY_TRY(collect(key + ".", value, values));
            continue;
        }
        if (!field) {
            // Group names are misspelt as often as keys: "modle" is near "model", not near "model.layers".
            static const std::vector<std::string> kGroups = {"model",     "data",     "train", "objective",
                                                             "optimizer", "schedule", "probes"};
            Error error = requireField(key).error();
            const std::string near =
                prefix.empty() && value.is_object() ? nearestName(key, kGroups) : std::string();
            if (!near.empty()) error.hint = "Did you mean \"" + near + "\"?";
            return error;
        }
        auto typed = typedValue(*field, value);
        if (!typed) return fieldTypeError(*field, shownJson(value));
        ORRERY_TRY(checkFieldValue(*field, *typed));
        if (!values.emplace(field->key, std::move(*typed)).second)
            return specError("key \"" + field->key + "\" stands there twice, dotted and nested",
                             "each key once", "Remove one of the two.");
    }
    return {};
}

Result<void> checkVersion(const Json &json)
{
    const auto version = json.find(kVersionKey);
    if (version == json.end()) return {}; // written by hand
    if (!version->is_number_integer())
        return specError("its version is " + shownJson(*version), "a whole number",
                         "Leave spec_version out, or set it to 1.");
    const bool isHuge = version->is_number_unsigned() && version->get<uint64_t>() > uint64_t{INT64_MAX};
    if (isHuge || version->get<int64_t>() > kSpecVersion)
        return Error{ErrorCode::InvalidInput,
                     "Cannot read spec: it has version " + version->dump() + ", this program knows up to " +
                         std::to_string(kSpecVersion) + ".",
                     kUpdateHint};
    if (version->get<int64_t>() < 1)
        return specError("its version is " + version->dump(), "1 or more",
                         "Leave spec_version out, or set it to 1.");
    return {};
}

template <typename AnyJson> AnyJson jsonOf(const FieldValue &value)
{
    return std::visit([](const auto &plain) { return AnyJson(plain); }, value);
}

/// Whether it moves a number of the training, and does not only report or keep; see specDigest.
bool decidesNumbers(const std::string &key, const RunSpec &spec)
{
    static const std::set<std::string> kOthers = {"name",
                                                  "model.preset",
                                                  "train.steps",
                                                  "train.report_every",
                                                  "train.eval_every",
                                                  "train.checkpoint_every",
                                                  "train.keep_last",
                                                  "train.keep_best"};
    if (key.starts_with("objective.") && spec.objective.name == "next_token") return false;
    return !kOthers.contains(key) && !key.starts_with("probes.");
}

} // namespace

Result<void> SpecBuilder::setJson(std::string_view json)
{
    ORRERY_ASSIGN(const auto parsed, parseStrictly(json));
    ORRERY_TRY(checkVersion(parsed));
    Values values;
    ORRERY_TRY(collect("", parsed, values));
    // All or nothing: a refused file leaves no half of itself behind.
    for (auto &[key, value] : values) m_values.insert_or_assign(key, std::move(value));
    return {};
}

std::string specToJson(const RunSpec &spec, int indent)
{
    OrderedJson json;
    json[kVersionKey] = kSpecVersion;
    for (const Field &field : specFields()) {
        const size_t dot = field.key.find('.');
        OrderedJson value = jsonOf<OrderedJson>(field.get(spec));
        if (dot == std::string::npos)
            json[field.key] = std::move(value);
        else
            json[field.key.substr(0, dot)][field.key.substr(dot + 1)] = std::move(value);
    }
    return json.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

Result<RunSpec> specFromJson(std::string_view json)
{
    SpecBuilder builder;
    ORRERY_TRY(builder.setJson(json));
    RunSpec spec = builder.preview();
    auto problems = findContradictions(spec);
    if (!problems.empty()) return std::move(problems.front().error);
    return spec;
}

std::string specDigest(const RunSpec &spec)
{
    RunSpec resolved = spec;
    if (resolved.schedule.totalSteps == 0) resolved.schedule.totalSteps = resolved.train.steps;
    resolved.model.ffnWidth = feedForwardWidth(resolved.model);
    const ObjectiveShares shares = objectiveShares(resolved.objective);
    resolved.objective.mix = {shares.nextToken, shares.prefix, shares.infill};
    resolved.objective.spanMean =
        shares.infill > 0 ? meanSpan(resolved.objective, resolved.model.context) : 0;
    Json canonical; // sorts its keys
    canonical["digest_version"] = 1;
    for (const Field &field : specFields())
        if (decidesNumbers(field.key, resolved)) canonical[field.key] = jsonOf<Json>(field.get(resolved));
    return sha256Hex(canonical.dump(-1, ' ', false, Json::error_handler_t::replace));
}

} // namespace orrery
