// SPDX-License-Identifier: Apache-2.0
// Tokenized data on disk, memory-mapped, keyed by content, tokenizer and split: preparing the same data twice
// costs a look-up. Layout of a shard folder: meta.json, train.bin, val.bin (little-endian uint16, or int32
// for vocabularies over 65,536), and *.mask (one byte per token) when a loss mask exists. Writing is atomic
// (partial folder, rename), so two processes may prepare the same data. TokenShards is immutable after open;
// any thread.
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

/// Test: what a generator holds out; data of a user have only the other two.
enum class Split : uint8_t { Unknown, Train, Validation, Test };

class TokenShards {
public:
    /// @error NotFound; InvalidInput when the folder is damaged (sizes against meta.json): prepare the data
    /// again
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
    /// Bytes of text behind the tokens of a split, for bits per byte; 0 when unknown (ids of a foreign
    /// tokenizer).
    [[nodiscard]] uint64_t numBytes(Split split) const;

private:
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

/// Tokenizes data.path into cacheDirectory unless it is there already.
/// Documents: each file of a folder, each record of JSONL, a single text file as a whole. With the
/// tokenizer's specials each is closed by end-of-text, a single text file excepted: it is one stream. Split
/// as design §4/§10, by seed: whole documents; with fewer than 20 documents (or where whole documents cannot
/// be divided usefully) cut at line ends into parts of >= 64 KiB, of which training loses one context of
/// tokens at each seam to a validation part; small texts: the last max(context + 1, val_fraction·size) tokens
/// are the validation. Each split is one stream of tokens: windows may cross from one document or part into
/// the next. Progress is in bytes and never falls; cancel is polled. Two processes may prepare the same data:
/// the second one waits.
/// @error as probeCorpus; InvalidInput naming file and line for broken JSONL, "below two contexts" for too
/// little text; Conflict when the data change while they are read; Io (disk full), Cancelled
Result<TokenShards> prepareData(const DataSpec &data, int64_t context, uint64_t seed,
                                const std::filesystem::path &cacheDirectory, const ProgressFn &progress = {},
                                const std::atomic<bool> *cancel = nullptr, const CorpusLimits &limits = {});

} // namespace orrery
