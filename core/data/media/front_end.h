// SPDX-License-Identifier: Apache-2.0
// How pictures and recordings become rows that a model reads: a picture is a grid of patches, a recording a
// sequence of log-mel frames. Values; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_spec.h"

#include <cstdint>
#include <string>

namespace orrery {

/// Defaults: 48 × 48 pixels in 36 patches; 8 kHz, 20 tokens per second.
struct FrontEnd {
    int64_t gridWidth = 6;  ///< patches side by side
    int64_t gridHeight = 6; ///< and one above the other
    int64_t patch = 8;      ///< pixels along a side of a patch

    int64_t rate = 8'000; ///< samples per second
    int64_t window = 256; ///< samples of the Fourier transform, a power of two
    int64_t hop = 100;    ///< samples from frame to frame
    int64_t bands = 32;   ///< mel bands up to half the rate
    int64_t framesPerToken = 4;

    [[nodiscard]] int64_t numPatches() const { return gridWidth * gridHeight; }
    [[nodiscard]] int64_t patchWidth() const { return patch * patch * 3; }      ///< numbers per patch
    [[nodiscard]] int64_t frameWidth() const { return bands * framesPerToken; } ///< numbers per audio token
    /// Tokens of a recording of so many samples at `rate`.
    [[nodiscard]] int64_t numAudioTokens(int64_t numSamples) const;
    /// The same at another rate, without resampling anything.
    [[nodiscard]] int64_t numAudioTokens(int64_t numSamples, int64_t samplesPerSecond) const;
    bool operator==(const FrontEnd &) const = default;
};

/// What a model with these settings reads: its picture size and patches; recordings always alike.
FrontEnd frontEndOf(const MediaSpec &media);
/// Ranges: grid 1 to 64 by 1 to 64, patch 1 to 64, rate 1,000 to 48,000, window 32 to 4,096 and a power of
/// two, hop 1 to window, bands 4 to window / 8, frames per token 1 to 32.
/// @error InvalidInput naming value and range
Result<void> checkFrontEnd(const FrontEnd &frontEnd);
/// "6×6×8 8000/256/100/32/4": part of the key of prepared data.
std::string frontEndText(const FrontEnd &frontEnd);

} // namespace orrery
