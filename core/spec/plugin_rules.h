// SPDX-License-Identifier: Apache-2.0
// Rules between settings that stand in a plugin's JSON, with the setting that they are shown under: forms, hosts and the
// command line refuse by them what the plugin's library would refuse, before a run is made. They travel with the
// setting's record. Pure; any thread.
#pragma once

#include "core/spec/field_table.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

struct PluginRule {
    std::string when;     ///< a condition; empty: always
    std::string holds;    ///< a condition
    std::string expected; ///< what stands behind "expected"; {formula} becomes its value
    std::string hint;     ///< the next step; likewise
    bool newRunsOnly = false; ///< came when runs that break it were there: these go on
    bool operator==(const PluginRule &) const = default;
};
inline constexpr size_t kMaxRules = 8;           ///< of one setting
inline constexpr size_t kMaxRuleTextBytes = 400; ///< of expected and hint

/// Two formulas (core/spec/formula.h) with >=, <=, =, > or < between them, "window >= 1"; one alone holds above 0.
/// @error InvalidInput as evaluateFormula()
Result<bool> evaluateCondition(std::string_view condition, const std::map<std::string, double> &values);

/// As bindPluginField() of core/spec/plugin_use.h, with the rules that the setting brings.
void bindPluginField(Field &field, FieldValue defaultValue, std::vector<PluginRule> rules);
/// Those of a plugin's field; of others none.
const std::vector<PluginRule> &rulesOf(const Field &field);

/// Checks that all conditions and texts can be read, with the names that formulas may use (core/spec/plugin_cost.h).
/// @error InvalidInput naming the setting
Result<void> checkPluginRules(const PluginInfo &plugin);
enum class RuleKind : uint8_t { Always, NewRunsOnly };
/// Those of this kind that the spec breaks. Settings that are no good by themselves break none.
std::vector<FieldProblem> findBrokenRules(const PluginInfo &plugin, const RunSpec &spec,
                                          RuleKind kind = RuleKind::Always);

} // namespace orrery
