// SPDX-License-Identifier: Apache-2.0
#include "core/nn/attention.h"

#include <torch/torch.h>

#include <cmath>

namespace orrery::nn {

CausalAttention::CausalAttention(BuildContext &build)
    : m_layer(build.layer), m_numHeads(build.spec.heads), m_headWidth(build.spec.width / build.spec.heads),
      m_hasQkNorm(build.spec.qkNorm), m_tables(build.tables)
{
    const std::string name = build.prefix + "attention.";
    const int64_t width = build.spec.width;
    m_qkv = Linear(build.parameters, name + "qkv", width, 3 * width, build.spec.bias, kInitDeviation);
    if (m_hasQkNorm) {
        m_qNorm = Norm(build.parameters, name + "q_norm", "rmsnorm", m_headWidth);
        m_kNorm = Norm(build.parameters, name + "k_norm", "rmsnorm", m_headWidth);
    }
    m_output = Linear(build.parameters, name + "output", width, width, build.spec.bias,
                      residualDeviation(build.spec.layers));
}

at::Tensor CausalAttention::forward(const at::Tensor &x_BTC, const ForwardContext &context,
                                    double dropout) const
{
    const Heads heads = project(x_BTC, context);
    const double scale = 1.0 / std::sqrt(static_cast<double>(m_headWidth));
    const at::Tensor y_BHTD = attend(heads, {m_layer, scale, dropout}, m_tables, context);
    return m_output.forward(y_BHTD.transpose(1, 2).reshape(x_BTC.sizes()), context.dtype);
}

Heads CausalAttention::project(const at::Tensor &x_BTC, const ForwardContext &context) const
{
    const int64_t numTokens = x_BTC.size(1);
    const at::ScalarType precise = preciseType(context.dtype);
    const at::ScalarType attention = attentionType(context.dtype, x_BTC.is_cuda());
    const auto qkv = m_qkv.forward(x_BTC, context.dtype)
                         .view({x_BTC.size(0), numTokens, 3, m_numHeads, m_headWidth})
                         .unbind(2);
    at::Tensor q_BTHD = qkv[0], k_BTHD = qkv[1];
    if (m_hasQkNorm) {
        q_BTHD = m_qNorm.forward(q_BTHD, context.dtype);
        k_BTHD = m_kNorm.forward(k_BTHD, context.dtype);
    }
    if (m_tables.ropeCos_TD.defined()) {
        const int64_t offset = context.cache ? context.cache->length : 0;
        const at::Tensor cos_TD = m_tables.ropeCos_TD.narrow(0, offset, numTokens);
        const at::Tensor sin_TD = m_tables.ropeSin_TD.narrow(0, offset, numTokens);
        q_BTHD = applyRope(q_BTHD.to(precise), cos_TD, sin_TD);
        k_BTHD = applyRope(k_BTHD.to(precise), cos_TD, sin_TD);
    }
    return {q_BTHD.to(attention).transpose(1, 2), k_BTHD.to(attention).transpose(1, 2),
            qkv[2].to(attention).transpose(1, 2)};
}

} // namespace orrery::nn
