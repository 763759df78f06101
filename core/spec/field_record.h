// SPDX-License-Identifier: Apache-2.0
// Settings as JSON records: how a plugin's manifest declares them, and how they travel to a window. Pure; any
// thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/field.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

inline constexpr size_t kMaxPluginSettings = 64;

/// The value in the type of a field, where the JSON means one.
std::optional<FieldValue> typedValue(FieldType type, const nlohmann::json &value);

/// Fields "plugins.<id>.<key>" from an array of records
///   {"key", "label", "type", "default", "effect"; "unit", "minimum", "maximum", "minimumExclusive",
///   "maximumExclusive",
///    "choices", "listSize", "advanced"}
/// with type one of bool, integer, real, text, choice, real_list, text_list, path.
/// @param group heading of the fields in forms   @error InvalidInput naming record and rule
Result<std::vector<Field>> pluginFieldsFromJson(std::string_view id, const std::string &group,
                                                const nlohmann::json &records);
/// The same from the text that pluginFieldsToText() makes; bounded as any foreign text.
Result<std::vector<Field>> pluginFieldsFromText(std::string_view id, const std::string &group,
                                                std::string_view text);
std::string pluginFieldsToText(const std::vector<Field> &fields);
/// The array of records alone.
nlohmann::json pluginFieldsToJson(const std::vector<Field> &fields);

} // namespace orrery
