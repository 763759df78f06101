// SPDX-License-Identifier: Apache-2.0
// Private to core/spec: the rules without "data.path must be given", which only a run that starts has to
// obey.
#pragma once

#include "core/spec/field_table.h"

namespace orrery {

std::vector<FieldProblem> findContradictions(const RunSpec &spec, const FieldTable &table);

} // namespace orrery
