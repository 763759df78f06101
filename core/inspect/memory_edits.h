// SPDX-License-Identifier: Apache-2.0
// What if a memory were another one: a text read behind a copy of it, and edits of that copy. Only the thread
// that owns the model.
#pragma once

#include "core/inspect/inspect.h"

namespace orrery {

inline constexpr size_t kMaxMemoryEdits = 1024;

/// The memory that a cache's parts keep; nullptr: none of them does.
MemoryControl *memoryIn(const nn::KvCache &cache);

/// @error InvalidInput: edits without the memory, a memory that the input has not (a running training's),
/// attribution behind a memory, more than kMaxMemoryEdits, an edit that is none of Wipe, Forget, ForgetSlot
/// and Scale. A Load that stands first, which says behind which file the text is read, is taken away before by who has files.
Result<void> checkMemoryRequest(const InspectInput &input, const InspectRequest &request);
/// One after the other. Throws LookCancelled between two of them.
/// @param isCancelled may be empty
/// @error NotFound (no memory, nothing of a source, no such event or slot), InvalidInput as
/// MemoryControl::change; those before it are done then
Result<void> editMemoryIn(const nn::KvCache &cache, const std::vector<MemoryEdit> &edits,
                          const std::function<bool()> &isCancelled = {});

} // namespace orrery
