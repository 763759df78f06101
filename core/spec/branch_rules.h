// SPDX-License-Identifier: Apache-2.0
// Which settings a branch may change: a run that begins with a checkpoint of another one has that one's weights, and what
// decides their shapes or their meaning stays. One rule for the engine, which refuses, and for forms, which do not offer.
// Values; any thread.
#pragma once

#include "core/spec/field_table.h"
#include "core/spec/run_spec.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

struct BranchRule {
    std::string expected; ///< "the same, as the weights know the tokens by their numbers"
    std::string hint;     ///< what to do instead
};

/// Nothing where a branch of the run may change the setting. @param parent its frozen spec
std::optional<BranchRule> branchRuleOf(const RunSpec &parent, std::string_view key);

/// As findProblems(), but for what the parent has already: a rule that is younger than it does not keep it
/// from having branches.
std::vector<FieldProblem> findBranchProblems(const RunSpec &parent, const RunSpec &branch,
                                             const FieldTable &table);

} // namespace orrery
