// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/media_codecs.h"

#include "core/base/assert.h"

#include <spng.h>

#include <cstdlib>
#include <memory>

namespace orrery {

namespace {

constexpr size_t kMaxChunkBytes = 8u << 20;       ///< of one ancillary chunk, for example a colour profile
constexpr size_t kMaxChunkCacheBytes = 16u << 20; ///< of all of them together, unpacked
constexpr uint8_t kAlphaBit = 4;                  ///< of the colour type

struct ContextDeleter {
    void operator()(spng_ctx *context) const { spng_ctx_free(context); }
};
using Context = std::unique_ptr<spng_ctx, ContextDeleter>;

uint32_t bigEndian(std::string_view bytes, size_t at)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

Error broken(std::string_view name, const std::string &found)
{
    return mediaError(name, {found, "a whole PNG file"}, "Export or copy the picture again.");
}

/// Whether every chunk up to the end mark is there: the library stops at the last pixel.
Result<void> checkChunks(std::string_view bytes, std::string_view name)
{
    constexpr size_t kFrame = 12; // length, type, checksum
    for (size_t at = 8;;) {
        if (bytes.size() - at < kFrame)
            return broken(name, "the file is cut off behind byte " + std::to_string(bytes.size()));
        const uint32_t length = bigEndian(bytes, at);
        if (length > bytes.size() - at - kFrame)
            return broken(name, "the file is cut off: the chunk at byte " + std::to_string(at) + " has " +
                                    std::to_string(length) + " bytes, and " +
                                    std::to_string(bytes.size() - at - kFrame) + " are there");
        if (bytes.substr(at + 4, 4) == "IEND") return {};
        at += kFrame + length;
    }
}

Error spngError(std::string_view name, int code)
{
    if (code == SPNG_EMEM)
        return {ErrorCode::OutOfMemory, mediaError(name, {"there is no memory for it", "some"}, "").message,
                "Close other programs, or make the picture smaller."};
    return broken(name, std::string("the picture is broken (") + spng_strerror(code) + ")");
}

/// Lays pixels with alpha over white, in place from four bytes to three.
void flattenOverWhite(std::vector<uint8_t> &pixels)
{
    const size_t count = pixels.size() / 4;
    for (size_t i = 0; i < count; ++i) {
        const unsigned alpha = pixels[4 * i + 3];
        for (size_t channel = 0; channel < 3; ++channel) {
            const unsigned mixed = pixels[4 * i + channel] * alpha + 255 * (255 - alpha);
            pixels[3 * i + channel] = static_cast<uint8_t>((mixed + 127) / 255);
        }
    }
    pixels.resize(count * 3);
}

} // namespace

Result<Image> decodePng(std::string_view bytes, std::string_view name, const MediaLimits &limits,
                        MediaFacts &facts)
{
    constexpr size_t kHeaderEnd = 33;
    if (bytes.size() < kHeaderEnd || bytes.substr(12, 4) != "IHDR")
        return broken(name, "its header is missing");
    ORRERY_TRY(checkImageSize(name, bigEndian(bytes, 16), bigEndian(bytes, 20), limits));
    ORRERY_TRY(checkChunks(bytes, name));
    const Context context(spng_ctx_new(0));
    if (!context) return spngError(name, SPNG_EMEM);
    struct spng_ihdr header = {};
    int code = spng_set_chunk_limits(context.get(), kMaxChunkBytes, kMaxChunkCacheBytes);
    if (code == 0) code = spng_set_png_buffer(context.get(), bytes.data(), bytes.size());
    if (code == 0) code = spng_get_ihdr(context.get(), &header);
    if (code != 0) return spngError(name, code);
    struct spng_trns transparency = {};
    facts.bitsPerSample = header.bit_depth;
    facts.hasAlpha = (header.color_type & kAlphaBit) != 0 || spng_get_trns(context.get(), &transparency) == 0;
    const int format = facts.hasAlpha ? SPNG_FMT_RGBA8 : SPNG_FMT_RGB8;
    size_t size = 0;
    code = spng_decoded_image_size(context.get(), format, &size);
    if (code != 0) return spngError(name, code);
    Image image{header.width, header.height, {}};
    const uint64_t expected = uint64_t{header.width} * header.height * (facts.hasAlpha ? 4 : 3);
    if (size != expected) return broken(name, "its size in memory is not that of its sides");
    image.rgb.resize(size);
    code = spng_decode_image(context.get(), image.rgb.data(), size, format, SPNG_DECODE_TRNS);
    if (code != 0) return spngError(name, code);
    if (facts.hasAlpha) flattenOverWhite(image.rgb);
    return image;
}

Result<std::string> encodePng(const Image &image)
{
    ORRERY_ASSERT(image.width >= 1 && image.height >= 1 &&
                  image.rgb.size() == static_cast<size_t>(image.width * image.height * 3));
    const Context context(spng_ctx_new(SPNG_CTX_ENCODER));
    if (!context) return spngError("picture", SPNG_EMEM);
    struct spng_ihdr header = {};
    header.width = static_cast<uint32_t>(image.width);
    header.height = static_cast<uint32_t>(image.height);
    header.bit_depth = 8;
    header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
    int code = spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
    if (code == 0) code = spng_set_ihdr(context.get(), &header);
    if (code == 0)
        code = spng_encode_image(context.get(), image.rgb.data(), image.rgb.size(), SPNG_FMT_PNG,
                                 SPNG_ENCODE_FINALIZE);
    if (code != 0) return spngError("picture", code);
    size_t size = 0;
    const std::unique_ptr<void, decltype(&std::free)> buffer(spng_get_png_buffer(context.get(), &size, &code),
                                                             &std::free);
    if (!buffer || code != 0) return spngError("picture", code != 0 ? code : SPNG_EMEM);
    return std::string(static_cast<const char *>(buffer.get()), size);
}

} // namespace orrery
