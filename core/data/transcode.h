// SPDX-License-Identifier: Apache-2.0
// Data for a tokenizer that is not of bytes: prepared as bytes first, so that the same documents and the same
// bytes are training and validation whatever the tokenizer is, then encoded split by split. Private to this
// folder.
#pragma once

#include "core/data/token_shards.h"

#include <functional>

namespace orrery {

struct Transcoding {
    DataSpec data; ///< its tokenizer is a file
    int64_t context = 128;
    uint64_t seed = 0;
    std::filesystem::path cacheDirectory;
    ProgressFn progress = {};
    const std::atomic<bool> *cancel = nullptr;
    CorpusLimits limits = {};
};
/// Bytes of a context's text, about: what the splits of bytes are made for.
int64_t bytesOfContext(int64_t context);
/// The shards of bytes that a transcoding reads. @error as prepareData
Result<TokenShards> prepareBytes(const DataSpec &data, int64_t byteContext, uint64_t seed,
                                 const std::filesystem::path &cacheDirectory, const ProgressFn &progress,
                                 const std::atomic<bool> *cancel, const CorpusLimits &limits);
/// @error as prepareData
Result<TokenShards> transcode(const Transcoding &transcoding);

/// Told of a split of bytes: text between specials, with the mask that it carries, and specials.
struct ByteSplitReader {
    std::function<Result<void>(std::string_view text, uint8_t mask)>
        onText; ///< up to a line end, where there is one
    std::function<Result<void>(SpecialToken token, uint8_t mask)> onSpecial;
    std::function<Result<void>(uint64_t numTokens)> onRead; ///< of bytes and specials, since the last call
};
Result<void> readByteSplit(const TokenShards &bytes, Split split, const ByteSplitReader &reader);

} // namespace orrery
