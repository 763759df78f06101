// SPDX-License-Identifier: Apache-2.0
#include "core/nn/stacked_weights.h"

#include "core/nn/layers.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/accumulate.h>
#include <c10/util/strides.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <utility>

namespace orrery::nn {
namespace {

constexpr size_t kMostOrders = 64; ///< of groups that are remembered

/// The part of a contiguous stack that is one parameter's, in one step: there are hundreds.
at::Tensor partOf(const at::Tensor &stack, int64_t offset, at::IntArrayRef shape)
{
    return stack.as_strided(shape, c10::contiguous_strides(shape), stack.storage_offset() + offset);
}

/// Where one master's gradient is: in each of its groups.
struct Share {
    size_t stack = 0;
    int64_t offset = 0, groupSize = 0, numGroups = 0; ///< of the first group; elements from one to the next
    std::vector<int64_t> shape;
};

/// The sums alone in fp32, as the masters are, side by side in a tensor of their own: what was added up goes.
void makePrecise(const std::vector<size_t> &which, int64_t numElements, torch::autograd::variable_list &gradients)
{
    const at::Tensor precise = at::empty({numElements}, gradients[which.front()].options().dtype(at::kFloat));
    std::vector<at::Tensor> to, from;
    int64_t offset = 0;
    for (const size_t index : which) {
        from.push_back(gradients[index]);
        to.push_back(partOf(precise, offset, from.back().sizes()));
        offset += from.back().numel();
    }
    at::_foreach_copy_(to, from);
    for (size_t i = 0; i < which.size(); ++i) gradients[which[i]] = to[i];
}

/// Gives the pass the stacks as they are and shares their gradients out.
struct Stacking : torch::autograd::Function<Stacking> {
    static torch::autograd::variable_list forward(torch::autograd::AutogradContext *context,
                                                  at::TensorList /*masters*/, const std::vector<Share> *shares,
                                                  const std::vector<at::Tensor> *stacks)
    {
        context->set_materialize_grads(false);
        std::vector<int64_t> flat; // of each master: where it is, its number of dimensions, and these
        for (const Share &share : *shares) {
            flat.insert(flat.end(), {static_cast<int64_t>(share.stack), share.offset, share.groupSize,
                                     share.numGroups, std::ssize(share.shape)});
            flat.insert(flat.end(), share.shape.begin(), share.shape.end());
        }
        context->saved_data["shares"] = flat;
        torch::autograd::variable_list out;
        // Not variable_data(): a later pass fills the same stacks, and autograd has to see it.
        for (const at::Tensor &stack : *stacks) out.push_back(stack.detach());
        return out;
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients)
    {
        for (at::Tensor &gradient : gradients)
            if (gradient.defined()) gradient = gradient.contiguous();
        const auto flat = context->saved_data["shares"].toIntVector();
        torch::autograd::variable_list all;
        std::vector<std::vector<at::Tensor>> sums, terms; // by number of the group behind the first
        std::vector<size_t> others;                       // of all: those that are not in fp32
        int64_t numOthers = 0;                            // elements
        for (size_t next = 0; next < flat.size();) {
            const at::Tensor &gradient = gradients[static_cast<size_t>(flat[next])];
            const int64_t offset = flat[next + 1], groupSize = flat[next + 2];
            const auto numGroups = static_cast<size_t>(flat[next + 3]);
            const auto numDims = static_cast<size_t>(flat[next + 4]);
            const at::IntArrayRef shape(flat.data() + next + 5, numDims);
            next += 5 + numDims;
            if (numGroups == 0 || !gradient.defined()) {
                all.emplace_back(); // its modality is absent
                continue;
            }
            all.push_back(partOf(gradient, offset, shape));
            if (gradient.scalar_type() != at::kFloat) {
                others.push_back(all.size() - 1);
                numOthers += all.back().numel();
            }
            if (sums.size() + 1 < numGroups) sums.resize(numGroups - 1), terms.resize(numGroups - 1);
            for (size_t k = 1; k < numGroups; ++k) {
                sums[k - 1].push_back(all.back());
                terms[k - 1].push_back(partOf(gradient, offset + static_cast<int64_t>(k) * groupSize, shape));
            }
        }
        for (size_t k = 0; k < sums.size(); ++k) at::_foreach_add_(sums[k], terms[k]);
        if (!others.empty()) makePrecise(others, numOthers, all);
        all.resize(all.size() + 2); // shares and stacks have none
        return all;
    }
};

} // namespace

size_t StackedWeights::add(std::vector<int64_t> shape, StackUse use, bool isOfGroups)
{
    m_stacks.push_back({std::move(shape), use, isOfGroups, {}});
    return m_stacks.size() - 1;
}

bool StackedWeights::put(size_t stack, const std::string &name, int64_t modality, int64_t offset)
{
    const std::vector<Parameter> &parameters = m_parameters.parameters();
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const Parameter &parameter) { return parameter.name == name; });
    if (found == parameters.end()) return false;
    m_places.push_back({stack, modality, offset, found - parameters.begin(), {}});
    return true;
}

void StackedWeights::putZeros(size_t stack, int64_t count, int64_t modality, int64_t offset)
{
    m_places.push_back({stack, modality, offset, -1,
                        at::zeros({count}, at::TensorOptions(at::kFloat).device(m_parameters.device()))});
}

void StackedWeights::makeStacks(at::ScalarType dtype, int64_t numGroups)
{
    for (Stack &stack : m_stacks) {
        const at::ScalarType type = stack.use == StackUse::Products ? dtype : preciseType(dtype);
        std::vector<int64_t> shape = stack.shape;
        if (stack.isOfGroups) shape.insert(shape.begin(), numGroups);
        if (stack.tensor.defined() && stack.tensor.scalar_type() == type && stack.tensor.sizes() == shape) continue;
        stack.tensor = at::zeros(shape, at::TensorOptions(type).device(m_parameters.device()));
        m_copies.clear();
    }
}

void StackedWeights::fill(const std::vector<int64_t> &modalityOfGroup)
{
    if (m_copies.size() > kMostOrders) m_copies.clear();
    std::map<StackUse, Copies> &copies = m_copies[modalityOfGroup];
    if (copies.empty())
        for (const Place &place : m_places) {
            const Stack &stack = m_stacks[place.stack];
            const int64_t groupSize = c10::multiply_integers(stack.shape);
            const at::Tensor from = place.parameter < 0
                                        ? place.zeros
                                        : m_parameters.parameters()[static_cast<size_t>(place.parameter)].master.detach();
            for (size_t k = 0; k < (stack.isOfGroups ? modalityOfGroup.size() : 1); ++k) {
                if (stack.isOfGroups && modalityOfGroup[k] != place.modality) continue;
                copies[stack.use].to.push_back(
                    partOf(stack.tensor, static_cast<int64_t>(k) * groupSize + place.offset, from.sizes()));
                copies[stack.use].from.push_back(from);
            }
        }
    for (auto &[use, copy] : copies) at::_foreach_copy_(copy.to, copy.from);
}

std::vector<at::Tensor> StackedWeights::make(at::ScalarType dtype, const std::vector<int64_t> &modalityOfGroup)
{
    {
        const c10::InferenceMode noInference(false);
        const at::NoGradGuard noGrad;
        makeStacks(dtype, std::ssize(modalityOfGroup));
        fill(modalityOfGroup);
    }
    std::vector<at::Tensor> stacks;
    for (const Stack &stack : m_stacks) stacks.push_back(stack.tensor);
    if (!at::GradMode::is_enabled()) return stacks;
    std::vector<at::Tensor> masters;
    std::vector<Share> shares;
    for (const Place &place : m_places) {
        if (place.parameter < 0) continue;
        const Stack &stack = m_stacks[place.stack];
        const int64_t groupSize = c10::multiply_integers(stack.shape);
        const auto first = std::find(modalityOfGroup.begin(), modalityOfGroup.end(), place.modality);
        const int64_t numGroups =
            stack.isOfGroups ? std::count(modalityOfGroup.begin(), modalityOfGroup.end(), place.modality) : 1;
        const int64_t begin = stack.isOfGroups ? (first - modalityOfGroup.begin()) * groupSize : 0;
        masters.push_back(m_parameters.parameters()[static_cast<size_t>(place.parameter)].master);
        shares.push_back({place.stack, begin + place.offset, groupSize, numGroups, masters.back().sizes().vec()});
    }
    return Stacking::apply(at::TensorList(masters), &std::as_const(shares), &std::as_const(stacks));
}

} // namespace orrery::nn
