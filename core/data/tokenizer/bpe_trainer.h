// SPDX-License-Identifier: Apache-2.0
// Trains byte-level BPE: the text is cut into words, and again and again the commonest pair of neighbours
// becomes a token. The result depends on the text and the settings only, not on threads. Source: Sennrich,
// Haddow, Birch (2016), "Neural Machine Translation of Rare Words with Subword Units", with counts kept up to
// date instead of counted anew.
#pragma once

#include "core/base/result.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace orrery::tok {

inline constexpr int64_t kDefaultBpeVocabulary = 8192;

/// What words of a trained tokenizer are cut by: as Llama 3 does it, and marks stay with their letters.
extern const char *const kTrainedPattern;

struct BpeTraining {
    int64_t vocabSize = kDefaultBpeVocabulary; ///< bytes, merges and special tokens together
    bool hasSpecials = true;                   ///< 16 ids behind the vocabulary
    int threads = 2;                           ///< for counting words
    /// Next piece of the text, empty at the end; called by one thread at a time. Words do not cross pieces:
    /// cut at line ends (safeCut).
    std::function<Result<std::string>()> next;
    std::function<void(double share)> progress; ///< 0 … 1, never falls; any thread, one at a time
    const std::atomic<bool> *cancel = nullptr;
};

struct TrainedBpe {
    std::string json;      ///< tokenizer.json
    int64_t numMerges = 0; ///< fewer than wanted when no pair stands there twice any more
    int64_t vocabSize = 0;
    uint64_t numBytes = 0; ///< of text
    uint64_t numWords = 0; ///< different ones
};
/// The pair that stands there most often is joined first; of equal ones, the one whose left id is smaller,
/// then whose right id is. Ids: 0-255 the bytes, then the merges in their order, then the specials.
/// @error InvalidInput: vocabSize out of range; Cancelled; what next() returns
Result<TrainedBpe> trainBpe(const BpeTraining &training);

/// Length of the longest beginning of a text behind which no word can go on: it ends with a line feed, and no
/// white space follows. 0: there is none.
size_t safeCut(std::string_view text);
/// Where a text has no such place for so long, it is cut all the same: memory does not grow with a line.
inline constexpr size_t kMostPiece = 4u << 20;

} // namespace orrery::tok
