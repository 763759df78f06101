// SPDX-License-Identifier: Apache-2.0
// What a file holds, in two stages: its signature, and where that says nothing the modality head. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/data/media/front_end.h"
#include "core/data/media/media_files.h"
#include "core/data/media/modality_head.h"

#include <filesystem>
#include <string>

namespace orrery {

struct FileDetection {
    FileKind kind = FileKind::Unknown;     ///< by the signature
    FileKind promised = FileKind::Unknown; ///< by the ending of the name
    const char *foreign = nullptr;         ///< "GIF": what it is by its signature, when nothing here reads it
    Modality modality = Modality::Unknown; ///< Unknown: unsure
    double confidence = 0;                 ///< 1 by a signature, else the head's
    ModalityGuess guess;                   ///< of the head, when it was asked
    uint64_t numBytes = 0;
};

/// Looks at the first mebibyte. @error NotFound, Io; InvalidInput for what is no regular file or is empty
Result<FileDetection> detectFile(const std::filesystem::path &path);

/// What is known of a picture, a recording or an unknown file, for people and for programs. The JSON has
/// format
/// ("png", "jpeg", "wav", "flac", "unknown"), modality ("image", "audio", "text" or "unsure"), confidence, by
/// ("signature" or "head"), bytes, for a picture width, height, bits, alpha, for a recording rate, channels,
/// bits, seconds, and tokens (with its start mark), checks.
struct MediaReport {
    std::string json;
    std::string text;
    bool isKnown = true; ///< false: no format that a run can read
};
/// @error as detectFile, readImage and readAudio
Result<MediaReport> describeMediaFile(const std::filesystem::path &path, const FrontEnd &frontEnd);

} // namespace orrery
