// SPDX-License-Identifier: Apache-2.0
// What a branch is asked for.
#pragma once

#include "app/engine/host/branch_run.h"

#include <string>
#include <utility>
#include <vector>

namespace orrery::test {

inline BranchPlan plan(int64_t step, std::vector<std::pair<std::string, std::string>> settings = {})
{
    BranchPlan made;
    made.step = step;
    made.change = [settings = std::move(settings)](SpecBuilder &builder) -> Result<void> {
        for (const auto &[key, value] : settings) ORRERY_TRY(builder.setText(key, value));
        return {};
    };
    return made;
}

} // namespace orrery::test
