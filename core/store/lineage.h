// SPDX-License-Identifier: Apache-2.0
// Where a run came from: the checkpoint of another run that it was branched from, and who that one came from.
// Stands in spec.json under "branch". Values; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

class Catalogue;

struct BranchOrigin {
    std::string run;                      ///< id of the parent
    int64_t step = -1;                    ///< its checkpoint that this run begins with
    std::string specDigest;               ///< that the checkpoint was written with; this run has another one
    std::vector<std::string> changedKeys; ///< settings that differ from the parent's
    /// Finished updates when the optimizer's moments began at zero: 0, unless a branch changed the optimizer.
    int64_t optimizerFrom = 0;
};

nlohmann::json branchToJson(const BranchOrigin &origin);
/// Nothing when it is not the record of a branch.
std::optional<BranchOrigin> branchFromJson(const nlohmann::json &json);

struct Ancestor {
    std::string id;
    int64_t step = -1;               ///< where its child left it
    std::filesystem::path directory; ///< empty: it is not in the list of runs any more
};

/// Parent, its parent …, as far as they are listed; the last one may be gone. At most 64, so that a circle
/// ends.
std::vector<Ancestor> ancestorsOf(const BranchOrigin &origin, const Catalogue &catalogue);

} // namespace orrery
