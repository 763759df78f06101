// SPDX-License-Identifier: Apache-2.0
// Pictures and recordings from files: PNG, JPEG, WAV, FLAC. Bytes are hostile: sizes are checked against the
// limits before anything of that size is allocated, and what a header promises is believed only as far as
// the bytes go. Pure functions; any thread.
#pragma once

#include "core/base/result.h"
#include "core/data/media/signature.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// What a file says of itself, and what its content was before it was made to fit, beside that content.
struct MediaFacts {
    FileKind kind = FileKind::Unknown;
    int64_t numChannels = 0; ///< of the file, before they were joined
    int64_t bitsPerSample = 0;
    bool hasAlpha = false;
    int64_t width = 0; ///< of a picture, in pixels
    int64_t height = 0;
    double peak = 0;             ///< of a recording: its largest sample, full scale is 1
    uint64_t numBeyondScale = 0; ///< its samples that were cut, beyond kFullScale
};
/// Where a sample counts as cut: whole numbers divided by 32767 or 127 end a little above 1, and nobody hears
/// 0.1 dB.
inline constexpr float kFullScale = 1.01f;

/// Limits that keep hostile files from eating the machine. Tests lower them.
struct MediaLimits {
    uint64_t maxFileBytes = 256ull << 20;
    uint64_t maxPixels =
        50'000'000; ///< a photograph of 50 megapixels: 200 MB while it is decoded, 300 while it is turned
    uint64_t maxFrames = 32ull << 20; ///< of one recording: 11 minutes at 48 kHz, 69 at 8 kHz
    int64_t maxChannels = 8;
    int64_t minRate = 1'000; ///< samples per second
    int64_t maxRate = 384'000;
    /// Told of each file that was decoded, for whoever reads many through others.
    std::function<void(std::string_view name, const MediaFacts &facts)> onDecoded;
};

/// Rows from the top, three bytes (red, green, blue) per pixel.
struct Image {
    int64_t width = 0;
    int64_t height = 0;
    std::vector<uint8_t> rgb; ///< height × width × 3
};

/// One channel, full scale is ±1.
struct Audio {
    int64_t rate = 0; ///< samples per second
    std::vector<float> samples;
};

/// PNG of any colour type and depth, JPEG in grey, YCbCr, RGB, CMYK or YCCK. Depth 16 becomes 8, what is
/// transparent shows white, a JPEG is turned as its EXIF says, colour profiles are not applied.
/// @param name for messages only
/// @error InvalidInput: neither PNG nor JPEG, a size of 0 or above a limit, broken or cut off; OutOfMemory;
/// Unavailable in a build without the libraries
Result<Image> decodeImage(std::string_view bytes, std::string_view name, const MediaLimits &limits = {},
                          MediaFacts *facts = nullptr);

/// WAV (8 to 32 bit, float, double, µ-law, A-law; also from a pipe, whose length nobody filled in) and FLAC,
/// also behind an ID3v2 tag. Channels are averaged, samples beyond full scale are cut to it and counted.
/// @error InvalidInput: neither WAV nor FLAC, another encoding, no channel or too many, a rate outside the
/// limits, no sample, too many, NaN or infinite samples, most of them beyond full scale, broken or cut off;
/// Unavailable as above
Result<Audio> decodeAudio(std::string_view bytes, std::string_view name, const MediaLimits &limits = {},
                          MediaFacts *facts = nullptr);

/// The file is read whole, within limits.maxFileBytes. @error NotFound, Io, and as above
Result<Image> readImage(const std::filesystem::path &path, const MediaLimits &limits = {},
                        MediaFacts *facts = nullptr);
Result<Audio> readAudio(const std::filesystem::path &path, const MediaLimits &limits = {},
                        MediaFacts *facts = nullptr);

/// A PNG file with 8-bit RGB. @param image with both sides >= 1 @error OutOfMemory; Unavailable as above
Result<std::string> encodePng(const Image &image);
/// A WAV file with one channel of 16 bit; samples are cut to full scale and rounded. At most 2 GiB.
std::string encodeWav(const Audio &audio);

} // namespace orrery
