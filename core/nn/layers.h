// SPDX-License-Identifier: Apache-2.0
// The layers that everything is made of. Only the thread that owns the model. Axes: B batch, T tokens, C
// width, D head width.
#pragma once

#include "core/nn/parameter_store.h"
#include "core/spec/model_shape.h"

namespace orrery::nn {

inline constexpr double kRmsNormEpsilon = kRmsNormEps;
inline constexpr float kInitDeviation = 0.02f;

/// The precision of norms, softmax, residual stream and loss: fp32, or double when everything runs in double.
inline at::ScalarType preciseType(at::ScalarType dtype)
{
    return dtype == at::kDouble ? at::kDouble : at::kFloat;
}

class Linear {
public:
    Linear() = default;
    Linear(ParameterStore &parameters, const std::string &name, int64_t from, int64_t to, bool hasBias,
           float deviation);
    [[nodiscard]] at::Tensor forward(const at::Tensor &x, at::ScalarType dtype) const;

private:
    Weight m_weight;
    Weight m_bias;
};

/// RMSNorm with a weight, or LayerNorm with weight and bias.
class Norm {
public:
    Norm() = default;
    Norm(ParameterStore &parameters, const std::string &name, const std::string &kind, int64_t width);
    /// With the model's epsilon (model.norm_eps).
    Norm(ParameterStore &parameters, const std::string &name, const std::string &kind, int64_t width,
         const ModelSpec &spec);
    /// @return in preciseType(dtype)
    [[nodiscard]] at::Tensor forward(const at::Tensor &x, at::ScalarType dtype) const;

private:
    Weight m_weight;
    Weight m_bias;
    int64_t m_width = 0;
    double m_epsilon = kRmsNormEps;
    bool m_isLayerNorm = false;
};

/// Deviation of the projections that write into the residual stream: 0.02 / sqrt(2L).
float residualDeviation(int64_t layers);

/// Rotary positions, halves rotated against each other (as in Llama and Qwen).
/// Source: Su et al. (2021), "RoFormer", eq. 34.
/// @param x_BTHD any strides   @param cos_TD, sin_TD rows of the tables for these T positions [T, D / 2]
at::Tensor applyRope(const at::Tensor &x_BTHD, const at::Tensor &cos_TD, const at::Tensor &sin_TD);
/// Turns per token of each pair of dimensions, in radians: rope_theta^(-2i / D), the slow ones stretched
/// where the model has a rope factor. Source: Grattafiori et al. (2024), "The Llama 3 Herd of Models",
/// section 3.2; the smoothing as in Meta's reference code (apply_scaling).
/// @return double [D / 2], on the CPU
at::Tensor ropeFrequencies(const ModelSpec &spec);
/// {cos, sin}, fp32 [context, D / 2]
std::pair<at::Tensor, at::Tensor> makeRopeTables(const ModelSpec &spec, at::Device device);

} // namespace orrery::nn
