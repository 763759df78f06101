// SPDX-License-Identifier: Apache-2.0
#include "core/nn/grouped_blocks.h"

#include "core/nn/block.h"
#include "core/nn/dropout.h"
#include "core/nn/multimodal_attention.h"
#include "core/spec/estimate.h"

#include <torch/types.h>

#include <cmath>

namespace orrery::nn {
namespace {

constexpr int64_t kGateRows = 8; ///< behind those of qkv: the gate's, and zeros up to the kernel's multiple

std::string layerPrefix(int64_t layer) { return "blocks." + std::to_string(layer) + "."; }

} // namespace

bool GroupedBlocks::supports(const ModelSpec &spec)
{
    const bool isOwnNetwork = spec.ffn == "swiglu" || spec.ffn == "gelu" || spec.ffn == "gelu_tanh";
    return hasModalityWeights(spec) && isOwnNetwork && attentionSourceRegistry().names().empty() &&
           residualModuleRegistry().names().empty();
}

GroupedBlocks::GroupedBlocks(const ModelSpec &spec, ParameterStore &parameters, SharedTables &tables)
    : m_spec(spec), m_tables(tables), m_numHeads(spec.heads), m_headWidth(headWidth(spec)),
      m_numModalities(spec.attention.numModalities), m_extraWidth(extraKeyWidth(spec)), m_weights(parameters)
{
    const int64_t width = spec.width, inner = feedForwardWidth(spec);
    const bool isGated = spec.ffn == "swiglu";
    for (int64_t l = 0; l < spec.layers; ++l) {
        Layer layer;
        layer.attentionNorm = addNorm(l, "attention_norm");
        layer.qkv = addLinear(l, "attention.qkv", width, 3 * width + kGateRows);
        m_weights.putZeros(layer.qkv.weight, width, kTextModality, 3 * width * width);
        for (int64_t m = 1; m < m_numModalities; ++m)
            m_weights.put(layer.qkv.weight, modalityPrefix(layerPrefix(l), m) + "attention.reliability.weight",
                          m, 3 * width * width);
        if (spec.qkNorm) {
            layer.qkNorms = m_weights.add({m_numModalities, 2 * m_headWidth}, StackUse::Norms, false);
            for (int64_t m = 0; m < m_numModalities; ++m) {
                const std::string name = modalityPrefix(layerPrefix(l), m) + "attention.";
                m_weights.put(layer.qkNorms, name + "q_norm.weight", StackedWeights::kWhole,
                              2 * m * m_headWidth);
                m_weights.put(layer.qkNorms, name + "k_norm.weight", StackedWeights::kWhole,
                              (2 * m + 1) * m_headWidth);
            }
        }
        layer.output = addLinear(l, "attention.output", width, width);
        layer.ffnNorm = addNorm(l, "ffn_norm");
        const int64_t up = isGated ? 2 * inner : inner;
        layer.up = addLinear(l, isGated ? "ffn.gate_up" : "ffn.up", width, up);
        layer.down = addLinear(l, "ffn.down", inner, width);
        m_layers.push_back(layer);
    }
    addExtras();
}

/// @param stackedTo rows of a weight in the stack: those behind the last one are 0, or somebody else's
GroupedBlocks::Affine GroupedBlocks::addLinear(int64_t layer, const std::string &name, int64_t from,
                                               int64_t stackedTo)
{
    Affine affine{m_weights.add({stackedTo, from}, StackUse::Products, true), -1};
    if (m_spec.bias)
        affine.bias = static_cast<int64_t>(m_weights.add({1, stackedTo}, StackUse::Products, true));
    for (int64_t m = 0; m < m_numModalities; ++m) {
        const std::string full = modalityPrefix(layerPrefix(layer), m) + name;
        TORCH_CHECK(m_weights.put(affine.weight, full + ".weight", m, 0), "no parameter ", full, ".weight");
        if (affine.bias >= 0) m_weights.put(static_cast<size_t>(affine.bias), full + ".bias", m, 0);
    }
    return affine;
}

GroupedBlocks::Affine GroupedBlocks::addNorm(int64_t layer, const std::string &name)
{
    const int64_t width = m_spec.width;
    Affine affine{m_weights.add({1, width}, StackUse::Norms, true), -1};
    if (m_spec.norm == "layernorm")
        affine.bias = static_cast<int64_t>(m_weights.add({1, width}, StackUse::Norms, true));
    for (int64_t m = 0; m < m_numModalities; ++m) {
        const std::string full = modalityPrefix(layerPrefix(layer), m) + name;
        m_weights.put(affine.weight, full + ".weight", m, 0);
        if (affine.bias >= 0) m_weights.put(static_cast<size_t>(affine.bias), full + ".bias", m, 0);
    }
    return affine;
}

void GroupedBlocks::addExtras()
{
    const int64_t size = m_numHeads * m_numModalities * m_numModalities;
    m_crossModal =
        m_weights.add({m_spec.layers, m_numHeads, m_numModalities, m_numModalities}, StackUse::Norms, false);
    m_gateBias = m_weights.add({m_spec.layers, m_numModalities}, StackUse::Norms, false);
    for (int64_t l = 0; l < m_spec.layers; ++l) {
        m_weights.put(m_crossModal, layerPrefix(l) + "attention.cross_modal_weights", StackedWeights::kWhole,
                      l * size);
        for (int64_t m = 1; m < m_numModalities; ++m)
            m_weights.put(m_gateBias, modalityPrefix(layerPrefix(l), m) + "attention.reliability.bias",
                          StackedWeights::kWhole, l * m_numModalities + m);
    }
}

/// The rows of the bias, the 1 for the gate and the zeros behind them, as MultiModalAttention::queryExtra() has
/// them, of all layers together. Rows are taken by a product: many tokens share one, whose gradients a product
/// adds up faster than an index.
void GroupedBlocks::prepareExtras(Pass &pass) const
{
    const int64_t numLayers = m_spec.layers, numTokens = pass.groups.oneHot_NM.size(0);
    const at::Tensor bias_MLHM = at::softplus(pass.stacks[m_crossModal]).log().permute({2, 0, 1, 3});
    const at::TensorOptions options = bias_MLHM.options().requires_grad(false);
    const at::Tensor rows_MLHE =
        at::cat({bias_MLHM, at::ones({1, 1, 1, 1}, options).expand({m_numModalities, numLayers, m_numHeads, 1}),
                 at::zeros({1, 1, 1, 1}, options)
                     .expand({m_numModalities, numLayers, m_numHeads, m_extraWidth - m_numModalities - 1})},
                -1) *
        std::sqrt(static_cast<double>(m_headWidth));
    pass.queryExtra_NHE = at::mm(pass.groups.oneHot_NM, rows_MLHE.view({m_numModalities, -1}))
                              .view({numTokens, numLayers, m_numHeads, m_extraWidth})
                              .unbind(1);
    pass.gateBias_S = at::mm(pass.groups.oneHot_SM, pass.stacks[m_gateBias].t()).unbind(1);
}

at::Tensor GroupedBlocks::normed(const at::Tensor &x_GPC, const Affine &norm, const Pass &pass) const
{
    const at::Tensor &weight_G1C = pass.stacks[norm.weight];
    const double epsilon = normEpsilon(m_spec, norm.bias >= 0);
    if (norm.bias < 0) return at::rms_norm(x_GPC, {m_spec.width}, {}, epsilon) * weight_G1C;
    return at::addcmul(pass.stacks[static_cast<size_t>(norm.bias)],
                       at::layer_norm(x_GPC, {m_spec.width}, {}, {}, epsilon), weight_G1C);
}

at::Tensor GroupedBlocks::linear(const at::Tensor &x_GPC, const Affine &weights, const Pass &pass) const
{
    const at::Tensor y = groupedProduct(x_GPC.to(pass.context.dtype), pass.stacks[weights.weight]);
    return weights.bias < 0 ? y : y + pass.stacks[static_cast<size_t>(weights.bias)];
}

/// Queries and keys of all heads beside each other, normed and with positions. @return [N, 2·H, D]
at::Tensor GroupedBlocks::placedHeads(const at::Tensor &qk_NF, const Layer &layer, const Pass &pass) const
{
    const int64_t numTokens = qk_NF.size(0);
    at::Tensor heads = qk_NF.view({numTokens, 2, m_numHeads, m_headWidth}).to(preciseType(pass.context.dtype));
    if (m_spec.qkNorm) {
        const at::Tensor weight_N21D = at::mm(pass.groups.oneHot_NM, pass.stacks[layer.qkNorms])
                                           .view({numTokens, 2, 1, m_headWidth});
        heads = at::rms_norm(heads, {m_headWidth}, {}, normEpsilon(m_spec, false)) * weight_N21D;
    }
    if (m_tables.ropeCos_TD.defined()) {
        const ModalityLayout &layout = pass.layout;
        heads = applyRope(heads.reshape({layout.batch, layout.numTokens, 2 * m_numHeads, m_headWidth}),
                          m_tables.ropeCos_TD.narrow(0, 0, layout.numTokens),
                          m_tables.ropeSin_TD.narrow(0, 0, layout.numTokens));
    }
    return heads.reshape({numTokens, 2 * m_numHeads, m_headWidth});
}

/// As MultiModalAttention::logReliability(): the mean over a segment of what each token says by itself is what
/// the mean of its tokens says. @return [N], 0 for text
at::Tensor GroupedBlocks::logReliability(const at::Tensor &gate_N1, int64_t layer, const Pass &pass) const
{
    const at::Tensor gate_N = gate_N1.select(1, 0).to(preciseType(pass.context.dtype));
    const at::Tensor log_S = at::log_sigmoid(
        at::addmv(pass.gateBias_S[static_cast<size_t>(layer)], pass.groups.members_SN, gate_N));
    return at::mv(pass.groups.spread_NS, log_S);
}

at::Tensor GroupedBlocks::attended(const at::Tensor &x_GPC, int64_t layer, const Pass &pass) const
{
    const Layer &stacks = m_layers[static_cast<size_t>(layer)];
    const int64_t width = m_spec.width, numTokens = pass.groups.rowOfToken_N.size(0);
    const ModalityLayout &layout = pass.layout;
    const at::ScalarType precise = preciseType(pass.context.dtype);
    const at::ScalarType kernel = attentionType(pass.context.dtype, x_GPC.is_cuda());
    const at::Tensor all_NF = toTokens(pass.groups, linear(x_GPC, stacks.qkv, pass));
    const auto pieces = all_NF.split_with_sizes({2 * width, width, 1, kGateRows - 1}, 1);
    const auto qk = placedHeads(pieces[0], stacks, pass).split_with_sizes({m_numHeads, m_numHeads}, 1);
    const at::Tensor gate_N11 = logReliability(pieces[2], layer, pass).view({numTokens, 1, 1});
    const auto everyHead = [&](const at::Tensor &x_N1F) {
        return x_N1F.expand({numTokens, m_numHeads, x_N1F.size(2)});
    };
    const at::Tensor none_111 = at::zeros({1, 1, 1}, pass.groups.oneHot_NM.options());
    const auto zeros = [&](int64_t count) {
        return none_111.to(precise).expand({numTokens, m_numHeads, count});
    };
    const at::Tensor q_NHF = at::cat({qk[0], pass.queryExtra_NHE[static_cast<size_t>(layer)]}, -1);
    const at::Tensor k_NHF = at::cat({qk[1], everyHead(pass.groups.oneHot_NM.unsqueeze(1)), everyHead(gate_N11),
                                      zeros(m_extraWidth - m_numModalities - 1)},
                                     -1);
    // As wide as the keys, which the fused kernels want.
    const at::Tensor v_NHF =
        at::cat({pieces[1].view({numTokens, m_numHeads, m_headWidth}).to(precise), zeros(m_extraWidth)}, -1);
    const auto heads = [&](const at::Tensor &x_NHF) {
        return x_NHF.to(kernel).view({layout.batch, layout.numTokens, m_numHeads, -1}).transpose(1, 2);
    };
    const at::Tensor y_BHTF =
        attend({heads(q_NHF), heads(k_NHF), heads(v_NHF)},
               {layer, 1.0 / std::sqrt(static_cast<double>(m_headWidth)),
                attentionDropoutOf(m_spec, pass.context)},
               m_tables, pass.context);
    const at::Tensor y_NHD = y_BHTF.transpose(1, 2)
                                 .reshape({numTokens, m_numHeads, m_headWidth + m_extraWidth})
                                 .narrow(-1, 0, m_headWidth);
    return linear(toRows(pass.groups, y_NHD).flatten(2), stacks.output, pass);
}

at::Tensor GroupedBlocks::fed(const at::Tensor &x_GPC, const Layer &layer, const Pass &pass) const
{
    const at::Tensor up = linear(normed(x_GPC, layer.ffnNorm, pass), layer.up, pass);
    if (m_spec.ffn != "swiglu")
        return linear(at::gelu(up, m_spec.ffn == "gelu_tanh" ? "tanh" : "none"), layer.down, pass);
    const auto pieces = up.split(up.size(-1) / 2, -1);
    return linear(at::silu(pieces[0]) * pieces[1], layer.down, pass);
}

at::Tensor GroupedBlocks::addBranch(const at::Tensor &x_GPC, const at::Tensor &branch_GPC, int64_t layer,
                                    uint32_t place, const Pass &pass) const
{
    const ModalityLayout &layout = pass.layout;
    const at::Tensor mask_BTC =
        residualMask(pass.context, layer, static_cast<DropoutPlace>(place),
                     {layout.batch, layout.numTokens, m_spec.width}, dropoutOf(m_spec, pass.context),
                     depthDropout(m_spec, layer), x_GPC.device());
    if (!mask_BTC.defined()) return x_GPC + branch_GPC;
    const int64_t columns = mask_BTC.size(2);
    const at::Tensor mask_GPC = toRows(
        pass.groups, mask_BTC.expand({layout.batch, layout.numTokens, columns}).reshape({-1, columns}));
    return at::addcmul(x_GPC, branch_GPC.to(x_GPC.scalar_type()), mask_GPC.to(x_GPC.scalar_type()));
}

at::Tensor GroupedBlocks::forward(const at::Tensor &x_BTC, const ModalityLayout &layout,
                                  const ForwardContext &context)
{
    Pass pass{.layout = layout,
              .context = context,
              .groups = makeModalityGroups(layout, preciseType(context.dtype))};
    pass.stacks = m_weights.make(context.dtype, pass.groups.modalityOfGroup);
    prepareExtras(pass);
    at::Tensor x_GPC = toRows(pass.groups, x_BTC.reshape({-1, m_spec.width}));
    for (int64_t l = 0; l < m_spec.layers; ++l) {
        const Layer &layer = m_layers[static_cast<size_t>(l)];
        x_GPC = addBranch(x_GPC, attended(normed(x_GPC, layer.attentionNorm, pass), l, pass), l,
                          static_cast<uint32_t>(DropoutPlace::Attention), pass);
        x_GPC = addBranch(x_GPC, fed(x_GPC, layer, pass), l, static_cast<uint32_t>(DropoutPlace::FeedForward),
                          pass);
    }
    return toTokens(pass.groups, x_GPC).view(x_BTC.sizes());
}

} // namespace orrery::nn
