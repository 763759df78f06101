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

/// Refuses a WAV file that ends before its samples do, unless their length is one that is written where it is
/// not known, and one without samples. @return where a length of 0 stands that has samples behind it, which
/// the library would take at its word; 0: nowhere
Result<size_t> checkWavLength(std::string_view bytes, std::string_view name);

} // namespace orrery
