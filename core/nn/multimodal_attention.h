// SPDX-License-Identifier: Apache-2.0
// Self-attention with projections of each modality's own and one softmax over all tokens. To the score of
// query i and key j it adds log softplus(cross_modal_weights[h, m(i), m(j)]) and log r(j), the learned
// reliability of the picture or recording that j belongs to. Both are folded into extra query and key
// dimensions, so the fused kernels apply. Only the thread that owns the model. Axes: N = B·T tokens in sorted
// order (ModalityLayout). Source: Liang et al. (2024), "Mixture-of-Transformers"; the bias and the gate are
// the specification's (1.2).
#pragma once

#include "core/nn/attention_core.h"
#include "core/nn/extension_points.h"
#include "core/nn/layers.h"
#include "core/nn/modality_input.h"

namespace orrery::nn {

/// Extra key dimensions of a multi-modal model: one per modality and one for the gate, rounded up to a
/// multiple of 8 for the kernels; 0 for a model of one modality.
int64_t extraKeyWidth(const ModelSpec &spec);

class MultiModalAttention {
public:
    explicit MultiModalAttention(BuildContext &build);
    /// @param x_NC normalised input, sorted by modality   @return [N, C] sorted, in context.dtype
    [[nodiscard]] at::Tensor forward(const at::Tensor &x_NC, const ModalityInput &input,
                                     const ForwardContext &context, double dropout) const;

private:
    struct Projection {
        Linear qkv;
        Norm qNorm, kNorm;
        Linear output;
        Weight gate, gateBias; ///< of modalities other than text
    };
    struct Projected {
        at::Tensor q_NHD, k_NHD, v_NHD; ///< in flat order, without positions
    };
    [[nodiscard]] Projected project(const at::Tensor &x_NC, const ModalityInput &input,
                                    const ForwardContext &context) const;
    /// With positions, as the tokens stand in their sequences.
    [[nodiscard]] at::Tensor placed(const at::Tensor &x_NHD, const ModalityLayout &layout,
                                    const ForwardContext &context) const;
    [[nodiscard]] at::Tensor queryExtra(const ModalityInput &input, at::ScalarType dtype) const;
    [[nodiscard]] at::Tensor keyExtra(const at::Tensor &x_NC, const ModalityInput &input,
                                      at::ScalarType dtype) const;
    [[nodiscard]] at::Tensor logReliability(const at::Tensor &x_NC, const ModalityInput &input,
                                            at::ScalarType dtype) const;

    int64_t m_layer = 0, m_numHeads = 1, m_headWidth = 1, m_numModalities = 1, m_extraWidth = 0;
    bool m_hasQkNorm = false;
    SharedTables &m_tables;
    std::vector<Projection> m_projections;
    std::vector<std::unique_ptr<AttentionSource>> m_sources;
    Weight m_crossModal; ///< [H, M, M], raw: softplus makes it positive
};

} // namespace orrery::nn
