// SPDX-License-Identifier: Apache-2.0
// Limits and small helpers that both ends of the wire share. Private to core/rpc.
#pragma once

#include "core/base/text.h"

#include <string>
#include <string_view>

namespace orrery::wire {

inline constexpr int kMaxRequestBytes = 16 << 20;
inline constexpr int kMaxReplyBytes = 256 << 20;
inline constexpr int kMaxMetadataBytes = 64 << 10;
inline constexpr size_t kMaxErrorMessageBytes = 8 << 10;
inline constexpr size_t kMaxErrorHintBytes = 4 << 10;
inline constexpr int kBatchMilliseconds = 16;
inline constexpr const char *kTokenKey = "authorization"; ///< metadata of every call over TCP: "Bearer …"
/// A link over TCP that carries nothing is asked for a sign of life this often, and given up when none comes.
inline constexpr int kKeepaliveMs = 10'000;
inline constexpr int kKeepaliveTimeoutMs = 5'000;

/// Text as the wire needs it.
inline std::string utf8(const std::string &text) { return isValidUtf8(text) ? text : sanitizeUtf8(text); }

/// The first bytes of a text, cut at a character.
inline std::string cutUtf8(std::string_view text, size_t maxBytes)
{
    if (text.size() <= maxBytes) return std::string(text);
    size_t end = maxBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return std::string(text.substr(0, end)) + "…";
}

} // namespace orrery::wire
