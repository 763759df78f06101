// SPDX-License-Identifier: Apache-2.0
#include "core/store/tfevents_crc.h"

#include <array>
#include <cstring>
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace orrery::store {

namespace {

constexpr uint32_t kPolynomial = 0x82F63B78u; // 0x1EDC6F41 reversed

constexpr std::array<uint32_t, 256> makeTable()
{
    std::array<uint32_t, 256> table{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? kPolynomial : 0);
        table[byte] = crc;
    }
    return table;
}
constexpr std::array<uint32_t, 256> kTable = makeTable();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crcByProcessor(std::string_view data)
{
    uint64_t crc = 0xFFFFFFFFu;
    const char *next = data.data();
    size_t left = data.size();
    for (; left >= 8; left -= 8, next += 8) {
        uint64_t word = 0;
        std::memcpy(&word, next, 8);
        crc = _mm_crc32_u64(crc, word);
    }
    auto narrow = static_cast<uint32_t>(crc);
    for (; left > 0; --left, ++next) narrow = _mm_crc32_u8(narrow, static_cast<uint8_t>(*next));
    return ~narrow;
}
#endif

} // namespace

uint32_t crc32cPortable(std::string_view data)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (const char c : data) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(c)) & 0xFF];
    return ~crc;
}

uint32_t crc32c(std::string_view data)
{
#if defined(__x86_64__)
    static const bool hasInstruction = __builtin_cpu_supports("sse4.2");
    if (hasInstruction) return crcByProcessor(data);
#endif
    return crc32cPortable(data);
}

} // namespace orrery::store
