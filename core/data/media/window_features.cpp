// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/window_features.h"

#include "core/base/assert.h"
#include "core/base/text.h"
#include "core/data/corpus_listing.h"
#include "core/data/media/log_mel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>
#include <vector>

namespace orrery {

namespace {

using Bytes = std::span<const uint8_t>;

bool isPrintable(uint8_t b) { return (b >= 0x20 && b < 0x7f) || b == '\t' || b == '\n' || b == '\r'; }
bool isBlank(uint8_t b) { return b == ' ' || b == '\t' || b == '\n' || b == '\r'; }
bool isLetter(uint8_t b) { return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z'); }
bool isDigit(uint8_t b) { return b >= '0' && b <= '9'; }

template <typename Test> double share(Bytes bytes, const Test &test)
{
    return static_cast<double>(std::count_if(bytes.begin(), bytes.end(), test)) /
           static_cast<double>(bytes.size());
}

std::array<size_t, 256> histogram(Bytes bytes, size_t first, size_t step)
{
    std::array<size_t, 256> counts = {};
    for (size_t i = first; i < bytes.size(); i += step) ++counts[bytes[i]];
    return counts;
}

/// In bits, over what so many bytes could have at most.
double entropy(Bytes bytes, size_t first = 0, size_t step = 1)
{
    const auto counts = histogram(bytes, first, step);
    const auto total = static_cast<double>((bytes.size() - first + step - 1) / step);
    double bits = 0;
    for (size_t count : counts)
        if (count > 0) {
            const double p = static_cast<double>(count) / total;
            bits -= p * std::log2(p);
        }
    return bits / std::log2(std::min(total, 256.0));
}

/// 0 for a signal without deviation.
double autocorrelation(std::span<const float> signal, size_t lag)
{
    double mean = 0;
    for (float value : signal) mean += value;
    mean /= static_cast<double>(signal.size());
    double power = 0;
    double product = 0;
    for (size_t i = 0; i < signal.size(); ++i) {
        power += (signal[i] - mean) * (signal[i] - mean);
        if (i >= lag) product += (signal[i] - mean) * (signal[i - lag] - mean);
    }
    return power > 0 ? product / power : 0;
}

/// Geometric over arithmetic mean of the powers without the constant part: near 0 for tones, 0.5 and more for
/// noise; 1 for a signal without deviation.
double spectralFlatness(std::span<const float> signal)
{
    const size_t size = std::bit_floor(signal.size());
    std::vector<double> power(size / 2 + 1);
    PowerSpectrum(size).compute(signal.first(size), power);
    double logSum = 0;
    double sum = 0;
    for (size_t k = 1; k < power.size(); ++k) {
        logSum += std::log(power[k] + 1e-9);
        sum += power[k] + 1e-9;
    }
    const auto count = static_cast<double>(size / 2);
    return std::exp(logSum / count) / (sum / count);
}

/// Mean distance on the circle of 256 values between bytes `lag` apart, among every `step`-th one.
double meanDistance(Bytes bytes, size_t lag, size_t first = 0, size_t step = 1)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = first + lag; i < bytes.size(); i += step, ++count)
        sum += std::abs(static_cast<int>(static_cast<int8_t>(bytes[i] - bytes[i - lag])));
    return count > 0 ? sum / static_cast<double>(count) / 64 : 0;
}

std::vector<float> samplesFrom(Bytes bytes, size_t first)
{
    std::vector<float> samples;
    for (size_t i = first; i + 1 < bytes.size(); i += 2)
        samples.push_back(static_cast<int16_t>(bytes[i] | bytes[i + 1] << 8) / 32768.0f);
    return samples;
}

/// Bytes of well-formed characters, not counting a character that the front or the end cuts.
double utf8Share(Bytes bytes)
{
    std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    for (size_t i = 0; i < 3 && !text.empty() && (text.front() & 0xc0) == 0x80; ++i) text.remove_prefix(1);
    text.remove_suffix(incompleteUtf8Tail(text));
    const size_t total = text.size();
    size_t good = 0;
    while (!text.empty()) {
        size_t length = 1;
        while (length < 4 && length < text.size() && (text[length] & 0xc0) == 0x80) ++length;
        if (isValidUtf8(text.substr(0, length))) good += length;
        text.remove_prefix(length);
    }
    return total > 0 ? static_cast<double>(good) / static_cast<double>(total) : 0;
}

} // namespace

bool isFlatWindow(Bytes bytes)
{
    constexpr ptrdiff_t kFewest = 4;
    const auto counts = histogram(bytes, 0, 1);
    return 256 - std::count(counts.begin(), counts.end(), size_t{0}) < kFewest;
}

WindowFeatures windowFeatures(Bytes bytes)
{
    ORRERY_ASSERT(bytes.size() >= kMinWindowBytes && bytes.size() <= kMaxWindowBytes);
    WindowFeatures features = {};
    size_t next = 0;
    auto put = [&](double value) { features[next++] = value; };

    put(entropy(bytes));
    put(share(bytes, isPrintable));
    put(share(bytes, [](uint8_t b) { return b >= 0x80; }));
    const double utf8 = utf8Share(bytes);
    put(utf8);
    put(share(bytes, [](uint8_t b) { return isLetter(b) || isBlank(b); }));
    put(share(bytes, isBlank));
    put(share(bytes, isDigit));
    put(share(bytes, [](uint8_t b) { return b == 0 || b == 0xff; }));

    const std::vector<float> values(bytes.begin(), bytes.end());
    for (size_t lag = 1; lag <= 4; ++lag) put(autocorrelation(values, lag));
    // Of the two alignments, the one whose spectrum has more shape is that of the samples, if there are any.
    std::vector<float> samples = samplesFrom(bytes, 0);
    std::vector<float> others = samplesFrom(bytes, 1);
    double flatness = spectralFlatness(samples);
    if (const double other = spectralFlatness(others); other < flatness) {
        std::swap(samples, others);
        flatness = other;
    }
    double strongest = 0;
    for (size_t lag = 1; lag <= 4; ++lag) {
        const double value = autocorrelation(samples, lag);
        strongest = std::max(strongest, std::abs(value));
        put(value);
    }
    put(strongest);

    std::vector<float> thirds;
    for (size_t i = 0; i < values.size(); i += 3) thirds.push_back(values[i]);
    put(spectralFlatness(values));
    put(flatness);
    put(spectralFlatness(thirds));

    for (size_t lag = 1; lag <= 3; ++lag) put(meanDistance(bytes, lag));
    const double even = meanDistance(bytes, 2, 0, 2);
    const double odd = meanDistance(bytes, 2, 1, 2);
    put(std::min(even, odd));
    put(std::max(even, odd));
    const double evenBits = entropy(bytes, 0, 2);
    const double oddBits = entropy(bytes, 1, 2);
    put(std::min(evenBits, oddBits));
    put(std::max(evenBits, oddBits));
    put(static_cast<double>(std::count_if(samples.begin(), samples.end(),
                                          [](float sample) { return std::abs(sample) < 0.125f; })) /
        static_cast<double>(samples.size()));

    double mean = 0;
    double squares = 0;
    for (float value : values) {
        mean += value;
        squares += static_cast<double>(value) * value;
    }
    mean /= static_cast<double>(values.size());
    put(mean / 255);
    put(std::sqrt(std::max(0.0, squares / static_cast<double>(values.size()) - mean * mean)) / 128);
    const auto counts = histogram(bytes, 0, 1);
    put(static_cast<double>(256 - std::count(counts.begin(), counts.end(), size_t{0})) /
        static_cast<double>(std::min<size_t>(bytes.size(), 256)));
    const bool hasControls =
        std::any_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b < 0x80 && !isPrintable(b); });
    put(utf8 == 1 && !hasControls ? 1 : 0);
    ORRERY_ASSERT(next == kNumWindowFeatures);
    return features;
}

} // namespace orrery
