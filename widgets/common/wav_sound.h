// SPDX-License-Identifier: GPL-3.0-or-later
// The samples of a WAV file, for pictures of it. Believes no number that the bytes do not bear out. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace orrery::ui {

/// A view: the bytes must outlive it.
struct WavSound {
    uint32_t channels = 0, rate = 0; ///< above 0; frames a second
    uint32_t bits = 0;               ///< a sample: 8, 16, 24 or 32
    bool isFloat = false;
    std::string_view data; ///< what is there of it

    [[nodiscard]] size_t numSamples() const { return data.size() / (bits / 8); }
    [[nodiscard]] size_t numFrames() const { return numSamples() / channels; }
    [[nodiscard]] double seconds() const { return double(numFrames()) / rate; }
    /// −1 … 1; what is no number is 0. @param at below numSamples(): frame · channels + channel
    [[nodiscard]] float sample(size_t at) const;
};

/// WAV with PCM of 8 to 32 bit or floats of 32. Nothing: it is something else, or has no samples block.
std::optional<WavSound> readWav(std::string_view bytes);

} // namespace orrery::ui
