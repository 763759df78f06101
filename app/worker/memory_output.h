// SPDX-License-Identifier: Apache-2.0
// What a model remembers, and what it reads of it, as people and other programs read it. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/inspection.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace orrery::worker {

/// @param file where it is from; empty: no file
nlohmann::ordered_json memoryJson(const MemoryReport &report, const std::string &file);
/// A line of numbers, then one for each event.
std::vector<std::string> memoryLines(const MemoryReport &report, const std::string &file);
/// How alike the events are, a line for each.
std::vector<std::string> similarityLines(const MemoryReport &report);

/// A text read behind a memory.
struct MemoryLook {
    MemoryReport memory;            ///< before any edit
    std::string file;               ///< that it is from; empty: no file
    std::vector<std::string> edits; ///< as they were given
    bool isAblated = false;         ///< heads were left out
    InspectReport look;             ///< its reads are those asked for
};
std::string memoryLookJson(const MemoryLook &look); ///< one line
std::vector<std::string> memoryLookTable(const MemoryLook &look);
/// numpy's file: tokens, token_ids, surprise [tokens], step, token; event_* [events]; slot, slot_* [slots
/// that are stored]; read_* [slots read]; use_* [values that the text read most]; reader_* [who read them];
/// candidate_ids, candidate_p, changed_ids, changed_p.
/// @error InvalidInput when it is too large for one file
Result<std::string> memoryLookNpz(const MemoryLook &look);

} // namespace orrery::worker
