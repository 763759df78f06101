// SPDX-License-Identifier: Apache-2.0
#include "core/spec/model_shape.h"
#include "core/spec/estimate.h"
#include "core/spec/field_record.h"
#include "core/spec/field_table.h"
#include "core/spec/field_values.h"
#include "core/spec/objective_mix.h"
#include "core/spec/plugin_use.h"
#include "core/spec/spec_rules.h"
#include "core/spec/strict_json.h"

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

Result<Json> parseSpec(std::string_view text)
{
    return parseStrictJson(text, {.action = "Cannot read spec",
                                  .advice = "Check that this is a spec and not a data file.",
                                  .deepExpected = "settings in groups, such as {\"model\":{\"layers\":4}}",
                                  .maxBytes = kMaxSpecBytes,
                                  .maxDepth = kMaxDepth});
}

Error notAGroup(const std::string &key, const Json &value)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot set \"" + key + "\": found " + shownJson(value) +
                     ", expected an object of settings.",
                 "Write \"" + key + "\": { … }, or name one setting as \"" + key + ".…\"."};
}

using Values = std::map<std::string, FieldValue>;

Result<void> collect(const FieldTable &table, const std::string &prefix, const Json &object, Values &values)
{
    for (const auto &[name, value] : object.items()) {
        const std::string key = prefix + name;
        if (prefix.empty() && name == kVersionKey) continue;
        const Field *field = table.find(key);
        if (!field && table.isGroup(key)) {
            if (!value.is_object()) return notAGroup(key, value);
            ORRERY_TRY(collect(table, key + ".", value, values));
            continue;
        }
        if (!field) {
            // Group names are misspelt as often as keys: "modle" is near "model", not near "model.layers".
            static const std::vector<std::string> kGroups = {
                "model",     "attention", "media",     "data",     "train",
                "objective", "continual", "optimizer", "schedule", "probes"};
            Error error = table.require(key).error();
            const std::string near =
                prefix.empty() && value.is_object() ? nearestName(key, kGroups) : std::string();
            if (!near.empty()) error.hint = "Did you mean \"" + near + "\"?";
            return error;
        }
        auto typed = typedValue(field->type, value);
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

/// Before the table had the range of the front end, the frozen spec of a model of text could hold larger
/// patches. It reads no picture, so they become the default and its run opens; with pictures they were always
/// refused.
void forgetUnreadPatches(Json &json)
{
    constexpr int64_t kLargestBefore = 256;
    static const Json::json_pointer kCount("/attention/num_modalities"), kPatch("/media/patch_size");
    if (!json.contains(kVersionKey) || !json.contains(kPatch)) return;
    if (json.contains(kCount) && json.at(kCount) != 1) return;
    const Json &patch = json.at(kPatch);
    if (!patch.is_number_integer() || patch < 1 || patch > kLargestBefore) return;
    if (patch > findField("media.patch_size")->maximum) json.at(kPatch) = MediaSpec{}.patchSize;
}

/// What a frozen spec of an older program meant.
void migrate(const Json &json, Values &values)
{
    const auto version = json.find(kVersionKey);
    if (version == json.end()) return; // written by hand
    // Up to version 3 the attention's probabilities were dropped like everything else.
    if (const auto dropout = values.find("model.dropout"); version->get<int64_t>() < 4 && dropout != values.end())
        values.emplace("model.attention_dropout", dropout->second);
    // Up to version 6 all heads were kept as often as the starred ones, unless it said otherwise.
    if (version->get<int64_t>() < 7) values.emplace("probes.overview_every", int64_t{0});
    // Up to version 7 patches went through a linear layer alone.
    if (version->get<int64_t>() < 8) values.emplace("media.image_stem", std::string("linear"));
}

template <typename AnyJson> AnyJson jsonOf(const FieldValue &value)
{
    return std::visit([](const auto &plain) { return AnyJson(plain); }, value);
}

/// The value's own type, for settings whose field is not known; null and objects are none.
std::optional<FieldValue> plainValue(const Json &value)
{
    for (const FieldType type : {FieldType::Bool, FieldType::Integer, FieldType::Real, FieldType::Text,
                                 FieldType::TextList, FieldType::RealList}) {
        const bool isWholeOnly = type == FieldType::Integer && value.is_number_float();
        if (auto typed = isWholeOnly ? std::nullopt : typedValue(type, value)) return typed;
    }
    return std::nullopt;
}

/// What a document says of plugins, nested or dotted, and the names that plugins may provide.
void gatherPlugins(const std::string &prefix, const Json &object, RunSpec &spec)
{
    for (const auto &[name, value] : object.items()) {
        const std::string key = prefix + name;
        const Field *field = findField(key);
        if (key == kUsePluginsKey) {
            if (auto list = typedValue(FieldType::TextList, value))
                spec.plugins.use = std::get<std::vector<std::string>>(std::move(*list));
        } else if (field && !field->point.empty() && value.is_string()) {
            field->set(spec, value.get<std::string>());
        } else if (value.is_object()) {
            gatherPlugins(key + ".", value, spec);
        } else if (key.starts_with("plugins.")) {
            if (auto plain = plainValue(value))
                spec.plugins.settings.insert_or_assign(key, std::move(*plain));
        }
    }
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
                                                  "train.keep_best",
                                                  "train.patience",
                                                  "train.min_improvement"};
    if (key.starts_with("objective.") && spec.objective.name == "next_token") return false;
    // Added later: a linear one keeps the digest that it always had.
    if (key == "media.image_stem") return hasImageStem(spec.model);
    if (key.starts_with("attention.") || key.starts_with("media."))
        return spec.model.attention.numModalities > 1;
    if (key.starts_with("continual.")) return spec.continual.isOn();
    if (key == "model.window") return spec.model.window > 0;
    // Before version 4 it was always the model's dropout, and no part of the digest.
    if (key == "model.attention_dropout") return spec.model.attentionDropout != spec.model.dropout;
    // Added later: a model without them has the digest that it always had.
    static const std::set<std::string> kLater = {"model.kv_heads", "model.head_dim", "model.rope_theta",
                                                 "model.rope_factor", "model.norm_eps"};
    if (kLater.contains(key)) return findField(key)->get(spec) != findField(key)->get(RunSpec{});
    if (key.starts_with("model.rope_")) return spec.model.ropeScaling.factor != 1;
    if (key == "model.mask") return spec.model.mask != ModelSpec{}.mask;
    return !kOthers.contains(key) && !key.starts_with("probes.");
}

} // namespace

Result<void> SpecBuilder::setJson(std::string_view json)
{
    ORRERY_ASSIGN(auto parsed, parseSpec(json));
    ORRERY_TRY(checkVersion(parsed));
    forgetUnreadPatches(parsed);
    Values values;
    if (auto collected = collect(*m_table, "", parsed, values); !collected) {
        // A name or setting that is not known here is often of a plugin that is not: that one is to be mended.
        RunSpec said;
        gatherPlugins("", parsed, said);
        if (auto refusal = m_table->find(kUsePluginsKey) ? refusalOfNamed(said, *m_table) : std::nullopt)
            return std::move(*refusal);
        return collected;
    }
    migrate(parsed, values);
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
    if (!spec.plugins.use.empty()) json["plugins"]["use"] = spec.plugins.use;
    for (const auto &[key, value] : spec.plugins.settings) {
        const size_t first = key.find('.');
        const size_t second = key.find('.', first + 1);
        json["plugins"][key.substr(first + 1, second - first - 1)][key.substr(second + 1)] =
            jsonOf<OrderedJson>(value);
    }
    return json.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

FieldTable::Ptr FieldTable::describedBy(std::string_view json)
{
    if (json.find("\"plugins") == std::string_view::npos) return builtIn();
    const auto parsed = parseSpec(json);
    if (!parsed) return builtIn();
    RunSpec spec;
    gatherPlugins("", *parsed, spec);
    return describedBy(spec);
}

Result<RunSpec> specFromJson(std::string_view json)
{
    SpecBuilder builder(FieldTable::describedBy(json));
    ORRERY_TRY(builder.setJson(json));
    RunSpec spec = builder.preview();
    auto problems = findContradictions(spec, builder.table());
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
    if (!spec.plugins.use.empty()) canonical[kUsePluginsKey] = spec.plugins.use;
    // 2: holes as suffix, prefix, middle with loss on all text, and prefixes of half a window at most.
    if (resolved.objective.name == "hybrid") canonical["objective.version"] = 2;
    // 2: what is dropped is not there, where it was there and not seen.
    const AttentionSpec &attention = resolved.model.attention;
    if (attention.numModalities > 1 && attention.modalityDropout > 0) canonical["attention.version"] = 2;
    // 2: er keeps excerpts and replays from any offset, sparse_memory opens what an update uses.
    const std::string &strategy = resolved.continual.strategy;
    if (resolved.continual.isOn() && (strategy == "er" || strategy == "sparse_memory")) canonical["continual.version"] = 2;
    for (const auto &[key, value] : spec.plugins.settings) canonical[key] = jsonOf<Json>(value);
    return sha256Hex(canonical.dump(-1, ' ', false, Json::error_handler_t::replace));
}

} // namespace orrery
