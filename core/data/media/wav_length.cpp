// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/media_codecs.h"

#include <algorithm>
#include <iterator>

namespace orrery {

namespace {

/// What programs write as the length of the samples where they cannot seek back to it: FFmpeg (ff_start_tag
/// in libavformat/riffenc.c), arecord (fmt_rec_table and begin_wave in alsa-utils' aplay.c) and Android's
/// Oboe (its issue 2108).
constexpr uint32_t kUnknownLengths[] = {0xffffffff, 0x80000000, 0x7fffff00, 0x7fffffff};
/// SoX: the largest multiple of the bytes of a frame up to this (MS_UNSPEC and wavwritehdr in its wav.c);
/// espeak as it is.
constexpr uint32_t kSoxLength = 0x7ffff000;
constexpr size_t kFrame = 8; ///< of a part: id, length

uint32_t littleEndian(std::string_view bytes, size_t at)
{
    uint32_t value = 0;
    for (size_t i = 4; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

/// @param frameBytes of one sample of all channels, 0 where it is not known
bool isUnknownLength(uint32_t length, uint32_t frameBytes)
{
    return std::find(std::begin(kUnknownLengths), std::end(kUnknownLengths), length) !=
               std::end(kUnknownLengths) ||
           length == kSoxLength || (frameBytes > 0 && length == kSoxLength - kSoxLength % frameBytes);
}

/// Whether the rest of a file is parts with a name and a length each, to its last byte.
bool isWholeParts(std::string_view rest)
{
    while (rest.size() >= kFrame) {
        const bool isNamed =
            std::all_of(rest.begin(), rest.begin() + 4, [](char c) { return c >= ' ' && c <= '~'; });
        const uint64_t length = littleEndian(rest, 4);
        if (!isNamed || length > rest.size() - kFrame) return false;
        rest.remove_prefix(std::min<size_t>(rest.size(), kFrame + length + length % 2));
    }
    return rest.empty();
}

} // namespace

Result<size_t> checkWavLength(std::string_view bytes, std::string_view name)
{
    auto cutOff = [&](const std::string &found) {
        return mediaError(name, {found, "a whole WAV file"}, "Copy or record the file again.");
    };
    uint32_t frameBytes = 0;
    for (size_t at = 12; bytes.size() - at >= kFrame;) {
        const std::string_view id = bytes.substr(at, 4);
        const uint32_t length = littleEndian(bytes, at + 4);
        const size_t there = bytes.size() - at - kFrame;
        if (id == "data" && length > there && isUnknownLength(length, frameBytes)) return size_t{0};
        if (length > there)
            return cutOff("the file is cut off: " +
                          (id == "data" ? std::string("its samples have ")
                                        : "the part \"" + shownText(id) + "\" has ") +
                          std::to_string(length) + " bytes, and " + std::to_string(there) + " are there");
        if (id == "data" && length == 0 && there > 0) {
            // Never filled in either (older FFmpeg), unless what follows are parts.
            if (!isWholeParts(bytes.substr(at + kFrame))) return at + 4;
            return mediaError(name, {"there is no sample in it", "one at least"},
                              "Choose another recording.");
        }
        if (id == "data") return size_t{0};
        if (id == "fmt " && length >= 16) frameBytes = littleEndian(bytes, at + kFrame + 12) & 0xffff;
        at += kFrame + length;
        if (length % 2 == 1 && at < bytes.size()) ++at;
    }
    return cutOff("it has no part with samples");
}

} // namespace orrery
