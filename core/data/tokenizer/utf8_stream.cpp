// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/utf8_stream.h"

#include <cstdint>
#include <utility>

namespace orrery {

namespace {

/// Bytes of the character that a byte begins; 1 for one that begins none.
size_t wantedBytes(uint8_t lead)
{
    if (lead >= 0xC2 && lead < 0xE0) return 2;
    if (lead >= 0xE0 && lead < 0xF0) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 1;
}

/// Whether these bytes can still become a character.
bool isBeginning(std::string_view bytes)
{
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
    if (wantedBytes(byte(0)) <= bytes.size()) return false;
    for (size_t i = 1; i < bytes.size(); ++i) {
        uint8_t low = 0x80, high = 0xBF;
        if (i == 1) { // no overlong forms, surrogates or values above U+10FFFF
            if (byte(0) == 0xE0) low = 0xA0;
            if (byte(0) == 0xED) high = 0x9F;
            if (byte(0) == 0xF0) low = 0x90;
            if (byte(0) == 0xF4) high = 0x8F;
        }
        if (byte(i) < low || byte(i) > high) return false;
    }
    return true;
}

} // namespace

std::string Utf8Stream::append(std::string_view bytes)
{
    std::string text = std::exchange(m_waiting, {});
    text += bytes;
    // Only the last three bytes can begin a character that is not whole.
    const size_t first = text.size() > 3 ? text.size() - 3 : 0;
    for (size_t at = first; at < text.size(); ++at) {
        if (!isBeginning(std::string_view(text).substr(at))) continue;
        m_waiting = text.substr(at);
        text.resize(at);
        break;
    }
    return text;
}

std::string Utf8Stream::flush() { return std::exchange(m_waiting, {}); }

} // namespace orrery
