// SPDX-License-Identifier: Apache-2.0
// How a camera was held, as EXIF says it: the numbers 1 to 8 of the tag Orientation. Pure; any thread.
// Private to this folder.
#pragma once

#include "core/data/media/media_files.h"

#include <string_view>

namespace orrery {

inline constexpr int kUpright = 1;

/// The first orientation in an EXIF segment's directories, read as Qt reads it, so that a window shows what
/// the model is given: directories follow each other forwards, ten at most. Whatever is broken or cut off is
/// upright.
/// @param segment content of a JPEG's APP1, from "Exif" on   @return 1 to 8
/// Source: CIPA DC-008 (2019), "Exif 2.32", 4.5.2, 4.6.2, 4.7.2.
int exifOrientation(std::string_view segment);

/// The picture as it was seen: 2 mirrored, 3 upside down, 4 both, 5 and 7 mirrored along a diagonal, 6 and 8
/// to be turned by a quarter, clockwise and against it. @param orientation 1 to 8
Image turnUpright(Image image, int orientation);

} // namespace orrery
