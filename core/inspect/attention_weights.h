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

/// Rows firstRow … of some heads. S may end behind the last key that one of them may look at.
struct WeightBlock {
    int64_t firstRow = 0;
    const at::Tensor &weights_HRS;    ///< softmax, fp32 (double when the pass is)
    const at::Tensor &logWeights_HRS; ///< its logarithm; far below 0 where nobody may look
};

struct RowRange {
    int64_t begin = 0, end = 0;
    [[nodiscard]] int64_t size() const { return end - begin; }
};

/// @param heads_H int64 on the model's device, of those wanted; undefined: all  @param rows of the pass's
/// tokens
/// @param rowsAtOnce blocks begin at multiples of it where they are that large; 1: anywhere
void forEachBlock(const nn::AttentionLook &look, const at::Tensor &heads_H, RowRange rows, int64_t rowsAtOnce,
                  const std::function<void(const WeightBlock &)> &use, int64_t blockWeights = kBlockWeights);

/// 1 where a row may look, else 0. @param rows as above  @return [1, R, S], S as in the blocks of these rows
at::Tensor allowedPairs(const nn::AttentionLook &look, RowRange rows, const at::TensorOptions &options);
/// Of each token from the second one on, whether the token before it may look at it. @return bool, T − 1 of
/// them
std::vector<bool> seenByTheOneBefore(const nn::AttentionMask &mask, int64_t numTokens);

} // namespace orrery
