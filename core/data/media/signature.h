// SPDX-License-Identifier: Apache-2.0
// What a file is by its first bytes, whatever its name says: stage one of modality detection. Pure; any
// thread.
#pragma once

#include "core/spec/modality.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace orrery {

enum class FileKind : uint8_t { Unknown, Png, Jpeg, Wav, Flac, Text };

inline constexpr size_t kSignatureBytes = 4096; ///< of the front of a file are enough

/// @param head the front of a file, at best kSignatureBytes of it; a character of UTF-8 may be cut at its end
/// @return Text for UTF-8 without control characters, Unknown for the rest and for nothing; FLAC behind a tag
/// is Flac where the head reaches so far
FileKind fileKindOf(std::string_view head);
/// Bytes of the ID3v2 tag that a file begins with, its own head and foot among them; 0: none. As the tag
/// says, so it may be more than the file has.
uint64_t tagBytes(std::string_view head);
/// What follows such a tag where that is FLAC, for tagging programs put one there too; all bytes otherwise.
std::string_view withoutTag(std::string_view bytes);
/// What the ending of a name promises; Unknown for endings that say nothing here.
FileKind fileKindOfName(std::string_view name);

/// A format that many files have and nothing here reads: of those a message can say what they are.
struct ForeignFormat {
    const char *name; ///< "GIF"
    Modality modality;
};
/// GIF, BMP, TIFF, WebP, HEIF, AVIF, MP3, Ogg, AIFF, M4A, RF64, BW64, Wave64, CAF, AU, RIFX. For what
/// fileKindOf() calls Unknown; of a tag that is longer than the head it can say no more than that.
std::optional<ForeignFormat> foreignFormatOf(std::string_view head);

const char *fileKindName(FileKind kind); ///< "PNG", "JPEG", "WAV", "FLAC", "text", "unknown"
Modality modalityOf(FileKind kind);

} // namespace orrery
