// SPDX-License-Identifier: Apache-2.0
// Edits of a memory as they are written on the command line. Pure; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/memory_events.h"

#include <string>

namespace orrery::worker {

inline constexpr const char *kMemoryEditForms = "\"forget EVENT\", \"forget_slot SLOT\", \"scale EVENT "
                                                "FACTOR\", \"scale_slot SLOT FACTOR\" or \"wipe SOURCE\"";

/// One of the forms above. What is there, the memory says.
/// @error InvalidInput: another word, no number where one belongs, something behind it
Result<MemoryEdit> memoryEditFromText(const std::string &text);

} // namespace orrery::worker
