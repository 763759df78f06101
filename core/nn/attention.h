// SPDX-License-Identifier: Apache-2.0
// Self-attention with packed projections, optional QK-norm and rotary positions, and a key/value cache;
// causal unless the pass has another mask. Several heads of queries may share one of keys and values. Only
// the thread that owns the model. Axes: G heads of keys and values.
#pragma once

#include "core/nn/attention_core.h"
#include "core/nn/layers.h"

namespace orrery::nn {

class CausalAttention {
public:
    explicit CausalAttention(BuildContext &build);
    /// @param x_BTC normalised input   @param dropout of the attention probabilities, used in training only
    /// @return [B, T, C] in context.dtype
    [[nodiscard]] at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &context,
                                     double dropout) const;

private:
    struct Projected {
        at::Tensor q_BTHD, k_BTGD, v_BTGD; ///< queries and keys normed, without positions
    };
    [[nodiscard]] Projected project(const at::Tensor &x_BTC, const ForwardContext &context) const;
    [[nodiscard]] Heads placed(const Projected &plain, const ForwardContext &context) const;

    int64_t m_layer = 0;
    int64_t m_numHeads = 1, m_numKeyHeads = 1;
    int64_t m_headWidth = 1;
    bool m_hasQkNorm = false;
    SharedTables &m_tables;
    Linear m_qkv;
    Norm m_qNorm;
    Norm m_kNorm;
    Linear m_output;
    std::vector<std::unique_ptr<AttentionSource>> m_sources;
};

} // namespace orrery::nn
