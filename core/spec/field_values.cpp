// SPDX-License-Identifier: Apache-2.0
#include "core/spec/field_values.h"
#include "core/spec/field_table.h"

#include "core/base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace orrery {

using Json = nlohmann::json;

namespace {

constexpr size_t kShownBytes = 60;

std::string numberText(double value)
{
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
    // The shortest text that reads back exactly, plain where a person would write it so: 0.0003, not 3e-04.
    const double size = std::abs(value);
    const bool isPlain = size == 0 || (size >= 1e-4 && size < 1e15);
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value,
                                   isPlain ? std::chars_format::fixed : std::chars_format::general)
                         .ptr;
    return {buffer, end};
}

/// Whole bounds are written without exponent: 1000000000, not 1e+09.
std::string boundText(double value)
{
    const auto whole = wholeNumber(value);
    return whole ? std::to_string(*whole) : numberText(value);
}

bool isWithin(const Field &field, double value)
{
    if (!std::isfinite(value)) return false;
    if (value < field.minimum || (field.minimumExclusive && value == field.minimum)) return false;
    return !(value > field.maximum || (field.maximumExclusive && value == field.maximum));
}

std::string boundsText(const Field &field)
{
    const bool hasMinimum = std::isfinite(field.minimum);
    const bool hasMaximum = std::isfinite(field.maximum);
    if (!hasMinimum && !hasMaximum) return "any";
    const std::string low = hasMinimum ? boundText(field.minimum) : "";
    const std::string high = hasMaximum ? boundText(field.maximum) : "";
    if (!hasMaximum) return field.minimumExclusive ? "above " + low : low + " or more";
    if (!hasMinimum) return field.maximumExclusive ? "below " + high : "at most " + high;
    if (!field.minimumExclusive && !field.maximumExclusive) return low + " … " + high;
    return (field.minimumExclusive ? "above " : "from ") + low +
           (field.maximumExclusive ? " to below " : " to ") + high;
}

/// What a value of another type should have been: "a whole number, 1 … 256".
std::string typeText(const Field &field)
{
    if (field.type == FieldType::Integer) return "a whole number, " + field.rangeText();
    if (field.type == FieldType::Real) return "a number, " + field.rangeText();
    if (field.type == FieldType::RealList && field.listSize == 0) return "a list of " + field.rangeText();
    return field.rangeText();
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlank = " \t\r\n";
    const size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::optional<double> parseReal(std::string_view text)
{
    text = trimmed(text);
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Whole numbers, also as "2e3".
std::optional<int64_t> parseInteger(std::string_view text)
{
    text = trimmed(text);
    if (text.starts_with('+')) text.remove_prefix(1);
    int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (!text.empty() && code == std::errc() && end == text.data() + text.size()) return value;
    if (const auto real = parseReal(text)) return wholeNumber(*real);
    return std::nullopt;
}

std::optional<bool> parseBool(std::string_view text)
{
    text = trimmed(text);
    for (const char *name : {"true", "on", "yes", "1"})
        if (text == name) return true;
    for (const char *name : {"false", "off", "no", "0"})
        if (text == name) return false;
    return std::nullopt;
}

std::optional<std::vector<double>> parseRealList(std::string_view text)
{
    text = trimmed(text);
    if (text.starts_with('[') && text.ends_with(']') && text.size() >= 2)
        text = text.substr(1, text.size() - 2);
    std::string separated(trimmed(text));
    // "0.9, 0.95", "0.9,0.95" and "0.9 0.95" are all meant the same way; ",," is not.
    std::vector<double> values;
    size_t at = 0;
    while (at < separated.size()) {
        const size_t end = std::min(separated.find_first_of(", \t\n", at), separated.size());
        const auto value = parseReal(std::string_view(separated).substr(at, end - at));
        if (!value || values.size() > kMaxListEntries) return std::nullopt;
        values.push_back(*value);
        at = end;
        bool commaSeen = false;
        while (at < separated.size() &&
               std::string_view(", \t\n").find(separated[at]) != std::string_view::npos) {
            if (separated[at] == ',' && std::exchange(commaSeen, true)) return std::nullopt;
            ++at;
        }
        if (commaSeen && at == separated.size()) return std::nullopt;
    }
    return values;
}

std::optional<std::vector<std::string>> parseTextList(std::string_view text)
{
    if (trimmed(text).starts_with('[')) {
        const Json list = Json::parse(trimmed(text), nullptr, false);
        if (!list.is_array()) return std::nullopt;
        std::vector<std::string> values;
        for (const Json &entry : list) {
            if (!entry.is_string()) return std::nullopt;
            values.push_back(entry.get<std::string>());
        }
        return values;
    }
    std::vector<std::string> values;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = text.substr(at, end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) values.emplace_back(line);
        at = end + 1;
    }
    return values;
}

Result<void> checkText(const Field &field, const std::string &text)
{
    if (text.size() > kMaxTextBytes)
        return fieldError(field, "a text of " + std::to_string(text.size()) + " bytes",
                          "at most " + std::to_string(kMaxTextBytes) + " bytes");
    if (!isValidUtf8(text)) return fieldError(field, quotedValue(text), "text in UTF-8");
    if (field.type == FieldType::TextList) return {};
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            return fieldError(field, quotedValue(text), "one line without control characters");
    return {};
}

Result<void> checkNumber(const Field &field, double value, const std::string &shown)
{
    if (isWithin(field, value)) return {};
    Error error = fieldError(field, shown, field.rangeText());
    if (value <= field.minimum)
        error.hint = "Set " + field.key + (field.minimumExclusive ? " above " : " to at least ") +
                     boundText(field.minimum) + ".";
    else if (value >= field.maximum)
        error.hint = "Set " + field.key + (field.maximumExclusive ? " below " : " to at most ") +
                     boundText(field.maximum) + ".";
    return error;
}

} // namespace

std::optional<int64_t> wholeNumber(double value)
{
    if (!std::isfinite(value) || std::floor(value) != value || std::abs(value) > 9007199254740992.0)
        return std::nullopt;
    return static_cast<int64_t>(value);
}

Error fieldTypeError(const Field &field, const std::string &found)
{
    return fieldError(field, found, typeText(field));
}

std::string quotedValue(std::string_view text)
{
    std::string shown;
    for (const char c : sanitizeUtf8(text.substr(0, kShownBytes)))
        shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    return "\"" + shown + (text.size() > kShownBytes ? "…" : "") + "\"";
}

Error fieldError(const Field &field, const std::string &found, const std::string &expected)
{
    const std::string usual = field.get ? fieldValueText(field.get(RunSpec{})) : std::string();
    std::string hint =
        usual.empty() ? "Correct the value, or leave it out." : "For example: " + field.key + " = " + usual;
    if (field.type == FieldType::Choice) {
        // A misspelt choice is offered by name, without its quotes.
        const std::string typed =
            found.size() > 2 && found.front() == '"' ? found.substr(1, found.size() - 2) : found;
        if (const std::string near = nearestName(typed, field.choices); !near.empty())
            hint = "Did you mean \"" + near + "\"?";
    }
    return Error{ErrorCode::InvalidInput,
                 "Cannot set \"" + field.key + "\": found " + found + ", expected " + expected + ".", hint};
}

bool takesFile(const Field &field) { return field.key == "data.tokenizer"; }

std::string Field::rangeText() const
{
    switch (type) {
    case FieldType::Bool:
        return "true or false";
    case FieldType::Integer:
    case FieldType::Real:
        return boundsText(*this);
    case FieldType::Choice:
        return (choices.size() > 1 ? "one of " : "") + joinText(choices, ", ") +
               (takesFile(*this) ? ", or the path of a tokenizer.json" : "");
    case FieldType::RealList:
        return (listSize > 0 ? std::to_string(listSize) + " numbers, each " : "numbers, each ") +
               boundsText(*this);
    case FieldType::TextList:
        return "a list of texts";
    case FieldType::Path:
        return "a file or folder";
    case FieldType::Text:
        return "text of one line";
    case FieldType::Unknown:
        break;
    }
    return "";
}

Result<void> checkFieldValue(const Field &field, const FieldValue &value)
{
    const auto wrongType = [&] { return fieldTypeError(field, fieldValueText(value)); };
    switch (field.type) {
    case FieldType::Bool:
        if (!std::holds_alternative<bool>(value)) return wrongType();
        return {};
    case FieldType::Integer: {
        const auto *number = std::get_if<int64_t>(&value);
        if (!number) return wrongType();
        return checkNumber(field, static_cast<double>(*number), std::to_string(*number));
    }
    case FieldType::Real: {
        const auto *number = std::get_if<double>(&value);
        if (!number) return wrongType();
        return checkNumber(field, *number, numberText(*number));
    }
    case FieldType::Choice: {
        const auto *text = std::get_if<std::string>(&value);
        if (!text) return wrongType();
        if (std::find(field.choices.begin(), field.choices.end(), *text) != field.choices.end()) return {};
        if (takesFile(field) && text->ends_with(".json")) return checkText(field, *text);
        const auto refused = field.refusedChoices.find(*text);
        if (refused != field.refusedChoices.end() && !text->empty())
            return Error{ErrorCode::InvalidInput,
                         "Cannot set \"" + field.key + "\" to \"" + *text + "\": " + refused->second.message,
                         refused->second.hint};
        Error error = fieldError(field, quotedValue(*text), field.rangeText());
        if (const auto unread = field.refusedChoices.find(""); unread != field.refusedChoices.end())
            error.hint += (error.hint.ends_with('?') || error.hint.ends_with('.') ? " " : ". ") + unread->second.hint;
        return error;
    }
    case FieldType::Text:
    case FieldType::Path: {
        const auto *text = std::get_if<std::string>(&value);
        return text ? checkText(field, *text) : Result<void>(wrongType());
    }
    case FieldType::RealList: {
        const auto *list = std::get_if<std::vector<double>>(&value);
        if (!list) return wrongType();
        if ((field.listSize > 0 && list->size() != field.listSize) || list->size() > kMaxListEntries)
            return fieldError(field, std::to_string(list->size()) + " numbers", field.rangeText());
        for (const double number : *list) ORRERY_TRY(checkNumber(field, number, numberText(number)));
        return {};
    }
    case FieldType::TextList: {
        const auto *list = std::get_if<std::vector<std::string>>(&value);
        if (!list) return wrongType();
        if (list->size() > kMaxListEntries)
            return fieldError(field, std::to_string(list->size()) + " entries",
                              "at most " + std::to_string(kMaxListEntries));
        for (const std::string &text : *list) ORRERY_TRY(checkText(field, text));
        return {};
    }
    case FieldType::Unknown:
        break;
    }
    return Error{ErrorCode::Internal,
                 "Cannot check \"" + field.key + "\": its type is unknown, expected a known one.", ""};
}

Result<FieldValue> parseFieldValue(const Field &field, std::string_view text)
{
    std::optional<FieldValue> value;
    switch (field.type) {
    case FieldType::Bool:
        value = parseBool(text);
        break;
    case FieldType::Integer:
        value = parseInteger(text);
        break;
    case FieldType::Real:
        value = parseReal(text);
        break;
    case FieldType::Choice:
        value = std::string(trimmed(text));
        break;
    case FieldType::Text:
    case FieldType::Path:
        value = std::string(text);
        break;
    case FieldType::RealList:
        value = parseRealList(text);
        break;
    case FieldType::TextList:
        value = parseTextList(text);
        break;
    case FieldType::Unknown:
        break;
    }
    if (!value) return fieldTypeError(field, quotedValue(text));
    ORRERY_TRY(checkFieldValue(field, *value));
    return std::move(*value);
}

std::string fieldValueText(const FieldValue &value)
{
    struct Printer {
        std::string operator()(bool flag) const { return flag ? "true" : "false"; }
        std::string operator()(int64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const { return numberText(number); }
        std::string operator()(const std::string &text) const { return text; }
        std::string operator()(const std::vector<double> &list) const
        {
            std::vector<std::string> parts;
            for (const double number : list) parts.push_back(numberText(number));
            return joinText(parts, ", ");
        }
        std::string operator()(const std::vector<std::string> &list) const
        {
            return Json(list).dump(-1, ' ', false, Json::error_handler_t::replace);
        }
    };
    return std::visit(Printer{}, value);
}

} // namespace orrery
