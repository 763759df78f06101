// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/attention_weights.h"

#include <torch/types.h>

#include <algorithm>

namespace orrery {
namespace {

using Kind = nn::AttentionMask::Kind;

constexpr int64_t kDeviceBlocks = 4; ///< of 16 MiB at most: some 400 MiB with what is made of one

/// In place of −∞, so that weight · log weight is 0 and not NaN: its exponential is 0 beside any score.
constexpr double kHidden = -1e30;

int64_t numKeys(const nn::AttentionLook &look, RowRange rows)
{
    return look.mask.kind == Kind::Causal ? look.firstQuery + rows.end : look.k_BHSD.size(2);
}

/// Of the keys that the first row sees none is hidden from the others.
at::Tensor hiddenAtTheEnd(RowRange rows, const at::TensorOptions &options)
{
    return at::ones({rows.size(), rows.size()}, options.dtype(at::kBool)).triu_(1);
}

at::Tensor scoresOf(const nn::AttentionLook &look, const at::Tensor &q_HTD, const at::Tensor &k_HSD,
                    RowRange rows)
{
    const int64_t keys = numKeys(look, rows);
    at::Tensor scores =
        at::bmm(q_HTD.narrow(1, rows.begin, rows.size()), k_HSD.narrow(1, 0, keys).transpose(1, 2));
    scores.mul_(look.scale);
    if (look.mask.kind == Kind::Causal)
        scores.narrow(2, keys - rows.size(), rows.size())
            .masked_fill_(hiddenAtTheEnd(rows, scores.options()), kHidden);
    if (look.mask.kind == Kind::Bias)
        scores.add_(look.mask.bias_B1TS[0][0]
                        .narrow(0, rows.begin, rows.size())
                        .to(scores.dtype())
                        .clamp_min(kHidden));
    return scores;
}

} // namespace

HeadChoice::HeadChoice(const std::vector<int64_t> &heads, at::Device device) : m_count(std::ssize(heads))
{
    if (heads.empty()) return;
    m_first = heads.front();
    for (int64_t i = 0; i < m_count; ++i)
        if (heads[static_cast<size_t>(i)] != m_first + i) {
            m_heads = at::tensor(heads, at::kLong).to(device);
            return;
        }
}

at::Tensor HeadChoice::of(const at::Tensor &x_H) const
{
    if (m_heads.defined()) return x_H.index_select(0, m_heads);
    return m_count < 0 || m_count == x_H.size(0) ? x_H : x_H.narrow(0, m_first, m_count);
}

void forEachBlock(const nn::AttentionLook &look, const BlockPlan &plan,
                  const std::function<void(const WeightBlock &)> &use)
{
    const at::ScalarType precise = look.q_BHTD.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const auto chosen = [&](const at::Tensor &x_BHTD) { return plan.heads.of(x_BHTD.detach()[0]).to(precise); };
    const at::Tensor q_HTD = chosen(look.q_BHTD), k_HSD = chosen(look.k_BHSD);
    const int64_t perRow = q_HTD.size(0) * k_HSD.size(1);
    // A GPU spends its time on beginning operations, so there are fewer and wider ones.
    const int64_t widest = q_HTD.is_cpu() ? plan.blockWeights : kDeviceBlocks * plan.blockWeights;
    int64_t numAtOnce = std::max<int64_t>(1, widest / perRow);
    if (q_HTD.is_cpu()) numAtOnce = std::min(numAtOnce, std::max(kCachedRows, kCachedWeights / perRow));
    if (numAtOnce > plan.rowsAtOnce) numAtOnce -= numAtOnce % plan.rowsAtOnce;
    for (int64_t begin = plan.rows.begin; begin < plan.rows.end;) {
        // The first block ends where the others may begin at their multiples.
        const int64_t end =
            std::min(plan.rows.end, begin + numAtOnce - begin % std::min(numAtOnce, plan.rowsAtOnce));
        const at::Tensor scores = scoresOf(look, q_HTD, k_HSD, {begin, end});
        const at::Tensor logWeights = plan.wantsLogs ? at::log_softmax(scores, -1) : at::Tensor();
        const at::Tensor weights = plan.wantsLogs ? logWeights.exp() : at::softmax(scores, -1);
        use({begin, weights, logWeights});
        begin = end;
    }
}

at::Tensor allowedPairs(const nn::AttentionLook &look, RowRange rows, const at::TensorOptions &options)
{
    at::Tensor allowed = at::ones({1, rows.size(), numKeys(look, rows)}, options);
    if (look.mask.kind == Kind::Causal)
        allowed.narrow(2, allowed.size(2) - rows.size(), rows.size())
            .masked_fill_(hiddenAtTheEnd(rows, options), 0);
    if (look.mask.kind == Kind::Bias)
        allowed.masked_fill_(look.mask.bias_B1TS[0].narrow(1, rows.begin, rows.size()) < kHidden, 0);
    return allowed;
}

std::vector<bool> seenByTheOneBefore(const nn::AttentionMask &mask, int64_t numTokens)
{
    const auto count = static_cast<size_t>(std::max<int64_t>(0, numTokens - 1));
    std::vector<bool> isSeen(count, mask.kind == Kind::Full);
    if (mask.kind != Kind::Bias || count == 0) return isSeen;
    const at::Tensor above = (mask.bias_B1TS[0][0].diagonal(1) >= kHidden).to(at::kCPU).contiguous();
    for (size_t t = 0; t < count; ++t) isSeen[t] = above.const_data_ptr<bool>()[t];
    return isSeen;
}

} // namespace orrery
