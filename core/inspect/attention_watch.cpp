// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/attention_watch.h"

#include "core/base/assert.h"

#include <torch/types.h>

#include <algorithm>
#include <numeric>

namespace orrery {
namespace {

constexpr size_t kMaxSlots = 16; ///< as MemoryRead::slots

enum SummaryColumn : int64_t { kEntropy, kDistance, kFirstMass, kSelfMass, kNumSummaries };

at::Tensor indices(const std::vector<int64_t> &values, at::Device device)
{
    return at::tensor(values, at::kLong).to(device);
}

/// What a block adds to the summaries of its heads. @return double [H, 4]
at::Tensor summarySums(const WeightBlock &block)
{
    const at::Tensor &weights = block.weights_HRS;
    const int64_t numRows = weights.size(1), numKeys = weights.size(2), first = block.firstRow;
    const auto places = [&](int64_t begin, int64_t count) {
        return at::arange(begin, begin + count, weights.options());
    };
    const at::Tensor distance_RS = (places(first, numRows).unsqueeze(1) - places(0, numKeys)).abs_();
    const auto total = [](const at::Tensor &x) { return x.flatten(1).sum(1, false, at::kDouble); };
    at::Tensor sums_H4 = at::empty({weights.size(0), kNumSummaries}, weights.options().dtype(at::kDouble));
    sums_H4.select(1, kEntropy).copy_(total((weights * block.logWeights_HRS).sum(-1).neg_()));
    sums_H4.select(1, kDistance).copy_(total((weights * distance_RS).sum(-1)));
    sums_H4.select(1, kFirstMass).copy_(total(weights.select(2, 0)));
    sums_H4.select(1, kSelfMass).copy_(total(weights.diagonal(first, 1, 2)));
    return sums_H4;
}

/// The heads of one layer that a plan has, while that layer's weights go by.
struct LayerGroup {
    std::vector<size_t> order;  ///< where in the plan they are
    std::vector<HeadRef> heads; ///< in that order
    at::Tensor places;          ///< where in the blocks they are; undefined: they are all of them, in order
    MapPool pool, pairs;

    LayerGroup(const MapPlan &plan, int64_t layer, const at::TensorOptions &options)
        : pool(plan.shape, countOf(plan, layer), options), pairs(plan.shape, 1, options)
    {
        for (size_t i = 0; i < plan.heads.size(); ++i) {
            if (plan.heads[i].layer != layer) continue;
            order.push_back(i);
            heads.push_back(plan.heads[i]);
        }
    }
    static int64_t countOf(const MapPlan &plan, int64_t layer)
    {
        return std::count_if(plan.heads.begin(), plan.heads.end(),
                             [layer](const HeadRef &ref) { return ref.layer == layer; });
    }
    /// @param computed heads that blocks are made of, increasing
    void findPlaces(const std::vector<int64_t> &computed, at::Device device)
    {
        std::vector<int64_t> found, all(computed.size());
        for (const HeadRef &ref : heads)
            found.push_back(std::lower_bound(computed.begin(), computed.end(), ref.head) - computed.begin());
        std::iota(all.begin(), all.end(), 0);
        if (found != all) places = indices(found, device);
    }
    [[nodiscard]] at::Tensor own(const at::Tensor &x_HRS) const
    {
        return places.defined() ? x_HRS.index_select(0, places) : x_HRS;
    }
};

std::vector<int64_t> headsOf(const LayerGroup &one, const LayerGroup &other)
{
    std::vector<int64_t> heads;
    for (const LayerGroup *group : {&one, &other})
        for (const HeadRef &ref : group->heads) heads.push_back(ref.head);
    std::sort(heads.begin(), heads.end());
    heads.erase(std::unique(heads.begin(), heads.end()), heads.end());
    return heads;
}

/// Weights are as precise as what the pass computes with, and never less than fp32.
at::TensorOptions optionsOf(const nn::AttentionLook &look)
{
    const bool isDouble = look.q_BHTD.scalar_type() == at::kDouble;
    return at::TensorOptions(isDouble ? at::kDouble : at::kFloat).device(look.q_BHTD.device());
}

/// How the whole group looks beside its maps.
struct GroupSums {
    at::Tensor summaries_H4, flows_HMM;
    at::Tensor oneHot_TM; ///< undefined: no flows

    void add(const WeightBlock &block)
    {
        summaries_H4.add_(summarySums(block));
        if (!oneHot_TM.defined()) return;
        const at::Tensor &weights = block.weights_HRS;
        const at::Tensor seen_HRM = at::matmul(weights, oneHot_TM.narrow(0, 0, weights.size(2)));
        flows_HMM.add_(at::matmul(oneHot_TM.narrow(0, block.firstRow, weights.size(1)).t(), seen_HRM));
    }
};

} // namespace

AttentionWatch::AttentionWatch(const WatchPlan &plan) : m_plan(plan)
{
    m_whole.maps.resize(plan.whole.heads.size());
    m_chosen.maps.resize(plan.chosen.heads.size());
    m_summaries.resize(plan.whole.heads.size());
    if (plan.numModalities > 1) m_flows.resize(plan.whole.heads.size());
}

void AttentionWatch::look(const nn::AttentionLook &look)
{
    if (m_plan.isCancelled && m_plan.isCancelled()) throw LookCancelled{};
    const at::NoGradGuard noGradients;
    ORRERY_ASSERT(look.q_BHTD.size(0) == 1 && look.firstQuery == 0);
    if (m_isSeenBefore.empty()) m_isSeenBefore = seenByTheOneBefore(look.mask, m_plan.numTokens);
    const at::TensorOptions options = optionsOf(look);
    LayerGroup whole(m_plan.whole, look.layer, options), chosen(m_plan.chosen, look.layer, options);
    const std::vector<int64_t> computed = headsOf(whole, chosen);
    if (computed.empty()) return;
    for (LayerGroup *group : {&whole, &chosen}) group->findPlaces(computed, options.device());
    GroupSums sums{at::zeros({std::ssize(whole.heads), kNumSummaries}, options.dtype(at::kDouble)), {}, {}};
    if (!m_flows.empty()) {
        const int64_t size = m_plan.numModalities;
        sums.oneHot_TM = at::one_hot(indices(m_plan.modalities_T, options.device()), size).to(options);
        sums.flows_HMM = at::zeros({std::ssize(whole.heads), size, size}, options);
    }
    const auto show = [&](LayerGroup &group, const Seen &seen, const WeightBlock &block) {
        if (!seen.numPairs_YX.defined()) {
            const RowRange rows{block.firstRow, block.firstRow + block.weights_HRS.size(1)};
            group.pairs.add(allowedPairs(look, rows, options), block.firstRow);
        }
        group.pool.add(block.weights_HRS, block.firstRow);
    };
    const auto use = [&](const WeightBlock &block) {
        if (!chosen.heads.empty())
            show(chosen, m_chosen, {block.firstRow, chosen.own(block.weights_HRS), block.logWeights_HRS});
        if (whole.heads.empty()) return;
        const at::Tensor weights = whole.own(block.weights_HRS), logs = whole.own(block.logWeights_HRS);
        show(whole, m_whole, {block.firstRow, weights, logs});
        sums.add({block.firstRow, weights, logs});
    };
    const MapShape &rows = whole.heads.empty() ? m_plan.chosen.shape : m_plan.whole.shape;
    const bool isAll = std::ssize(computed) == m_plan.numHeads;
    forEachBlock(look, isAll ? at::Tensor() : indices(computed, options.device()),
                 {rows.firstRow, rows.firstRow + rows.numRows}, rows.rowsPerCell, use, m_plan.blockWeights);

    const auto keep = [](Seen &seen, const LayerGroup &group) {
        if (group.heads.empty()) return;
        if (!seen.numPairs_YX.defined()) seen.numPairs_YX = group.pairs.sum_HYX()[0];
        std::vector<AttentionMap> maps = group.pool.maps(group.heads, seen.numPairs_YX);
        for (size_t i = 0; i < maps.size(); ++i) seen.maps[group.order[i]] = std::move(maps[i]);
    };
    keep(m_chosen, chosen);
    keep(m_whole, whole);
    noteSummaries(whole.heads, whole.order, sums.summaries_H4);
    if (sums.oneHot_TM.defined())
        noteFlows(whole.heads, whole.order, sums.flows_HMM / sums.oneHot_TM.sum(0).clamp_min(1).unsqueeze(1));
}

void AttentionWatch::noteSummaries(const std::vector<HeadRef> &heads, const std::vector<size_t> &order,
                                   const at::Tensor &sums_H4)
{
    const at::Tensor means = (sums_H4 / static_cast<double>(m_plan.numTokens)).to(at::kCPU).contiguous();
    for (size_t i = 0; i < heads.size(); ++i) {
        const double *of = means.const_data_ptr<double>() + i * kNumSummaries;
        // A single token looks at itself alone: its entropy is 0, not −0.
        m_summaries[order[i]] = {heads[i], std::max(0.0, of[kEntropy]), of[kDistance], of[kFirstMass],
                                 of[kSelfMass]};
    }
}

void AttentionWatch::noteFlows(const std::vector<HeadRef> &heads, const std::vector<size_t> &order,
                               const at::Tensor &means_HMM)
{
    const at::Tensor values = means_HMM.to(at::kCPU, at::kFloat).contiguous();
    const auto size = static_cast<size_t>(m_plan.numModalities * m_plan.numModalities);
    for (size_t i = 0; i < heads.size(); ++i) {
        const float *of = values.const_data_ptr<float>() + i * size;
        m_flows[order[i]] = {.head = heads[i], .mass = {of, of + size}, .weights = {}};
    }
}

void AttentionWatch::read(const nn::SourceLook &look)
{
    if (m_plan.readsOf < 0) return;
    const at::NoGradGuard noGradients;
    const auto ofToken = [&](const at::Tensor &x_BHTK) {
        return x_BHTK.defined() ? x_BHTK[0].select(1, m_plan.readsOf).to(at::kCPU) : at::Tensor();
    };
    const at::Tensor slots = ofToken(look.slots_BHTK), weights = ofToken(look.weights_BHTK).to(at::kDouble);
    const at::Tensor events = ofToken(look.events_BHTK), places = ofToken(look.places_BHTK);
    const at::Tensor gates = ofToken(look.gate_BHT).to(at::kDouble);
    for (int64_t head = 0; head < slots.size(0); ++head) {
        MemoryRead read{.head = {look.layer, head},
                        .memory = std::string(look.memory),
                        .gate = gates[head].item<double>()};
        const auto numberOf = [head](const at::Tensor &x, int64_t k) {
            return x.defined() ? x[head][k].item<int64_t>() : -1;
        };
        for (int64_t k = 0; k < slots.size(1); ++k) {
            const int64_t slot = slots[head][k].item<int64_t>();
            const double weight = weights[head][k].item<double>();
            if (slot >= 0 && weight > 0)
                read.slots.push_back({slot, numberOf(events, k), numberOf(places, k), weight});
        }
        std::stable_sort(read.slots.begin(), read.slots.end(),
                         [](const auto &a, const auto &b) { return a.weight > b.weight; });
        if (read.slots.size() > kMaxSlots) read.slots.resize(kMaxSlots);
        if (!read.slots.empty()) m_reads.push_back(std::move(read));
    }
}

void HeadSilencer::look(const nn::AttentionLook &)
{
    if (m_isCancelled && m_isCancelled()) throw LookCancelled{};
}

at::Tensor HeadSilencer::output(int64_t layer, const at::Tensor &y_BHTD)
{
    at::Tensor silenced;
    for (const HeadRef &ref : m_heads) {
        if (ref.layer != layer) continue;
        if (!silenced.defined()) silenced = y_BHTD.clone();
        silenced.select(1, ref.head).zero_();
    }
    return silenced.defined() ? silenced : y_BHTD;
}

} // namespace orrery
