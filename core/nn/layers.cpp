// SPDX-License-Identifier: Apache-2.0
#include "core/nn/layers.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include <cmath>

namespace orrery::nn {
namespace {

/// @param sense 1, or −1 for the way back
at::Tensor rotate(const at::Tensor &x_BTHD, const at::Tensor &cos_T1D, const at::Tensor &sin_T1D, int sense)
{
    const int64_t half = x_BTHD.size(-1) / 2;
    at::Tensor out = at::empty(x_BTHD.sizes(), x_BTHD.options().memory_format(at::MemoryFormat::Contiguous));
    at::Tensor outHalves = out.unflatten(-1, {2, half});
    at::mul_out(outHalves, x_BTHD.unflatten(-1, {2, half}), cos_T1D.unsqueeze(-2));
    out.narrow(-1, 0, half).addcmul_(x_BTHD.narrow(-1, half, half), sin_T1D, -sense);
    out.narrow(-1, half, half).addcmul_(x_BTHD.narrow(-1, 0, half), sin_T1D, sense);
    return out;
}

/// The gradient of a rotation is the rotation back: nothing but the tables is kept.
struct Rope : torch::autograd::Function<Rope> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x_BTHD,
                              const at::Tensor &cos, const at::Tensor &sin)
    {
        context->save_for_backward({cos, sin});
        return rotate(x_BTHD, cos, sin, 1);
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        return {rotate(gradients[0], saved[0], saved[1], -1), at::Tensor(), at::Tensor()};
    }
};

} // namespace

Linear::Linear(ParameterStore &parameters, const std::string &name, int64_t from, int64_t to, bool hasBias,
               float deviation)
    : m_weight(parameters.add(name + ".weight", {to, from}, ParameterInit::normal(deviation)))
{
    if (hasBias) m_bias = parameters.add(name + ".bias", {to}, ParameterInit::zeros());
}

at::Tensor Linear::forward(const at::Tensor &x, at::ScalarType dtype) const
{
    return at::linear(x.to(dtype), m_weight.as(dtype), m_bias.as(dtype));
}

Norm::Norm(ParameterStore &parameters, const std::string &name, const std::string &kind, int64_t width)
    : Norm(parameters, name, kind, width, ModelSpec{})
{
}

Norm::Norm(ParameterStore &parameters, const std::string &name, const std::string &kind, int64_t width,
           const ModelSpec &spec)
    : m_weight(parameters.add(name + ".weight", {width}, ParameterInit::ones())), m_width(width),
      m_epsilon(normEpsilon(spec, kind == "layernorm")), m_isLayerNorm(kind == "layernorm")
{
    if (m_isLayerNorm) m_bias = parameters.add(name + ".bias", {width}, ParameterInit::zeros());
}

at::Tensor Norm::forward(const at::Tensor &x, at::ScalarType dtype) const
{
    const at::ScalarType precise = preciseType(dtype);
    if (m_isLayerNorm)
        return at::layer_norm(x.to(precise), {m_width}, m_weight.as(precise), m_bias.as(precise), m_epsilon);
    return at::rms_norm(x.to(precise), {m_width}, m_weight.as(precise), m_epsilon);
}

float residualDeviation(int64_t layers)
{
    return kInitDeviation / std::sqrt(2.0f * static_cast<float>(layers));
}

at::Tensor applyRope(const at::Tensor &x_BTHD, const at::Tensor &cos_TD, const at::Tensor &sin_TD)
{
    const at::Tensor cos_T1D = cos_TD.unsqueeze(1).to(x_BTHD.scalar_type());
    const at::Tensor sin_T1D = sin_TD.unsqueeze(1).to(x_BTHD.scalar_type());
    if (!at::GradMode::is_enabled()) return rotate(x_BTHD, cos_T1D, sin_T1D, 1);
    return Rope::apply(x_BTHD, cos_T1D, sin_T1D);
}

at::Tensor ropeFrequencies(const ModelSpec &spec)
{
    const int64_t width = headWidth(spec);
    const at::Tensor plain_D =
        at::pow(spec.ropeTheta, at::arange(width / 2, at::kDouble) * (-2.0 / static_cast<double>(width)));
    const RopeScaling &scaling = spec.ropeScaling;
    if (scaling.factor == 1) return plain_D;
    // How often a pair turns within the first context; between the two factors lies a line.
    const at::Tensor turns_D = plain_D * (static_cast<double>(scaling.originalContext) / (2 * M_PI));
    const at::Tensor kept_D =
        ((turns_D - scaling.lowFactor) / (scaling.highFactor - scaling.lowFactor)).clamp(0, 1);
    return plain_D * ((1 - kept_D) / scaling.factor + kept_D);
}

std::pair<at::Tensor, at::Tensor> makeRopeTables(const ModelSpec &spec, at::Device device)
{
    const at::NoGradGuard noGrad;
    const at::Tensor angle = at::outer(at::arange(spec.context, at::kDouble), ropeFrequencies(spec));
    return {angle.cos().to(at::kFloat).to(device), angle.sin().to(at::kFloat).to(device)};
}

} // namespace orrery::nn
