// SPDX-License-Identifier: Apache-2.0
#include "core/base/exif_orientation.h"

#include <cstdint>
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

// Markers of a JPEG, behind 0xff.
constexpr unsigned char kApp1 = 0xe1, kStartOfScan = 0xda, kEndOfPicture = 0xd9;
constexpr size_t kMarkerBytes = 2, kLengthBytes = 2;

/// A marker without a segment behind it.
bool standsAlone(unsigned char marker) { return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8); }

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

bool anyJpegSegment(std::string_view bytes, unsigned char wanted,
                    const std::function<bool(std::string_view)> &isWanted)
{
    const auto byte = [bytes](size_t i) { return static_cast<unsigned char>(bytes[i]); };
    size_t at = kMarkerBytes; // behind the start of the picture
    while (at < bytes.size() && bytes.size() - at >= kMarkerBytes + kLengthBytes && byte(at) == 0xff) {
        const unsigned char marker = byte(at + 1);
        if (marker == kStartOfScan || marker == kEndOfPicture) return false;
        if (marker == 0xff) { // padding
            ++at;
            continue;
        }
        at += kMarkerBytes;
        if (standsAlone(marker)) continue;
        const size_t length = (size_t{byte(at)} << 8) | byte(at + 1); // with its own two bytes
        if (length < kLengthBytes || length > bytes.size() - at) return false;
        if (marker == wanted && isWanted(bytes.substr(at + kLengthBytes, length - kLengthBytes))) return true;
        at += length;
    }
    return false;
}

int jpegOrientation(std::string_view bytes)
{
    int orientation = kUpright;
    anyJpegSegment(bytes, kApp1, [&](std::string_view content) {
        if (!content.starts_with(kExifMark)) return false; // XMP, or what another program writes there
        orientation = exifOrientation(content);
        return true;
    });
    return orientation;
}

} // namespace orrery
