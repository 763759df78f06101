// SPDX-License-Identifier: Apache-2.0
// The read of an episodic memory: for each query the values of the keys that point most nearly its way. In
// blocks, so that no matrix of all queries by all keys ever stands in memory. Only the thread that owns the
// model. Axes: B batch, H heads, T queries, S slots, D head width.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace orrery::memory {

/// Elements of a block of scores: 16 MiB in fp32.
inline constexpr int64_t kBlockElements = int64_t{1} << 22;

/// Differentiable. Query t reads the keys s ≤ t − window of its own sequence: the mean of the values of the
/// topK best (of equal ones any), weighted by softmax(scale_h · q·k). A row that has none to read is 0.
/// @param q_BHTD, k_BHTD of length 1   @param scale_H > 0   @param topK 1 …; at T or more all are read
/// @param blockElements for tests: of a block of scores
at::Tensor readOwnPast(const at::Tensor &q_BHTD, const at::Tensor &k_BHTD, const at::Tensor &v_BHTD,
                       const at::Tensor &scale_H, int64_t window, int64_t topK,
                       int64_t blockElements = kBlockElements);

/// Which keys a query read, and how much of each.
struct PastReads {
    at::Tensor places_BHTK;  ///< int64, heaviest first; −1: fewer than K were there
    at::Tensor weights_BHTK; ///< 0 where the place is −1; sum 1 where there is one
};
/// What readOwnPast() weighs. Not differentiable; K is topK, or the number of keys where that is less.
PastReads ownPastReads(const at::Tensor &q_BHTD, const at::Tensor &k_BHTD, const at::Tensor &scale_H,
                       int64_t window, int64_t topK, int64_t blockElements = kBlockElements);

/// Keys and values of one sequence, from one of the places where they stand.
struct ReadPart {
    at::Tensor keys_HSD, values_HSD;
    at::Tensor readableFrom_S;  ///< int64: place in the text from which a query may read it
    at::Tensor strength_S = {}; ///< factor on the values; undefined: all 1
};
/// A query's read of a key, by the head that gave it the most weight.
struct KeyRead {
    int64_t key = 0; ///< counted through the parts
    int64_t query = 0, head = 0;
    float weight = 0;
};
struct ReadResult {
    at::Tensor values_HTD;
    std::vector<at::Tensor>
        weights_S;             ///< at least fp32, of each part: weights times share_T, summed over queries, mean over heads
    std::vector<KeyRead> last; ///< of each key that was read the last time
};
/// Not differentiable. Over all parts together, as above. @param place_T int64, of the queries in the text
/// @param share_T of each query in weights_S; undefined: all 1
ReadResult readParts(const at::Tensor &q_HTD, const std::vector<ReadPart> &parts, const at::Tensor &place_T,
                     const at::Tensor &scale_H, int64_t topK, const at::Tensor &share_T = {},
                     int64_t blockElements = kBlockElements);
/// What readParts() weighs, before strengths. Places count through the parts; one sequence: B is 1.
PastReads partReads(const at::Tensor &q_HTD, const std::vector<ReadPart> &parts, const at::Tensor &place_T,
                    const at::Tensor &scale_H, int64_t topK, int64_t blockElements = kBlockElements);

} // namespace orrery::memory
