// SPDX-License-Identifier: Apache-2.0
// What a command did to a memory, as people and other programs read it: what went with it, too. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/memory_events.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orrery::worker {

struct MemoryChange {
    std::string
        line; ///< "wiped 94 slots of source "chat.json", 8 of them pinned"; empty: nothing was to be done
    std::vector<std::pair<const char *, std::optional<int64_t>>> numbers; ///< of the line; none: nobody knows
};

/// An edit that was done. @param before the memory as it was
MemoryChange editChange(const MemoryEdit &edit, const MemoryReport &before);
/// @param file that is saved with the model now
/// @param replaced what was saved with it; nothing: there was no file, an error: it could not be read
MemoryChange importChange(const MemoryReport &now, const std::string &file,
                          const std::optional<Result<MemoryReport>> &replaced);
/// @param isOver a memory file was there
MemoryChange exportChange(const MemoryReport &now, const std::string &file, bool isOver);

/// As "changed"; of no change none.
void addChange(const MemoryChange &change, nlohmann::ordered_json &json);

} // namespace orrery::worker
