// SPDX-License-Identifier: Apache-2.0
// How often each word stands in a text: the first pass of a training of BPE. Private to this folder.
#pragma once

#include "core/data/tokenizer/bpe_trainer.h"
#include "core/data/tokenizer/pre_tokenizer.h"

#include <utility>
#include <vector>

namespace orrery::tok {

struct WordCounts {
    std::vector<std::pair<std::string, uint64_t>> words; ///< by their bytes, so that threads do not show
    uint64_t numBytes = 0;
};
/// @param report told the bytes that were read so far  @error as trainBpe
Result<WordCounts> countWords(const BpeTraining &training, const PreTokenizer &preTokenizer,
                              const std::function<void(uint64_t numBytes)> &report);

Error trainingCancelled();

} // namespace orrery::tok
