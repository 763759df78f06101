// SPDX-License-Identifier: Apache-2.0
// The tap of a look: takes what is wanted of each layer's attention while the pass goes by. And the one that
// silences heads. Made for one pass; only the thread that owns the model. Axes: H heads, T tokens, M
// modalities, K slots.
#pragma once

#include "core/inspect/attention_weights.h"
#include "core/inspect/map_pool.h"

#include <functional>
#include <map>
#include <vector>

namespace orrery {

/// Thrown between two layers, caught where the pass began.
struct LookCancelled {};

/// Maps over one rectangle. Heads may come in any order, and twice.
struct MapPlan {
    std::vector<HeadRef> heads;
    MapShape shape;
};

struct WatchPlan {
    int64_t numHeads = 0;
    int64_t numTokens = 0;
    MapPlan whole;                     ///< with summaries and flows; its rectangle is the whole text
    MapPlan chosen;                    ///< maps only
    int64_t readsOf = -1;              ///< token whose reads from memories are kept; −1: none
    int64_t numModalities = 1;         ///< of flows; 1: none
    std::vector<int64_t> modalities_T; ///< modalityIndex() of each token
    std::function<bool()> isCancelled; ///< may be empty
    int64_t blockWeights = kBlockWeights;
};

class AttentionWatch final : public nn::AttentionTap {
public:
    explicit AttentionWatch(const WatchPlan &plan);
    void look(const nn::AttentionLook &look) override;
    void read(const nn::SourceLook &look) override;

    // What was seen, in the order of the plan.
    [[nodiscard]] std::vector<AttentionMap> takeWhole() { return std::move(m_whole.maps); }
    [[nodiscard]] std::vector<AttentionMap> takeChosen() { return std::move(m_chosen.maps); }
    [[nodiscard]] std::vector<HeadSummary> takeSummaries() { return std::move(m_summaries); }
    [[nodiscard]] std::vector<ModalityFlow> takeFlows() { return std::move(m_flows); }
    [[nodiscard]] std::vector<MemoryRead> takeReads() { return std::move(m_reads); }
    /// As seenByTheOneBefore() says; empty when there was no layer.
    [[nodiscard]] const std::vector<bool> &isSeenBefore() const { return m_isSeenBefore; }

private:
    struct Seen {
        std::vector<AttentionMap> maps;
        at::Tensor numPairs_YX; ///< that may look, by cell; made in the first layer, as one mask serves all
    };
    void noteSummaries(const std::vector<HeadRef> &heads, const std::vector<size_t> &order,
                       const at::Tensor &sums_H4);
    void noteFlows(const std::vector<HeadRef> &heads, const std::vector<size_t> &order,
                   const at::Tensor &means_HMM);

    const WatchPlan &m_plan;
    Seen m_whole, m_chosen;
    std::vector<HeadSummary> m_summaries;
    std::vector<ModalityFlow> m_flows;
    std::vector<MemoryRead> m_reads;
    std::vector<bool> m_isSeenBefore;
};

/// Heads that give nothing to what comes behind them.
class HeadSilencer final : public nn::AttentionTap {
public:
    HeadSilencer(std::vector<HeadRef> heads, std::function<bool()> isCancelled)
        : m_heads(std::move(heads)), m_isCancelled(std::move(isCancelled))
    {
    }
    void look(const nn::AttentionLook &look) override;
    [[nodiscard]] at::Tensor output(int64_t layer, const at::Tensor &y_BHTD) override;

private:
    std::vector<HeadRef> m_heads;
    std::function<bool()> m_isCancelled;
};

} // namespace orrery
