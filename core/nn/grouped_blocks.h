// SPDX-License-Identifier: Apache-2.0
// The blocks of a model with weights of each modality's own, computed for all modalities at once: the same
// numbers as block by block over slices (multimodal_block.h, the reference), with as many operations as a plain
// block has and a few more. For passes that nobody looks at and that keep nothing, over parts of the engine's
// own. Only the thread that owns the model. Axes: M modalities, G groups, P rows of each, N = B·T tokens in flat order, S
// segments, L layers, H heads, D head width, E extra dimensions (extraKeyWidth).
#pragma once

#include "core/nn/attention_core.h"
#include "core/nn/modality_groups.h"
#include "core/nn/stacked_weights.h"

namespace orrery::nn {

class GroupedBlocks {
public:
    /// Whether all parts of such a model are the engine's own.
    static bool supports(const ModelSpec &spec);
    /// Behind the blocks, whose parameters it reads by their names. All outlive it.
    GroupedBlocks(const ModelSpec &spec, ParameterStore &parameters, SharedTables &tables);
    /// @param x_BTC the stream that the first layer reads   @return what the final norm reads
    [[nodiscard]] at::Tensor forward(const at::Tensor &x_BTC, const ModalityLayout &layout,
                                     const ForwardContext &context);

private:
    /// Numbers of stacks. A bias is −1 where the model has none.
    struct Affine {
        size_t weight = 0;
        int64_t bias = -1;
    };
    struct Layer {
        Affine attentionNorm, ffnNorm, qkv, output, up, down;
        size_t qkNorms = 0; ///< [M, 2·D]
    };
    /// What the layers of one pass share.
    struct Pass {
        const ModalityLayout &layout;
        const ForwardContext &context;
        ModalityGroups groups;
        std::vector<at::Tensor> stacks;
        std::vector<at::Tensor> queryExtra_NHE; ///< by layer
        std::vector<at::Tensor> gateBias_S;     ///< by layer
    };

    [[nodiscard]] Affine addLinear(int64_t layer, const std::string &name, int64_t from, int64_t stackedTo);
    [[nodiscard]] Affine addNorm(int64_t layer, const std::string &name);
    void addExtras();
    void prepareExtras(Pass &pass) const;
    [[nodiscard]] at::Tensor normed(const at::Tensor &x_GPC, const Affine &norm, const Pass &pass) const;
    [[nodiscard]] at::Tensor linear(const at::Tensor &x_GPC, const Affine &weights, const Pass &pass) const;
    [[nodiscard]] at::Tensor attended(const at::Tensor &x_GPC, int64_t layer, const Pass &pass) const;
    [[nodiscard]] at::Tensor placedHeads(const at::Tensor &qk_NF, const Layer &layer, const Pass &pass) const;
    [[nodiscard]] at::Tensor logReliability(const at::Tensor &gate_N1, int64_t layer, const Pass &pass) const;
    [[nodiscard]] at::Tensor fed(const at::Tensor &x_GPC, const Layer &layer, const Pass &pass) const;
    [[nodiscard]] at::Tensor addBranch(const at::Tensor &x_GPC, const at::Tensor &branch_GPC, int64_t layer,
                                       uint32_t place, const Pass &pass) const;

    const ModelSpec &m_spec;
    SharedTables &m_tables;
    int64_t m_numHeads, m_headWidth, m_numModalities, m_extraWidth;
    StackedWeights m_weights;
    std::vector<Layer> m_layers;
    size_t m_crossModal = 0; ///< [L, H, M, M]
    size_t m_gateBias = 0;   ///< [L, M]; 0 for text
};

} // namespace orrery::nn
