// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/signature.h"

#include "core/base/text.h"
#include "core/data/corpus_listing.h"

#include <algorithm>
#include <string>

namespace orrery {

namespace {

constexpr std::string_view kPngMark("\x89PNG\r\n\x1a\n", 8);
constexpr std::string_view kJpegMark("\xff\xd8\xff", 3);
constexpr std::string_view kFlacMark("fLaC");
constexpr size_t kTagHead = 10; ///< "ID3", two bytes of a version, flags, four of a length
constexpr unsigned kTagHasFoot = 0x10;

/// Controls that stand in ordinary texts: tab, line feed, form feed, carriage return, escape (terminal logs).
bool isTextControl(unsigned char c) { return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == 0x1b; }

bool isText(std::string_view head)
{
    head.remove_suffix(incompleteUtf8Tail(head));
    if (head.empty() || !isValidUtf8(head)) return false;
    return std::none_of(head.begin(), head.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && !isTextControl(byte)) || byte == 0x7f;
    });
}

} // namespace

uint64_t tagBytes(std::string_view head)
{
    // ID3v2.4.0 main structure, section 3.1: seven bits of each of the four bytes, so at most 256 MiB. The
    // eighth is never set, so a byte that has it is of no tag.
    if (head.size() < kTagHead || !head.starts_with("ID3")) return 0;
    uint64_t size = 0;
    for (size_t i = 6; i < kTagHead; ++i) {
        const auto byte = static_cast<unsigned char>(head[i]);
        if (byte > 0x7f) return 0;
        size = (size << 7) | byte;
    }
    const bool hasFoot = (static_cast<unsigned char>(head[5]) & kTagHasFoot) != 0;
    return kTagHead + size + (hasFoot ? kTagHead : 0);
}

std::string_view withoutTag(std::string_view bytes)
{
    const uint64_t tag = tagBytes(bytes);
    if (tag == 0 || tag > bytes.size()) return bytes;
    const std::string_view behind = bytes.substr(static_cast<size_t>(tag));
    return behind.starts_with(kFlacMark) ? behind : bytes;
}

FileKind fileKindOf(std::string_view head)
{
    head = withoutTag(head);
    if (head.starts_with(kPngMark)) return FileKind::Png;
    if (head.starts_with(kJpegMark)) return FileKind::Jpeg;
    if (head.size() >= 12 && head.starts_with("RIFF") && head.substr(8, 4) == "WAVE") return FileKind::Wav;
    if (head.starts_with(kFlacMark)) return FileKind::Flac;
    return isText(head) ? FileKind::Text : FileKind::Unknown;
}

FileKind fileKindOfName(std::string_view name)
{
    const size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return FileKind::Unknown;
    std::string ending(name.substr(dot + 1));
    for (char &c : ending)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (ending == "png") return FileKind::Png;
    if (ending == "jpg" || ending == "jpeg") return FileKind::Jpeg;
    if (ending == "wav" || ending == "wave") return FileKind::Wav;
    if (ending == "flac") return FileKind::Flac;
    if (ending == "txt" || ending == "md") return FileKind::Text;
    return FileKind::Unknown;
}

std::optional<ForeignFormat> foreignFormatOf(std::string_view head)
{
    constexpr std::string_view kZeros("\0\0\0\0", 4);
    constexpr std::string_view kWave64Mark("riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0", 16);
    const auto hasAt = [&](size_t place, std::string_view mark) {
        return head.size() >= place + mark.size() && head.substr(place, mark.size()) == mark;
    };
    const bool isBox = hasAt(4, "ftyp"); // of the MPEG-4 family: the next four letters say of which kind
    const bool isForm = head.starts_with("FORM");
    const bool isFrame = head.size() >= 2 && static_cast<unsigned char>(head[0]) == 0xff &&
                         (static_cast<unsigned char>(head[1]) & 0xe6) == 0xe2; // MPEG audio, layer III
    if (head.starts_with("GIF87a") || head.starts_with("GIF89a")) return ForeignFormat{"GIF", Modality::Image};
    if (head.starts_with("BM") && hasAt(6, kZeros)) return ForeignFormat{"BMP", Modality::Image};
    if (head.starts_with(std::string_view("II*\0", 4)) || head.starts_with(std::string_view("MM\0*", 4)))
        return ForeignFormat{"TIFF", Modality::Image};
    if (head.starts_with("RIFF") && hasAt(8, "WEBP")) return ForeignFormat{"WebP", Modality::Image};
    if (isBox && (hasAt(8, "heic") || hasAt(8, "heix") || hasAt(8, "mif1"))) return ForeignFormat{"HEIF", Modality::Image};
    if (isBox && hasAt(8, "avif")) return ForeignFormat{"AVIF", Modality::Image};
    const uint64_t tag = tagBytes(head);
    if (tag > 0 && tag + kFlacMark.size() > head.size())
        return ForeignFormat{"MP3 or FLAC behind an ID3 tag", Modality::Audio};
    if (head.starts_with("ID3") || isFrame) return ForeignFormat{"MP3", Modality::Audio};
    if (head.starts_with("OggS")) return ForeignFormat{"Ogg", Modality::Audio};
    if (isForm && (hasAt(8, "AIFF") || hasAt(8, "AIFC"))) return ForeignFormat{"AIFF", Modality::Audio};
    if (isBox && hasAt(8, "M4A ")) return ForeignFormat{"M4A", Modality::Audio};
    // WAV's relatives: RF64 (EBU Tech 3306), BW64 (ITU-R BS.2088), Sony Wave64, and those of Apple, Sun and
    // big-endian RIFF.
    if (head.starts_with("RF64") && hasAt(8, "WAVE")) return ForeignFormat{"RF64", Modality::Audio};
    if (head.starts_with("BW64") && hasAt(8, "WAVE")) return ForeignFormat{"BW64", Modality::Audio};
    if (head.starts_with("RIFX") && hasAt(8, "WAVE")) return ForeignFormat{"RIFX", Modality::Audio};
    if (head.starts_with(kWave64Mark)) return ForeignFormat{"Wave64", Modality::Audio};
    if (head.starts_with(std::string_view("caff\0\1\0\0", 8))) return ForeignFormat{"CAF", Modality::Audio};
    if (head.starts_with(std::string_view(".snd\0\0", 6))) return ForeignFormat{"AU", Modality::Audio};
    return std::nullopt;
}

const char *fileKindName(FileKind kind)
{
    switch (kind) {
    case FileKind::Png:
        return "PNG";
    case FileKind::Jpeg:
        return "JPEG";
    case FileKind::Wav:
        return "WAV";
    case FileKind::Flac:
        return "FLAC";
    case FileKind::Text:
        return "text";
    case FileKind::Unknown:
        break;
    }
    return "unknown";
}

Modality modalityOf(FileKind kind)
{
    switch (kind) {
    case FileKind::Png:
    case FileKind::Jpeg:
        return Modality::Image;
    case FileKind::Wav:
    case FileKind::Flac:
        return Modality::Audio;
    case FileKind::Text:
        return Modality::Text;
    case FileKind::Unknown:
        break;
    }
    return Modality::Unknown;
}

} // namespace orrery
