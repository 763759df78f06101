// SPDX-License-Identifier: Apache-2.0
#include "core/nn/attention.h"

#include "core/nn/dropout.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

namespace orrery::nn {
namespace {

/// Rows are queries at positions offset …, columns keys from 0: 0 where a query may look, -inf elsewhere.
at::Tensor causalBias(int64_t numQueries, int64_t numKeys, int64_t offset, const at::TensorOptions &options)
{
    return at::full({numQueries, numKeys}, -std::numeric_limits<double>::infinity(), options)
        .triu_(offset + 1);
}

} // namespace

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
    at::Tensor y_BHTD;
    if (context.cache)
        y_BHTD = attendCached(heads, *context.cache);
    else if (context.isTraining && dropout > 0)
        y_BHTD = attendExplicitly(heads, context, dropout);
    else
        y_BHTD = attend(heads, context, dropout);
    return m_output.forward(y_BHTD.transpose(1, 2).reshape(x_BTC.sizes()), context.dtype);
}

CausalAttention::Heads CausalAttention::project(const at::Tensor &x_BTC, const ForwardContext &context) const
{
    const int64_t numTokens = x_BTC.size(1);
    // On the CPU attention is as fast in fp32 as in bf16, and more exact; on the GPU bf16 reaches the fast
    // kernels.
    const at::ScalarType precise = preciseType(context.dtype);
    const at::ScalarType attention = x_BTC.is_cuda() ? context.dtype : precise;
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

at::Tensor CausalAttention::attend(const Heads &heads, const ForwardContext &, double) const
{
    return at::scaled_dot_product_attention(heads.q_BHTD, heads.k_BHTD, heads.v_BHTD, {}, 0.0, true);
}

// Attention dropout needs its mask between softmax and values, and the mask must be ours: the fused kernels
// draw from ATen's generator. The price is a [B, H, T, T] matrix kept three times for the backward pass.
at::Tensor CausalAttention::attendExplicitly(const Heads &heads, const ForwardContext &context,
                                             double dropout) const
{
    const at::IntArrayRef shape = heads.q_BHTD.sizes();
    const int64_t numMatrices = shape[0] * shape[1], numTokens = shape[2];
    const auto flat = [&](const at::Tensor &x_BHTD) {
        return x_BHTD.reshape({numMatrices, numTokens, m_headWidth});
    };
    at::Tensor &bias = m_tables.causalBias_1TT;
    if (!bias.defined() || bias.size(1) != numTokens || bias.dtype() != heads.q_BHTD.dtype())
        bias = causalBias(numTokens, numTokens, 0, heads.q_BHTD.options().requires_grad(false)).unsqueeze(0);
    const double scale = 1.0 / std::sqrt(static_cast<double>(m_headWidth));
    const at::Tensor scores =
        at::baddbmm(bias, flat(heads.q_BHTD), flat(heads.k_BHTD).transpose(1, 2), 1.0, scale);
    const at::Tensor mask = attentionMask(context, m_layer, {shape[0], shape[1], numTokens, numTokens},
                                          dropout, heads.q_BHTD.device());
    const at::Tensor probabilities =
        at::softmax(scores, -1, preciseType(context.dtype)) * mask.view(scores.sizes());
    return at::bmm(probabilities.to(heads.v_BHTD.scalar_type()), flat(heads.v_BHTD)).view(shape);
}

at::Tensor CausalAttention::attendCached(const Heads &heads, KvCache &cache) const
{
    const int64_t numNew = heads.k_BHTD.size(2), numAll = cache.length + numNew;
    at::Tensor &keys = cache.keys[static_cast<size_t>(m_layer)];
    at::Tensor &values = cache.values[static_cast<size_t>(m_layer)];
    TORCH_CHECK(numAll <= keys.size(2), "key/value cache of ", keys.size(2), " tokens cannot take token ",
                numAll);
    keys.narrow(2, cache.length, numNew).copy_(heads.k_BHTD);
    values.narrow(2, cache.length, numNew).copy_(heads.v_BHTD);
    const at::Tensor k = keys.narrow(2, 0, numAll).to(heads.q_BHTD.scalar_type());
    const at::Tensor v = values.narrow(2, 0, numAll).to(heads.q_BHTD.scalar_type());
    if (numNew == 1) return at::scaled_dot_product_attention(heads.q_BHTD, k, v);
    if (cache.length == 0) return at::scaled_dot_product_attention(heads.q_BHTD, k, v, {}, 0.0, true);
    return at::scaled_dot_product_attention(heads.q_BHTD, k, v,
                                            causalBias(numNew, numAll, cache.length, heads.q_BHTD.options()));
}

} // namespace orrery::nn
