// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/media_codecs.h"

namespace orrery {

namespace {

constexpr uint32_t kStreamedLength = 0xffffffff; ///< written by programs that could not seek back

uint32_t littleEndian(std::string_view bytes, size_t at)
{
    uint32_t value = 0;
    for (size_t i = 4; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

} // namespace

Result<void> checkWavLength(std::string_view bytes, std::string_view name)
{
    constexpr size_t kFrame = 8; // id, length
    auto cutOff = [&](const std::string &found) {
        return mediaError(name, {found, "a whole WAV file"}, "Copy or record the file again.");
    };
    for (size_t at = 12; bytes.size() - at >= kFrame;) {
        const std::string_view id = bytes.substr(at, 4);
        const uint32_t length = littleEndian(bytes, at + 4);
        const size_t there = bytes.size() - at - kFrame;
        if (id == "data" && length == kStreamedLength) return {};
        if (length > there)
            return cutOff("the file is cut off: " +
                          (id == "data" ? std::string("its samples have ")
                                        : "the part \"" + shownText(id) + "\" has ") +
                          std::to_string(length) + " bytes, and " + std::to_string(there) + " are there");
        if (id == "data") return {};
        at += kFrame + length;
        if (length % 2 == 1 && at < bytes.size()) ++at;
    }
    return cutOff("it has no part with samples");
}

} // namespace orrery
