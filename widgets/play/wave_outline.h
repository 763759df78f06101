// SPDX-License-Identifier: GPL-3.0-or-later
// A recording as a small picture: how long it is, and how loud from moment to moment. Reads what a window
// needs for that, and believes no number that the bytes do not bear out. Pure; any thread.
#pragma once

#include <string_view>
#include <vector>

namespace orrery::ui {

struct WaveOutline {
    double seconds = -1;      ///< below 0: not known
    std::vector<float> peaks; ///< 0 to 1, from left to right; empty: not known
};

inline constexpr int kWavePeaks = 64;

/// WAV with PCM of 8 to 32 bit or floats: length and peaks; FLAC: its length alone. Anything else: neither.
WaveOutline waveOutlineOf(std::string_view bytes);

} // namespace orrery::ui
