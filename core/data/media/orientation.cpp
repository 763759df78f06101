// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/orientation.h"

#include "core/base/assert.h"

#include <algorithm>

namespace orrery {

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
