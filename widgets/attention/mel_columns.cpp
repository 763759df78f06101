// SPDX-License-Identifier: GPL-3.0-or-later
// Source of the file format: Microsoft (1991), "Multimedia Programming Interface and Data
// Specifications 1.0".
#include "widgets/attention/mel_columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <numbers>
#include <optional>

using namespace std::string_view_literals;

namespace orrery::ui {
namespace {

// As core/data/media/front_end.h has them.
constexpr int kRate = 8'000, kWindow = 256, kHop = 100, kBands = 32, kFramesPerToken = 4;
constexpr double kHighest = kRate / 2.0;
constexpr float kFloorPower = 1e-8F;
constexpr int64_t kMaxTokens = 1'200; ///< a minute; more would hold up the window
constexpr uint64_t kPcm = 1, kFloat = 3, kExtensible = 0xFFFE;

struct Sound {
    std::vector<float> samples;
    double rate = 0; ///< kRate or a little more; less where the file has less
};

uint64_t little(std::string_view bytes, size_t at, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count && at + i < bytes.size(); ++i)
        value |= uint64_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
    return value;
}

struct Format {
    uint64_t code = 0, channels = 0, rate = 0, bits = 0;
    [[nodiscard]] bool isKnown() const
    {
        const bool isPcm = code == kPcm && bits >= 8 && bits <= 32 && bits % 8 == 0;
        return channels > 0 && channels <= 16 && rate >= 1'000 && rate <= 192'000 &&
               (isPcm || (code == kFloat && bits == 32));
    }
    [[nodiscard]] size_t frameBytes() const { return size_t(channels * bits / 8); }
};

float sampleAt(std::string_view data, size_t at, const Format &format)
{
    const uint64_t raw = little(data, at, size_t(format.bits / 8));
    if (format.code == kFloat) {
        const auto value = std::bit_cast<float>(static_cast<uint32_t>(raw));
        return std::isfinite(value) ? std::clamp(value, -1.0F, 1.0F) : 0.0F;
    }
    if (format.bits == 8) return (float(raw) - 128.0F) / 128.0F;
    return float(static_cast<int32_t>(static_cast<uint32_t>(raw) << (32 - format.bits))) / 2147483648.0F;
}

/// One channel, at about the rate that models read. @param seconds that are wanted
Sound soundOf(std::string_view data, const Format &format, double seconds)
{
    const size_t factor = std::max<size_t>(1, size_t(format.rate) / kRate);
    Sound sound{.samples = {}, .rate = double(format.rate) / double(factor)};
    const size_t numFrames =
        std::min(data.size() / format.frameBytes(), size_t(seconds * double(format.rate)) + factor);
    for (size_t i = 0; i + factor <= numFrames; i += factor) {
        float sum = 0;
        for (size_t k = i * format.channels; k < (i + factor) * format.channels; ++k)
            sum += sampleAt(data, k * size_t(format.bits / 8), format);
        sound.samples.push_back(sum / float(factor * format.channels));
    }
    return sound;
}

std::optional<Sound> readWav(std::string_view bytes, double seconds)
{
    if (bytes.size() < 12 || !bytes.starts_with("RIFF"sv) || bytes.substr(8, 4) != "WAVE"sv) return {};
    Format format;
    for (size_t at = 12; at + 8 <= bytes.size();) {
        const auto length = size_t(little(bytes, at + 4, 4));
        const std::string_view name = bytes.substr(at, 4), body = bytes.substr(at + 8, length);
        if (name == "fmt "sv && body.size() >= 16) {
            format = {little(body, 0, 2), little(body, 2, 2), little(body, 4, 4), little(body, 14, 2)};
            if (format.code == kExtensible && body.size() >= 26) format.code = little(body, 24, 2);
        }
        if (name == "data"sv) {
            if (!format.isKnown()) return {};
            return soundOf(body, format, seconds);
        }
        at += 8 + length + (length & 1);
    }
    return {};
}

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
    const std::optional<Sound> sound = readWav(bytes, seconds);
    if (!sound || sound->samples.empty()) return {};
    Bands bands(*sound);
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
