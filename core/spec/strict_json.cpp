// SPDX-License-Identifier: Apache-2.0
#include "core/spec/strict_json.h"

#include "core/base/text.h"
#include "core/spec/field_values.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

namespace orrery {

using Json = nlohmann::json;

/// nlohmann::json keeps the last of two equal keys and knows no limit of depth: both are checked while it
/// parses.
Result<Json> parseStrictJson(std::string_view text, const JsonLimits &limits)
{
    const auto refuse = [&](const std::string &found, const std::string &expected, const std::string &hint) {
        return Error{ErrorCode::InvalidInput, limits.action + ": " + found + ", expected " + expected + ".",
                     hint};
    };
    if (text.size() > limits.maxBytes)
        return refuse("it has " + std::to_string(text.size()) + " bytes",
                      "at most " + std::to_string(limits.maxBytes), limits.advice);
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
                problem = refuse("key " + quotedValue(key) + " stands there twice", "each key once",
                                 "Remove one of the two.");
        }
        if (depth > limits.maxDepth && !problem)
            problem = refuse("its values are nested more than " + std::to_string(limits.maxDepth) + " deep",
                             limits.deepExpected, limits.advice);
        return true;
    };
    try {
        Json json = Json::parse(text, watch);
        if (problem) return std::move(*problem);
        if (json.is_array() && limits.isListAllowed) return json;
        if (!json.is_object() && limits.isListAllowed)
            return refuse("its top level is of type " + std::string(json.type_name()), "an object or a list",
                          limits.advice);
        if (!json.is_object())
            return refuse("its top level is of type " + std::string(json.type_name()), "an object",
                          "Write the settings between { and }.");
        return json;
    } catch (const Json::exception &broken) {
        // "[json.exception.parse_error.101] parse error at line 3, …": the prefix tells a user nothing.
        const std::string what = sanitizeUtf8(broken.what());
        const size_t end = what.find("] ");
        return refuse("it is broken JSON (" + (end == std::string::npos ? what : what.substr(end + 2)) + ")",
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

} // namespace orrery
