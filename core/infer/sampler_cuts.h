// SPDX-License-Identifier: Apache-2.0
// What stands between the logits of a position and the draw: the penalty on logits, then cuts on weights,
// which are probabilities up to a common factor (0: cut). Each leaves one token at least. Pure functions, no
// torch; any thread. sampler.h has their order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace orrery {

/// More probable first; the lower id on a tie. Makes every order here unique.
struct MoreProbable {
    const std::vector<double> &weight_V;
    bool operator()(int32_t a, int32_t b) const
    {
        const double wa = weight_V[static_cast<size_t>(a)];
        const double wb = weight_V[static_cast<size_t>(b)];
        return wa != wb ? wa > wb : a < b;
    }
};

double sumOf(const std::vector<double> &weight_V);
std::vector<int32_t> allIds(size_t numIds);

/// Logits with those of the tokens in the last `window` of `history` (0: in all of it) divided by `penalty`
/// where they are above 0, multiplied where below. A token counts once, however often it was said; ids
/// without a logit (patches of pictures) do not count. Source: Keskar et al. (2019), "CTRL: A Conditional
/// Transformer Language Model for Controllable Generation", section 4.1; differs from it by multiplying below
/// 0, where a division would reward, and by the window.
std::vector<double> penalizedLogits(std::span<const float> logits_V, std::span<const int32_t> history,
                                    double penalty, int64_t window);

/// Keeps the k most probable. @param topK 0: all
void cutTopK(std::vector<double> &weight_V, int64_t topK);

/// Keeps the fewest most probable whose share reaches topP. @param topP 1: all
/// Source: Holtzman et al. (2020), "The Curious Case of Neural Text Degeneration".
void cutTopP(std::vector<double> &weight_V, double topP);

/// Keeps those of at least minP times the probability of the most probable one. @param minP 0: all
/// Source: Nguyen et al. (2024), "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs".
void cutMinP(std::vector<double> &weight_V, double minP);

/// Keeps the fewest whose share reaches typicalP, those first whose surprise −log p is nearest to the
/// entropy: the most probable token may go. @param typicalP 1: all Source: Meister et al. (2023), "Locally
/// Typical Sampling", section 4.2.
void cutTypical(std::vector<double> &weight_V, double typicalP);

} // namespace orrery
