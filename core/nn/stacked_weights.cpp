// SPDX-License-Identifier: Apache-2.0
#include "core/nn/stacked_weights.h"

#include "core/nn/layers.h"

#include <c10/core/InferenceMode.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <numeric>

namespace orrery::nn {
namespace {

using Places = std::vector<StackedWeights::Place>;

/// The part of a stack that is one parameter's.
at::Tensor partOf(const at::Tensor &stack, int64_t offset, at::IntArrayRef shape)
{
    return stack.view(-1).narrow(0, offset, c10::multiply_integers(shape)).view(shape);
}

/// Gives the pass the stacks as they are and shares their gradients out.
struct Stacking : torch::autograd::Function<Stacking> {
    static torch::autograd::variable_list forward(torch::autograd::AutogradContext *context,
                                                  at::TensorList masters, const Places *places,
                                                  const std::vector<at::Tensor> *stacks)
    {
        context->set_materialize_grads(false);
        std::vector<int64_t> order, offsets, sizes; // of each master: its number of dimensions and these
        for (size_t i = 0; i < masters.size(); ++i) {
            order.push_back(static_cast<int64_t>((*places)[i].stack));
            offsets.push_back((*places)[i].offset);
            sizes.push_back(masters[i].dim());
            sizes.insert(sizes.end(), masters[i].sizes().begin(), masters[i].sizes().end());
        }
        context->saved_data["order"] = order;
        context->saved_data["offsets"] = offsets;
        context->saved_data["sizes"] = sizes;
        torch::autograd::variable_list out;
        for (const at::Tensor &stack : *stacks) out.push_back(stack.variable_data());
        return out;
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients)
    {
        const auto order = context->saved_data["order"].toIntVector();
        const auto offsets = context->saved_data["offsets"].toIntVector();
        const auto sizes = context->saved_data["sizes"].toIntVector();
        for (at::Tensor &gradient : gradients)
            if (gradient.defined()) gradient = gradient.to(gradient.scalar_type() == at::kDouble ? at::kDouble : at::kFloat).contiguous();
        torch::autograd::variable_list shares;
        size_t next = 0;
        for (size_t i = 0; i < order.size(); ++i) {
            const auto numDims = static_cast<size_t>(sizes[next]);
            const at::IntArrayRef shape(sizes.data() + next + 1, numDims);
            next += 1 + numDims;
            const at::Tensor &gradient = gradients[static_cast<size_t>(order[i])];
            shares.push_back(gradient.defined() ? partOf(gradient, offsets[i], shape).to(at::kFloat) : gradient);
        }
        shares.resize(order.size() + 2); // places and stacks have none
        return shares;
    }
};

} // namespace

size_t StackedWeights::add(std::vector<int64_t> shape, StackUse use)
{
    m_stacks.push_back({std::move(shape), use, {}});
    return m_stacks.size() - 1;
}

bool StackedWeights::put(size_t stack, const std::string &name, int64_t offset)
{
    const std::vector<Parameter> &parameters = m_parameters.parameters();
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const Parameter &parameter) { return parameter.name == name; });
    if (found == parameters.end()) return false;
    m_indices.push_back(static_cast<size_t>(found - parameters.begin()));
    m_places.push_back({stack, offset});
    return true;
}

void StackedWeights::refresh(StackUse use, at::ScalarType dtype)
{
    std::vector<at::Tensor> parts, masters;
    for (Stack &stack : m_stacks)
        if (stack.use == use && (!stack.tensor.defined() || stack.tensor.scalar_type() != dtype))
            stack.tensor = at::zeros(stack.shape, at::TensorOptions(dtype).device(m_parameters.device()));
    for (size_t i = 0; i < m_places.size(); ++i) {
        const Stack &stack = m_stacks[m_places[i].stack];
        if (stack.use != use) continue;
        const at::Tensor &master = m_parameters.parameters()[m_indices[i]].master;
        parts.push_back(partOf(stack.tensor, m_places[i].offset, master.sizes()));
        masters.push_back(master.detach());
    }
    if (!parts.empty()) at::_foreach_copy_(parts, masters);
}

std::vector<at::Tensor> StackedWeights::make(at::ScalarType dtype)
{
    {
        const c10::InferenceMode noInference(false);
        const at::NoGradGuard noGrad;
        refresh(StackUse::Products, dtype);
        refresh(StackUse::Norms, preciseType(dtype));
    }
    std::vector<at::Tensor> stacks;
    for (const Stack &stack : m_stacks) stacks.push_back(stack.tensor);
    if (!at::GradMode::is_enabled()) return stacks;
    std::vector<at::Tensor> masters;
    for (const size_t index : m_indices) masters.push_back(m_parameters.parameters()[index].master);
    return Stacking::apply(at::TensorList(masters), &std::as_const(m_places), &std::as_const(stacks));
}

} // namespace orrery::nn
