// SPDX-License-Identifier: Apache-2.0
#include "core/nn/multimodal_attention.h"

#include "core/nn/attention_tap.h"
#include <torch/types.h>

#include <cmath>

namespace orrery::nn {
namespace {

constexpr float kUnitSoftplus =
    0.541324854612918f;              ///< ln(e − 1): softplus of it is 1, so the bias begins as 0
constexpr float kInitialGate = 4.0f; ///< sigmoid 0.982: a new gate trusts its input
constexpr int64_t kKeyMultiple = 8;

} // namespace

int64_t extraKeyWidth(const ModelSpec &spec)
{
    if (!hasModalityWeights(spec)) return 0;
    return (spec.attention.numModalities + 1 + kKeyMultiple - 1) / kKeyMultiple * kKeyMultiple;
}

MultiModalAttention::MultiModalAttention(BuildContext &build)
    : m_layer(build.layer), m_numHeads(build.spec.heads), m_headWidth(headWidth(build.spec)),
      m_numModalities(build.spec.attention.numModalities), m_extraWidth(extraKeyWidth(build.spec)),
      m_hasQkNorm(build.spec.qkNorm), m_tables(build.tables)
{
    const int64_t width = build.spec.width;
    for (int64_t m = 0; m < m_numModalities; ++m) {
        const std::string name = modalityPrefix(build.prefix, m) + "attention.";
        Projection made;
        made.qkv = Linear(build.parameters, name + "qkv", width, 3 * width, build.spec.bias, kInitDeviation);
        if (m_hasQkNorm) {
            made.qNorm = Norm(build.parameters, name + "q_norm", "rmsnorm", m_headWidth, build.spec);
            made.kNorm = Norm(build.parameters, name + "k_norm", "rmsnorm", m_headWidth, build.spec);
        }
        made.output = Linear(build.parameters, name + "output", width, width, build.spec.bias,
                             residualDeviation(build.spec.layers));
        if (m != kTextModality) {
            made.gate = build.parameters.add(name + "reliability.weight", {width}, ParameterInit::zeros());
            made.gateBias =
                build.parameters.add(name + "reliability.bias", {1}, ParameterInit::constant(kInitialGate));
        }
        m_projections.push_back(std::move(made));
    }
    m_crossModal = build.parameters.add(build.prefix + "attention.cross_modal_weights",
                                        {m_numHeads, m_numModalities, m_numModalities},
                                        ParameterInit::constant(kUnitSoftplus));
    m_sources = makeParts(attentionSourceRegistry(), build);
}

at::Tensor MultiModalAttention::forward(const at::Tensor &x_NC, const ModalityInput &input,
                                        const ForwardContext &context, double dropout) const
{
    const ModalityLayout &layout = input.layout;
    const Projected flat = project(x_NC, input, context);
    const at::ScalarType precise = preciseType(context.dtype);
    const at::ScalarType kernel = x_NC.is_cuda() ? context.dtype : precise;
    // The kernel scales q·k by 1/sqrt(D), which must not touch the bias.
    const double unscale = std::sqrt(static_cast<double>(m_headWidth));
    const std::vector<int64_t> shape = {layout.batch, layout.numTokens, m_numHeads, -1};
    const auto heads = [&](const at::Tensor &x) { return x.to(kernel).view(shape).transpose(1, 2); };
    const at::Tensor q_NHE =
        at::cat({placed(flat.q_NHD, layout, context), queryExtra(input, precise) * unscale}, -1);
    const at::Tensor k_NHE =
        at::cat({placed(flat.k_NHD, layout, context), keyExtra(x_NC, input, precise)}, -1);
    at::Tensor y_BHTD = attend({heads(q_NHE), heads(k_NHE), heads(flat.v_NHD)},
                               {m_layer, 1.0 / unscale, dropout}, m_tables, context);
    if (!m_sources.empty()) {
        const auto plain = [&](const at::Tensor &x) { return x.view(shape).transpose(1, 2); };
        const at::Tensor q = plain(flat.q_NHD), k = plain(flat.k_NHD), v = plain(flat.v_NHD);
        for (const auto &source : m_sources) {
            const at::Tensor local = y_BHTD;
            y_BHTD = source->read({q, k, v, local}, context).to(local.scalar_type());
        }
    }
    if (context.tap) y_BHTD = context.tap->output(m_layer, y_BHTD);
    const at::Tensor y_NC = layout.sorted(y_BHTD.transpose(1, 2).reshape({x_NC.size(0), x_NC.size(1)}));
    return joinPieces(perModality(layout, y_NC, [&](int64_t m, const at::Tensor &rows) {
        return m_projections[static_cast<size_t>(m)].output.forward(rows, context.dtype);
    }));
}

MultiModalAttention::Projected MultiModalAttention::project(const at::Tensor &x_NC,
                                                            const ModalityInput &input,
                                                            const ForwardContext &context) const
{
    const ModalityLayout &layout = input.layout;
    std::vector<at::Tensor> q, k, v;
    perModality(layout, x_NC, [&](int64_t m, const at::Tensor &rows) {
        const Projection &part = m_projections[static_cast<size_t>(m)];
        const auto qkv =
            part.qkv.forward(rows, context.dtype).view({rows.size(0), 3, m_numHeads, m_headWidth}).unbind(1);
        q.push_back(m_hasQkNorm ? part.qNorm.forward(qkv[0], context.dtype) : qkv[0]);
        k.push_back(m_hasQkNorm ? part.kNorm.forward(qkv[1], context.dtype) : qkv[1]);
        v.push_back(qkv[2]);
        return rows;
    });
    return {layout.flat(joinPieces(q)), layout.flat(joinPieces(k)), layout.flat(joinPieces(v))};
}

at::Tensor MultiModalAttention::placed(const at::Tensor &x_NHD, const ModalityLayout &layout,
                                       const ForwardContext &context) const
{
    const at::Tensor x = x_NHD.to(preciseType(context.dtype));
    if (!m_tables.ropeCos_TD.defined()) return x;
    const int64_t offset = context.cache ? context.cache->length : 0;
    const at::Tensor cos_TD = m_tables.ropeCos_TD.narrow(0, offset, layout.numTokens);
    const at::Tensor sin_TD = m_tables.ropeSin_TD.narrow(0, offset, layout.numTokens);
    return applyRope(x.view({layout.batch, layout.numTokens, m_numHeads, m_headWidth}), cos_TD, sin_TD)
        .view(x_NHD.sizes());
}

// Row of the bias that a query adds to keys of each modality, then 1 for the gate, then zeros up to the
// kernel's multiple.
at::Tensor MultiModalAttention::queryExtra(const ModalityInput &input, at::ScalarType dtype) const
{
    const ModalityLayout &layout = input.layout;
    const at::Tensor bias_MHM = at::softplus(m_crossModal.as(dtype)).log().permute({1, 0, 2});
    const at::Tensor rows_NHM = bias_MHM.index_select(0, layout.modality_BT.view({-1}));
    const int64_t numPadding = m_extraWidth - m_numModalities - 1;
    const at::Tensor one = at::ones({1, 1, 1}, rows_NHM.options().requires_grad(false))
                               .expand({rows_NHM.size(0), m_numHeads, 1});
    const at::Tensor padding =
        at::zeros({1, 1, 1}, one.options()).expand({rows_NHM.size(0), m_numHeads, numPadding});
    return at::cat({rows_NHM, one, padding}, -1);
}

at::Tensor MultiModalAttention::keyExtra(const at::Tensor &x_NC, const ModalityInput &input,
                                         at::ScalarType dtype) const
{
    const ModalityLayout &layout = input.layout;
    const int64_t numRows = x_NC.size(0);
    const at::Tensor oneHot_NM = at::one_hot(layout.modality_BT.view({-1}), m_numModalities).to(dtype);
    const at::Tensor gate_N = logReliability(x_NC, input, dtype);
    const at::Tensor padding_NE =
        at::zeros({numRows, m_extraWidth - m_numModalities - 1}, oneHot_NM.options());
    return at::cat({oneHot_NM, gate_N.unsqueeze(1), padding_NE}, 1)
        .unsqueeze(1)
        .expand({numRows, m_numHeads, m_extraWidth});
}

/// Log of the reliability of each token's segment; 0 for text. Pooled over the segment alone: a gate that saw
/// later text would tell the past about the future.
at::Tensor MultiModalAttention::logReliability(const at::Tensor &x_NC, const ModalityInput &input,
                                               at::ScalarType dtype) const
{
    const ModalityLayout &layout = input.layout;
    const at::Tensor none_N = at::zeros({x_NC.size(0)}, x_NC.options().dtype(dtype).requires_grad(false));
    if (layout.segments.empty()) return none_N;
    std::vector<at::Tensor> weights, biases;
    for (size_t m = 1; m < m_projections.size(); ++m) {
        weights.push_back(m_projections[m].gate.as(dtype));
        biases.push_back(m_projections[m].gateBias.as(dtype));
    }
    const at::Tensor which_S = layout.modalityOfSegment_S - 1;
    const at::Tensor weight_SC = at::stack(weights).index_select(0, which_S);
    const at::Tensor bias_S = at::cat(biases).index_select(0, which_S);
    const at::Tensor members_KC = x_NC.to(dtype).index_select(0, layout.sortedInSegment_K);
    const at::Tensor pooled_SC = at::zeros({layout.sizeOfSegment_S.size(0), x_NC.size(1)}, none_N.options())
                                     .index_add(0, layout.segmentOfToken_K, members_KC) /
                                 layout.sizeOfSegment_S.to(dtype).unsqueeze(1);
    const at::Tensor log_S = at::log_sigmoid((pooled_SC * weight_SC).sum(-1) + bias_S);
    return none_N.index_add(0, layout.tokenInSegment_K, log_S.index_select(0, layout.segmentOfToken_K));
}

} // namespace orrery::nn
