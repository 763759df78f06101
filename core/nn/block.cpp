// SPDX-License-Identifier: Apache-2.0
#include "core/nn/block.h"

#include "core/nn/attention.h"
#include "core/nn/dropout.h"

#include <torch/types.h>

namespace orrery::nn {
namespace {

class ReferenceBlock final : public Block {
public:
    explicit ReferenceBlock(BuildContext &build)
        : m_spec(build.spec), m_layer(build.layer),
          m_attentionNorm(build.parameters, build.prefix + "attention_norm", build.spec.norm,
                          build.spec.width, build.spec),
          m_attention(build),
          m_ffnNorm(build.parameters, build.prefix + "ffn_norm", build.spec.norm, build.spec.width,
                    build.spec)
    {
        const auto *factory = feedForwardRegistry().find(build.spec.ffn);
        TORCH_CHECK(factory, "unknown feed-forward network \"", build.spec.ffn, "\"");
        m_ffn = (*factory)(build);
    }

    at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &context) override
    {
        const double dropout = dropoutOf(m_spec, context);
        const at::Tensor attended =
            m_attention.forward(m_attentionNorm.forward(x_BTC, context.dtype), context,
                                attentionDropoutOf(m_spec, context));
        const at::Tensor y_BTC = addBranch(x_BTC, attended, context, DropoutPlace::Attention, dropout);
        const at::Tensor fed =
            m_ffn->forward(m_ffnNorm.forward(y_BTC, context.dtype).to(context.dtype), context);
        return addBranch(y_BTC, fed, context, DropoutPlace::FeedForward, dropout);
    }

private:
    [[nodiscard]] at::Tensor addBranch(const at::Tensor &x_BTC, const at::Tensor &branch,
                                       const ForwardContext &context, DropoutPlace place,
                                       double dropout) const
    {
        const at::Tensor mask = residualMask(context, m_layer, place, x_BTC.sizes(), dropout,
                                             depthDropout(m_spec, m_layer), x_BTC.device());
        return mask.defined()
                   ? at::addcmul(x_BTC, branch.to(x_BTC.scalar_type()), mask.to(x_BTC.scalar_type()))
                   : x_BTC + branch;
    }

    const ModelSpec &m_spec;
    int64_t m_layer = 0;
    Norm m_attentionNorm;
    CausalAttention m_attention;
    Norm m_ffnNorm;
    std::unique_ptr<FeedForward> m_ffn;
};

} // namespace

double dropoutOf(const ModelSpec &spec, const ForwardContext &context)
{
    return context.dropout >= 0 ? context.dropout : spec.dropout;
}

double attentionDropoutOf(const ModelSpec &spec, const ForwardContext &context)
{
    return context.attentionDropout >= 0 ? context.attentionDropout : spec.attentionDropout;
}

std::unique_ptr<Block> makeReferenceBlock(BuildContext &build)
{
    return std::make_unique<ReferenceBlock>(build);
}

} // namespace orrery::nn
