// SPDX-License-Identifier: Apache-2.0
// Runs that were deleted and can still come back, as they are told. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

struct DeletedRun {
    std::string entry;  ///< its folder in the trash: how it is called there, as two may share an id
    std::string id;     ///< of the run
    std::string name;   ///< of the run
    std::string origin; ///< the folder where it was
    double deletedAt = 0;  ///< Unix seconds
    uint64_t numBytes = 0; ///< of all its files; what a branch shares with it stays there
    bool operator==(const DeletedRun &) const = default;
};

/// What goes for good.
struct TrashChoice {
    bool isWhole = false;             ///< all that is there, but what was deleted less than `olderThan` ago
    double olderThan = 0;             ///< seconds
    std::vector<std::string> entries; ///< else these: folders as in DeletedRun::entry, or ids
};

} // namespace orrery
