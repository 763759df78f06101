// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/attention_watch.h"

#include "core/base/assert.h"

#include <torch/types.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace orrery {
namespace {

constexpr size_t kMaxSlots = 16; ///< as MemoryRead::slots

enum SummaryColumn : int64_t { kEntropy, kDistance, kFirstMass, kSelfMass, kNumSummaries };

/// What a block adds to the summaries of its heads. @param first place of its first row  @return double [H, 4]
at::Tensor summarySums(const WeightBlock &block, int64_t first)
{
    const at::Tensor &weights = block.weights_HRS;
    const int64_t numRows = weights.size(1), numKeys = weights.size(2);
    const auto places = [&](int64_t begin, int64_t count) {
        return at::arange(begin, begin + count, weights.options());
    };
    const at::Tensor distance_RS = (places(first, numRows).unsqueeze(1) - places(0, numKeys)).abs_();
    const auto total = [](const at::Tensor &x) { return x.flatten(1).sum(1, false, at::kDouble); };
    std::array<at::Tensor, kNumSummaries> columns;
    columns[kEntropy] = total((weights * block.logWeights_HRS).sum(-1).neg_());
    columns[kDistance] = total((weights * distance_RS).sum(-1));
    columns[kFirstMass] = total(weights.select(2, 0));
    columns[kSelfMass] = total(weights.diagonal(first, 1, 2));
    return at::stack(columns, 1);
}

/// Weights are as precise as what the pass computes with, and never less than fp32.
at::TensorOptions optionsOf(const nn::AttentionLook &look)
{
    const bool isDouble = look.q_BHTD.scalar_type() == at::kDouble;
    return at::TensorOptions(isDouble ? at::kDouble : at::kFloat).device(look.q_BHTD.device());
}

/// The heads of one layer that a plan has, while that layer's weights go by.
class LayerGroup {
public:
    LayerGroup(const MapPlan &plan, int64_t layer) : m_plan(plan)
    {
        for (size_t i = 0; i < plan.heads.size(); ++i) {
            if (plan.heads[i].layer != layer) continue;
            m_order.push_back(i);
            m_heads.push_back(plan.heads[i].head);
        }
    }
    [[nodiscard]] bool isEmpty() const { return m_heads.empty(); }
    [[nodiscard]] int64_t size() const { return std::ssize(m_heads); }
    [[nodiscard]] const std::vector<size_t> &order() const { return m_order; }
    [[nodiscard]] const std::vector<int64_t> &heads() const { return m_heads; }

    /// @param computed heads that blocks are made of, increasing
    void begin(const std::vector<int64_t> &computed, bool countsPairs, const at::TensorOptions &options)
    {
        if (isEmpty()) return;
        std::vector<int64_t> places;
        for (const int64_t head : m_heads)
            places.push_back(std::lower_bound(computed.begin(), computed.end(), head) - computed.begin());
        m_choice = HeadChoice(places, options.device());
        m_pool.emplace(m_plan.shape, size(), options);
        if (countsPairs) m_pairs.emplace(m_plan.shape, 1, options, MapPool::Keeps::Sums);
    }
    [[nodiscard]] at::Tensor own(const at::Tensor &x_HRS) const
    {
        return x_HRS.defined() ? m_choice.of(x_HRS) : x_HRS;
    }
    /// @param firstRow of the pass's tokens
    void add(const nn::AttentionLook &look, int64_t firstRow, const at::Tensor &weights_HRS)
    {
        const int64_t place = look.firstQuery + firstRow;
        if (m_pairs) {
            const RowRange rows{firstRow, firstRow + weights_HRS.size(1)};
            m_pairs->add(allowedPairs(look, rows, weights_HRS.options()), place);
        }
        m_pool->add(weights_HRS, place);
    }
    /// @param numPairs_YX is made by the first group of a plan
    [[nodiscard]] HostCells cells(at::Tensor &numPairs_YX, HostCopies &copies) const
    {
        if (m_pairs) numPairs_YX = m_pairs->sum_HYX()[0];
        return m_pool->cells(numPairs_YX, copies);
    }

private:
    const MapPlan &m_plan;
    std::vector<size_t> m_order;  ///< where in the plan they are
    std::vector<int64_t> m_heads; ///< in that order
    HeadChoice m_choice;          ///< of those computed
    std::optional<MapPool> m_pool, m_pairs;
};

std::vector<int64_t> headsOf(const LayerGroup &one, const LayerGroup &other)
{
    std::vector<int64_t> heads = one.heads();
    heads.insert(heads.end(), other.heads().begin(), other.heads().end());
    std::sort(heads.begin(), heads.end());
    heads.erase(std::unique(heads.begin(), heads.end()), heads.end());
    return heads;
}

/// How the whole group looks beside its maps.
struct GroupSums {
    at::Tensor summaries_H4, flows_HMM;
    at::Tensor oneHot_TM; ///< undefined: no flows

    /// @param first place of the pass's first token
    void add(const WeightBlock &block, int64_t first)
    {
        const auto addTo = [](at::Tensor &sum, const at::Tensor &x) { sum = sum.defined() ? sum.add_(x) : x; };
        addTo(summaries_H4, summarySums(block, first + block.firstRow));
        if (!oneHot_TM.defined()) return;
        const at::Tensor &weights = block.weights_HRS;
        const at::Tensor seen_HRM = at::matmul(weights, oneHot_TM.narrow(0, 0, weights.size(2)));
        addTo(flows_HMM, at::matmul(oneHot_TM.narrow(0, first + block.firstRow, weights.size(1)).t(), seen_HRM));
    }
};

} // namespace

struct AttentionWatch::OpenLayer {
    LayerGroup whole, chosen;
    std::vector<int64_t> computed; ///< heads that blocks are made of
    GroupSums sums;
};

AttentionWatch::AttentionWatch(const WatchPlan &plan, HostCopies &copies) : m_plan(plan), m_copies(copies) {}

AttentionWatch::~AttentionWatch() = default;

void AttentionWatch::beginPass(int64_t first, bool isLast)
{
    m_first = first;
    m_isLast = isLast;
}

AttentionWatch::OpenLayer &AttentionWatch::layerOf(const nn::AttentionLook &look)
{
    std::unique_ptr<OpenLayer> &open = m_open[look.layer];
    if (open) return *open;
    open = std::make_unique<OpenLayer>(
        OpenLayer{LayerGroup(m_plan.whole, look.layer), LayerGroup(m_plan.chosen, look.layer), {}, {}});
    open->computed = headsOf(open->whole, open->chosen);
    const at::TensorOptions options = optionsOf(look);
    for (const auto &[group, seen] : {std::pair(&open->whole, &m_whole), std::pair(&open->chosen, &m_chosen)})
        if (!group->isEmpty()) group->begin(open->computed, !std::exchange(seen->isCounted, true), options);
    if (m_plan.numModalities > 1 && !open->whole.isEmpty()) open->sums.oneHot_TM = oneHot(options);
    return *open;
}

const at::Tensor &AttentionWatch::oneHot(const at::TensorOptions &options)
{
    if (!m_oneHot_TM.defined())
        m_oneHot_TM = at::one_hot(at::tensor(m_plan.modalities_T, at::kLong).to(options.device()),
                                  m_plan.numModalities)
                          .to(options);
    return m_oneHot_TM;
}

void AttentionWatch::look(const nn::AttentionLook &look)
{
    if (m_plan.isCancelled && m_plan.isCancelled()) throw LookCancelled{};
    if (m_plan.onLayer) m_plan.onLayer(look.layer);
    const at::NoGradGuard noGradients;
    ORRERY_ASSERT(look.q_BHTD.size(0) == 1 && look.firstQuery == m_first);
    const bool isOnlyOne = m_first == 0 && m_isLast;
    if (m_isSeenBefore.empty() && isOnlyOne) m_isSeenBefore = seenByTheOneBefore(look.mask, m_plan.numTokens);
    OpenLayer &open = layerOf(look);
    LayerGroup &whole = open.whole, &chosen = open.chosen;
    const auto use = [&](const WeightBlock &block) {
        if (!chosen.isEmpty()) chosen.add(look, block.firstRow, chosen.own(block.weights_HRS));
        if (whole.isEmpty()) return;
        const at::Tensor weights = whole.own(block.weights_HRS), logs = whole.own(block.logWeights_HRS);
        whole.add(look, block.firstRow, weights);
        open.sums.add({block.firstRow, weights, logs}, m_first);
    };
    const MapShape &shape = whole.isEmpty() ? m_plan.chosen.shape : m_plan.whole.shape;
    const RowRange rows{std::max<int64_t>(shape.firstRow - m_first, 0),
                        std::min(shape.firstRow + shape.numRows - m_first, look.q_BHTD.size(2))};
    if (!open.computed.empty() && rows.size() > 0)
        forEachBlock(look,
                     {.heads = HeadChoice(open.computed, look.q_BHTD.device()),
                      .rows = rows,
                      .rowsAtOnce = shape.rowsPerCell,
                      .wantsLogs = !whole.isEmpty(),
                      .blockWeights = m_plan.blockWeights},
                     use);
    if (!m_isLast) return;
    finish(open);
    m_open.erase(look.layer);
}

void AttentionWatch::finish(OpenLayer &open)
{
    for (const auto &[group, seen] : {std::pair(&open.chosen, &m_chosen), std::pair(&open.whole, &m_whole)})
        if (!group->isEmpty())
            seen->layers.push_back({group->order(), group->cells(seen->numPairs_YX, m_copies), {}, {}});
    if (open.whole.isEmpty()) return;
    const MapShape &shape = m_plan.whole.shape;
    const GroupSums &sums = open.sums;
    SeenLayer &layer = m_whole.layers.back();
    layer.summaries_H4 = m_copies.begin(sums.summaries_H4 / static_cast<double>(shape.numRows));
    if (!sums.oneHot_TM.defined()) return;
    const at::Tensor numOfEach_M = sums.oneHot_TM.narrow(0, shape.firstRow, shape.numRows).sum(0);
    layer.flows_HMM = m_copies.begin((sums.flows_HMM / numOfEach_M.clamp_min(1).unsqueeze(1)).to(at::kFloat));
}

std::vector<AttentionMap> AttentionWatch::mapsOfAll(const Seen &seen, const MapPlan &plan)
{
    std::vector<AttentionMap> all(plan.heads.size());
    for (const SeenLayer &layer : seen.layers) {
        std::vector<HeadRef> heads;
        for (const size_t place : layer.order) heads.push_back(plan.heads[place]);
        std::vector<AttentionMap> maps = mapsOf(layer.cells, heads);
        for (size_t i = 0; i < maps.size(); ++i) all[layer.order[i]] = std::move(maps[i]);
    }
    return all;
}

std::vector<HeadSummary> AttentionWatch::summaries() const
{
    std::vector<HeadSummary> all(m_plan.whole.heads.size());
    for (const SeenLayer &layer : m_whole.layers)
        for (size_t i = 0; i < layer.order.size(); ++i) {
            const double *of = layer.summaries_H4.const_data_ptr<double>() + i * kNumSummaries;
            // A single token looks at itself alone: its entropy is 0, not −0.
            all[layer.order[i]] = {m_plan.whole.heads[layer.order[i]], std::max(0.0, of[kEntropy]), of[kDistance],
                                   of[kFirstMass], of[kSelfMass]};
        }
    return all;
}

std::vector<ModalityFlow> AttentionWatch::flows() const
{
    if (m_plan.numModalities <= 1) return {};
    std::vector<ModalityFlow> all(m_plan.whole.heads.size());
    const auto size = static_cast<size_t>(m_plan.numModalities * m_plan.numModalities);
    for (const SeenLayer &layer : m_whole.layers)
        for (size_t i = 0; i < layer.order.size(); ++i) {
            const float *of = layer.flows_HMM.const_data_ptr<float>() + i * size;
            all[layer.order[i]] = {
                .head = m_plan.whole.heads[layer.order[i]], .mass = {of, of + size}, .weights = {}};
        }
    return all;
}

void AttentionWatch::read(const nn::SourceLook &look)
{
    const at::NoGradGuard noGradients;
    if (m_plan.wantsUses) m_uses.add(look, m_first);
    const int64_t token = m_plan.readsOf - m_first;
    if (m_plan.readsOf < 0 || token < 0 || token >= look.slots_BHTK.size(2)) return;
    const auto ofToken = [&](const at::Tensor &x_BHTK) {
        return x_BHTK.defined() ? x_BHTK[0].select(1, token).to(at::kCPU) : at::Tensor();
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

void HeadSilencer::look(const nn::AttentionLook &look)
{
    if (m_isCancelled && m_isCancelled()) throw LookCancelled{};
    if (m_onLayer) m_onLayer(look.layer);
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
