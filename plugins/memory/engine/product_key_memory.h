// SPDX-License-Identifier: Apache-2.0
// The semantic memory: N = n² values that a token reads a few of, found by products of two sets of n keys.
// Behind one layer; off: no parameter and no operation. Only the thread that owns the model. Axes: B batch, T
// tokens, C width, H reading heads, K slots of a head, N slots, n their square root, E half of a key's width.
//
//   q = norm(W_q x)               H heads, each in two halves q1, q2
//   score(i, j) = q1 · key1_i + q2 · key2_j; the best K of the K × K best of each half are the best K of all
//   n² y = W_2 ((Σ_heads Σ_K softmax(score) value) ⊙ silu(W_1 x));   W_2 begins as 0
//
// Source: Lample et al. (2019), "Large memory layers with product keys", section 3; the gate: Berges et al.
// (2024), "Memory layers at scale", section 3.2. Instead of a batch norm on the queries, whose running means
// would be state that is no parameter, each half is normed to length √E (they do likewise).
//
// Dropout of what is read: training leaves out some of a token's H·K values (the rest by 1 / (1 − p)), so that no few of them hold
// what is learned; a text that asks in other words and finds half of the same values then has the answer, too.
#pragma once

#include "core/nn/extension_points.h"
#include "core/nn/layers.h"

namespace orrery::memory {

struct SemanticSettings {
    int64_t numSlots = 0; ///< N; 0: off; a square number
    int64_t layer = -1;   ///< behind which it stands; −1: the one before the middle
    int64_t numHeads = 2; ///< H
    int64_t topK = 16;    ///< K, at most n
    double dropout = 0;   ///< share of the values read that training leaves out of a token's sum; below 1
};

/// What a pass read, for those who count (consolidation).
struct SlotReads {
    at::Tensor slots_NHK;   ///< int64; N = B·T tokens here
    at::Tensor weights_NHK; ///< of each head's softmax
};

class ProductKeyMemory final : public nn::ResidualModule {
public:
    ProductKeyMemory(nn::BuildContext &build, const SemanticSettings &settings);
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override;
    /// Which slots these tokens read. @param x_BTC the residual stream behind the layer
    [[nodiscard]] SlotReads reads(const at::Tensor &x_BTC, at::ScalarType dtype) const;

private:
    /// How many of the values a batch of a training reads, and how many any has read since the model was made.
    void noteUse(const at::Tensor &slots_NHK, nn::PassNotes &notes);

    SemanticSettings m_settings;
    int64_t m_layer = 0;
    int64_t m_side = 1; ///< n
    int64_t m_half = 1; ///< E
    nn::Norm m_norm;
    nn::Linear m_query, m_gate, m_output;
    nn::Weight m_keys, m_values;
    at::Tensor m_pairs_2R; ///< int64: of which sums of the best of each half the best K are
    at::Tensor m_isEverRead_N; ///< bool; undefined before the first batch that somebody listens to
};

/// @return nullptr where it has no place   @throw nn::SettingError: numSlots is no square, topK above
/// its root, no such layer
std::unique_ptr<nn::ResidualModule> makeProductKeyMemory(nn::BuildContext &build,
                                                         const SemanticSettings &settings);

} // namespace orrery::memory
