// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/noise.h"

#include "core/base/counter_rng.h"

#include <algorithm>
#include <cmath>

namespace orrery {

namespace {

CounterRng noiseRng(uint64_t seed, uint32_t layer)
{
    return CounterRng({.seed = seed, .layer = layer, .purpose = RngPurpose::SyntheticData});
}

} // namespace

void addNoise(Image &image, double decibels, uint64_t seed)
{
    const auto count = static_cast<double>(image.rgb.size());
    if (image.rgb.empty()) return;
    double sum = 0;
    double squares = 0;
    for (uint8_t value : image.rgb) {
        sum += value;
        squares += double(value) * value;
    }
    const double power = squares / count - (sum / count) * (sum / count);
    const double deviation = std::sqrt(std::max(0.0, power) * std::pow(10.0, -decibels / 10));
    const CounterRng rng = noiseRng(seed, 3);
    for (size_t i = 0; i < image.rgb.size(); ++i)
        image.rgb[i] = static_cast<uint8_t>(
            std::lround(std::clamp(image.rgb[i] + deviation * rng.normal(i), 0.0, 255.0)));
}

void addNoise(Audio &audio, double decibels, uint64_t seed)
{
    if (audio.samples.empty()) return;
    double squares = 0;
    for (float value : audio.samples) squares += double(value) * value;
    const double deviation =
        std::sqrt(squares / static_cast<double>(audio.samples.size()) * std::pow(10.0, -decibels / 10));
    const CounterRng rng = noiseRng(seed, 4);
    for (size_t i = 0; i < audio.samples.size(); ++i) {
        const double level = std::clamp(audio.samples[i] + deviation * rng.normal(i), -1.0, 1.0) * 32768;
        audio.samples[i] = static_cast<float>(std::min(std::lround(level), 32767l)) / 32768.0f;
    }
}

} // namespace orrery
