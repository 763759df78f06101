// SPDX-License-Identifier: Apache-2.0
// Private to core/store: CRC-32C (Castagnoli) as TensorBoard's records have it. By the processor where it
// can, by tables elsewhere; both give the same. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace orrery::store {

uint32_t crc32c(std::string_view data);
uint32_t crc32cPortable(std::string_view data); ///< the slow twin
/// As it stands in a record: a CRC of data that hold CRCs would be weak.
inline uint32_t maskedCrc32c(std::string_view data)
{
    const uint32_t crc = crc32c(data);
    return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
}

} // namespace orrery::store
