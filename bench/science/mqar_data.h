// SPDX-License-Identifier: Apache-2.0
// Multi-query associative recall: pairs of a key and a value, then the keys again in noise; at each of them
// the model must say the value. Made from (seed, number) alone. Any thread.
//
// Source: Arora et al. (2023), "Zoology: measuring and improving recall in efficient language models",
// appendix on MQAR: keys from the lower half of the vocabulary and values from the upper one, each once in a
// sequence; the places of the queries drawn without replacement with p ∝ place^(a − 1), a = 0.01; what is no
// query is noise from the whole vocabulary; loss and accuracy at the queries only. One thing differs: queries
// begin `gap` tokens behind the pairs. Without it 39 % of the answers of 8 pairs in 64 tokens stand within a
// window of 16, and no window could score below that.
#pragma once

#include <cstdint>
#include <vector>

namespace orrery::bench {

struct MqarShape {
    int64_t vocabSize = 256;
    int64_t numTokens = 64;
    int64_t numPairs = 8;
    int64_t gap = 16;    ///< tokens of noise between pairs and queries, even
    double power = 0.01; ///< a
};

inline constexpr int64_t kNoAnswer = -100;

struct MqarSequence {
    std::vector<int32_t> ids;     ///< numTokens
    std::vector<int32_t> answers; ///< numTokens; kNoAnswer but at queries
};

/// @param number of the sequence; the same (seed, number) gives the same one
/// @pre the queries have room: numTokens ≥ 4 · numPairs + gap; vocabSize ≥ 2 · numPairs + 2, even
MqarSequence makeMqarSequence(const MqarShape &shape, uint64_t seed, uint64_t number);

} // namespace orrery::bench
