// SPDX-License-Identifier: Apache-2.0
// The tokenizer that a run or a preparation uses: bytes, a file of the user, or one that is trained on the
// data first. A run keeps a copy in its folder, which decides from then on.
#pragma once

#include "core/data/token_shards.h"

namespace orrery {

struct TokenizerPreparation {
    DataSpec data;
    int64_t context = 128;
    uint64_t seed = 0;
    std::filesystem::path cacheDirectory;
    ProgressFn progress = {};
    const std::atomic<bool> *cancel = nullptr;
    CorpusLimits limits = {};
};
/// The data with the path of a tokenizer.json in the place of "bpe": trained on the training split of
/// data.path, once for the same data, split and settings, and kept in the cache. Of others nothing is
/// changed.
/// @error as prepareData and tok::trainBpe; InvalidInput for data that are no text
Result<DataSpec> withTrainedTokenizer(const TokenizerPreparation &preparation);

/// The data with the tokenizer.json of a run or model directory in the place of data.tokenizer, where there
/// is one.
DataSpec withSavedTokenizer(const DataSpec &data, const std::filesystem::path &directory);
/// Makes tokenizer.json in a run's folder unless it is there, or the tokenizer is bytes; then
/// withSavedTokenizer.
/// @error as withTrainedTokenizer and Tokenizer::create
Result<DataSpec> ensureSavedTokenizer(const TokenizerPreparation &preparation,
                                      const std::filesystem::path &directory);

} // namespace orrery
