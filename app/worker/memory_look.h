// SPDX-License-Identifier: Apache-2.0
// What inspect memory does with an answer, here or on another machine: reads are chosen, a file is written. Any thread.
#pragma once

#include "app/worker/memory_output.h"

#include <string>
#include <vector>

namespace orrery::worker {

/// --edit as it was given. @error as memoryEditFromText
Result<std::vector<MemoryEdit>> memoryEditsFromTexts(const std::vector<std::string> &texts);
/// Leaves the reads of these layers and heads, and of the most-read values those of the layers; none given: of all. @error InvalidInput: one that does not exist
Result<void> chooseReads(InspectReport &report, const std::vector<int64_t> &layers, const std::vector<int64_t> &heads);
/// @param path *.npz or *.json @error as memoryLookNpz and writeFileAtomically
Result<void> writeMemoryLook(const MemoryLook &look, const std::string &path);

} // namespace orrery::worker
