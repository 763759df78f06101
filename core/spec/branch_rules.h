// SPDX-License-Identifier: Apache-2.0
// Which settings a branch may change: a run that begins with a checkpoint of another one has that one's weights, and what
// decides their shapes or their meaning stays. One rule for the engine, which refuses, and for forms, which do not offer.
// Values; any thread.
#pragma once

#include "core/spec/run_spec.h"

#include <optional>
#include <string>
#include <string_view>

namespace orrery {

struct BranchRule {
    std::string expected; ///< "the same, as the weights know the tokens by their numbers"
    std::string hint;     ///< what to do instead
};

/// Nothing where a branch of the run may change the setting. @param parent its frozen spec
std::optional<BranchRule> branchRuleOf(const RunSpec &parent, std::string_view key);

} // namespace orrery
