// SPDX-License-Identifier: Apache-2.0
// Recordings of many kinds for the modality head.
#include "core/data/media/window_sources.h"

#include "core/data/world/shapes_render.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace orrery::windows {

namespace {

constexpr double kTurn = 2 * std::numbers::pi;
using Signal = std::vector<double>;

/// A frequency in turns per sample, each octave alike: from what a voice has at 48 kHz to the top of 8 kHz.
double anyFrequency(Draws &draws) { return std::exp(draws.between(std::log(0.003), std::log(0.35))); }

void shapeTones(Signal &signal, Draws &draws)
{
    const Audio audio = playScene(windowScenes().document(Split::Train, draws.below(1u << 20)).scene);
    const size_t begin = draws.below(audio.samples.size());
    for (size_t i = 0; i < signal.size(); ++i) signal[i] = audio.samples[(begin + i) % audio.samples.size()];
}

void chord(Signal &signal, Draws &draws)
{
    for (uint64_t voice = 0; voice < 1 + draws.below(4); ++voice) {
        const double frequency = anyFrequency(draws);
        const double level = draws.between(0.2, 1);
        const double phase = draws.between(0, kTurn);
        for (size_t i = 0; i < signal.size(); ++i)
            signal[i] += level * std::sin(phase + kTurn * frequency * static_cast<double>(i));
    }
}

void chirp(Signal &signal, Draws &draws)
{
    const double from = anyFrequency(draws);
    const double to = anyFrequency(draws);
    double phase = draws.between(0, kTurn);
    for (size_t i = 0; i < signal.size(); ++i) {
        phase += kTurn * (from + (to - from) * static_cast<double>(i) / static_cast<double>(signal.size()));
        signal[i] = std::sin(phase);
    }
}

/// y = x + a·y₁ + b·y₂, in place.
void resonate(Signal &signal, double frequency, double radius)
{
    double y1 = 0;
    double y2 = 0;
    for (double &value : signal) {
        const double y = value + 2 * radius * std::cos(kTurn * frequency) * y1 - radius * radius * y2;
        y2 = std::exchange(y1, y);
        value = y;
    }
}

/// Pulses or breath through three resonances, as a throat makes vowels.
void voice(Signal &signal, Draws &draws)
{
    const double pitch = draws.between(0.004, 0.03);
    const double breath = draws.chance(0.25) ? 1 : draws.between(0, 0.1);
    double phase = draws.between(0, 1);
    for (double &value : signal) {
        phase += pitch;
        if (phase >= 1) {
            phase -= 1;
            value += 1 - breath;
        }
        value += 0.2 * breath * draws.normal();
    }
    for (double centre : {0.03, 0.1, 0.2})
        resonate(signal, centre * draws.between(0.6, 1.5), draws.between(0.9, 0.98));
}

/// Noise that falls with frequency: wind, traffic, a room.
void rumble(Signal &signal, Draws &draws)
{
    const double keep = draws.between(0.6, 0.99);
    double level = 0;
    for (double &value : signal) value = level = keep * level + (1 - keep) * draws.normal();
}

void drums(Signal &signal, Draws &draws)
{
    const double decay = draws.between(0.98, 0.998);
    const double keep = draws.between(0.2, 0.8);
    const double frequency = anyFrequency(draws) / 4;
    double envelope = draws.between(0.3, 1);
    double noise = 0;
    for (size_t i = 0; i < signal.size(); ++i) {
        if (draws.chance(0.003)) envelope = 1;
        envelope *= decay;
        noise = keep * noise + (1 - keep) * draws.normal();
        signal[i] = envelope * (noise + std::sin(kTurn * frequency * static_cast<double>(i)));
    }
}

/// A line of noise that goes round and loses its edges, as a string does.
void pluckedString(Signal &signal, Draws &draws)
{
    std::vector<double> line(8 + draws.below(120));
    for (double &value : line) value = draws.between(-1, 1);
    const uint64_t rounds = 2 + draws.below(20);
    for (uint64_t i = 0; i < rounds * line.size() + signal.size(); ++i) {
        double &value = line[i % line.size()];
        value = 0.5 * (value + line[(i + 1) % line.size()]);
        if (i >= rounds * line.size()) signal[i - rounds * line.size()] = value;
    }
}

void frequencyModulation(Signal &signal, Draws &draws)
{
    const double carrier = anyFrequency(draws) / 2;
    const double ratio = draws.between(0.25, 3);
    const double depth = draws.between(0.5, 3);
    for (size_t i = 0; i < signal.size(); ++i) {
        const double t = static_cast<double>(i);
        signal[i] = std::sin(kTurn * carrier * t + depth * std::sin(kTurn * carrier * ratio * t));
    }
}

} // namespace

std::vector<uint8_t> makeSamples(size_t family, size_t size, Draws &draws)
{
    Signal signal(std::max<size_t>(size / 2 + 1, 256), 0.0);
    using Maker = void (*)(Signal &, Draws &);
    constexpr std::array<Maker, 8> kMakers = {shapeTones, chord, chirp,         voice,
                                              rumble,     drums, pluckedString, frequencyModulation};
    kMakers[family](signal, draws);
    double peak = 1e-9;
    for (double value : signal) peak = std::max(peak, std::abs(value));
    // From a whisper to full scale, over the hiss of a microphone.
    const double level = std::pow(10.0, draws.between(-60, 0) / 20) / peak;
    const double hiss = std::pow(10.0, draws.between(-90, -50) / 20);
    std::vector<uint8_t> bytes;
    for (double value : signal) {
        const double scaled = std::clamp(value * level + hiss * draws.normal(), -1.0, 1.0) * 32767;
        const auto sample = static_cast<uint16_t>(static_cast<int16_t>(std::lround(scaled)));
        bytes.push_back(static_cast<uint8_t>(sample & 0xff));
        bytes.push_back(static_cast<uint8_t>(sample >> 8));
    }
    return bytes;
}

} // namespace orrery::windows
