// SPDX-License-Identifier: Apache-2.0
#include "plugins/memory/engine/product_key_memory.h"

#include "core/nn/attention_tap.h"
#include "core/nn/dropout.h"
#include "core/nn/setting_error.h"

#include <torch/types.h>

#include <cmath>
#include <stdexcept>

namespace orrery::memory {

namespace {

/// Places in the two sorted lists of the K best rows whose sum can be among the K best: the sum at (i, j) is at most each of
/// the (i + 1)(j + 1) sums at or before both places. Some K ln K of K² pairs. @return int64 [2, R]
at::Tensor pairsOf(int64_t topK, at::Device device)
{
    std::vector<int64_t> firsts, seconds;
    for (int64_t i = 0; i < topK; ++i)
        for (int64_t j = 0; (i + 1) * (j + 1) <= topK; ++j) {
            firsts.push_back(i);
            seconds.push_back(j);
        }
    return at::stack({at::tensor(firsts, at::kLong), at::tensor(seconds, at::kLong)}).to(device);
}

/// Each row to length √E, so that scores begin with a deviation that a softmax can use.
at::Tensor unitRows(const at::Tensor &x) { return at::rms_norm(x, {x.size(-1)}, {}, nn::kRmsNormEpsilon); }

} // namespace

ProductKeyMemory::ProductKeyMemory(nn::BuildContext &build, const SemanticSettings &settings)
    : m_settings(settings), m_layer(build.layer), m_side(std::llround(std::sqrt(static_cast<double>(settings.numSlots)))),
      m_half(std::max<int64_t>(1, build.spec.width / 4))
{
    const std::string name = build.prefix + "memory.semantic.";
    const int64_t width = build.spec.width;
    nn::ParameterStore &store = build.parameters;
    m_norm = nn::Norm(store, name + "norm", "rmsnorm", width);
    m_query = nn::Linear(store, name + "query", width, settings.numHeads * 2 * m_half, false,
                         1.0f / std::sqrt(static_cast<float>(width)));
    // More than two dimensions: the table is not pulled towards 0 by weight decay, which would wear away
    // what is seldom read.
    m_keys = store.add(name + "keys", {2, settings.numHeads, m_side, m_half},
                       nn::ParameterInit::normal(1.0f / std::sqrt(static_cast<float>(m_half))));
    m_values = store.add(name + "values", {m_side, m_side, width},
                         nn::ParameterInit::normal(1.0f / std::sqrt(static_cast<float>(width))));
    m_gate = nn::Linear(store, name + "gate", width, width, false, nn::kInitDeviation);
    m_output = nn::Linear(store, name + "output", width, width, false, 0);
    m_pairs_2R = pairsOf(settings.topK, store.device());
}

SlotReads ProductKeyMemory::reads(const at::Tensor &x_BTC, at::ScalarType dtype) const
{
    const at::ScalarType precise = nn::preciseType(dtype);
    const at::Tensor query = m_query.forward(m_norm.forward(x_BTC, dtype), dtype).to(precise);
    const at::Tensor query_NHPE = unitRows(query.view({-1, m_settings.numHeads, 2, m_half}));
    const at::Tensor keys_PHnE = m_keys.as(precise);
    const int64_t topK = m_settings.topK, numRows = query_NHPE.size(0);
    // Of each half the best K rows; no slot outside of their products can be among the best K.
    std::vector<at::Tensor> best, rows;
    for (int64_t half = 0; half < 2; ++half) {
        const at::Tensor score_HNn =
            at::matmul(query_NHPE.select(2, half).transpose(0, 1), keys_PHnE[half].transpose(1, 2));
        auto [value, row] = score_HNn.transpose(0, 1).topk(topK, -1);
        best.push_back(value);
        rows.push_back(row);
    }
    const at::Tensor first = m_pairs_2R[0], second = m_pairs_2R[1];
    const at::Tensor sum = best[0].index_select(-1, first) + best[1].index_select(-1, second);
    const auto [score, which] = sum.topk(topK, -1);
    const at::Tensor slot = rows[0].gather(-1, first.index({which})) * m_side + rows[1].gather(-1, second.index({which}));
    return {slot.view({numRows, m_settings.numHeads, topK}), at::softmax(score, -1)};
}

void ProductKeyMemory::noteUse(const at::Tensor &slots_NHK, nn::PassNotes &notes)
{
    const at::NoGradGuard noGradients;
    at::Tensor isRead_N = at::zeros({m_settings.numSlots}, slots_NHK.options().dtype(at::kBool));
    isRead_N.index_fill_(0, slots_NHK.reshape(-1), 1);
    if (!m_isEverRead_N.defined()) m_isEverRead_N = at::zeros_like(isRead_N);
    m_isEverRead_N.logical_or_(isRead_N);
    const auto share = [this](const at::Tensor &is_N) {
        return is_N.sum().to(at::kDouble) / static_cast<double>(m_settings.numSlots);
    };
    notes.addValue("semantic/used", share(isRead_N));
    notes.addValue("semantic/ever_used", share(m_isEverRead_N));
}

at::Tensor ProductKeyMemory::forward(const at::Tensor &x_BTC, const nn::ForwardContext &context)
{
    const at::ScalarType precise = nn::preciseType(context.dtype);
    const SlotReads found = reads(x_BTC, context.dtype);
    if (context.notes && context.isTraining) noteUse(found.slots_NHK, *context.notes);
    if (context.tap) {
        const auto perHead = [&](const at::Tensor &x_NHK) {
            return x_NHK.detach().view({x_BTC.size(0), x_BTC.size(1), m_settings.numHeads, -1}).transpose(1, 2);
        };
        const at::Tensor weights = perHead(found.weights_NHK);
        // Its gate is one of channels, not of heads: what is read is read whole.
        context.tap->read({.layer = m_layer,
                           .memory = "semantic",
                           .slots_BHTK = perHead(found.slots_NHK),
                           .weights_BHTK = weights,
                           .gate_BHT = at::ones_like(weights.select(-1, 0)),
                           .events_BHTK = {},
                           .places_BHTK = {}});
    }
    const int64_t width = x_BTC.size(2), perToken = m_settings.numHeads * m_settings.topK;
    const at::Tensor values_SC = m_values.as(precise).view({-1, width});
    // One bag per token: the weighted sum over heads and slots without a copy of the rows.
    const at::Tensor slots = found.slots_NHK.reshape({-1, perToken});
    at::Tensor weights = found.weights_NHK.reshape({-1, perToken});
    const at::Tensor mask = nn::residualMask(context, m_layer, nn::DropoutPlace::MemoryRead, {x_BTC.size(0), x_BTC.size(1), perToken},
                                             m_settings.dropout, 0, weights.device());
    if (mask.defined()) weights = weights * mask.view_as(weights).to(weights.scalar_type());
    const at::Tensor offsets = at::arange(0, slots.numel(), perToken, slots.options());
    const at::Tensor mixed = std::get<0>(at::embedding_bag(values_SC, slots.reshape(-1), offsets, false,
                                                           0 /* sum */, false, weights.reshape(-1)))
                                 .view(x_BTC.sizes());
    const at::Tensor gate =
        at::silu(m_gate.forward(m_norm.forward(x_BTC, context.dtype), context.dtype)).to(precise);
    return m_output.forward(mixed * gate, context.dtype).to(x_BTC.scalar_type());
}

std::unique_ptr<nn::ResidualModule> makeProductKeyMemory(nn::BuildContext &build,
                                                         const SemanticSettings &settings)
{
    if (settings.numSlots == 0) return nullptr;
    const auto side = std::llround(std::sqrt(static_cast<double>(settings.numSlots)));
    if (side * side != settings.numSlots)
        throw nn::SettingError("plugins.memory.semantic_size is " + std::to_string(settings.numSlots) +
                               ", expected a square number such as " + std::to_string(side * side));
    if (settings.topK > side)
        throw nn::SettingError("plugins.memory.semantic_top_k is " + std::to_string(settings.topK) +
                               ", expected at most " + std::to_string(side) +
                               ", the root of plugins.memory.semantic_size");
    const int64_t numLayers = build.spec.layers;
    const int64_t layer = settings.layer < 0 ? (numLayers - 1) / 2 : settings.layer;
    if (layer >= numLayers)
        throw nn::SettingError("plugins.memory.semantic_layer is " + std::to_string(layer) +
                               ", expected one of the layers 0 to " + std::to_string(numLayers - 1));
    if (build.layer != layer) return nullptr;
    return std::make_unique<ProductKeyMemory>(build, settings);
}

} // namespace orrery::memory
