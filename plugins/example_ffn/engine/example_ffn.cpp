// SPDX-License-Identifier: Apache-2.0
// The example that docs/plugins.md walks through: a feed-forward network with squared ReLU,
// model.ffn=relu_squared. Source: So et al. (2021), "Primer: Searching for efficient transformers for
// language modeling", section 4.2.
#include "core/nn/engine_plugin.h"
#include "core/nn/layers.h"
#include "core/spec/estimate.h"

#include <torch/types.h>

namespace {

using namespace orrery;

/// down(scale · max(up(x), 0)²), with the inner width that a GELU network would have.
class ReluSquared final : public nn::FeedForward {
public:
    ReluSquared(nn::BuildContext &build, double scale) : m_scale(scale)
    {
        const ModelSpec &spec = build.spec;
        const int64_t inner = feedForwardWidth(spec);
        m_up = nn::Linear(build.parameters, build.prefix + "ffn.up", spec.width, inner, spec.bias,
                          nn::kInitDeviation);
        m_down = nn::Linear(build.parameters, build.prefix + "ffn.down", inner, spec.width, spec.bias,
                            nn::residualDeviation(spec.layers));
    }

    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        const at::Tensor active = at::relu(m_up.forward(x_BTC, context.dtype));
        return m_down.forward(active * active * m_scale, context.dtype);
    }

private:
    double m_scale;
    nn::Linear m_up;
    nn::Linear m_down;
};

class ExamplePlugin final : public nn::EnginePlugin {
public:
    Result<void> configure(nn::EngineContext &context) override
    {
        const double scale = context.settings().real("scale");
        return context.feedForwards().add("relu_squared", [scale](nn::BuildContext &build) {
            return std::make_unique<ReluSquared>(build, scale);
        });
    }
};

} // namespace

ORRERY_ENGINE_PLUGIN(ExamplePlugin, "example_ffn")
