// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/modality_head.h"

#include <algorithm>
#include <cmath>

namespace orrery {

namespace {

constexpr size_t kContentWindow = 512;
constexpr size_t kMaxContentWindows = 64;

ModalityGuess decide(const std::array<double, kNumHeadRows> &logs)
{
    ModalityGuess guess;
    for (size_t i = 0; i < kNumModalities; ++i) guess.probabilities[i] = std::exp(logs[i]);
    const auto best = std::max_element(guess.probabilities.begin(), guess.probabilities.end());
    guess.confidence = *best;
    if (*best >= ModalityHead::kThreshold)
        guess.modality = kModalities[static_cast<size_t>(best - guess.probabilities.begin())];
    return guess;
}

/// In place: minus the logarithm of the sum of exponentials.
void normalizeLogs(std::array<double, kNumHeadRows> &logs)
{
    const double largest = *std::max_element(logs.begin(), logs.end());
    double sum = 0;
    for (double value : logs) sum += std::exp(value - largest);
    for (double &value : logs) value -= largest + std::log(sum);
}

} // namespace

const ModalityHead &ModalityHead::builtIn()
{
    static const ModalityHead head(kBuiltInHeadWeights);
    return head;
}

std::array<double, kNumHeadRows> ModalityHead::logProbabilities(const WindowFeatures &features) const
{
    std::array<double, kNumHeadRows> logs = {};
    for (size_t row = 0; row < kNumHeadRows; ++row) {
        logs[row] = m_weights[row][kNumWindowFeatures];
        for (size_t i = 0; i < kNumWindowFeatures; ++i) logs[row] += m_weights[row][i] * features[i];
    }
    normalizeLogs(logs);
    return logs;
}

ModalityGuess ModalityHead::guess(std::span<const uint8_t> window) const
{
    if (isFlatWindow(window)) return {};
    return decide(logProbabilities(windowFeatures(window)));
}

ModalityGuess ModalityHead::guessContent(std::span<const uint8_t> bytes) const
{
    if (bytes.size() < kMinWindowBytes) return {};
    const size_t size = std::min(bytes.size(), kContentWindow);
    const size_t count = std::clamp<size_t>(bytes.size() / size, 1, kMaxContentWindows);
    std::array<double, kNumHeadRows> sums = {};
    size_t numUsed = 0;
    for (size_t i = 0; i < count; ++i) {
        // Even places, so that samples of 16 bit stay aligned.
        const size_t begin = count == 1 ? 0 : (bytes.size() - size) / (count - 1) * i / 2 * 2;
        const auto window = bytes.subspan(begin, size);
        if (isFlatWindow(window)) continue;
        const auto logs = logProbabilities(windowFeatures(window));
        for (size_t row = 0; row < kNumHeadRows; ++row) sums[row] += logs[row];
        ++numUsed;
    }
    if (numUsed == 0) return {};
    for (double &sum : sums) sum /= static_cast<double>(numUsed);
    normalizeLogs(sums);
    return decide(sums);
}

} // namespace orrery
