// SPDX-License-Identifier: Apache-2.0
// Tokenized data on disk, memory-mapped, keyed by content, tokenizer and split: preparing the same data twice costs a
// look-up. Layout of a shard folder: meta.json, train.bin, val.bin (little-endian uint16, or int32 for vocabularies over
// 65,536), and *.mask (one byte per token) when a loss mask exists. Writing is atomic (partial folder, rename), so two
// processes may prepare the same data. TokenShards is immutable after open; any thread.
#pragma once

#include "core/base/files.h"
#include "core/base/result.h"
#include "core/data/corpus.h"
#include "core/data/tokenizer.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace orrery {

enum class Split : uint8_t { Unknown, Train, Validation };

/// A stretch of tokens that a window may not leave (a document, or a part of a small text).
struct Segment {
    uint64_t begin = 0;
    uint64_t end = 0;
};

class TokenShards {
public:
    static Result<TokenShards> open(const std::filesystem::path &folder);
    [[nodiscard]] uint64_t numTokens(Split split) const;
    /// Copies tokens [begin, begin + count) as int32. The range must be inside the split.
    void read(Split split, uint64_t begin, uint64_t count, int32_t *out) const;
    /// Loss mask for the same range; all ones when there is none.
    void readMask(Split split, uint64_t begin, uint64_t count, uint8_t *out) const;
    [[nodiscard]] bool hasMask() const { return m_hasMask; }
    [[nodiscard]] const CorpusDescription &description() const { return m_description; }
    [[nodiscard]] const std::string &key() const { return m_key; }
    [[nodiscard]] const std::filesystem::path &folder() const { return m_folder; }
    /// Bytes of text behind the validation tokens, for bits per byte.
    [[nodiscard]] uint64_t numBytes(Split split) const;

private:
    friend class ShardWriter;
    std::filesystem::path m_folder;
    MappedFile m_tokens[2];
    MappedFile m_masks[2];
    uint64_t m_numTokens[2] = {0, 0};
    uint64_t m_numBytes[2] = {0, 0};
    int m_tokenBytes = 2;
    bool m_hasMask = false;
    CorpusDescription m_description;
    std::string m_key;
};

/// Tokenizes data.path into cacheDirectory unless it is there already. Split as design §4/§10: by document and seed; with
/// fewer than 20 documents cut at line ends into parts of >= 64 KiB with one context dropped at each seam; small texts: the
/// last max(context + 1, val_fraction·size) tokens. Documents are joined with end-of-text when the tokenizer has it.
/// Progress is in bytes; cancel is polled.
/// @error as probeCorpus; InvalidInput naming file and line for broken JSONL, "below two contexts" for too little text;
/// Io (disk full), Cancelled
Result<TokenShards> prepareData(const DataSpec &data, int64_t context, uint64_t seed,
                                const std::filesystem::path &cacheDirectory, const ProgressFn &progress = {},
                                const std::atomic<bool> *cancel = nullptr, const CorpusLimits &limits = {});

} // namespace orrery
