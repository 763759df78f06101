// SPDX-License-Identifier: Apache-2.0
// Text, image or audio by the bytes alone, where no signature says it: a multinomial logistic head over
// windowFeatures, calibrated, that says "unsure" below a threshold. Immutable; any thread.
#pragma once

#include "core/data/media/window_features.h"
#include "core/spec/modality.h"

#include <array>
#include <cstdint>
#include <span>

namespace orrery {

struct ModalityGuess {
    Modality modality = Modality::Unknown; ///< Unknown: unsure
    double confidence = 0;                 ///< probability of the likeliest modality
    std::array<double, kNumModalities> probabilities =
        {}; ///< by modalityIndex; what is missing to 1: none of them
};

/// A row per modality and one for "none of them", over the features and a constant.
inline constexpr size_t kNumHeadRows = kNumModalities + 1;
using HeadWeights = std::array<std::array<double, kNumWindowFeatures + 1>, kNumHeadRows>;

class ModalityHead {
public:
    /// Below this probability the answer is "unsure".
    static constexpr double kThreshold = 0.8;

    explicit ModalityHead(const HeadWeights &weights) : m_weights(weights) {}
    /// The head that was trained by `orrery-engine data detector train`.
    static const ModalityHead &builtIn();

    /// One window of kMinWindowBytes to kMaxWindowBytes. Unsure for a flat one.
    [[nodiscard]] ModalityGuess guess(std::span<const uint8_t> window) const;
    /// Up to 64 windows of 512 bytes spread over a longer stretch, by their mean log-probability; flat ones
    /// are passed over. Unsure below kMinWindowBytes.
    [[nodiscard]] ModalityGuess guessContent(std::span<const uint8_t> bytes) const;

    [[nodiscard]] const HeadWeights &weights() const { return m_weights; }

private:
    [[nodiscard]] std::array<double, kNumHeadRows> logProbabilities(const WindowFeatures &features) const;

    HeadWeights m_weights;
};

/// Weights made by the training command; in modality_table.cpp.
extern const HeadWeights kBuiltInHeadWeights;

} // namespace orrery
