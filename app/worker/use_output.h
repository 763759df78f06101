// SPDX-License-Identifier: Apache-2.0
// Which values of the semantic memory a text read most, as people and other programs read it. Any thread.
#pragma once

#include "core/spec/inspection.h"

#include <string>
#include <vector>

namespace orrery {
class NpzWriter;
}

namespace orrery::worker {

/// How many of them were read, then a line for each of the most read; none: nothing was.
std::vector<std::string> useLines(const InspectReport &report);
/// use_memory, use_layer, use_slot, use_reads, use_share [values]; reader_layer, reader_slot, reader_head, reader_token,
/// reader_weight [who read them].
void addUseColumns(const std::vector<MemoryUse> &uses, NpzWriter &npz);

} // namespace orrery::worker
