// SPDX-License-Identifier: Apache-2.0
// From a picture to patches. Pure; any thread.
#pragma once

#include "core/data/media/front_end.h"
#include "core/data/media/media_files.h"

#include <span>
#include <vector>

namespace orrery {

/// Cuts the largest centred part with the proportions width : height and scales it with a triangle filter
/// that grows with the reduction (so nothing aliases). A picture of that size already comes back as it is.
/// @param image with both sides >= 1   @param width, height in pixels, >= 1
Image cropAndResize(const Image &image, int64_t width, int64_t height);
/// Share of a picture's area that this cuts away: 0.25 of a photograph of 4 : 3 for a square. @param all >= 1
double croppedShare(int64_t imageWidth, int64_t imageHeight, int64_t width, int64_t height);
inline constexpr double kMuchCropped = 0.2; ///< a share from above which it is said

/// @return bytes_PD: patches row by row of the grid, each row by row of its pixels, red, green, blue;
/// P = numPatches(), D = patchWidth()
std::vector<uint8_t> imagePatches(const Image &image, const FrontEnd &frontEnd);
/// The picture behind patches. @param bytes_PD as from imagePatches
Image imageFromPatches(std::span<const uint8_t> bytes_PD, const FrontEnd &frontEnd);

/// Bytes to the numbers that a model reads: value / 127.5 - 1, in [-1, 1]. @param out as long as bytes
void normalizePatches(std::span<const uint8_t> bytes, std::span<float> out);

} // namespace orrery
