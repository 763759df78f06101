// SPDX-License-Identifier: Apache-2.0
// What an episodic memory holds, as texts that a model can learn from. Values; the store's thread.
#pragma once

#include "plugins/memory/engine/episodic_store.h"

#include <cstdint>
#include <vector>

namespace orrery::memory {

/// A text goes on, from event to event, as long as each token that is stored is the one behind the last, of
/// one source: what leads from one to the next is learned too, and nothing that nobody wrote. It ends where a
/// token was evicted, skipped or forgotten, where one is muted (strength 0), and at a patch or frame, which
/// has no id.
/// @return in the order in which they were written; of two tokens or more each
std::vector<std::vector<int32_t>> replayTexts(const EpisodicStore &store);

} // namespace orrery::memory
