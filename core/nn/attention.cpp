// SPDX-License-Identifier: Apache-2.0
#include "core/nn/attention.h"

#include "core/nn/attention_tap.h"

#include <torch/types.h>

#include <cmath>

namespace orrery::nn {

CausalAttention::CausalAttention(BuildContext &build)
    : m_layer(build.layer), m_numHeads(build.spec.heads), m_numKeyHeads(keyHeads(build.spec)),
      m_headWidth(headWidth(build.spec)), m_hasQkNorm(build.spec.qkNorm), m_tables(build.tables)
{
    const std::string name = build.prefix + "attention.";
    const int64_t width = build.spec.width, inner = m_numHeads * m_headWidth;
    m_qkv = Linear(build.parameters, name + "qkv", width, inner + 2 * m_numKeyHeads * m_headWidth,
                   build.spec.bias, kInitDeviation);
    if (m_hasQkNorm) {
        m_qNorm = Norm(build.parameters, name + "q_norm", "rmsnorm", m_headWidth, build.spec);
        m_kNorm = Norm(build.parameters, name + "k_norm", "rmsnorm", m_headWidth, build.spec);
    }
    m_output = Linear(build.parameters, name + "output", inner, width, build.spec.bias,
                      residualDeviation(build.spec.layers));
    m_sources = makeParts(attentionSourceRegistry(), build);
}

at::Tensor CausalAttention::forward(const at::Tensor &x_BTC, const ForwardContext &context,
                                    double dropout) const
{
    const Projected plain = project(x_BTC, context);
    const double scale = 1.0 / std::sqrt(static_cast<double>(m_headWidth));
    at::Tensor y_BHTD = attend(placed(plain, context), {m_layer, scale, dropout}, m_tables, context);
    if (!m_sources.empty()) {
        // Parts know as many keys as queries.
        const at::Tensor q = plain.q_BTHD.transpose(1, 2),
                         k = sharedOut(plain.k_BTGD.transpose(1, 2), m_numHeads),
                         v = sharedOut(plain.v_BTGD.transpose(1, 2), m_numHeads);
        for (const auto &source : m_sources) {
            const at::Tensor local = y_BHTD;
            y_BHTD = source->read({q, k, v, local}, context).to(local.scalar_type());
        }
    }
    if (context.tap) y_BHTD = context.tap->output(m_layer, y_BHTD);
    const at::Tensor y_BTC =
        y_BHTD.transpose(1, 2).reshape({x_BTC.size(0), x_BTC.size(1), m_numHeads * m_headWidth});
    return m_output.forward(y_BTC, context.dtype);
}

CausalAttention::Projected CausalAttention::project(const at::Tensor &x_BTC,
                                                    const ForwardContext &context) const
{
    const at::Tensor all_BTE = m_qkv.forward(x_BTC, context.dtype);
    const auto heads = [&](int64_t first, int64_t count) {
        return all_BTE.narrow(-1, first * m_headWidth, count * m_headWidth)
            .view({x_BTC.size(0), x_BTC.size(1), count, m_headWidth});
    };
    Projected plain;
    if (m_numKeyHeads == m_numHeads) {
        const auto qkv = all_BTE.view({x_BTC.size(0), x_BTC.size(1), 3, m_numHeads, m_headWidth}).unbind(2);
        plain = {qkv[0], qkv[1], qkv[2]};
    } else {
        plain = {heads(0, m_numHeads), heads(m_numHeads, m_numKeyHeads),
                 heads(m_numHeads + m_numKeyHeads, m_numKeyHeads)};
    }
    if (!m_hasQkNorm) return plain;
    return {m_qNorm.forward(plain.q_BTHD, context.dtype), m_kNorm.forward(plain.k_BTGD, context.dtype),
            plain.v_BTGD};
}

Heads CausalAttention::placed(const Projected &plain, const ForwardContext &context) const
{
    const int64_t numTokens = plain.q_BTHD.size(1);
    const at::ScalarType precise = preciseType(context.dtype);
    const at::ScalarType attention = attentionType(context.dtype, plain.q_BTHD.is_cuda());
    at::Tensor q_BTHD = plain.q_BTHD, k_BTGD = plain.k_BTGD;
    if (m_tables.ropeCos_TD.defined()) {
        const int64_t offset = context.cache ? context.cache->length : 0;
        const at::Tensor cos_TD = m_tables.ropeCos_TD.narrow(0, offset, numTokens);
        const at::Tensor sin_TD = m_tables.ropeSin_TD.narrow(0, offset, numTokens);
        if (!at::GradMode::is_enabled()) {
            // Turned side by side: half the operations. With gradients the pieces would have to be put
            // together again on the way back.
            const at::Tensor both = applyRope(at::cat({q_BTHD, k_BTGD}, 2).to(precise), cos_TD, sin_TD).to(attention);
            const auto split = both.split_with_sizes({m_numHeads, m_numKeyHeads}, 2);
            return {split[0].transpose(1, 2), split[1].transpose(1, 2), plain.v_BTGD.to(attention).transpose(1, 2)};
        }
        q_BTHD = applyRope(q_BTHD.to(precise), cos_TD, sin_TD);
        k_BTGD = applyRope(k_BTGD.to(precise), cos_TD, sin_TD);
    }
    return {q_BTHD.to(attention).transpose(1, 2), k_BTGD.to(attention).transpose(1, 2),
            plain.v_BTGD.to(attention).transpose(1, 2)};
}

} // namespace orrery::nn
