// SPDX-License-Identifier: Apache-2.0
// Counts of a memory's whole life (MemoryStatus::numEvicted, numSkipped, numRefused), which older files do
// not have. Values; any thread.
#pragma once

#include <algorithm>
#include <cstdint>

namespace orrery {

/// Negative: those of before are not known; −1 − n then, n of them since.
inline constexpr int64_t kUnknownCount = -1;
inline bool isKnownCount(int64_t count) { return count >= 0; }
/// One more.
inline void countOne(int64_t &count) { count += isKnownCount(count) ? 1 : -1; }
/// How many came between two looks at one memory, which hold also where what was before is not known.
inline int64_t countBetween(int64_t before, int64_t after)
{
    return std::max<int64_t>(isKnownCount(before) ? after - before : before - after, 0);
}

} // namespace orrery
