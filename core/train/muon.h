// SPDX-License-Identifier: Apache-2.0
// Muon: the momentum of a matrix, orthogonalised, is its update, so that a step turns all directions alike
// and not only those with large gradients. For the matrices of attention and feed-forward networks; AdamW for
// all else (embeddings, head, norms, gates, and what plugins add beside these). Trainer thread only.
// Sources: Jordan et al. (2024), "Muon: An optimizer for hidden layers in neural networks" (momentum,
// polynomial); Liu et al. (2025), "Muon is scalable for LLM training", eq. 4 (updates as large as AdamW's, so
// that both have one rate).
#pragma once

#include "core/train/adamw.h"

#include <optional>
#include <string>
#include <vector>

namespace orrery {

class Muon final : public Optimizer {
public:
    Muon(const std::vector<nn::Parameter> &parameters, const OptimizerSpec &spec);
    void update(const UpdateSettings &settings) override;
    [[nodiscard]] int64_t numUpdates() const override { return m_numUpdates; }
    void setNumUpdates(int64_t numUpdates) override;
    /// "<parameter>.momentum", then AdamW's of the others
    std::vector<NamedTensor> state() override;

private:
    struct Matrix {
        std::string name;
        at::Tensor owner;    ///< the leaf that carries the gradient
        at::Tensor master;   ///< [R, C], a detached view of it
        at::Tensor momentum; ///< [R, C]
    };
    void updateMatrices(const UpdateSettings &settings);

    std::vector<std::vector<Matrix>> m_groups; ///< by shape: a group is orthogonalised in one go
    std::optional<AdamW> m_adamw;              ///< of all other parameters
    int64_t m_numUpdates = 0;
};

/// Whether Muon updates this parameter: a matrix of an attention or a feed-forward network of a block.
bool isHiddenMatrix(const nn::Parameter &parameter);

/// Singular vectors of each matrix with singular values between 0.68 and 1.13 in place of its own (those
/// below about a hundredth of the norm are reached in part only), by five steps of an odd polynomial.
/// @param x_BRC any floating dtype; zeros stay zeros
at::Tensor orthogonalised(const at::Tensor &x_BRC);

/// One matrix, one update, in double by loops: what the fast one is tested against.
/// @param weights, gradients, momentum R·C numbers, by rows
void referenceMuon(std::vector<float> &weights, const std::vector<float> &gradients,
                   std::vector<float> &momentum, int64_t numRows, int64_t numColumns,
                   const UpdateSettings &settings);

} // namespace orrery
