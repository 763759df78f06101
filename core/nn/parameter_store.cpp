// SPDX-License-Identifier: Apache-2.0
#include "core/nn/parameter_store.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <torch/autograd.h>
#include <torch/types.h>

namespace orrery::nn {
namespace {

/// Gives the forward pass the cached copy and lets the gradient flow to the master in the master's precision,
/// so that accumulation over micro-batches adds in fp32 and no cast is done twice.
struct CachedCast : torch::autograd::Function<CachedCast> {
    static at::Tensor forward(torch::autograd::AutogradContext *, const at::Tensor &, const at::Tensor &copy)
    {
        return copy.variable_data();
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *,
                                                   torch::autograd::variable_list gradients)
    {
        return {gradients[0].to(at::kFloat), at::Tensor()};
    }
};

constexpr uint32_t kFirstPartStream = 1u << 24;

void fillNormal(float *out, int64_t count, const CounterRng &rng, float deviation)
{
    at::parallel_for(0, count, 16384, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) out[i] = deviation * rng.normal(static_cast<uint64_t>(i));
    });
}

} // namespace

at::Tensor Weight::as(at::ScalarType dtype) const
{
    return m_store ? m_store->use(m_index, dtype) : at::Tensor();
}

Weight ParameterStore::add(const std::string &name, at::IntArrayRef shape, const ParameterInit &init)
{
    const at::NoGradGuard noGrad;
    const size_t index = m_parameters.size();
    const auto stream = m_partDepth > 0 ? kFirstPartStream + m_numPartParameters++
                                        : static_cast<uint32_t>(index) - m_numPartParameters;
    at::Tensor tensor = at::full(shape, init.value, at::kFloat);
    if (init.kind == ParameterInit::Kind::Normal) {
        const CounterRng rng({.seed = m_seed, .layer = stream, .purpose = RngPurpose::WeightInit});
        fillNormal(tensor.data_ptr<float>(), tensor.numel(), rng, init.value);
    }
    tensor = tensor.to(m_device);
    tensor.set_requires_grad(true);
    m_parameters.push_back({name, tensor, shape.size() == 2});
    m_copies.emplace_back();
    return {this, index};
}

at::Tensor ParameterStore::use(size_t index, at::ScalarType dtype)
{
    const at::Tensor &master = m_parameters[index].master;
    if (dtype == at::kFloat) return master;
    Copy &copy = m_copies[index];
    if (!copy.tensor.defined() || copy.tensor.scalar_type() != dtype) {
        // Not of a pass without gradients, should one come first: later ones have them.
        const c10::InferenceMode noInference(false);
        const at::NoGradGuard noGrad;
        copy = {master.detach().to(dtype), m_version};
    } else if (copy.version != m_version) {
        // All together: on a GPU each by itself would be an operation of its own.
        const at::NoGradGuard noGrad;
        std::vector<at::Tensor> copies, masters;
        for (size_t i = 0; i < m_copies.size(); ++i) {
            if (!m_copies[i].tensor.defined() || m_copies[i].version == m_version) continue;
            m_copies[i].version = m_version;
            copies.push_back(m_copies[i].tensor);
            masters.push_back(m_parameters[i].master.detach());
        }
        at::_foreach_copy_(copies, masters);
    }
    return at::GradMode::is_enabled() ? CachedCast::apply(master, copy.tensor) : copy.tensor;
}

} // namespace orrery::nn
