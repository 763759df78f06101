// SPDX-License-Identifier: Apache-2.0
#include "core/spec/estimate_kept.h"

#include <limits>

namespace orrery {

uint64_t keptLogitBytes(const RunSpec &spec, uint64_t trainTokens)
{
    const ContinualSpec &continual = spec.continual;
    if (!continual.isOn() || continual.strategy != "derpp") return 0;
    // Of data.path and of all stages but the last: as many texts as there are stages.
    const double numTokens = continual.bufferPercent / 100 * static_cast<double>(trainTokens) *
                             static_cast<double>(continual.stages.size());
    const double numBytes = numTokens * static_cast<double>(kLogitBytesPerToken);
    if (!(numBytes > 0)) return 0;
    if (numBytes >= 0x1p64) return std::numeric_limits<uint64_t>::max();
    return static_cast<uint64_t>(numBytes);
}

} // namespace orrery
