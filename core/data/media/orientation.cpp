// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/orientation.h"

#include "core/base/assert.h"

#include <algorithm>
#include <optional>

namespace orrery {

using namespace std::string_view_literals;

namespace {

constexpr std::string_view kExifMark = "Exif\0\0"sv;
constexpr size_t kHeadBytes = 8;   ///< byte order, 42, where the first directory is
constexpr size_t kEntryBytes = 12; ///< tag, type, count, value
constexpr int kMaxDirectories = 10;
constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShort = 3; ///< the type

/// Numbers of a TIFF, all of whose places are from outside.
class Tiff {
public:
    Tiff(std::string_view bytes, bool isLittle) : m_bytes(bytes), m_isLittle(isLittle) {}

    /// @param size 2 or 4   @return nothing beyond the end
    [[nodiscard]] std::optional<uint32_t> number(size_t at, size_t size) const
    {
        if (at > m_bytes.size() || m_bytes.size() - at < size) return std::nullopt;
        uint32_t value = 0;
        for (size_t i = 0; i < size; ++i)
            value = (value << 8) | static_cast<unsigned char>(m_bytes[at + (m_isLittle ? size - 1 - i : i)]);
        return value;
    }

private:
    std::string_view m_bytes;
    bool m_isLittle;
};

int orientationAt(const Tiff &tiff, size_t entry)
{
    const auto value = tiff.number(entry + 8, 2);
    const bool isOne = tiff.number(entry + 2, 2) == kShort && tiff.number(entry + 4, 4) == 1u;
    return isOne && value && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : kUpright;
}

} // namespace

int exifOrientation(std::string_view segment)
{
    if (!segment.starts_with(kExifMark)) return kUpright;
    const std::string_view bytes = segment.substr(kExifMark.size());
    const bool isLittle = bytes.starts_with("II*\0"sv);
    if (!isLittle && !bytes.starts_with("MM\0*"sv)) return kUpright;
    const Tiff tiff(bytes, isLittle);
    size_t end = kHeadBytes; // of what was read
    std::optional<uint32_t> directory = tiff.number(4, 4);
    for (int i = 0; i < kMaxDirectories && directory; ++i) {
        if (*directory < end) break; // back, which might never end; 0 stands behind the last one
        const std::optional<uint32_t> numEntries = tiff.number(*directory, 2);
        if (!numEntries) break;
        end = *directory + 2 + *numEntries * kEntryBytes;
        for (size_t entry = *directory + size_t{2}; entry < end; entry += kEntryBytes) {
            const std::optional<uint32_t> tag = tiff.number(entry, 2);
            if (!tag) return kUpright;
            if (tag == kOrientationTag) return orientationAt(tiff, entry);
        }
        directory = tiff.number(end, 4);
        end += 4;
    }
    return kUpright;
}

Image turnUpright(Image image, int orientation)
{
    ORRERY_ASSERT(orientation >= 1 && orientation <= 8);
    if (orientation == kUpright) return image;
    const bool isOnItsSide = orientation >= 5;
    const bool isFromRight = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool isFromBelow = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    Image upright{image.width, image.height, std::vector<uint8_t>(image.rgb.size())};
    if (isOnItsSide) std::swap(upright.width, upright.height);
    uint8_t *out = upright.rgb.data();
    for (int64_t y = 0; y < upright.height; ++y)
        for (int64_t x = 0; x < upright.width; ++x, out += 3) {
            const int64_t across = isOnItsSide ? y : x;
            const int64_t down = isOnItsSide ? x : y;
            const int64_t fromX = isFromRight ? image.width - 1 - across : across;
            const int64_t fromY = isFromBelow ? image.height - 1 - down : down;
            std::copy_n(image.rgb.data() + (fromY * image.width + fromX) * 3, 3, out);
        }
    return upright;
}

} // namespace orrery
