// SPDX-License-Identifier: Apache-2.0
// Plugins come and go at run time, so the rules of a setting are kept where its default is: in the function that reads
// it. A program that knows no rules copies them with the field and never sees them.
#include "core/spec/plugin_rules.h"

#include "core/base/text.h"
#include "core/spec/field_values.h"
#include "core/spec/formula.h"
#include "core/spec/plugin_cost.h"

#include <array>
#include <cmath>
#include <memory>

namespace orrery {

namespace {

using Values = std::map<std::string, double>;
using Rules = std::vector<PluginRule>;

/// JSON does not tell 2 from 2.0 everywhere, nor [] of numbers from [] of texts.
FieldValue convertedValue(FieldType type, FieldValue value)
{
    if (const auto *whole = std::get_if<int64_t>(&value); whole && type == FieldType::Real)
        return static_cast<double>(*whole);
    if (const auto *real = std::get_if<double>(&value); real && type == FieldType::Integer)
        if (const auto number = wholeNumber(*real)) return *number;
    if (const auto *texts = std::get_if<std::vector<std::string>>(&value);
        texts && texts->empty() && type == FieldType::RealList)
        return std::vector<double>();
    return value;
}

/// Field::get of a plugin's setting.
struct SettingReader {
    std::string key;
    FieldType type = FieldType::Unknown;
    FieldValue usual;
    std::shared_ptr<const Rules> rules;

    FieldValue operator()(const RunSpec &spec) const
    {
        const auto found = spec.plugins.settings.find(key);
        return found == spec.plugins.settings.end() ? usual : convertedValue(type, found->second);
    }
};

/// A text with the values of its {formulas}, whole numbers without a point.
Result<std::string> filledIn(const std::string &text, const Values &values)
{
    std::string filled;
    size_t place = 0;
    for (;;) {
        const size_t begin = text.find('{', place), end = text.find('}', begin);
        filled += text.substr(place, begin - place);
        if (begin == std::string::npos) return filled;
        if (end == std::string::npos)
            return Error{ErrorCode::InvalidInput,
                         "Cannot read " + quotedValue(text) + ": \"{\" is never closed, expected \"}\".",
                         "Write {formula}."};
        ORRERY_ASSIGN(const double value,
                      evaluateFormula(std::string_view(text).substr(begin + 1, end - begin - 1), values));
        const auto whole = wholeNumber(value);
        filled += whole ? std::to_string(*whole) : fieldValueText(value);
        place = end + 1;
    }
}

/// Whether a rule is broken, and what is said of it then.
Result<bool> isBroken(const PluginRule &rule, const Values &values)
{
    if (!rule.when.empty()) {
        ORRERY_ASSIGN(const bool isAsked, evaluateCondition(rule.when, values));
        if (!isAsked) return false;
    }
    ORRERY_ASSIGN(const bool holds, evaluateCondition(rule.holds, values));
    return !holds;
}

Result<void> checkRule(const PluginRule &rule, const Values &values)
{
    if (!rule.when.empty()) ORRERY_TRY(evaluateCondition(rule.when, values));
    ORRERY_TRY(evaluateCondition(rule.holds, values));
    ORRERY_TRY(filledIn(rule.expected, values));
    ORRERY_TRY(filledIn(rule.hint, values));
    return {};
}

} // namespace

Result<bool> evaluateCondition(std::string_view condition, const Values &values)
{
    constexpr std::array<std::string_view, 5> kSigns = {">=", "<=", "=", ">", "<"};
    for (const std::string_view sign : kSigns) {
        const size_t place = condition.find(sign);
        if (place == std::string_view::npos) continue;
        ORRERY_ASSIGN(const double left, evaluateFormula(condition.substr(0, place), values));
        ORRERY_ASSIGN(const double right, evaluateFormula(condition.substr(place + sign.size()), values));
        if (sign == ">=") return left >= right;
        if (sign == "<=") return left <= right;
        if (sign == "=") return left == right;
        return sign == ">" ? left > right : left < right;
    }
    ORRERY_ASSIGN(const double value, evaluateFormula(condition, values));
    return value > 0;
}

void bindPluginField(Field &field, FieldValue defaultValue, std::vector<PluginRule> rules)
{
    field.get = SettingReader{field.key, field.type, std::move(defaultValue),
                              std::make_shared<const Rules>(std::move(rules))};
    field.set = [key = field.key](RunSpec &spec, FieldValue value) {
        spec.plugins.settings.insert_or_assign(key, std::move(value));
    };
}

const std::vector<PluginRule> &rulesOf(const Field &field)
{
    static const Rules none;
    const auto *reader = field.get.target<SettingReader>();
    return reader ? *reader->rules : none;
}

Result<void> checkPluginRules(const PluginInfo &plugin)
{
    const Values values = formulaValues(plugin, RunSpec{});
    for (const Field &field : plugin.settings)
        for (const PluginRule &rule : rulesOf(field)) {
            const auto checked = checkRule(rule, values);
            if (checked.ok()) continue;
            return Error{ErrorCode::InvalidInput,
                         "Cannot use the rules of \"" + field.key + "\": " + checked.error().message,
                         checked.error().hint};
        }
    return {};
}

std::vector<FieldProblem> findBrokenRules(const PluginInfo &plugin, const RunSpec &spec, RuleKind kind)
{
    std::vector<FieldProblem> problems;
    const Values values = formulaValues(plugin, spec);
    for (const Field &field : plugin.settings)
        for (const PluginRule &rule : rulesOf(field)) {
            if (rule.newRunsOnly != (kind == RuleKind::NewRunsOnly)) continue;
            const auto broken = isBroken(rule, values);
            if (!broken.ok() || !*broken) continue;
            const auto expected = filledIn(rule.expected, values), hint = filledIn(rule.hint, values);
            if (!expected.ok() || !hint.ok()) continue;
            problems.push_back({field.key, Error{ErrorCode::InvalidInput,
                                                 "Cannot set \"" + field.key + "\": found " +
                                                     fieldValueText(field.get(spec)) + ", expected " +
                                                     *expected + ".",
                                                 *hint}});
        }
    return problems;
}

} // namespace orrery
