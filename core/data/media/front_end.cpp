// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/front_end.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace orrery {

int64_t FrontEnd::numAudioTokens(int64_t numSamples) const
{
    const int64_t frames = (numSamples + hop - 1) / hop;
    return (frames + framesPerToken - 1) / framesPerToken;
}

int64_t FrontEnd::numAudioTokens(int64_t numSamples, int64_t samplesPerSecond) const
{
    const double resampled = static_cast<double>(numSamples) * static_cast<double>(rate) /
                             static_cast<double>(std::max<int64_t>(1, samplesPerSecond));
    return numAudioTokens(static_cast<int64_t>(std::ceil(resampled)));
}

FrontEnd frontEndOf(const MediaSpec &media)
{
    FrontEnd frontEnd;
    frontEnd.patch = media.patchSize;
    frontEnd.gridWidth = frontEnd.gridHeight = media.patchSize > 0 ? media.imageSize / media.patchSize : 0;
    return frontEnd;
}

Result<void> checkFrontEnd(const FrontEnd &f)
{
    struct Range {
        const char *name;
        int64_t value;
        int64_t least;
        int64_t most;
    };
    const Range ranges[] = {
        {"the width of the grid", f.gridWidth, 1, 64},
        {"the height of the grid", f.gridHeight, 1, 64},
        {"the patch size", f.patch, 1, 64},
        {"the sample rate", f.rate, 1'000, 48'000},
        {"the window", f.window, 32, 4'096},
        {"the hop", f.hop, 1, f.window},
        {"the number of mel bands", f.bands, 4, f.window / 8},
        {"the number of frames per token", f.framesPerToken, 1, 32},
    };
    auto refuse = [](const std::string &what, int64_t value, const std::string &expected) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot prepare pictures and recordings: " + what + " is " + std::to_string(value) +
                         ", expected " + expected + ".",
                     "Change it, or leave it at its default."};
    };
    for (const Range &range : ranges)
        if (range.value < range.least || range.value > range.most)
            return refuse(range.name, range.value,
                          std::to_string(range.least) + " to " + std::to_string(range.most));
    if (!std::has_single_bit(static_cast<uint64_t>(f.window)))
        return refuse("the window", f.window, "a power of two");
    return {};
}

std::string frontEndText(const FrontEnd &f)
{
    return std::to_string(f.gridWidth) + "×" + std::to_string(f.gridHeight) + "×" + std::to_string(f.patch) +
           " " + std::to_string(f.rate) + "/" + std::to_string(f.window) + "/" + std::to_string(f.hop) + "/" +
           std::to_string(f.bands) + "/" + std::to_string(f.framesPerToken);
}

} // namespace orrery
