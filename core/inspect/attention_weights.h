// SPDX-License-Identifier: Apache-2.0
// The weights that a fused attention never shows, made again from its queries and keys, some rows at a time:
// never a whole [H, T, T]. Only the thread that owns the model. Axes: H heads, T queries, S keys, R rows of a
// block, D width.
#pragma once

#include "core/nn/attention_tap.h"

#include <functional>
#include <vector>

namespace orrery {

/// Weights of one block at most: 16 MiB in fp32, with a few like it beside them. On a CPU blocks are smaller,
/// as long as they keep some rows: what stays in its cache is three times as fast.
inline constexpr int64_t kBlockWeights = int64_t{1} << 22;
inline constexpr int64_t kCachedWeights = int64_t{1} << 16, kCachedRows = 16;

/// Some of the heads that a tensor begins with. Those that stand side by side cost nothing to take.
class HeadChoice {
public:
    HeadChoice() = default; ///< all of them
    HeadChoice(const std::vector<int64_t> &heads, at::Device device);
    [[nodiscard]] at::Tensor of(const at::Tensor &x_H) const;

private:
    int64_t m_first = 0, m_count = -1; ///< −1: all
    at::Tensor m_heads;                ///< int64; undefined: they stand side by side
};

/// Rows firstRow … of some heads. S may end behind the last key that one of them may look at.
struct WeightBlock {
    int64_t firstRow = 0;
    const at::Tensor &weights_HRS;    ///< softmax, fp32 (double when the pass is)
    const at::Tensor &logWeights_HRS; ///< its logarithm; far below 0 where nobody may look; undefined: not wanted
};

struct RowRange {
    int64_t begin = 0, end = 0;
    [[nodiscard]] int64_t size() const { return end - begin; }
};

struct BlockPlan {
    HeadChoice heads;
    RowRange rows;          ///< of the pass's tokens
    int64_t rowsAtOnce = 1; ///< blocks begin at multiples of it where they are that large; 1: anywhere
    bool wantsLogs = true;
    int64_t blockWeights = kBlockWeights;
};
void forEachBlock(const nn::AttentionLook &look, const BlockPlan &plan,
                  const std::function<void(const WeightBlock &)> &use);

/// 1 where a row may look, else 0. @param rows as above  @return [1, R, S], S as in the blocks of these rows
at::Tensor allowedPairs(const nn::AttentionLook &look, RowRange rows, const at::TensorOptions &options);
/// Of each token from the second one on, whether the token before it may look at it. @return bool, T − 1 of
/// them
std::vector<bool> seenByTheOneBefore(const nn::AttentionMask &mask, int64_t numTokens);

} // namespace orrery
