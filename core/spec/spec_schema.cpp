// SPDX-License-Identifier: Apache-2.0
#include "core/spec/field_table.h"
#include "core/spec/field_values.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace orrery {

using Json = nlohmann::ordered_json;

namespace {

void addBounds(const Field &field, Json &schema)
{
    const auto bound = [&](double value) {
        return field.type == FieldType::Integer ? Json(static_cast<int64_t>(value)) : Json(value);
    };
    if (std::isfinite(field.minimum))
        schema[field.minimumExclusive ? "exclusiveMinimum" : "minimum"] = bound(field.minimum);
    if (std::isfinite(field.maximum))
        schema[field.maximumExclusive ? "exclusiveMaximum" : "maximum"] = bound(field.maximum);
}

Json schemaOf(const Field &field, const RunSpec &defaults)
{
    Json schema;
    schema["title"] = field.label;
    schema["description"] = field.effect;
    switch (field.type) {
    case FieldType::Bool:
        schema["type"] = "boolean";
        break;
    case FieldType::Integer:
        schema["type"] = "integer";
        break;
    case FieldType::Real:
        schema["type"] = "number";
        break;
    case FieldType::RealList:
    case FieldType::TextList:
        schema["type"] = "array";
        break;
    default:
        schema["type"] = "string";
        break;
    }
    if (field.type == FieldType::Choice && !takesFile(field)) schema["enum"] = field.choices;
    if (takesFile(field)) schema["anyOf"] = {{{"enum", field.choices}}, {{"pattern", "\\.json$"}}};
    if (field.type == FieldType::Integer || field.type == FieldType::Real) addBounds(field, schema);
    if (field.type == FieldType::RealList || field.type == FieldType::TextList) {
        Json items;
        items["type"] = field.type == FieldType::RealList ? "number" : "string";
        if (field.type == FieldType::RealList) addBounds(field, items);
        schema["items"] = std::move(items);
        if (field.listSize > 0) schema["minItems"] = field.listSize;
        schema["maxItems"] = field.listSize > 0 ? field.listSize : kMaxListEntries;
    }
    schema["default"] = std::visit([](const auto &value) { return Json(value); }, field.get(defaults));
    if (!field.unit.empty()) schema["x-unit"] = field.unit;
    schema["x-group"] = field.group;
    schema["x-owner"] = field.owner;
    schema["x-change"] = field.change == FieldChange::WhileRunning ? "while running" : "frozen";
    return schema;
}

Json emptyObject()
{
    Json object;
    object["type"] = "object";
    object["additionalProperties"] = false;
    object["properties"] = Json::object();
    return object;
}

} // namespace

std::string specJsonSchema(const FieldTable &table)
{
    const RunSpec defaults;
    Json root;
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema";
    root["title"] = "Orrery run spec";
    root.update(emptyObject());
    Json &properties = root["properties"];
    properties["spec_version"] = {{"type", "integer"}, {"minimum", 1}, {"maximum", kSpecVersion}};
    for (const Field &field : table.fields()) {
        Json *place = &properties;
        size_t begin = 0;
        for (size_t dot = field.key.find('.'); dot != std::string::npos; dot = field.key.find('.', begin)) {
            const std::string group = field.key.substr(begin, dot - begin);
            if (!place->contains(group)) (*place)[group] = emptyObject();
            place = &(*place)[group]["properties"];
            begin = dot + 1;
        }
        (*place)[field.key.substr(begin)] = schemaOf(field, defaults);
    }
    return root.dump(2) + "\n";
}

} // namespace orrery
