// SPDX-License-Identifier: Apache-2.0
// Whose words a memory knows of. Values; any thread.
#pragma once

#include "core/spec/memory_events.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace orrery {

/// Whether a source (isOfSource) has tokens there, or is told to have read some: what a wipe takes away.
inline bool isKnownSource(const std::vector<MemoryEvent> &events, std::string_view name)
{
    return std::any_of(events.begin(), events.end(), [name](const MemoryEvent &event) {
        return isOfSource(event.source, name) ||
               std::any_of(event.reads.begin(), event.reads.end(), [name](const SlotRead &read) {
                   return read.isThere() && isOfSource(read.source, name);
               });
    });
}

} // namespace orrery
