// SPDX-License-Identifier: GPL-3.0-or-later
// Sources: Microsoft (1991), "Multimedia Programming Interface and Data Specifications 1.0" (WAVE);
// RFC 9639, "Free Lossless Audio Codec", section 8.2 (STREAMINFO).
#include "widgets/play/wave_outline.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

using namespace std::string_view_literals;

namespace orrery::ui {
namespace {

constexpr uint32_t kPcm = 1, kFloat = 3, kExtensible = 0xFFFE;
constexpr size_t kMaxLooks = 200'000; ///< samples that are looked at; more would show no more

uint64_t little(std::string_view bytes, size_t at, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i) value |= uint64_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
    return value;
}

struct WaveFormat {
    uint32_t code = 0, channels = 0, rate = 0, bits = 0;
    [[nodiscard]] size_t bytesPerSample() const { return bits / 8; }
    [[nodiscard]] bool isKnown() const
    {
        const bool isPcm = code == kPcm && (bits == 8 || bits == 16 || bits == 24 || bits == 32);
        return channels > 0 && rate > 0 && (isPcm || (code == kFloat && bits == 32));
    }
};

/// Full scale is ±1.
float sampleAt(std::string_view data, size_t at, const WaveFormat &format)
{
    const uint64_t raw = little(data, at, format.bytesPerSample());
    if (format.code == kFloat) {
        const auto value = std::bit_cast<float>(static_cast<uint32_t>(raw));
        return std::isfinite(value) ? value : 0.0f;
    }
    if (format.bits == 8) return (static_cast<float>(raw) - 128.0f) / 128.0f;
    const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(raw) << (32 - format.bits));
    return static_cast<float>(shifted) / 2147483648.0f;
}

std::vector<float> peaksOf(std::string_view data, const WaveFormat &format)
{
    const size_t width = format.bytesPerSample(), numSamples = data.size() / width;
    if (numSamples == 0) return {};
    std::vector<float> peaks(std::min<size_t>(kWavePeaks, numSamples), 0.0f);
    const size_t stride = std::max<size_t>(1, numSamples / kMaxLooks);
    for (size_t i = 0; i < numSamples; i += stride) {
        float &peak = peaks[std::min(peaks.size() - 1, i * peaks.size() / numSamples)];
        peak = std::max(peak, std::min(1.0f, std::abs(sampleAt(data, i * width, format))));
    }
    return peaks;
}

WaveOutline outlineOfWav(std::string_view bytes)
{
    WaveFormat format;
    for (size_t at = 12; at + 8 <= bytes.size();) {
        const std::string_view name = bytes.substr(at, 4);
        const uint64_t promised = little(bytes, at + 4, 4);
        const std::string_view body = bytes.substr(at + 8, static_cast<size_t>(promised));
        if (name == "fmt "sv && body.size() >= 16) {
            format = {static_cast<uint32_t>(little(body, 0, 2)), static_cast<uint32_t>(little(body, 2, 2)),
                      static_cast<uint32_t>(little(body, 4, 4)), static_cast<uint32_t>(little(body, 14, 2))};
            if (format.code == kExtensible && body.size() >= 26)
                format.code = static_cast<uint32_t>(little(body, 24, 2));
        }
        if (name == "data"sv) {
            if (!format.isKnown()) return {};
            const double numFrames = static_cast<double>(body.size()) /
                                     static_cast<double>(format.bytesPerSample() * format.channels);
            return {numFrames / format.rate, peaksOf(body, format)};
        }
        at += 8 + static_cast<size_t>(promised) + (promised & 1);
    }
    return {};
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
    if (bytes.size() >= 12 && bytes.starts_with("RIFF"sv) && bytes.substr(8, 4) == "WAVE"sv)
        return outlineOfWav(bytes);
    return {};
}

} // namespace orrery::ui
