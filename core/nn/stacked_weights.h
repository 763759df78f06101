// SPDX-License-Identifier: Apache-2.0
// Weights of one kind, of all modalities or layers, side by side in one tensor, so that one product serves all
// of them. Copied together once per pass; gradients go back to the masters. Only the thread that owns the
// model.
#pragma once

#include "core/nn/parameter_store.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::nn {

/// In which precision a stack is used.
enum class StackUse : uint8_t {
    Products, ///< ForwardContext::dtype
    Norms,    ///< preciseType() of it
};

class StackedWeights {
public:
    /// It outlives this.
    explicit StackedWeights(ParameterStore &parameters) : m_parameters(parameters) {}
    /// @return the number of a new stack of this shape; 0 wherever nothing is put
    size_t add(std::vector<int64_t> shape, StackUse use);
    /// The parameter of this name fills the elements of the stack from `offset` on. @return false: there is none
    bool put(size_t stack, const std::string &name, int64_t offset);
    /// All stacks, by number, as the masters are now. Differentiable where gradients are enabled.
    [[nodiscard]] std::vector<at::Tensor> make(at::ScalarType dtype);

    struct Place {
        size_t stack = 0;
        int64_t offset = 0;
    };

private:
    struct Stack {
        std::vector<int64_t> shape;
        StackUse use;
        at::Tensor tensor; ///< made when first asked for
    };
    void refresh(StackUse use, at::ScalarType dtype);

    ParameterStore &m_parameters;
    std::vector<Stack> m_stacks;
    std::vector<size_t> m_indices; ///< of the parameters that were put somewhere
    std::vector<Place> m_places;   ///< of these
};

} // namespace orrery::nn
