// SPDX-License-Identifier: Apache-2.0
// Which documents or parts are validation: a pure function of seed and number. Private to this folder.
#pragma once

#include "core/data/token_shards.h"

#include <functional>

namespace orrery {

inline constexpr uint64_t kMinDocumentsToSplit = 20;
inline constexpr uint64_t kMinPartTokens = 64 * 1024;

/// Picks about fraction·count of `count` units by a hash of their index, at least one and never all (count >=
/// 2).
class UnitChooser {
public:
    UnitChooser(uint64_t seed, uint64_t count, double fraction);
    [[nodiscard]] Split splitOf(uint64_t index) const;

private:
    [[nodiscard]] uint64_t hash(uint64_t index) const;
    uint64_t m_seed;
    uint64_t m_limit = 0; ///< the largest hash that is validation
};

struct TokenRange {
    Split split = Split::Unknown;
    uint64_t begin = 0;
    uint64_t end = 0;
};

/// Ends of the parts of a stream: each has at least minTokens, and ends where mayCut says so or at the end of
/// the stream.
std::vector<uint64_t> cutIntoParts(uint64_t numTokens, uint64_t minTokens,
                                   const std::function<bool(uint64_t index)> &mayCutAfter);

/// Ranges for the parts in order; training ranges lose `context` tokens at each seam to validation and may be
/// empty.
std::vector<TokenRange> planParts(const std::vector<uint64_t> &partEnds, uint64_t seed, double fraction,
                                  uint64_t context);

/// The last max(context + 1, fraction·numTokens) tokens are validation, but training keeps context + 1.
/// Needs numTokens >= 2·(context + 1).
std::vector<TokenRange> planTail(uint64_t numTokens, double fraction, uint64_t context);

/// Whether both splits have a window, and validation is not most of the data against the wish.
bool isUsableSplit(uint64_t numTrain, uint64_t numVal, double fraction, uint64_t context);

} // namespace orrery
