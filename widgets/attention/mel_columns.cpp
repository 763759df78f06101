// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/mel_columns.h"

#include "widgets/common/wav_sound.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <numbers>
#include <optional>

namespace orrery::ui {
namespace {

// As core/data/media/front_end.h has them.
constexpr int kRate = 8'000, kWindow = 256, kHop = 100, kBands = 32, kFramesPerToken = 4;
constexpr double kHighest = kRate / 2.0;
constexpr float kFloorPower = 1e-8F;
constexpr int64_t kMaxTokens = 1'200; ///< a minute; more would hold up the window

struct Sound {
    std::vector<float> samples;
    double rate = 0; ///< kRate or a little more; less where the file has less
};

/// One channel, at about the rate that models read. @param seconds that are wanted
Sound soundOf(const WavSound &wav, double seconds)
{
    const size_t factor = std::max<size_t>(1, wav.rate / kRate);
    Sound sound{.samples = {}, .rate = double(wav.rate) / double(factor)};
    const size_t numFrames = std::min(wav.numFrames(), size_t(seconds * double(wav.rate)) + factor);
    for (size_t i = 0; i + factor <= numFrames; i += factor) {
        float sum = 0;
        for (size_t k = i * wav.channels; k < (i + factor) * wav.channels; ++k) sum += wav.sample(k);
        sound.samples.push_back(sum / float(factor * wav.channels));
    }
    return sound;
}

/// More channels, or another rate, would hold up the window.
bool isDrawn(const WavSound &wav) { return wav.channels <= 16 && wav.rate >= 1'000 && wav.rate <= 192'000; }

/// In place, by radix 2. @param turns e^(−πik / half) for k below the half size
void transform(std::vector<std::complex<float>> &values, const std::vector<std::complex<float>> &turns)
{
    const size_t size = values.size();
    for (size_t i = 1, j = 0; i < size; ++i) {
        size_t bit = size / 2;
        for (; j & bit; bit /= 2) j ^= bit;
        j ^= bit;
        if (i < j) std::swap(values[i], values[j]);
    }
    for (size_t half = 1; half < size; half *= 2)
        for (size_t begin = 0; begin < size; begin += 2 * half)
            for (size_t k = 0; k < half; ++k) {
                const std::complex<float> turn = turns[k * (size / 2 / half)], odd = values[begin + k + half];
                const std::complex<float> turned(odd.real() * turn.real() - odd.imag() * turn.imag(),
                                                 odd.real() * turn.imag() + odd.imag() * turn.real());
                values[begin + k + half] = values[begin + k] - turned;
                values[begin + k] += turned;
            }
}

/// Frames of one recording as levels of its bands, 0: −80 dB of full scale or less, 1: full scale.
class Bands {
public:
    explicit Bands(const Sound &sound) : m_sound(sound)
    {
        const double stretch = sound.rate / kRate, window = std::max(8.0, kWindow * stretch);
        m_hop = kHop * stretch;
        m_scale = float(16 / (window * window));
        for (size_t i = 0; double(i) < window; ++i)
            m_hann.push_back(float(0.5 - 0.5 * std::cos(2 * std::numbers::pi * double(i) / window)));
        m_values.resize(std::bit_ceil(m_hann.size()));
        const size_t half = m_values.size() / 2;
        for (size_t k = 0; k < half; ++k)
            m_turns.push_back(std::polar(1.0F, float(-std::numbers::pi * double(k) / double(half))));
        addFilters(sound.rate / double(m_values.size()));
    }
    [[nodiscard]] std::array<float, kBands> frame(int64_t number)
    {
        const auto first = int64_t(std::llround(double(number) * m_hop));
        std::fill(m_values.begin(), m_values.end(), 0.0F);
        for (size_t i = 0; i < m_hann.size() && first + int64_t(i) < std::ssize(m_sound.samples); ++i)
            m_values[i] = m_hann[i] * m_sound.samples[size_t(first) + i];
        transform(m_values, m_turns);
        std::array<float, kBands> levels{};
        for (const Filter &filter : m_filters)
            levels[filter.band] += filter.weight * std::norm(m_values[filter.bin]) * m_scale;
        for (float &level : levels) {
            const float decibels = 10 * std::log10(std::max(level, kFloorPower));
            level = std::clamp((decibels + 80) / 80, 0.0F, 1.0F);
        }
        return levels;
    }

private:
    struct Filter {
        size_t band, bin;
        float weight;
    };
    void addFilters(double hertzPerBin)
    {
        const double highest = 2595 * std::log10(1 + kHighest / 700);
        const auto corner = [highest](int i) {
            return 700 * (std::pow(10.0, highest * i / (kBands + 1) / 2595) - 1);
        };
        for (int band = 0; band < kBands; ++band) {
            const double left = corner(band), middle = corner(band + 1), right = corner(band + 2);
            for (size_t bin = 0; bin <= m_values.size() / 2; ++bin) {
                const double at = double(bin) * hertzPerBin;
                const double weight =
                    std::min((at - left) / (middle - left), (right - at) / (right - middle));
                if (weight > 0) m_filters.push_back({size_t(band), bin, float(weight)});
            }
        }
    }

    const Sound &m_sound;
    double m_hop = 0;
    float m_scale = 1;
    std::vector<float> m_hann;
    std::vector<std::complex<float>> m_values, m_turns;
    std::vector<Filter> m_filters;
};

} // namespace

std::vector<QImage> melColumns(std::string_view bytes, int64_t numTokens)
{
    const int64_t count = std::clamp<int64_t>(numTokens, 0, kMaxTokens);
    const double seconds = double((count + 1) * kFramesPerToken * kHop + kWindow) / kRate;
    const std::optional<WavSound> wav = readWav(bytes);
    if (!wav || !isDrawn(*wav)) return {};
    const Sound sound = soundOf(*wav, seconds);
    if (sound.samples.empty()) return {};
    Bands bands(sound);
    std::vector<QImage> columns;
    for (int64_t token = 0; token < count; ++token) {
        QImage column(kFramesPerToken, kBands, QImage::Format_RGB32);
        for (int frame = 0; frame < kFramesPerToken; ++frame) {
            const std::array<float, kBands> levels = bands.frame(token * kFramesPerToken + frame);
            for (int band = 0; band < kBands; ++band) {
                const int gray = int(std::lround(255 * levels[size_t(band)]));
                column.setPixel(frame, kBands - 1 - band, qRgb(gray, gray, gray));
            }
        }
        columns.push_back(std::move(column));
    }
    return columns;
}

} // namespace orrery::ui
