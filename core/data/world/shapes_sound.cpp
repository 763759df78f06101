// SPDX-License-Identifier: Apache-2.0
#include "core/data/world/shapes_render.h"

#include "core/base/counter_rng.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace orrery {

namespace {

constexpr int64_t kSounding = 1'600; ///< samples of a tone before its pause
constexpr double kAttack = 80;
constexpr double kDecay = 500;

/// A pitch and the strength of its overtones, by shape: a five-tone scale, so that any order sounds well.
struct Voice {
    double hertz;
    std::array<double, 3> overtones; ///< of twice, three times and four times the pitch
};
constexpr std::array<Voice, 8> kVoices = {{{330, {0.0, 0.0, 0.0}},
                                           {392, {0.0, 0.5, 0.0}},
                                           {494, {0.6, 0.0, 0.0}},
                                           {587, {0.4, 0.4, 0.3}},
                                           {659, {0.0, 0.0, 0.6}},
                                           {784, {0.5, 0.3, 0.0}},
                                           {988, {0.0, 0.4, 0.0}},
                                           {1175, {0.3, 0.0, 0.0}}}};

} // namespace

Audio playScene(const Scene &scene)
{
    const CounterRng rng({.seed = scene.style, .layer = 2, .purpose = RngPurpose::SyntheticData});
    Audio audio{kTonesRate, std::vector<float>(scene.objects.size() * kToneSamples)};
    const double level = 0.25 + 0.4 * rng.uniform(0);
    const double hiss = 0.0005 + 0.0015 * rng.uniform(1);
    for (size_t i = 0; i < audio.samples.size(); ++i) {
        const SceneObject &object = scene.objects[i / kToneSamples];
        const Voice &voice = kVoices[static_cast<size_t>(object.shape)];
        const auto at = static_cast<double>(i % kToneSamples);
        double value = hiss * rng.normal(64 + i);
        if (at < kSounding) {
            // A little out of tune, each tone in its own way.
            const double detune = 0.99 + 0.02 * rng.uniform(8 + i / kToneSamples);
            const double phase =
                2 * std::numbers::pi * voice.hertz * detune * at / static_cast<double>(kTonesRate);
            double sum = std::sin(phase);
            double total = 1;
            for (size_t k = 0; k < voice.overtones.size(); ++k) {
                sum += voice.overtones[k] * std::sin(phase * static_cast<double>(k + 2));
                total += voice.overtones[k];
            }
            const double rise = std::min(1.0, at / kAttack);
            const double fade = std::min(1.0, (static_cast<double>(kSounding) - at) / kDecay);
            value += level * rise * fade * sum / total;
        }
        audio.samples[i] =
            static_cast<float>(std::lround(std::clamp(value, -0.999, 0.999) * 32767)) / 32768.0f;
    }
    return audio;
}

} // namespace orrery
