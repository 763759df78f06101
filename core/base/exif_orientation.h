// SPDX-License-Identifier: Apache-2.0
// How a camera was held, as EXIF in a JPEG says it: the numbers 1 to 8 of the tag Orientation. One reader for
// the engine and the windows, so that a window shows what the model is given. Bytes may be anything. Pure;
// any thread.
#pragma once

#include <functional>
#include <string_view>

namespace orrery {

inline constexpr int kUpright = 1;

/// The first orientation in an EXIF segment's directories: these follow each other forwards, ten at most.
/// Whatever is broken or cut off is upright.
/// @param segment content of a JPEG's APP1, from "Exif" on   @return 1 to 8
/// Source: CIPA DC-008 (2019), "Exif 2.32", 4.5.2, 4.6.2, 4.7.2.
int exifOrientation(std::string_view segment);

/// Of the first APP1 that is EXIF, wherever it stands before the first scan: programs put XMP in front of it.
/// @param bytes of a JPEG   @return 1 to 8; upright without any
int jpegOrientation(std::string_view bytes);

/// Whether one of the segments with the marker, before the first scan, is the wanted one: asked one after
/// another with its content, until one is or a length leads beyond the end.
/// @param bytes of a JPEG   @param wanted the marker's second byte
bool anyJpegSegment(std::string_view bytes, unsigned char wanted,
                    const std::function<bool(std::string_view)> &isWanted);

} // namespace orrery
