// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/inspect_pass.h"

#include <torch/types.h>

#include <algorithm>
#include <utility>

namespace orrery {
namespace {

constexpr int64_t kRowsAtOnce = 256; ///< of logits: a large vocabulary times a long text is too much at once
constexpr int64_t kDeviceLogits = int64_t{1} << 24; ///< 64 MiB, with a few like it beside them

} // namespace

void StreamKeeper::look(int64_t, const at::Tensor &x_BTC, const nn::ForwardContext &)
{
    m_streams.push_back(x_BTC.detach().narrow(1, m_token, 1).clone());
}

InspectPass::InspectPass(nn::Transformer &model, const InspectInput &input, at::ScalarType dtype,
                         std::function<bool()> isCancelled)
    : m_model(model), m_input(input), m_dtype(dtype), m_isCancelled(std::move(isCancelled))
{
    const at::Device device = model.parameters().front().master.device();
    m_ids_BT = at::tensor(std::vector<int64_t>(input.ids.begin(), input.ids.end()), at::kLong).to(device).unsqueeze(0);
    const auto add = [&](const TokenRange &tokens, const ModalityBatch *batch) {
        m_parts.push_back({tokens, {}});
        if (batch && !batch->isTextOnly()) m_parts.back().modalities = nn::makeModalityInput(*batch, 1, device);
    };
    if (input.passes.empty()) add({0, std::ssize(input.ids)}, input.modalities);
    int64_t begin = input.numRead;
    for (const InspectInput::Pass &pass : input.passes) add({std::exchange(begin, pass.end), pass.end}, &pass.batch);
}

nn::ForwardContext InspectPass::contextOf(const Part &part, nn::AttentionTap &tap, nn::KvCache *cache,
                                          std::span<nn::Probe *const> probes) const
{
    nn::ForwardContext context;
    context.dtype = m_dtype;
    context.maskPolicy = m_input.maskPolicy;
    context.prefixLengths = {m_input.prefixLength};
    context.modalities = part.modalities ? &*part.modalities : nullptr;
    context.probes = probes;
    context.cache = cache;
    context.tap = &tap;
    return context;
}

at::Tensor InspectPass::run(nn::AttentionTap &tap, nn::KvCache *cache, std::span<nn::Probe *const> probes,
                            at::Tensor *embedded_BTC) const
{
    nn::ForwardContext context = contextOf(m_parts.front(), tap, cache, probes);
    context.embedded_BTC = embedded_BTC;
    return m_model.hidden(m_ids_BT, context);
}

at::Tensor InspectPass::readOn(size_t pass, nn::AttentionTap &tap, nn::KvCache &cache,
                               std::span<nn::Probe *const> probes) const
{
    const Part &part = m_parts[pass];
    const at::Tensor ids_BT = m_ids_BT.narrow(1, part.tokens.begin, part.tokens.end - part.tokens.begin);
    return m_model.logits(ids_BT, contextOf(part, tap, &cache, probes));
}

at::Tensor InspectPass::lens(const at::Tensor &stream_BTC, int64_t layer) const
{
    return m_model.lens(stream_BTC, layer, m_dtype);
}

at::Tensor InspectPass::logitsAt(const at::Tensor &hidden_BTC, int64_t token) const
{
    return lens(hidden_BTC.narrow(1, token, 1), m_model.spec().layers)[0][0];
}

std::vector<at::Tensor> InspectPass::surprise(const at::Tensor &hidden_BTC, HostCopies &copies) const
{
    const int64_t numTargets = std::ssize(m_input.ids) - 1;
    // A GPU spends its time on beginning operations.
    const int64_t rowsAtOnce = hidden_BTC.is_cpu()
                                   ? kRowsAtOnce
                                   : std::max(kRowsAtOnce, kDeviceLogits / m_model.vocabSize());
    std::vector<at::Tensor> pieces;
    for (int64_t begin = 0; begin < numTargets; begin += rowsAtOnce) {
        if (m_isCancelled && m_isCancelled()) throw LookCancelled{};
        const int64_t count = std::min(rowsAtOnce, numTargets - begin);
        const at::Tensor logits_NV = lens(hidden_BTC.narrow(1, begin, count), m_model.spec().layers)[0];
        const at::Tensor surprise_N = at::cross_entropy_loss(
            logits_NV, m_ids_BT[0].narrow(0, begin + 1, count), {}, at::Reduction::None);
        pieces.push_back(copies.begin(surprise_N.to(at::kFloat)));
    }
    return pieces;
}

bool InspectPass::leavesNothing() const
{
    const ModelSpec &spec = m_model.spec();
    const bool isOwnBlock = spec.block == "reference" || nn::hasModalityWeights(spec);
    const bool isOwnNetwork = spec.ffn == "swiglu" || spec.ffn == "gelu" || spec.ffn == "gelu_tanh";
    return isOwnBlock && isOwnNetwork && nn::attentionSourceRegistry().names().empty() &&
           nn::residualModuleRegistry().names().empty() && nn::headModuleRegistry().names().empty();
}

WatchPlan InspectPass::plan() const
{
    WatchPlan plan;
    plan.numTokens = std::ssize(m_input.ids);
    plan.isCancelled = m_isCancelled;
    if (m_input.modalities && !m_input.modalities->isTextOnly()) {
        plan.numModalities = m_input.modalities->numModalities;
        plan.modalities_T.assign(m_input.modalities->modality_BT.begin(),
                                 m_input.modalities->modality_BT.end());
    }
    return plan;
}

void noteSurprise(const std::vector<at::Tensor> &surprise, const std::vector<bool> &isSeenBefore,
                  std::vector<InspectedToken> &tokens)
{
    size_t place = 1;
    for (const at::Tensor &piece_N : surprise)
        for (int64_t i = 0; i < piece_N.numel(); ++i, ++place)
            if (tokens[place].modality == Modality::Text && !isSeenBefore[place - 1])
                tokens[place].surprise = static_cast<double>(piece_N.const_data_ptr<float>()[i]);
}

} // namespace orrery
