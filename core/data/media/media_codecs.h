// SPDX-License-Identifier: Apache-2.0
// The decoders behind media_files.h, one file each, and how they refuse. Private to this folder.
#pragma once

#include "core/data/corpus_errors.h"
#include "core/data/media/media_files.h"

namespace orrery {

/// `Cannot read "<name>": <found>, expected <rule>.`
Error mediaError(std::string_view name, const BrokenRule &rule, std::string hint);
/// The sides are at least 1 and the pixels within the limit.
Result<void> checkImageSize(std::string_view name, uint64_t width, uint64_t height,
                            const MediaLimits &limits);

Result<Image> decodePng(std::string_view bytes, std::string_view name, const MediaLimits &limits,
                        MediaFacts &facts);
Result<Image> decodeJpeg(std::string_view bytes, std::string_view name, const MediaLimits &limits,
                         MediaFacts &facts);
Result<Audio> decodeSoundFile(std::string_view bytes, std::string_view name, const MediaLimits &limits,
                              MediaFacts &facts);

/// Where a WAV file ends before its samples do. @return the rule it breaks, or nothing
Result<void> checkWavLength(std::string_view bytes, std::string_view name);

} // namespace orrery
