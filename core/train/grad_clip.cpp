// SPDX-License-Identifier: Apache-2.0
#include "core/train/grad_clip.h"

#include <torch/types.h>

namespace orrery {
namespace {

std::vector<at::Tensor> gradientsOf(const std::vector<nn::Parameter> &parameters)
{
    std::vector<at::Tensor> gradients;
    gradients.reserve(parameters.size());
    for (const nn::Parameter &parameter : parameters)
        if (parameter.master.grad().defined()) gradients.push_back(parameter.master.grad());
    return gradients;
}

} // namespace

at::Tensor gradientNorm(const std::vector<nn::Parameter> &parameters)
{
    const at::NoGradGuard noGrad;
    const std::vector<at::Tensor> gradients = gradientsOf(parameters);
    if (gradients.empty()) return at::zeros({}, parameters.front().master.options().requires_grad(false));
    return at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients)));
}

void clipGradients(const std::vector<nn::Parameter> &parameters, double norm, double largest)
{
    if (largest <= 0 || norm <= largest) return;
    const at::NoGradGuard noGrad;
    at::_foreach_mul_(gradientsOf(parameters), largest / (norm + 1e-6));
}

} // namespace orrery
