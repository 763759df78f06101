// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/log_mel.h"

#include "core/base/assert.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace orrery {

namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kFloorPower = 1e-8; ///< -80 dB

constexpr int64_t kZeroCrossings = 16;
constexpr int64_t kStepsPerCrossing = 512; ///< of the filter's table, read by linear interpolation
constexpr double kKaiserBeta = 8.0;        ///< side lobes below -80 dB
constexpr double kPassband = 0.95;         ///< of the lower of both half rates

/// Modified Bessel function of the first kind, order 0, by its power series.
double besselI0(double x)
{
    double sum = 1;
    double term = 1;
    for (int k = 1; term > 1e-16 * sum; ++k) {
        term *= (x / (2 * k)) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

/// sinc(t)·Kaiser(t / kZeroCrossings) at t = i / kStepsPerCrossing, one more zero at the end.
std::vector<double> makeSincTable()
{
    constexpr int64_t kLast = kZeroCrossings * kStepsPerCrossing;
    std::vector<double> table(static_cast<size_t>(kLast) + 2, 0.0);
    for (int64_t i = 0; i < kLast; ++i) {
        const double t = static_cast<double>(i) / kStepsPerCrossing;
        const double x = t / kZeroCrossings;
        const double sinc = i == 0 ? 1.0 : std::sin(kPi * t) / (kPi * t);
        table[static_cast<size_t>(i)] =
            sinc * besselI0(kKaiserBeta * std::sqrt(1 - x * x)) / besselI0(kKaiserBeta);
    }
    return table;
}

const std::vector<double> &sincTable()
{
    static const std::vector<double> table = makeSincTable();
    return table;
}

} // namespace

std::vector<float> resample(std::span<const float> samples, int64_t fromRate, int64_t toRate)
{
    ORRERY_ASSERT(fromRate >= 1 && toRate >= 1);
    if (fromRate == toRate || samples.empty()) return {samples.begin(), samples.end()};
    const std::vector<double> &table = sincTable();
    const auto count = static_cast<int64_t>(samples.size());
    const int64_t numOut = (count * toRate + fromRate - 1) / fromRate;
    // The cut-off in units of the source's half rate; the filter widens as it falls.
    const double cutOff =
        kPassband * std::min(1.0, static_cast<double>(toRate) / static_cast<double>(fromRate));
    const double reach = kZeroCrossings / cutOff;
    std::vector<float> out(static_cast<size_t>(numOut));
    for (int64_t n = 0; n < numOut; ++n) {
        // Exact position: whole samples and a fraction, so that long recordings do not drift.
        const double fraction = static_cast<double>(n * fromRate % toRate) / static_cast<double>(toRate);
        const double centre = static_cast<double>(n * fromRate / toRate) + fraction;
        const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(std::ceil(centre - reach)));
        const int64_t last = std::min(count - 1, static_cast<int64_t>(std::floor(centre + reach)));
        double sum = 0;
        for (int64_t k = first; k <= last; ++k) {
            const double place = std::abs(static_cast<double>(k) - centre) * cutOff * kStepsPerCrossing;
            const auto i = std::min(static_cast<size_t>(place), table.size() - 2);
            const double part = place - static_cast<double>(i);
            sum += samples[static_cast<size_t>(k)] * (table[i] + part * (table[i + 1] - table[i]));
        }
        out[static_cast<size_t>(n)] = static_cast<float>(sum * cutOff);
    }
    return out;
}

PowerSpectrum::PowerSpectrum(size_t size) : m_reversed(size), m_re(size), m_im(size)
{
    ORRERY_ASSERT(size >= 2 && std::has_single_bit(size));
    for (size_t i = 1; i < size; ++i) m_reversed[i] = (m_reversed[i / 2] / 2) | (i % 2 ? size / 2 : 0);
    for (size_t k = 0; k < size / 2; ++k) {
        const double angle = 2 * kPi * static_cast<double>(k) / static_cast<double>(size);
        m_cosines.push_back(std::cos(angle));
        m_sines.push_back(std::sin(angle));
    }
}

void PowerSpectrum::compute(std::span<const float> signal, std::span<double> power)
{
    const size_t n = size();
    ORRERY_ASSERT(signal.size() == n && power.size() == n / 2 + 1);
    for (size_t i = 0; i < n; ++i) {
        m_re[i] = signal[m_reversed[i]];
        m_im[i] = 0;
    }
    for (size_t half = 1; half < n; half *= 2)
        for (size_t begin = 0; begin < n; begin += 2 * half)
            for (size_t k = 0; k < half; ++k) {
                const double c = m_cosines[k * (n / 2 / half)];
                const double s = m_sines[k * (n / 2 / half)];
                const size_t a = begin + k;
                const size_t b = a + half;
                const double re = m_re[b] * c + m_im[b] * s;
                const double im = m_im[b] * c - m_re[b] * s;
                m_re[b] = m_re[a] - re;
                m_im[b] = m_im[a] - im;
                m_re[a] += re;
                m_im[a] += im;
            }
    for (size_t k = 0; k <= n / 2; ++k) power[k] = m_re[k] * m_re[k] + m_im[k] * m_im[k];
}

std::vector<double> melFilters(const FrontEnd &f)
{
    auto hertz = [](double mel) { return 700 * (std::pow(10.0, mel / 2595) - 1); };
    const double highest = 2595 * std::log10(1 + static_cast<double>(f.rate) / 2 / 700);
    const auto numBins = static_cast<size_t>(f.window / 2 + 1);
    std::vector<double> weights(static_cast<size_t>(f.bands) * numBins, 0.0);
    for (int64_t band = 0; band < f.bands; ++band) {
        auto corner = [&](int64_t i) {
            return hertz(highest * static_cast<double>(band + i) / static_cast<double>(f.bands + 1));
        };
        const double left = corner(0);
        const double centre = corner(1);
        const double right = corner(2);
        for (size_t bin = 0; bin < numBins; ++bin) {
            const double frequency =
                static_cast<double>(bin) * static_cast<double>(f.rate) / static_cast<double>(f.window);
            const double weight =
                std::min((frequency - left) / (centre - left), (right - frequency) / (right - centre));
            weights[static_cast<size_t>(band) * numBins + bin] = std::max(0.0, weight);
        }
    }
    return weights;
}

std::vector<float> logMelTokens(std::span<const float> samples, const FrontEnd &f)
{
    const auto window = static_cast<size_t>(f.window);
    const size_t numBins = window / 2 + 1;
    const auto bands = static_cast<size_t>(f.bands);
    const std::vector<double> filters = melFilters(f);
    // A band is a few bins wide; the rest of its row is 0.
    std::vector<std::pair<size_t, size_t>> ranges(bands, {numBins, 0});
    for (size_t i = 0; i < filters.size(); ++i)
        if (filters[i] > 0) {
            auto &[first, last] = ranges[i / numBins];
            first = std::min(first, i % numBins);
            last = i % numBins + 1;
        }
    std::vector<double> hann(window);
    for (size_t i = 0; i < window; ++i)
        hann[i] = 0.5 - 0.5 * std::cos(2 * kPi * static_cast<double>(i) / static_cast<double>(window));
    // The window's weights sum to half its length; a full-scale sine then has |X| = window / 4.
    const double scale = 16.0 / (static_cast<double>(window) * static_cast<double>(window));

    const int64_t numTokens = f.numAudioTokens(static_cast<int64_t>(samples.size()));
    std::vector<float> out(static_cast<size_t>(numTokens * f.frameWidth()));
    PowerSpectrum spectrum(window);
    std::vector<float> frame(window);
    std::vector<double> power(numBins);
    for (size_t i = 0; i < static_cast<size_t>(numTokens * f.framesPerToken); ++i) {
        const size_t begin = i * static_cast<size_t>(f.hop);
        for (size_t k = 0; k < window; ++k)
            frame[k] = begin + k < samples.size() ? static_cast<float>(samples[begin + k] * hann[k]) : 0.0f;
        spectrum.compute(frame, power);
        for (size_t band = 0; band < bands; ++band) {
            double energy = 0;
            for (size_t bin = ranges[band].first; bin < ranges[band].second; ++bin)
                energy += filters[band * numBins + bin] * power[bin];
            const double decibels = 10 * std::log10(std::max(energy * scale, kFloorPower));
            out[i * bands + band] = static_cast<float>((decibels + 40) / 20);
        }
    }
    return out;
}

std::vector<float> logMelTokens(const Audio &audio, const FrontEnd &frontEnd)
{
    if (audio.rate == frontEnd.rate) return logMelTokens(std::span<const float>(audio.samples), frontEnd);
    return logMelTokens(std::span<const float>(resample(audio.samples, audio.rate, frontEnd.rate)), frontEnd);
}

} // namespace orrery
