// SPDX-License-Identifier: Apache-2.0
// Weights of one kind side by side in one tensor, so that one product serves all groups of tokens
// (modality_groups.h), each with the weights of its modality. Copied together once per pass; gradients go back
// to the masters. Only the thread that owns the model.
#pragma once

#include "core/nn/parameter_store.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
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
    static constexpr int64_t kWhole = -1; ///< in place of a modality: of a stack that is not of groups

    /// It outlives this.
    explicit StackedWeights(ParameterStore &parameters) : m_parameters(parameters) {}
    /// @param shape for each group, or as it is  @return the number of a new stack; 0 wherever nothing is put
    size_t add(std::vector<int64_t> shape, StackUse use, bool isOfGroups);
    /// The parameter of this name fills the elements from `offset` on: of each group of a modality, or of a
    /// whole stack. @return false: there is none
    bool put(size_t stack, const std::string &name, int64_t modality, int64_t offset);
    /// Zeros where other modalities have something.
    void putZeros(size_t stack, int64_t count, int64_t modality, int64_t offset);
    /// All stacks, by number, as the masters are now: [groups, shape] or [shape]. Differentiable where gradients
    /// are enabled, until the next call, which fills the same tensors: autograd refuses a backward pass behind
    /// it. @param modalityOfGroup those of one modality side by side
    [[nodiscard]] std::vector<at::Tensor> make(at::ScalarType dtype, const std::vector<int64_t> &modalityOfGroup);

    /// Of one parameter, or of zeros, in a stack.
    struct Place {
        size_t stack = 0;
        int64_t modality = kWhole, offset = 0;
        int64_t parameter = -1; ///< −1: zeros
        at::Tensor zeros;
    };

private:
    struct Stack {
        std::vector<int64_t> shape;
        StackUse use;
        bool isOfGroups;
        at::Tensor tensor; ///< made when first asked for
    };
    /// What is copied where for one order of groups.
    struct Copies {
        std::vector<at::Tensor> to, from;
    };
    void makeStacks(at::ScalarType dtype, int64_t numGroups);
    void fill(const std::vector<int64_t> &modalityOfGroup);

    ParameterStore &m_parameters;
    std::vector<Stack> m_stacks;
    std::vector<Place> m_places;
    /// By order of groups and use; views of stacks and masters are dear to make anew.
    std::map<std::vector<int64_t>, std::map<StackUse, Copies>> m_copies;
};

} // namespace orrery::nn
