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

FileKind fileKindOf(std::string_view head)
{
    if (head.starts_with(kPngMark)) return FileKind::Png;
    if (head.starts_with(kJpegMark)) return FileKind::Jpeg;
    if (head.size() >= 12 && head.starts_with("RIFF") && head.substr(8, 4) == "WAVE") return FileKind::Wav;
    if (head.starts_with("fLaC")) return FileKind::Flac;
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
    if (head.starts_with("ID3") || isFrame) return ForeignFormat{"MP3", Modality::Audio};
    if (head.starts_with("OggS")) return ForeignFormat{"Ogg", Modality::Audio};
    if (isForm && (hasAt(8, "AIFF") || hasAt(8, "AIFC"))) return ForeignFormat{"AIFF", Modality::Audio};
    if (isBox && hasAt(8, "M4A ")) return ForeignFormat{"M4A", Modality::Audio};
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
