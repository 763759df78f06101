// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/image_patches.h"

#include "core/base/assert.h"

#include <algorithm>
#include <cmath>

namespace orrery {

namespace {

/// Which source pixels one output pixel is made of.
struct Taps {
    int64_t first = 0;
    std::vector<float> weights; ///< sum to 1
};

/// @param begin, length the part of the source line that is shown, in pixels
std::vector<Taps> makeTaps(int64_t sourceSize, double begin, double length, int64_t outSize)
{
    const double step = length / static_cast<double>(outSize);
    const double radius = std::max(step, 1.0); // of the triangle
    std::vector<Taps> all(static_cast<size_t>(outSize));
    for (int64_t i = 0; i < outSize; ++i) {
        const double centre = begin + (static_cast<double>(i) + 0.5) * step;
        Taps &taps = all[static_cast<size_t>(i)];
        taps.first =
            std::clamp<int64_t>(static_cast<int64_t>(std::floor(centre - radius)), 0, sourceSize - 1);
        const int64_t last =
            std::clamp<int64_t>(static_cast<int64_t>(std::ceil(centre + radius)), 0, sourceSize - 1);
        double sum = 0;
        for (int64_t k = taps.first; k <= last; ++k) {
            const double distance = std::abs(static_cast<double>(k) + 0.5 - centre) / radius;
            const double weight = std::max(0.0, 1.0 - distance);
            taps.weights.push_back(static_cast<float>(weight));
            sum += weight;
        }
        for (float &weight : taps.weights) weight = static_cast<float>(weight / sum);
    }
    return all;
}

/// One line of pixels to the output's width.
void shrinkLine(const uint8_t *line, const std::vector<Taps> &taps, float *out)
{
    for (const Taps &tap : taps) {
        float sums[3] = {0, 0, 0};
        const uint8_t *pixel = line + tap.first * 3;
        for (float weight : tap.weights) {
            for (size_t c = 0; c < 3; ++c) sums[c] += weight * pixel[c];
            pixel += 3;
        }
        for (float sum : sums) *out++ = sum;
    }
}

} // namespace

Image cropAndResize(const Image &image, int64_t width, int64_t height)
{
    ORRERY_ASSERT(image.width >= 1 && image.height >= 1 && width >= 1 && height >= 1);
    if (image.width == width && image.height == height) return image;
    const double scale = std::min(static_cast<double>(image.width) / static_cast<double>(width),
                                  static_cast<double>(image.height) / static_cast<double>(height));
    const double cropWidth = scale * static_cast<double>(width);
    const double cropHeight = scale * static_cast<double>(height);
    const auto columns =
        makeTaps(image.width, (static_cast<double>(image.width) - cropWidth) / 2, cropWidth, width);
    const auto rows =
        makeTaps(image.height, (static_cast<double>(image.height) - cropHeight) / 2, cropHeight, height);
    const auto lineSize = static_cast<size_t>(width) * 3;
    Image out{width, height, std::vector<uint8_t>(lineSize * static_cast<size_t>(height))};
    std::vector<float> line(lineSize);
    std::vector<float> sums(lineSize);
    for (int64_t y = 0; y < height; ++y) {
        std::fill(sums.begin(), sums.end(), 0.0f);
        const Taps &taps = rows[static_cast<size_t>(y)];
        for (size_t k = 0; k < taps.weights.size(); ++k) {
            if (taps.weights[k] == 0) continue;
            const auto source = static_cast<size_t>(taps.first) + k;
            shrinkLine(image.rgb.data() + source * static_cast<size_t>(image.width) * 3, columns,
                       line.data());
            for (size_t i = 0; i < lineSize; ++i) sums[i] += taps.weights[k] * line[i];
        }
        for (size_t i = 0; i < lineSize; ++i)
            out.rgb[static_cast<size_t>(y) * lineSize + i] =
                static_cast<uint8_t>(std::clamp(std::lround(sums[i]), 0l, 255l));
    }
    return out;
}

double croppedShare(int64_t imageWidth, int64_t imageHeight, int64_t width, int64_t height)
{
    ORRERY_ASSERT(imageWidth >= 1 && imageHeight >= 1 && width >= 1 && height >= 1);
    const double across = static_cast<double>(imageWidth) * static_cast<double>(height);
    const double down = static_cast<double>(imageHeight) * static_cast<double>(width);
    return 1 - std::min(across, down) / std::max(across, down);
}

namespace {

/// Calls copy(offset in the picture, offset in the patches) for each run of `patch` pixels.
template <typename Copy> void forEachRun(const FrontEnd &f, const Copy &copy)
{
    const int64_t width = f.gridWidth * f.patch;
    for (int64_t p = 0; p < f.numPatches(); ++p)
        for (int64_t y = 0; y < f.patch; ++y) {
            const int64_t row = p / f.gridWidth * f.patch + y;
            const int64_t column = p % f.gridWidth * f.patch;
            copy(static_cast<size_t>((row * width + column) * 3),
                 static_cast<size_t>(p * f.patchWidth() + y * f.patch * 3));
        }
}

} // namespace

std::vector<uint8_t> imagePatches(const Image &image, const FrontEnd &f)
{
    const Image fitted = cropAndResize(image, f.gridWidth * f.patch, f.gridHeight * f.patch);
    std::vector<uint8_t> bytes_PD(static_cast<size_t>(f.numPatches() * f.patchWidth()));
    forEachRun(f, [&](size_t inImage, size_t inPatches) {
        std::copy_n(fitted.rgb.data() + inImage, f.patch * 3, bytes_PD.data() + inPatches);
    });
    return bytes_PD;
}

Image imageFromPatches(std::span<const uint8_t> bytes_PD, const FrontEnd &f)
{
    ORRERY_ASSERT(bytes_PD.size() == static_cast<size_t>(f.numPatches() * f.patchWidth()));
    Image image{f.gridWidth * f.patch, f.gridHeight * f.patch, std::vector<uint8_t>(bytes_PD.size())};
    forEachRun(f, [&](size_t inImage, size_t inPatches) {
        std::copy_n(bytes_PD.data() + inPatches, f.patch * 3, image.rgb.data() + inImage);
    });
    return image;
}

void normalizePatches(std::span<const uint8_t> bytes, std::span<float> out)
{
    ORRERY_ASSERT(bytes.size() == out.size());
    for (size_t i = 0; i < bytes.size(); ++i) out[i] = static_cast<float>(bytes[i]) / 127.5f - 1.0f;
}

} // namespace orrery
