// SPDX-License-Identifier: Apache-2.0
#include "core/nn/attention_core.h"

#include "core/nn/attention_tap.h"
#include "core/nn/dropout.h"

#include <torch/types.h>

#include <limits>
#include <optional>

namespace orrery::nn {
namespace {

/// Rows are queries at positions offset …, columns keys from 0: 0 where a query may look, -inf elsewhere.
at::Tensor causalBias(int64_t numQueries, int64_t numKeys, int64_t offset, const at::TensorOptions &options)
{
    return at::full({numQueries, numKeys}, -std::numeric_limits<double>::infinity(), options)
        .triu_(offset + 1);
}

/// The fused kernels want values as wide as keys: zero columns are added and taken away again.
at::Tensor fused(const Heads &heads, const std::optional<at::Tensor> &mask, bool isCausal, double scale)
{
    const int64_t keyWidth = heads.k_BGTD.size(-1), valueWidth = heads.v_BGTD.size(-1);
    if (keyWidth == valueWidth)
        return at::scaled_dot_product_attention(heads.q_BHTD, heads.k_BGTD, heads.v_BGTD, mask, 0.0, isCausal,
                                                scale);
    const at::Tensor padded = at::constant_pad_nd(heads.v_BGTD, {0, keyWidth - valueWidth});
    return at::scaled_dot_product_attention(heads.q_BHTD, heads.k_BGTD, padded, mask, 0.0, isCausal, scale)
        .narrow(-1, 0, valueWidth);
}

/// Under a mask of any kind, without a cache or with a pass that begins it.
at::Tensor fusedUnder(const AttentionMask &mask, const Heads &heads, double scale)
{
    std::optional<at::Tensor> bias;
    if (mask.kind == AttentionMask::Kind::Bias) bias = mask.bias_B1TS;
    return fused(heads, bias, mask.kind == AttentionMask::Kind::Causal, scale);
}

/// All queries that share a head of keys read it side by side, so that the cache is read once and nothing is
/// copied. @param mask_B1TS undefined, or with T = 1: each query of a group is the same token.
at::Tensor oneToken(const Heads &heads, const std::optional<at::Tensor> &mask_B11S, double scale)
{
    const at::IntArrayRef shape = heads.q_BHTD.sizes();
    const int64_t numGroups = heads.k_BGTD.size(1);
    const Heads grouped{heads.q_BHTD.reshape({shape[0], numGroups, shape[1] / numGroups, shape[3]}),
                        heads.k_BGTD, heads.v_BGTD};
    return fused(grouped, mask_B11S, false, scale).reshape({shape[0], shape[1], 1, heads.v_BGTD.size(3)});
}

/// Scaled q·k and the mask's bias, which may differ between sequences. @return [B·H, T, T]
at::Tensor maskedScores(const AttentionMask &mask, const at::Tensor &q_NTD, const at::Tensor &k_NTD,
                        double scale)
{
    const at::Tensor zero = at::zeros({1, 1, 1}, q_NTD.options().requires_grad(false));
    const at::Tensor scores_NTT = at::baddbmm(zero, q_NTD, k_NTD.transpose(1, 2), 0.0, scale);
    if (mask.kind == AttentionMask::Kind::Full) return scores_NTT;
    const int64_t batch = mask.bias_B1TS.size(0), numTokens = q_NTD.size(1);
    return (scores_NTT.view({batch, -1, numTokens, numTokens}) + mask.bias_B1TS).view(scores_NTT.sizes());
}

// Attention dropout needs its mask between softmax and values, and the mask must be ours: the fused kernels
// draw from ATen's generator. The price is a [B, H, T, T] matrix kept three times for the backward pass.
at::Tensor attendExplicitly(const Heads &heads, const AttendSettings &settings, SharedTables &tables,
                            const ForwardContext &context)
{
    const at::IntArrayRef shape = heads.v_BGTD.sizes();
    const int64_t numMatrices = shape[0] * shape[1], numTokens = shape[2];
    const auto matrices = [&](const at::Tensor &x_BHTD) {
        return x_BHTD.reshape({numMatrices, numTokens, x_BHTD.size(-1)});
    };
    const at::Tensor q = matrices(heads.q_BHTD), k = matrices(heads.k_BGTD);
    at::Tensor scores;
    if (context.mask.kind == AttentionMask::Kind::Causal) {
        at::Tensor &bias = tables.causalBias_1TT;
        if (!bias.defined() || bias.size(1) != numTokens || bias.dtype() != q.dtype())
            bias = causalBias(numTokens, numTokens, 0, q.options().requires_grad(false)).unsqueeze(0);
        scores = at::baddbmm(bias, q, k.transpose(1, 2), 1.0, settings.scale);
    } else {
        scores = maskedScores(context.mask, q, k, settings.scale);
    }
    const at::Tensor mask = attentionMask(context, settings.layer, {shape[0], shape[1], numTokens, numTokens},
                                          settings.dropout, heads.q_BHTD.device());
    const at::Tensor probabilities =
        at::softmax(scores, -1, preciseType(context.dtype)) * mask.view(scores.sizes());
    return at::bmm(probabilities.to(heads.v_BGTD.scalar_type()), matrices(heads.v_BGTD)).view(shape);
}

at::Tensor attendCached(const Heads &heads, const AttendSettings &settings, const ForwardContext &context)
{
    KvCache &cache = *context.cache;
    const int64_t numNew = heads.k_BGTD.size(2), numAll = cache.length + numNew;
    at::Tensor &keys = cache.keys[static_cast<size_t>(settings.layer)];
    at::Tensor &values = cache.values[static_cast<size_t>(settings.layer)];
    TORCH_CHECK(numAll <= keys.size(2), "key/value cache of ", keys.size(2), " tokens cannot take token ",
                numAll);
    keys.narrow(2, cache.length, numNew).copy_(heads.k_BGTD);
    values.narrow(2, cache.length, numNew).copy_(heads.v_BGTD);
    Heads all{heads.q_BHTD, keys.narrow(2, 0, numAll).to(heads.q_BHTD.scalar_type()),
              values.narrow(2, 0, numAll).to(heads.q_BHTD.scalar_type())};
    const int64_t numHeads = all.q_BHTD.size(1);
    if (context.tap)
        context.tap->look({settings.layer, all.q_BHTD, sharedOut(all.k_BGTD, numHeads), settings.scale,
                           context.mask, cache.length});
    if (numNew == 1 && all.k_BGTD.size(1) != numHeads) {
        std::optional<at::Tensor> bias;
        if (context.mask.kind == AttentionMask::Kind::Bias) bias = context.mask.bias_B1TS;
        return oneToken(all, bias, settings.scale);
    }
    all.k_BGTD = sharedOut(all.k_BGTD, numHeads);
    all.v_BGTD = sharedOut(all.v_BGTD, numHeads);
    if (context.mask.kind != AttentionMask::Kind::Causal)
        return fusedUnder(context.mask, all, settings.scale);
    if (numNew == 1) return fused(all, {}, false, settings.scale);
    if (cache.length == 0) return fused(all, {}, true, settings.scale);
    return fused(all, causalBias(numNew, numAll, cache.length, heads.q_BHTD.options()), false,
                 settings.scale);
}

} // namespace

at::Tensor sharedOut(const at::Tensor &x_BGTD, int64_t numHeads)
{
    const at::IntArrayRef shape = x_BGTD.sizes();
    if (shape[1] == numHeads) return x_BGTD;
    return x_BGTD.unsqueeze(2)
        .expand({shape[0], shape[1], numHeads / shape[1], shape[2], shape[3]})
        .reshape({shape[0], numHeads, shape[2], shape[3]});
}

at::Tensor attend(const Heads &heads, const AttendSettings &settings, SharedTables &tables,
                  const ForwardContext &context)
{
    if (context.cache) return attendCached(heads, settings, context);
    const int64_t numHeads = heads.q_BHTD.size(1);
    const Heads all{heads.q_BHTD, sharedOut(heads.k_BGTD, numHeads), sharedOut(heads.v_BGTD, numHeads)};
    if (context.tap)
        context.tap->look({settings.layer, all.q_BHTD, all.k_BGTD, settings.scale, context.mask, 0});
    if (context.isTraining && settings.dropout > 0) return attendExplicitly(all, settings, tables, context);
    return fusedUnder(context.mask, all, settings.scale);
}

} // namespace orrery::nn
