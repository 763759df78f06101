// SPDX-License-Identifier: GPL-3.0-or-later
// Source: RFC 9639, "Free Lossless Audio Codec", section 8.2 (STREAMINFO).
#include "widgets/play/wave_outline.h"

#include "widgets/common/wav_sound.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

using namespace std::string_view_literals;

namespace orrery::ui {
namespace {

constexpr size_t kMaxLooks = 200'000; ///< samples that are looked at; more would show no more

std::vector<float> peaksOf(const WavSound &sound)
{
    const size_t numSamples = sound.numSamples();
    if (numSamples == 0) return {};
    std::vector<float> peaks(std::min<size_t>(kWavePeaks, numSamples), 0.0f);
    const size_t stride = std::max<size_t>(1, numSamples / kMaxLooks);
    for (size_t i = 0; i < numSamples; i += stride) {
        float &peak = peaks[std::min(peaks.size() - 1, i * peaks.size() / numSamples)];
        peak = std::max(peak, std::abs(sound.sample(i)));
    }
    return peaks;
}

WaveOutline outlineOfFlac(std::string_view bytes)
{
    constexpr size_t kStreamInfo = 8, kRateAt = kStreamInfo + 10; // behind "fLaC" and the block's head
    if (bytes.size() < kRateAt + 8 || (static_cast<uint8_t>(bytes[4]) & 0x7f) != 0) return {};
    uint64_t packed = 0; // 20 bits of rate, 3 of channels, 5 of depth, 36 of samples
    for (size_t i = 0; i < 8; ++i) packed = packed << 8 | static_cast<uint8_t>(bytes[kRateAt + i]);
    const uint64_t rate = packed >> 44, numSamples = packed & 0xFFFFFFFFFULL;
    if (rate == 0 || numSamples == 0) return {};
    return {static_cast<double>(numSamples) / static_cast<double>(rate), {}};
}

} // namespace

WaveOutline waveOutlineOf(std::string_view bytes)
{
    if (bytes.starts_with("fLaC"sv)) return outlineOfFlac(bytes);
    if (const auto sound = readWav(bytes)) return {sound->seconds(), peaksOf(*sound)};
    return {};
}

} // namespace orrery::ui
