// SPDX-License-Identifier: Apache-2.0
// The tap of a look: takes what is wanted of each layer's attention while the pass goes by, and nothing of a
// layer of which nothing is. And the one that silences heads. Made for one look, which is one pass or several that come one
// behind the other; only the thread that owns the model. Axes: H heads, T tokens, M modalities, K slots.
#pragma once

#include "core/inspect/attention_weights.h"
#include "core/inspect/map_pool.h"
#include "core/inspect/memory_uses.h"
#include "core/nn/plugin_failure.h"

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace orrery {

/// Thrown between two layers, caught where the pass began.
struct LookCancelled : nn::PassEnded {};

/// Maps over one rectangle. Heads may come in any order, and twice.
struct MapPlan {
    std::vector<HeadRef> heads;
    MapShape shape;
};

struct WatchPlan {
    int64_t numTokens = 0;
    MapPlan whole;                     ///< with summaries and flows; its rectangle has all rows that are looked at
    MapPlan chosen;                    ///< maps only; its rows are some of these
    int64_t readsOf = -1;              ///< token whose reads from memories are kept; −1: none
    bool wantsUses = false;            ///< what all of them read most
    int64_t numModalities = 1;         ///< of flows; 1: none
    std::vector<int64_t> modalities_T; ///< modalityIndex() of each token
    std::function<bool()> isCancelled; ///< may be empty
    std::function<void(int64_t)> onLayer = {}; ///< told before each layer; may be empty
    int64_t blockWeights = kBlockWeights;
};

class AttentionWatch final : public nn::AttentionTap {
public:
    /// Both outlive it.
    AttentionWatch(const WatchPlan &plan, HostCopies &copies);
    ~AttentionWatch() override;
    /// Before each pass of a text that comes in several. Not called: there is one, and it has all of the text.
    /// @param first place of its first token
    void beginPass(int64_t first, bool isLast);
    void look(const nn::AttentionLook &look) override;
    void read(const nn::SourceLook &look) override;

    // What was seen, in the order of the plan; behind a wait for the copies.
    [[nodiscard]] std::vector<AttentionMap> wholeMaps() const { return mapsOfAll(m_whole, m_plan.whole); }
    [[nodiscard]] std::vector<AttentionMap> chosenMaps() const { return mapsOfAll(m_chosen, m_plan.chosen); }
    [[nodiscard]] std::vector<HeadSummary> summaries() const;
    [[nodiscard]] std::vector<ModalityFlow> flows() const;
    [[nodiscard]] std::vector<MemoryRead> takeReads() { return std::move(m_reads); }
    [[nodiscard]] std::vector<MemoryUse> uses() const { return m_uses.uses(); }
    /// As seenByTheOneBefore() says; empty when there was no layer, or the text came in several passes.
    [[nodiscard]] const std::vector<bool> &isSeenBefore() const { return m_isSeenBefore; }

private:
    /// What is kept of the heads of one layer; all of it on the host, or on its way there.
    struct SeenLayer {
        std::vector<size_t> order; ///< where in the plan they are
        HostCells cells;
        at::Tensor summaries_H4, flows_HMM; ///< double; fp32; undefined: not wanted
    };
    struct Seen {
        std::vector<SeenLayer> layers;
        bool isCounted = false; ///< by the first layer, as one mask serves all
        at::Tensor numPairs_YX; ///< that may look, by cell
    };
    struct OpenLayer; ///< while its passes go by
    [[nodiscard]] OpenLayer &layerOf(const nn::AttentionLook &look);
    void finish(OpenLayer &layer);
    [[nodiscard]] static std::vector<AttentionMap> mapsOfAll(const Seen &seen, const MapPlan &plan);
    [[nodiscard]] const at::Tensor &oneHot(const at::TensorOptions &options);

    const WatchPlan &m_plan;
    HostCopies &m_copies;
    int64_t m_first = 0; ///< of the pass's tokens
    bool m_isLast = true;
    std::map<int64_t, std::unique_ptr<OpenLayer>> m_open;
    Seen m_whole, m_chosen;
    at::Tensor m_oneHot_TM; ///< the tokens' modalities; made when first asked for
    std::vector<MemoryRead> m_reads;
    MemoryUses m_uses;
    std::vector<bool> m_isSeenBefore;
};

/// Heads that give nothing to what comes behind them.
class HeadSilencer final : public nn::AttentionTap {
public:
    HeadSilencer(std::vector<HeadRef> heads, std::function<bool()> isCancelled,
                 std::function<void(int64_t)> onLayer = {})
        : m_heads(std::move(heads)), m_isCancelled(std::move(isCancelled)), m_onLayer(std::move(onLayer))
    {
    }
    void look(const nn::AttentionLook &look) override;
    [[nodiscard]] at::Tensor output(int64_t layer, const at::Tensor &y_BHTD) override;

private:
    std::vector<HeadRef> m_heads;
    std::function<bool()> m_isCancelled;
    std::function<void(int64_t)> m_onLayer;
};

} // namespace orrery
