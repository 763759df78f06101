// SPDX-License-Identifier: Apache-2.0
// Pictures of a camera that was turned, as they were seen. Pure; any thread. Private to this folder.
#pragma once

#include "core/base/exif_orientation.h"
#include "core/data/media/media_files.h"

namespace orrery {

/// The picture as it was seen: 2 mirrored, 3 upside down, 4 both, 5 and 7 mirrored along a diagonal, 6 and 8
/// to be turned by a quarter, clockwise and against it. @param orientation 1 to 8
Image turnUpright(Image image, int orientation);

} // namespace orrery
