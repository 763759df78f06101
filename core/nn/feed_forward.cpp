// SPDX-License-Identifier: Apache-2.0
#include "core/nn/feed_forward.h"

#include "core/nn/layers.h"
#include "core/spec/estimate.h"

#include <torch/types.h>

namespace orrery::nn {
namespace {

class Gelu final : public FeedForward {
public:
    Gelu(BuildContext &build, std::string approximation) : m_approximation(std::move(approximation))
    {
        const int64_t inner = feedForwardWidth(build.spec);
        m_up = Linear(build.parameters, build.prefix + "ffn.up", build.spec.width, inner, build.spec.bias,
                      kInitDeviation);
        m_down = Linear(build.parameters, build.prefix + "ffn.down", inner, build.spec.width, build.spec.bias,
                        residualDeviation(build.spec.layers));
    }
    at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &context) override
    {
        return m_down.forward(at::gelu(m_up.forward(x_BTC, context.dtype), m_approximation), context.dtype);
    }

private:
    std::string m_approximation;
    Linear m_up;
    Linear m_down;
};

class SwiGlu final : public FeedForward {
public:
    explicit SwiGlu(BuildContext &build) : m_inner(feedForwardWidth(build.spec))
    {
        m_gateUp = Linear(build.parameters, build.prefix + "ffn.gate_up", build.spec.width, 2 * m_inner,
                          build.spec.bias, kInitDeviation);
        m_down = Linear(build.parameters, build.prefix + "ffn.down", m_inner, build.spec.width,
                        build.spec.bias, residualDeviation(build.spec.layers));
    }
    at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &context) override
    {
        const at::Tensor both = m_gateUp.forward(x_BTC, context.dtype);
        const at::Tensor inner = at::silu(both.narrow(-1, 0, m_inner)) * both.narrow(-1, m_inner, m_inner);
        return m_down.forward(inner, context.dtype);
    }

private:
    int64_t m_inner = 0;
    Linear m_gateUp;
    Linear m_down;
};

} // namespace

std::unique_ptr<FeedForward> makeGelu(BuildContext &build, const std::string &approximation)
{
    return std::make_unique<Gelu>(build, approximation);
}

std::unique_ptr<FeedForward> makeSwiGlu(BuildContext &build) { return std::make_unique<SwiGlu>(build); }

} // namespace orrery::nn
