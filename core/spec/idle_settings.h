// SPDX-License-Identifier: Apache-2.0
// Settings that somebody gave a value of their own and that change nothing beside the others, such as a mix of objectives
// under next_token: warnings for a run that is being made. No errors, as runs and spec files that carry them go on. Pure;
// any thread.
#pragma once

#include "core/spec/field_table.h"

#include <set>
#include <string>
#include <vector>

namespace orrery {

/// @param given keys that were set, of which those with the default's value are of no matter
/// @return in the order of the table: why it has no effect, and as hint what to do
std::vector<FieldProblem> findIdleSettings(const RunSpec &spec, const std::set<std::string> &given, const FieldTable &table);
/// Of all that the builder was given. @param spec what it builds
std::vector<FieldProblem> findIdleSettings(const SpecBuilder &builder, const RunSpec &spec);

} // namespace orrery
