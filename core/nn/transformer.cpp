// SPDX-License-Identifier: Apache-2.0
#include "core/nn/transformer.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/nn/attention_core.h"
#include "core/nn/block.h"
#include "core/nn/device.h"
#include "core/nn/dropout.h"
#include "core/nn/extension_points.h"
#include "core/nn/grouped_blocks.h"
#include "core/nn/layers.h"
#include "core/nn/masked_cross_entropy.h"
#include "core/nn/modality_embedding.h"
#include "core/nn/multimodal_attention.h"
#include "core/nn/torch_guard.h"

#include <torch/types.h>

#include <limits>

namespace orrery::nn {
namespace {

constexpr const char *kCausalMask = "causal"; ///< a pass that says so goes by model.mask

/// −log p of each token under the logits before it; those before the first one are of the pass before. NaN where
/// there are none, and of a patch or frame, whose id stands for nothing. @param modalities null: all is text
void noteSurprise(KvCache &cache, const at::Tensor &ids_BT, const at::Tensor &logits_BTV,
                  const ModalityInput *modalities)
{
    const int64_t numTokens = ids_BT.size(1);
    const auto surprise = [](const at::Tensor &logits_NV, const at::Tensor &ids_N) {
        return at::cross_entropy_loss(logits_NV, ids_N, {}, at::Reduction::None).to(at::kFloat);
    };
    constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
    cache.surprise_BT = at::full(ids_BT.sizes(), kUnknown, logits_BTV.options().dtype(at::kFloat));
    const bool hasBefore = cache.length > numTokens && cache.lastLogits_BV.defined();
    if (hasBefore) cache.surprise_BT.select(1, 0).copy_(surprise(cache.lastLogits_BV, ids_BT.select(1, 0)));
    if (numTokens > 1) {
        const at::Tensor logits_NV = logits_BTV.narrow(1, 0, numTokens - 1).reshape({-1, logits_BTV.size(2)});
        const at::Tensor ids_N = ids_BT.narrow(1, 1, numTokens - 1).reshape({-1});
        cache.surprise_BT.narrow(1, 1, numTokens - 1)
            .copy_(surprise(logits_NV, ids_N).view({-1, numTokens - 1}));
    }
    if (modalities)
        cache.surprise_BT.masked_fill_(modalities->layout.modality_BT.to(cache.surprise_BT.device()) != 0,
                                       kUnknown);
    cache.lastLogits_BV = logits_BTV.select(1, numTokens - 1).clone();
}

} // namespace

Result<Consolidation> PartState::consolidate(Transformer &, const std::vector<std::vector<int32_t>> &,
                                             const ConsolidationSettings &, const std::atomic<bool> &)
{
    return Error{ErrorCode::NotFound, "Cannot consolidate: what the model remembers cannot be learned, expected a model with an episodic and a semantic memory.",
                 "Train it with plugins.memory.episodic_size and semantic_size above 0."};
}

at::Tensor Transformer::lens(const at::Tensor &, int64_t, at::ScalarType)
{
    TORCH_CHECK(false, "this model has no lens");
}

namespace {

class TransformerModel final : public Transformer {
public:
    TransformerModel(const ModelSpec &spec, int64_t vocabSize, uint64_t seed, at::Device device)
        : m_spec(spec), m_vocabSize(vocabSize), m_store(seed, device)
    {
        const ParameterInit init = ParameterInit::normal(kInitDeviation);
        m_tokens = m_store.add("embedding.token.weight", {vocabSize, m_spec.width}, init);
        if (m_spec.position == "learned")
            m_positions = m_store.add("embedding.position.weight", {m_spec.context, m_spec.width}, init);
        else
            std::tie(m_tables.ropeCos_TD, m_tables.ropeSin_TD) = makeRopeTables(m_spec, device);
        m_modalities = ModalityEmbedding(m_store, m_spec);
        const auto *factory = blockRegistry().find(hasModalityWeights(m_spec) ? "multimodal" : m_spec.block);
        for (int64_t layer = 0; layer < m_spec.layers; ++layer) {
            BuildContext build{m_spec, layer, "blocks." + std::to_string(layer) + ".", m_store, m_tables};
            m_blocks.push_back((*factory)(build));
            m_modules.push_back(makeParts(residualModuleRegistry(), build));
        }
        if (GroupedBlocks::supports(m_spec)) m_grouped = std::make_unique<GroupedBlocks>(m_spec, m_store, m_tables);
        m_finalNorm = Norm(m_store, "final_norm", m_spec.norm, m_spec.width, m_spec);
        m_head = m_spec.tied ? m_tokens : m_store.add("head.weight", {vocabSize, m_spec.width}, init);
        BuildContext build{m_spec, m_spec.layers, "head.", m_store, m_tables};
        m_headModules = makeParts(headModuleRegistry(), build);
    }

    [[nodiscard]] const ModelSpec &spec() const override { return m_spec; }
    [[nodiscard]] int64_t vocabSize() const override { return m_vocabSize; }
    [[nodiscard]] std::vector<Parameter> &parameters() override { return m_store.parameters(); }
    [[nodiscard]] uint64_t numParameters() const override
    {
        uint64_t total = 0;
        for (const Parameter &parameter : const_cast<ParameterStore &>(m_store).parameters())
            total += static_cast<uint64_t>(parameter.master.numel());
        return total;
    }

    at::Tensor hidden(const at::Tensor &ids_BT, const ForwardContext &context) override
    {
        const int64_t numTokens = ids_BT.size(1), offset = context.cache ? context.cache->length : 0;
        TORCH_CHECK(offset + numTokens <= m_spec.context, "position ", offset + numTokens,
                    " is past the context of ", m_spec.context, " tokens");
        m_dtype = context.dtype;
        ForwardContext pass = context;
        pass.ids_BT = ids_BT;
        pass.mask = makeMask(ids_BT, pass, offset);
        at::Tensor x_BTC = embed(ids_BT, pass, offset);
        if (hasModalityWeights(m_spec))
            x_BTC = multiModalBlocks(x_BTC, pass);
        else
            for (size_t layer = 0; layer < m_blocks.size(); ++layer) {
                show(layer, x_BTC, pass);
                x_BTC = m_blocks[layer]->forward(x_BTC, pass);
                for (const auto &module : m_modules[layer]) x_BTC = x_BTC + module->forward(x_BTC, pass);
            }
        at::Tensor h_BTC = m_finalNorm.forward(x_BTC, context.dtype);
        for (const auto &module : m_headModules) h_BTC = h_BTC + module->forward(h_BTC, pass);
        show(m_blocks.size(), h_BTC, pass);
        if (context.cache) {
            context.cache->length += numTokens;
            context.cache->surprise_BT = at::Tensor();
        }
        return h_BTC;
    }

    at::Tensor logits(const at::Tensor &ids_BT, const ForwardContext &context) override
    {
        const at::Tensor logits_BTV = headLogits(hidden(ids_BT, context), context.dtype);
        if (context.cache && context.cache->keepsSurprise)
            noteSurprise(*context.cache, ids_BT, logits_BTV.detach(), context.modalities);
        return logits_BTV;
    }

    at::Tensor loss(const at::Tensor &ids_BT, const at::Tensor &targets_BT, const at::Tensor &mask_BT,
                    const ForwardContext &context) override
    {
        const at::Tensor logits_NV = logits(ids_BT, context).reshape({-1, m_vocabSize});
        const at::Tensor targets_N = maskedTargets(targets_BT, mask_BT);
        const at::Tensor loss = meanCrossEntropy(logits_NV, targets_N);
        const bool hasZLoss =
            context.isTraining && m_spec.attention.numModalities > 1 && m_spec.attention.zLoss > 0;
        if (!hasZLoss) return loss;
        // Source: Chowdhery et al. (2022), "PaLM", section 5: 1e-4 · log² Z, over the same targets as the
        // loss.
        const at::Tensor logZ_N = logits_NV.logsumexp(-1);
        const at::Tensor counts_N = (targets_N != kIgnoredTarget).to(logZ_N.scalar_type());
        return loss +
               m_spec.attention.zLoss * (logZ_N.square() * counts_N).sum() / counts_N.sum().clamp_min(1);
    }

    at::Tensor lens(const at::Tensor &x_BTC, int64_t layer, at::ScalarType dtype) override
    {
        const bool isNormed = layer == m_spec.layers;
        return headLogits(isNormed ? x_BTC : m_finalNorm.forward(x_BTC, dtype), dtype);
    }

    [[nodiscard]] KvCache makeCache(int64_t batch, int64_t capacity) const override
    {
        KvCache cache;
        const int64_t width = headWidth(m_spec), numHeads = keyHeads(m_spec);
        const int64_t keyWidth = width + extraKeyWidth(m_spec);
        const at::TensorOptions options = at::TensorOptions(at::kFloat).device(m_store.device());
        for (int64_t layer = 0; layer < m_spec.layers; ++layer) {
            cache.keys.push_back(at::zeros({batch, numHeads, capacity, keyWidth}, options));
            cache.values.push_back(at::zeros({batch, numHeads, capacity, width}, options));
        }
        beginText(cache);
        return cache;
    }
    void beginText(KvCache &cache) const override
    {
        cache.parts.clear();
        cache.sources.clear();
        cache.keepsSurprise = false;
        cache.surprise_BT = cache.lastLogits_BV = at::Tensor();
        cache.origin = cache.length = 0;
        const int64_t batch = cache.keys.empty() ? 1 : cache.keys.front().size(0);
        for (const auto &begin : m_tables.textStarts) begin(cache, batch);
    }

    [[nodiscard]] bool remembers() const override { return m_tables.remembers; }
    /// Copies in a lower precision belong to the update, not to whoever reads them first.
    void mastersChanged() override
    {
        m_store.mastersChanged();
        const at::NoGradGuard noGrad;
        if (m_dtype != at::kFloat) (void)m_head.as(m_dtype);
    }

private:
    [[nodiscard]] at::Tensor headLogits(const at::Tensor &hidden_BTC, at::ScalarType dtype) const
    {
        return at::linear(hidden_BTC.to(dtype), m_head.as(dtype)).to(preciseType(dtype));
    }

    at::Tensor embed(const at::Tensor &ids_BT, const ForwardContext &context, int64_t offset)
    {
        const at::ScalarType precise = preciseType(context.dtype);
        at::Tensor x_BTC = at::embedding(m_tokens.as(precise), ids_BT);
        if (context.modalities) x_BTC = m_modalities.place(x_BTC, *context.modalities, context.dtype);
        if (context.embedded_BTC)
            x_BTC = *context.embedded_BTC = x_BTC.detach().requires_grad_(at::GradMode::is_enabled());
        if (m_positions.exists()) x_BTC = x_BTC + m_positions.as(precise).narrow(0, offset, ids_BT.size(1));
        const at::Tensor mask = residualMask(context, m_spec.layers, DropoutPlace::Embedding, x_BTC.sizes(),
                                             dropoutOf(m_spec, context), 0.0, x_BTC.device());
        return mask.defined() ? x_BTC * mask.to(precise) : x_BTC;
    }

    static void show(size_t layer, const at::Tensor &x_BTC, const ForwardContext &pass)
    {
        for (Probe *probe : pass.probes) probe->look(static_cast<int64_t>(layer), x_BTC, pass);
    }

    AttentionMask makeMask(const at::Tensor &ids_BT, const ForwardContext &context, int64_t offset)
    {
        const std::string &name = context.maskPolicy == kCausalMask ? m_spec.mask : context.maskPolicy;
        std::unique_ptr<MaskPolicy> &policy = m_masks[name];
        if (!policy) {
            const auto *factory = maskPolicyRegistry().find(name);
            TORCH_CHECK(factory, "unknown mask \"", name, "\"");
            policy = (*factory)(m_spec);
        }
        const at::Device device = m_store.device();
        return policy->make({ids_BT.size(0), ids_BT.size(1), offset}, context,
                            at::TensorOptions(attentionType(context.dtype, device.is_cuda())).device(device));
    }

    /// These blocks work on a stream that is sorted by modality: sorted once on the way in, back on the way
    /// out.
    at::Tensor multiModalBlocks(const at::Tensor &x_BTC, const ForwardContext &context)
    {
        ForwardContext inner = context;
        ModalityInput input;
        if (context.modalities) {
            input = *context.modalities;
        } else {
            input.layout = makeModalityLayout(at::zeros({x_BTC.size(0), x_BTC.size(1)}, at::kLong),
                                              m_spec.attention.numModalities, x_BTC.device());
        }
        inner.modalities = &input;
        const ModalityLayout &layout = input.layout;
        const bool isWatched = inner.tap || !inner.probes.empty();
        if (m_grouped && !isWatched && !inner.cache && isGrouped(layout, x_BTC.device()))
            return m_grouped->forward(x_BTC, layout, inner);
        at::Tensor x_1NC = layout.sorted(x_BTC.reshape({-1, m_spec.width})).unsqueeze(0);
        const auto inOrder = [&] { return layout.flat(x_1NC.squeeze(0)).view(x_BTC.sizes()); };
        for (size_t layer = 0; layer < m_blocks.size(); ++layer) {
            if (!inner.probes.empty()) show(layer, inOrder(), inner);
            x_1NC = m_blocks[layer]->forward(x_1NC, inner);
            if (m_modules[layer].empty()) continue;
            at::Tensor flat_BTC = inOrder();
            for (const auto &module : m_modules[layer])
                flat_BTC = flat_BTC + module->forward(flat_BTC, inner);
            x_1NC = layout.sorted(flat_BTC.reshape({-1, m_spec.width})).unsqueeze(0);
        }
        return inOrder();
    }

    ModelSpec m_spec;
    int64_t m_vocabSize = 0;
    mutable ParameterStore m_store;
    SharedTables m_tables;
    Weight m_tokens;
    Weight m_positions;
    ModalityEmbedding m_modalities;
    std::vector<std::unique_ptr<Block>> m_blocks;
    std::vector<std::vector<std::unique_ptr<ResidualModule>>> m_modules; ///< by layer
    std::unique_ptr<GroupedBlocks> m_grouped; ///< the same blocks another way; null: there is none
    std::map<std::string, std::unique_ptr<MaskPolicy>> m_masks;          ///< made when first asked for
    Norm m_finalNorm;
    Weight m_head;
    std::vector<std::unique_ptr<HeadModule>> m_headModules;
    at::ScalarType m_dtype = at::kFloat; ///< of the last pass
};

Error badModel(const std::string &key, const std::string &found, const std::string &expected)
{
    return {ErrorCode::InvalidInput,
            "Cannot build the model: " + key + " is " + found + ", expected " + expected + ".",
            "Change " + key + " in the run's specification."};
}

Result<void> checkHeads(const ModelSpec &spec)
{
    if (spec.headDim < 0) return badModel("model.head_dim", std::to_string(spec.headDim), "0 or more");
    if (spec.headDim == 0 && spec.width % spec.heads != 0)
        return badModel("model.heads", std::to_string(spec.heads),
                        "a divisor of model.width " + std::to_string(spec.width));
    if (spec.position == "rope" && headWidth(spec) % 2 != 0)
        return badModel(spec.headDim > 0 ? "model.head_dim" : "model.heads",
                        std::to_string(spec.headDim > 0 ? spec.headDim : spec.heads),
                        "an even width per head for rope positions");
    if (spec.kvHeads < 0 || (spec.kvHeads > 0 && spec.heads % spec.kvHeads != 0))
        return badModel("model.kv_heads", std::to_string(spec.kvHeads),
                        "0 or a divisor of model.heads " + std::to_string(spec.heads));
    if (hasModalityWeights(spec) && (keyHeads(spec) != spec.heads || spec.headDim > 0))
        return badModel(spec.headDim > 0 ? "model.head_dim" : "model.kv_heads",
                        std::to_string(spec.headDim > 0 ? spec.headDim : spec.kvHeads),
                        "0 for a model whose modalities have weights of their own");
    const RopeScaling &scaling = spec.ropeScaling;
    if (scaling.factor != 1 && scaling.highFactor <= scaling.lowFactor)
        return badModel("model.rope_high_factor", formatSignificant(scaling.highFactor, 4),
                        "more than model.rope_low_factor " + formatSignificant(scaling.lowFactor, 4));
    return {};
}

Result<void> checkModel(const ModelSpec &spec, int64_t vocabSize)
{
    const auto atLeastOne = [](const char *key, int64_t value) -> Result<void> {
        if (value >= 1) return {};
        return badModel(key, std::to_string(value), "1 or more");
    };
    ORRERY_TRY(atLeastOne("model.layers", spec.layers));
    ORRERY_TRY(atLeastOne("model.width", spec.width));
    ORRERY_TRY(atLeastOne("model.heads", spec.heads));
    ORRERY_TRY(atLeastOne("model.context", spec.context));
    ORRERY_TRY(atLeastOne("the vocabulary size", vocabSize));
    ORRERY_TRY(checkHeads(spec));
    if (spec.position != "rope" && spec.position != "learned")
        return badModel("model.position", "\"" + spec.position + "\"", "rope or learned");
    if (spec.norm != "rmsnorm" && spec.norm != "layernorm")
        return badModel("model.norm", "\"" + spec.norm + "\"", "rmsnorm or layernorm");
    if (!feedForwardRegistry().find(spec.ffn))
        return badModel("model.ffn", "\"" + spec.ffn + "\"",
                        "one of " + joinText(feedForwardRegistry().names(), ", "));
    if (!blockRegistry().find(spec.block))
        return badModel("model.block", "\"" + spec.block + "\"",
                        "one of " + joinText(blockRegistry().names(), ", "));
    if (!maskPolicyRegistry().find(spec.mask))
        return badModel("model.mask", "\"" + spec.mask + "\"",
                        "one of " + joinText(maskPolicyRegistry().names(), ", "));
    const auto isProbability = [](double p) { return p >= 0.0 && p < 1.0; };
    if (!isProbability(spec.dropout))
        return badModel("model.dropout", formatSignificant(spec.dropout, 4), "0 or more and below 1");
    if (!isProbability(spec.stochasticDepth))
        return badModel("model.stochastic_depth", formatSignificant(spec.stochasticDepth, 4),
                        "0 or more and below 1");
    return {};
}

} // namespace

Result<std::unique_ptr<Transformer>> Transformer::create(const ModelSpec &spec, int64_t vocabSize,
                                                         uint64_t seed, const std::string &device)
{
    ORRERY_TRY(checkModel(spec, vocabSize));
    ORRERY_ASSIGN(const at::Device torchDevice, openDevice(device));
    return guardTorch("build the model", [&]() -> Result<std::unique_ptr<Transformer>> {
        return std::unique_ptr<Transformer>(
            std::make_unique<TransformerModel>(spec, vocabSize, seed, torchDevice));
    });
}

} // namespace orrery::nn
