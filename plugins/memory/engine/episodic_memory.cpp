// SPDX-License-Identifier: Apache-2.0
#include "plugins/memory/engine/episodic_memory.h"

#include "core/nn/attention_tap.h"
#include "core/nn/layers.h"
#include "core/nn/modality_input.h"
#include "core/nn/setting_error.h"
#include "plugins/memory/engine/episodic_read.h"
#include "plugins/memory/engine/episodic_state.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace orrery::memory {

namespace {

class EpisodicMemory final : public nn::AttentionSource {
public:
    EpisodicMemory(nn::BuildContext &build, const EpisodicSettings &settings)
        : m_settings(settings), m_layer(build.layer), m_window(build.spec.window),
          m_name(build.prefix + "memory.episodic.")
    {
        const int64_t numHeads = build.spec.heads, headWidth = orrery::headWidth(build.spec);
        const auto constant = [](double value) {
            return nn::ParameterInit::constant(static_cast<float>(value));
        };
        // Three dimensions: gates are not pulled towards 0 by weight decay.
        m_shape = {.numHeads = numHeads,
                   .headWidth = headWidth,
                   .window = m_window,
                   .device = build.parameters.device(),
                   .layer = m_layer,
                   .numModalities = build.spec.attention.numModalities};
        m_gate = build.parameters.add(m_name + "gate.weight", {numHeads, headWidth, 1}, constant(0));
        m_gateBias = build.parameters.add(m_name + "gate.bias", {numHeads}, constant(settings.gateBias));
        m_logScale =
            build.parameters.add(m_name + "log_scale", {numHeads}, constant(std::log(settings.scale)));
        m_keyShift = build.parameters.add(m_name + "key_shift", {numHeads}, constant(settings.keyShift));
        m_queryKey = build.parameters.add(m_name + "query_key", {numHeads}, constant(settings.queryKey));
    }

    at::Tensor read(const nn::SourceInput &input, const nn::ForwardContext &context) override
    {
        const at::ScalarType precise = nn::preciseType(context.dtype);
        Heads heads{input.q_BHTD.to(precise), input.k_BHTD.to(precise), input.v_BHTD.to(precise)};
        const Answer answer = context.cache ? readCached(heads, context) : readSequence(heads, context);
        const at::Tensor gate_BHT1 =
            at::sigmoid(at::matmul(heads.q, m_gate.as(precise)) + m_gateBias.as(precise).view({-1, 1, 1})) *
            answer.hasAny_B1T1.to(precise);
        if (context.tap) tell(heads, gate_BHT1.squeeze(-1), context);
        if (context.notes && !context.cache) noteOccupancy(heads.q.size(2), *context.notes);
        const at::Tensor local = input.local_BHTD.to(precise);
        return ((1 - gate_BHT1) * local + gate_BHT1 * answer.values_BHTD).to(input.local_BHTD.scalar_type());
    }
    [[nodiscard]] bool remembers() const override { return true; }
    void beginText(nn::KvCache &cache, int64_t batch) override
    {
        cache.parts[m_name] = std::make_shared<EpisodicState>(m_settings, m_shape, batch);
        cache.keepsSurprise = true;
    }

private:
    struct Heads {
        at::Tensor q, k, v; ///< [B, H, T, D]
    };
    struct Answer {
        at::Tensor values_BHTD;
        at::Tensor hasAny_B1T1; ///< bool; B may be 1
    };

    /// What has no direction stays 0, and pulls at nothing: a first token's key is that of the one before it, which is not there,
    /// and 1 / 0 in its gradient would be a thousand times all others together.
    static at::Tensor normed(const at::Tensor &x_BHTD)
    {
        const at::Tensor norm = x_BHTD.norm(2, {-1}, true);
        return x_BHTD / at::where(norm > 1e-6, norm, at::ones_like(norm));
    }
    /// (1 − share) · x + share · y, a share for each head.
    static at::Tensor mixed(const at::Tensor &x_BHTD, const at::Tensor &y_BHTD, const nn::Weight &share)
    {
        return at::lerp(x_BHTD, y_BHTD, share.as(x_BHTD.scalar_type()).view({-1, 1, 1}));
    }
    /// Of each token the key of the one before it. @param before_BH1D of the first; undefined: 0
    static at::Tensor keysBefore(const at::Tensor &k_BHTD, const at::Tensor &before_BH1D)
    {
        const at::Tensor first = before_BH1D.defined() ? before_BH1D : at::zeros_like(k_BHTD.narrow(2, 0, 1));
        return at::cat({first, k_BHTD.narrow(2, 0, k_BHTD.size(2) - 1)}, 2);
    }
    /// What a token is found by. @param before_BHTD as keysBefore()
    [[nodiscard]] at::Tensor storedKeys(const at::Tensor &k_BHTD, const at::Tensor &before_BHTD) const
    {
        return normed(mixed(k_BHTD, before_BHTD, m_keyShift));
    }
    [[nodiscard]] at::Tensor queries(const Heads &heads) const
    {
        return normed(mixed(heads.q, heads.k, m_queryKey));
    }
    [[nodiscard]] at::Tensor scale(at::ScalarType dtype) const { return m_logScale.as(dtype).exp(); }

    [[nodiscard]] Answer readSequence(const Heads &heads, const nn::ForwardContext &context) const
    {
        const int64_t numTokens = heads.q.size(2);
        const bool isSoft = context.isTraining && context.step < static_cast<uint64_t>(m_settings.softSteps);
        const at::Tensor values =
            readOwnPast(queries(heads), storedKeys(heads.k, keysBefore(heads.k, {})), heads.v,
                        scale(heads.q.scalar_type()), m_window, isSoft ? numTokens : m_settings.topK);
        const at::Tensor hasAny = at::arange(numTokens, heads.q.options().dtype(at::kLong)) >= m_window;
        return {values, hasAny.view({1, 1, -1, 1})};
    }

    /// Of a batch nothing is stored: each sequence has its own past behind the window in place of slots. Of
    /// as many tokens as a memory with a cache would hold at the sequence's end, had it no other thresholds
    /// than its size. Known without the device, so that it costs no wait.
    void noteOccupancy(int64_t numTokens, nn::PassNotes &notes) const
    {
        const auto numBehind = static_cast<double>(std::max<int64_t>(0, numTokens - m_window));
        const double share = std::min(1.0, numBehind / static_cast<double>(m_settings.store.capacity));
        notes.addValue("episodic/occupancy", at::scalar_tensor(share, at::kDouble));
    }

    /// What the tokens took: with a cache from what it remembers (slots of the store, then tokens that wait
    /// to be stored), else from the text's own past (slots are places in it).
    void tell(const Heads &heads, const at::Tensor &gate_BHT, const nn::ForwardContext &context) const
    {
        nn::SourceLook look{.layer = m_layer,
                            .memory = "episodic",
                            .slots_BHTK = {},
                            .weights_BHTK = {},
                            .gate_BHT = gate_BHT.detach(),
                            .events_BHTK = {},
                            .places_BHTK = {}};
        if (context.cache) {
            fillFromCache(look, heads, *context.cache);
        } else {
            const PastReads reads = ownPastReads(queries(heads), storedKeys(heads.k, keysBefore(heads.k, {})),
                                                 scale(heads.q.scalar_type()), m_window, m_settings.topK);
            look.slots_BHTK = look.places_BHTK = reads.places_BHTK;
            look.weights_BHTK = reads.weights_BHTK;
        }
        context.tap->read(look);
    }

    /// After readCached(): of the first sequence, which is the one that a cache's memory speaks of.
    void fillFromCache(nn::SourceLook &look, const Heads &heads, const nn::KvCache &cache) const
    {
        const auto &state = static_cast<const EpisodicState &>(*cache.parts.at(m_name));
        const int64_t place = cache.origin + cache.length;
        const at::Tensor place_T =
            at::arange(place, place + heads.q.size(2), heads.q.options().dtype(at::kLong));
        const at::Tensor q = queries(heads);
        const PastReads reads =
            partReads(q[0], state.parts(0), place_T, scale(q.scalar_type()), m_settings.topK);
        const EpisodicState::Contents contents = state.contents(0);
        const at::Tensor isNone = reads.places_BHTK < 0;
        const auto of = [&](const at::Tensor &all_S) {
            return all_S.index({reads.places_BHTK.clamp_min(0)}).masked_fill_(isNone, -1);
        };
        look.slots_BHTK = reads.places_BHTK;
        look.weights_BHTK = reads.weights_BHTK;
        look.events_BHTK = of(contents.events_S);
        look.places_BHTK = of(contents.places_S);
    }

    /// By flat place; empty: all is text.
    static std::vector<Modality> modalitiesOf(const nn::ForwardContext &context)
    {
        if (!context.modalities) return {};
        const at::Tensor host = context.modalities->layout.modality_BT.to(at::kCPU).contiguous();
        std::vector<Modality> modalities;
        modalities.reserve(static_cast<size_t>(host.numel()));
        for (int64_t i = 0; i < host.numel(); ++i) {
            const auto index = static_cast<size_t>(host.const_data_ptr<int64_t>()[i]);
            modalities.push_back(index < kModalities.size() ? kModalities[index] : Modality::Unknown);
        }
        return modalities;
    }

    [[nodiscard]] Answer readCached(const Heads &heads, const nn::ForwardContext &context)
    {
        TORCH_CHECK(!at::GradMode::is_enabled() || !heads.q.requires_grad(),
                    "an episodic memory with a cache is for generation: it has no gradient");
        nn::KvCache &cache = *context.cache;
        const int64_t batch = heads.q.size(0), numTokens = heads.q.size(2);
        const int64_t place = cache.origin + cache.length;
        if (!cache.parts[m_name]) beginText(cache, batch);
        auto &state = static_cast<EpisodicState &>(*cache.parts[m_name]);
        state.settle(place, cache.surprise_BT);
        const int64_t numKnown = state.nextPlace() - place; // read again behind a restart
        std::vector<std::string> source_T;
        for (int64_t t = 0; t < numTokens; ++t) source_T.push_back(cache.sourceAt(place + t));
        const bool goesOn = numKnown == 0 && state.lastSource == source_T.front();
        at::Tensor before = keysBefore(heads.k, goesOn ? state.lastKey_BH1D : at::Tensor());
        // Nothing of a source is kept with another one: it could not be wiped.
        for (size_t t = 1; t < source_T.size(); ++t)
            if (source_T[t] != source_T[t - 1]) before.select(2, static_cast<int64_t>(t)).zero_();
        if (numKnown < numTokens) {
            state.lastKey_BH1D = heads.k.narrow(2, numTokens - 1, 1).clone();
            state.lastSource = source_T.back();
        }
        const EpisodicState::Pass pass{.keys_BHTD = storedKeys(heads.k, before),
                                       .values_BHTD = heads.v,
                                       .ids_BT = context.ids_BT.to(at::kCPU).contiguous(),
                                       .place = place,
                                       .step = static_cast<int64_t>(context.step),
                                       .source_T = std::move(source_T),
                                       .modality_BT = modalitiesOf(context)};
        state.append(pass);

        const at::Tensor place_T = at::arange(place, place + numTokens, heads.q.options().dtype(at::kLong));
        const at::Tensor q = queries(heads);
        std::vector<at::Tensor> values, hasAny;
        for (int64_t b = 0; b < batch; ++b) {
            const ReadResult result =
                readParts(q[b], state.parts(b), place_T, scale(q.scalar_type()), m_settings.topK, state.shares());
            state.noteRead(b, result, pass);
            values.push_back(result.values_HTD);
            hasAny.push_back((place_T >= state.firstReader(b)).view({1, -1, 1}));
        }
        return {at::stack(values), at::stack(hasAny)};
    }

    EpisodicSettings m_settings;
    StateShape m_shape;
    int64_t m_layer = 0;
    int64_t m_window = 1;
    std::string m_name;
    nn::Weight m_gate, m_gateBias, m_logScale, m_keyShift, m_queryKey;
};

} // namespace

std::unique_ptr<nn::AttentionSource> makeEpisodicMemory(nn::BuildContext &build,
                                                        const EpisodicSettings &settings)
{
    if (settings.store.capacity == 0) return nullptr;
    const int64_t layer = settings.layer < 0 ? build.spec.layers / 2 : settings.layer;
    if (layer >= build.spec.layers)
        throw nn::SettingError("plugins.memory.episodic_layer is " + std::to_string(layer) +
                               ", expected one of the layers 0 to " + std::to_string(build.spec.layers - 1));
    if (build.spec.window < 1)
        throw nn::SettingError("plugins.memory.episodic_size is " + std::to_string(settings.store.capacity) +
                               " and model.window 0, expected a window of 1 or more: without one no token "
                               "leaves it");
    if (build.layer != layer) return nullptr;
    return std::make_unique<EpisodicMemory>(build, settings);
}

} // namespace orrery::memory
