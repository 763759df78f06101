// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/media_codecs.h"
#include "core/data/media/orientation.h"

#include <turbojpeg.h>

#include <memory>

namespace orrery {

namespace {

/// Progressive files decode the whole picture once per scan; cameras and editors write about ten.
constexpr size_t kMaxScans = 100;

struct HandleDeleter {
    void operator()(void *handle) const { tjDestroy(handle); }
};
using Handle = std::unique_ptr<void, HandleDeleter>;

const unsigned char *data(std::string_view bytes)
{
    return reinterpret_cast<const unsigned char *>(bytes.data());
}

Error broken(std::string_view name, const std::string &found)
{
    return mediaError(name, {found, "a whole JPEG file"},
                      "Open the picture in an image program and save it again.");
}

Error tjError(std::string_view name, void *handle)
{
    const std::string said = tjGetErrorStr2(handle);
    if (said.find("Premature end") != std::string::npos)
        return broken(name, "the file is cut off (" + shownText(said) + ")");
    return broken(name, "the picture is broken (" + shownText(said) + ")");
}

size_t countScans(std::string_view bytes)
{
    constexpr std::string_view kStartOfScan("\xff\xda", 2);
    size_t count = 0;
    for (size_t at = bytes.find(kStartOfScan); at != std::string_view::npos;
         at = bytes.find(kStartOfScan, at + 2))
        ++count;
    return count;
}

/// Photoshop and libjpeg write inks inverted and say so in an APP14 "Adobe" segment.
bool hasAdobeMark(std::string_view bytes)
{
    return anyJpegSegment(bytes, 0xee, [](std::string_view content) { return content.starts_with("Adobe"); });
}

/// Four inks per pixel to three colours, in place.
void inksToRgb(std::vector<uint8_t> &pixels, bool isInverted)
{
    const size_t count = pixels.size() / 4;
    for (size_t i = 0; i < count; ++i) {
        unsigned inks[4];
        for (size_t k = 0; k < 4; ++k) {
            const unsigned ink = pixels[4 * i + k];
            inks[k] = isInverted ? ink : 255 - ink; // now 255 is no ink
        }
        for (size_t k = 0; k < 3; ++k)
            pixels[3 * i + k] = static_cast<uint8_t>((inks[k] * inks[3] + 127) / 255);
    }
    pixels.resize(count * 3);
}

} // namespace

Result<Image> decodeJpeg(std::string_view bytes, std::string_view name, const MediaLimits &limits,
                         MediaFacts &facts)
{
    const Handle handle(tjInitDecompress());
    if (!handle)
        return Error{ErrorCode::OutOfMemory,
                     mediaError(name, {"there is no memory for it", "some"}, "").message,
                     "Close other programs, or make the picture smaller."};
    int width = 0;
    int height = 0;
    int sampling = 0;
    int space = 0;
    if (tjDecompressHeader3(handle.get(), data(bytes), bytes.size(), &width, &height, &sampling, &space) != 0)
        return tjError(name, handle.get());
    ORRERY_TRY(checkImageSize(name, static_cast<uint64_t>(width), static_cast<uint64_t>(height), limits));
    if (const size_t scans = countScans(bytes); scans > kMaxScans)
        return mediaError(
            name, {"it has " + std::to_string(scans) + " scans", "at most " + std::to_string(kMaxScans)},
            "Save the picture again as a baseline JPEG.");
    const bool hasInks = space == TJCS_CMYK || space == TJCS_YCCK;
    facts.bitsPerSample = 8;
    Image image{width, height, {}};
    image.rgb.resize(static_cast<size_t>(width) * static_cast<size_t>(height) * (hasInks ? 4 : 3));
    if (tjDecompress2(handle.get(), data(bytes), bytes.size(), image.rgb.data(), width, 0, height,
                      hasInks ? TJPF_CMYK : TJPF_RGB,
                      TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT) != 0)
        return tjError(name, handle.get());
    if (hasInks) inksToRgb(image.rgb, hasAdobeMark(bytes));
    return turnUpright(std::move(image), jpegOrientation(bytes));
}

} // namespace orrery
