// SPDX-License-Identifier: Apache-2.0
// Whose words a memory knows of. Values; any thread.
#pragma once

#include "core/base/text.h"
#include "core/spec/memory_events.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// A source's name as it is kept, listed and sent: text. Bytes of a file's name that are none become "\xff",
/// so that two such files remain two sources. What is listed may be given again: of text nothing is changed.
inline std::string sourceName(std::string_view bytes)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string name;
    while (!bytes.empty()) {
        size_t length = 1;
        while (length < 4 && length < bytes.size() && !isValidUtf8(bytes.substr(0, length))) ++length;
        if (isValidUtf8(bytes.substr(0, length))) {
            name += bytes.substr(0, length);
        } else {
            const auto byte = static_cast<unsigned char>(bytes.front());
            name += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
            length = 1;
        }
        bytes.remove_prefix(length);
    }
    return name;
}

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
