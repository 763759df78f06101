// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/media_files.h"

#include "core/base/files.h"
#include "core/base/text.h"
#include "core/data/media/media_codecs.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace orrery {

static_assert(std::endian::native == std::endian::little, "WAV files are written as they stand in memory");

namespace {

constexpr size_t kMaxShownName = 400;

std::string shownName(std::string_view name)
{
    std::string shown = sanitizeUtf8(name.substr(0, kMaxShownName));
    for (char &c : shown)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return shown;
}

/// "JPEG" for what is something, "GIF" for what others read, "of an unknown kind" for the rest.
Error wrongKind(std::string_view bytes, std::string_view name, const char *expected, const char *hint)
{
    if (bytes.empty()) return mediaError(name, {"the file is empty", expected}, "Choose another file.");
    const FileKind kind = fileKindOf(bytes.substr(0, kSignatureBytes));
    const auto foreign = kind == FileKind::Unknown ? foreignFormatOf(bytes) : std::nullopt;
    const std::string found = foreign                      ? std::string("its content is ") + foreign->name
                              : kind == FileKind::Unknown ? "its content is of an unknown kind"
                                                          : std::string("its content is ") + fileKindName(kind);
    return mediaError(name, {found, expected}, hint);
}

Result<std::string> readBounded(const std::filesystem::path &path, const MediaLimits &limits)
{
    return readFile(path, limits.maxFileBytes);
}

Result<void> checkFileSize(std::string_view bytes, std::string_view name, const MediaLimits &limits)
{
    if (bytes.size() <= limits.maxFileBytes) return {};
    return mediaError(name,
                      {"it has " + std::to_string(bytes.size()) + " bytes",
                       "at most " + std::to_string(limits.maxFileBytes)},
                      "Make the picture smaller, or cut the recording into parts.");
}

template <typename T> void put(std::string &out, T value)
{
    out.append(reinterpret_cast<const char *>(&value), sizeof value);
}

} // namespace

Error mediaError(std::string_view name, const BrokenRule &rule, std::string hint)
{
    return {ErrorCode::InvalidInput,
            "Cannot read \"" + shownName(name) + "\": " + rule.found + ", expected " + rule.expected + ".",
            std::move(hint)};
}

Result<void> checkImageSize(std::string_view name, uint64_t width, uint64_t height, const MediaLimits &limits)
{
    const std::string size = std::to_string(width) + " × " + std::to_string(height) + " pixels";
    if (width < 1 || height < 1)
        return mediaError(name, {"the picture has " + size, "both sides at least 1"},
                          "The file is broken; export the picture again.");
    // Sides are below 2^32, so the product fits.
    if (width * height > limits.maxPixels)
        return mediaError(
            name, {"the picture has " + size, "at most " + std::to_string(limits.maxPixels) + " pixels"},
            "Scale it down first; models see a few hundred pixels per side.");
    return {};
}

Result<Image> decodeImage(std::string_view bytes, std::string_view name, const MediaLimits &limits,
                          MediaFacts *facts)
{
    ORRERY_TRY(checkFileSize(bytes, name, limits));
    MediaFacts own;
    MediaFacts &seen = facts ? *facts : own;
    seen = {};
    seen.kind = fileKindOf(bytes.substr(0, kSignatureBytes));
    if (modalityOf(seen.kind) != Modality::Image)
        return wrongKind(bytes, name, "PNG or JPEG", "Convert the picture to PNG or JPEG.");
    ORRERY_ASSIGN(Image image, seen.kind == FileKind::Png ? decodePng(bytes, name, limits, seen)
                                                          : decodeJpeg(bytes, name, limits, seen));
    seen.width = image.width;
    seen.height = image.height;
    if (limits.onDecoded) limits.onDecoded(name, seen);
    return image;
}

Result<Audio> decodeAudio(std::string_view bytes, std::string_view name, const MediaLimits &limits,
                          MediaFacts *facts)
{
    ORRERY_TRY(checkFileSize(bytes, name, limits));
    MediaFacts own;
    MediaFacts &seen = facts ? *facts : own;
    seen = {};
    std::string_view sound = withoutTag(bytes);
    seen.kind = fileKindOf(sound.substr(0, kSignatureBytes));
    if (modalityOf(seen.kind) != Modality::Audio)
        return wrongKind(bytes, name, "WAV or FLAC", "Convert the recording to WAV or FLAC.");
    std::string filled;
    if (seen.kind == FileKind::Wav) {
        ORRERY_ASSIGN(const size_t place, checkWavLength(sound, name));
        if (place > 0) {
            filled = sound;
            filled.replace(place, 4, 4, '\xff');
            sound = filled;
        }
    }
    ORRERY_ASSIGN(Audio audio, decodeSoundFile(sound, name, limits, seen));
    if (limits.onDecoded) limits.onDecoded(name, seen);
    return audio;
}

Result<Image> readImage(const std::filesystem::path &path, const MediaLimits &limits, MediaFacts *facts)
{
    ORRERY_ASSIGN(const std::string bytes, readBounded(path, limits));
    return decodeImage(bytes, path.string(), limits, facts);
}

Result<Audio> readAudio(const std::filesystem::path &path, const MediaLimits &limits, MediaFacts *facts)
{
    ORRERY_ASSIGN(const std::string bytes, readBounded(path, limits));
    return decodeAudio(bytes, path.string(), limits, facts);
}

std::string encodeWav(const Audio &audio)
{
    constexpr uint32_t kFormatBytes = 16;
    constexpr uint16_t kPcm = 1;
    const auto dataBytes = static_cast<uint32_t>(std::min<size_t>(audio.samples.size(), 1u << 30) * 2);
    std::string out = "RIFF";
    put<uint32_t>(out, 4 + 8 + kFormatBytes + 8 + dataBytes);
    out += "WAVEfmt ";
    put<uint32_t>(out, kFormatBytes);
    put<uint16_t>(out, kPcm);
    put<uint16_t>(out, 1); // channels
    put<uint32_t>(out, static_cast<uint32_t>(audio.rate));
    put<uint32_t>(out, static_cast<uint32_t>(audio.rate * 2)); // bytes per second
    put<uint16_t>(out, 2);                                     // bytes per frame
    put<uint16_t>(out, 16);
    out += "data";
    put<uint32_t>(out, dataBytes);
    out.reserve(out.size() + dataBytes);
    for (size_t i = 0; i < dataBytes / 2; ++i) {
        // The factor of the decoder, so that what was read from 16 bit is written back bit for bit.
        const long level = std::lrint(std::clamp(audio.samples[i], -1.0f, 1.0f) * 32768.0f);
        put<int16_t>(out, static_cast<int16_t>(std::min(level, 32767l)));
    }
    return out;
}

} // namespace orrery
