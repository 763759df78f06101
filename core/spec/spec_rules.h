// SPDX-License-Identifier: Apache-2.0
// The rules that a spec keeps however old it is: a run or model that breaks one cannot be what it says. Those
// that a run has to obey only when it is made (findProblems) are more: data.path is given, and what somebody
// found out later to be of no use. Of those who read what was frozen; everybody else asks findProblems().
#pragma once

#include "core/spec/field_table.h"

namespace orrery {

std::vector<FieldProblem> findContradictions(const RunSpec &spec, const FieldTable &table);

} // namespace orrery
