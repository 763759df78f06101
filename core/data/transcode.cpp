// SPDX-License-Identifier: Apache-2.0
#include "core/data/transcode.h"

#include "core/base/text.h"
#include "core/data/corpus_errors.h"
#include "core/data/corpus_listing.h"
#include "core/data/prepared_folder.h"
#include "core/data/shard_meta.h"
#include "core/data/split_plan.h"
#include "core/data/token_file.h"
#include "core/data/tokenizer/bpe_trainer.h"

#include <nlohmann/json.hpp>

#include <array>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr int kTranscodeVersion = 1; ///< part of the key: raise it when the same text would be cut otherwise
constexpr int64_t kBytesPerToken = 4;
constexpr uint64_t kReadTokens = 1u << 20;
constexpr Split kSplits[2] = {Split::Train, Split::Validation};

Error needsRoles(const fs::path &path)
{
    return dataError(path,
                     {"messages need role tokens, and the tokenizer has none", "the tokenizer bytes or bpe"},
                     "Set data.tokenizer to bpe, or use records with \"text\".");
}

class Transcoder {
public:
    Transcoder(const Transcoding &given, const Tokenizer &tokenizer, const TokenShards &bytes)
        : m_given(given), m_tokenizer(tokenizer), m_bytes(bytes),
          m_tokenBytes(tokenBytesFor(tokenizer.vocabSize())),
          m_total(bytes.numTokens(Split::Train) + bytes.numTokens(Split::Validation))
    {
    }

    std::string key() const
    {
        const nlohmann::ordered_json parts = {{"version", kTranscodeVersion},
                                              {"bytes", m_bytes.key()},
                                              {"tokenizer", m_tokenizer.fingerprint()},
                                              {"vocab_size", m_tokenizer.vocabSize()}};
        return sha256Hex(parts.dump());
    }

    Result<void> poll() const
    {
        const bool isCancelled = m_given.cancel && m_given.cancel->load(std::memory_order_relaxed);
        return isCancelled ? Result<void>(dataCancelled(m_given.data.path)) : Result<void>();
    }

    Result<void> make(const fs::path &folder, const std::string &key)
    {
        ShardMeta meta;
        meta.key = key;
        meta.tokenBytes = m_tokenBytes;
        meta.description = m_bytes.description();
        std::array<TokenFileWriter, 2> writers;
        for (size_t i = 0; i < 2; ++i) {
            ORRERY_ASSIGN(writers[i],
                          TokenFileWriter::create(folder, kSplitNames[i], m_tokenBytes, m_bytes.hasMask()));
            ORRERY_TRY(encodeSplit(kSplits[i], writers[i]));
            ORRERY_TRY(writers[i].finish());
            meta.numTokens[i] = writers[i].numTokens();
            meta.numBytes[i] = m_bytes.numBytes(kSplits[i]);
            meta.hasMask = meta.hasMask || writers[i].hasZeroMask();
        }
        std::error_code ignored;
        if (!meta.hasMask)
            for (const char *name : kSplitNames) fs::remove(folder / (std::string(name) + ".mask"), ignored);
        meta.description.numTrainTokens = meta.numTokens[0];
        meta.description.numValTokens = meta.numTokens[1];
        meta.description.numTokens = meta.numTokens[0] + meta.numTokens[1];
        ORRERY_ASSIGN(FileWriter file, FileWriter::create(folder / kShardMetaFile));
        ORRERY_TRY(file.write(shardMetaToText(meta)));
        ORRERY_TRY(file.sync());
        return file.close();
    }

private:
    Result<void> encodeSplit(Split split, TokenFileWriter &writer)
    {
        std::vector<int32_t> ids;
        ByteSplitReader reader;
        reader.onText = [&](std::string_view text, uint8_t mask) -> Result<void> {
            ids.clear();
            ORRERY_TRY(m_tokenizer.encode(text, ids));
            return writer.append(ids, mask);
        };
        reader.onSpecial = [&](SpecialToken token, uint8_t mask) -> Result<void> {
            const auto id = m_tokenizer.specialId(token);
            if (id) return writer.append(std::span(&*id, 1), mask);
            // A document's end may go unmarked; a turn of nobody would be a lie.
            return token == SpecialToken::EndOfText ? Result<void>() : needsRoles(m_given.data.path);
        };
        reader.onRead = [&](uint64_t numTokens) -> Result<void> {
            m_done += numTokens;
            if (m_given.progress) m_given.progress(m_done, m_total);
            return poll();
        };
        return readByteSplit(m_bytes, split, reader);
    }

    const Transcoding &m_given;
    const Tokenizer &m_tokenizer;
    const TokenShards &m_bytes;
    int m_tokenBytes;
    uint64_t m_total;
    uint64_t m_done = 0;
};

Result<TokenShards> transcodeFrom(const Transcoding &given, const Tokenizer &tokenizer,
                                  const TokenShards &bytes)
{
    Transcoder transcoder(given, tokenizer, bytes);
    const std::string key = transcoder.key();
    const PreparedFolder folder(given.cacheDirectory, key);
    PreparedFolder::Steps steps;
    steps.isThere = [&] {
        const auto shards = TokenShards::open(folder.path());
        return shards && shards->key() == key;
    };
    steps.poll = [&] { return transcoder.poll(); };
    steps.make = [&](const fs::path &partial) { return transcoder.make(partial, key); };
    ORRERY_TRY(folder.ensure(steps));
    return TokenShards::open(folder.path());
}

} // namespace

int64_t bytesOfContext(int64_t context) { return kBytesPerToken * context; }

Result<TokenShards> prepareBytes(const DataSpec &data, int64_t byteContext, uint64_t seed,
                                 const fs::path &cacheDirectory, const ProgressFn &progress,
                                 const std::atomic<bool> *cancel, const CorpusLimits &limits)
{
    DataSpec plain = data;
    plain.tokenizer = "bytes";
    plain.vocabSize = 0;
    return prepareData(plain, byteContext, seed, cacheDirectory, progress, cancel, limits);
}

Result<void> readByteSplit(const TokenShards &bytes, Split split, const ByteSplitReader &reader)
{
    std::string text;
    uint8_t textMask = 1;
    std::vector<int32_t> ids;
    std::vector<uint8_t> masks;
    const auto flush = [&](size_t count) -> Result<void> {
        if (count == 0) return {};
        ORRERY_TRY(reader.onText(std::string_view(text).substr(0, count), textMask));
        text.erase(0, count);
        return {};
    };
    const uint64_t total = bytes.numTokens(split);
    for (uint64_t begin = 0; begin < total; begin += kReadTokens) {
        const uint64_t count = std::min(kReadTokens, total - begin);
        ids.resize(count);
        masks.resize(count);
        bytes.read(split, begin, count, ids.data());
        bytes.readMask(split, begin, count, masks.data());
        for (uint64_t i = 0; i < count; ++i) {
            const bool isSpecial = ids[i] > 255;
            if (isSpecial || masks[i] != textMask) ORRERY_TRY(flush(text.size()));
            if (isSpecial) {
                ORRERY_TRY(reader.onSpecial(static_cast<SpecialToken>(ids[i]), masks[i]));
                continue;
            }
            textMask = masks[i];
            text += static_cast<char>(ids[i]);
        }
        const size_t cut = tok::safeCut(text);
        ORRERY_TRY(flush(cut == 0 && text.size() > tok::kMostPiece ? text.size() - incompleteUtf8Tail(text) : cut));
        if (reader.onRead) ORRERY_TRY(reader.onRead(count));
    }
    return flush(text.size());
}

Result<TokenShards> transcode(const Transcoding &given)
{
    ORRERY_ASSIGN(const auto tokenizer, Tokenizer::create(given.data));
    // Where a token is more bytes than usual, validation would have less than a window: then more bytes are
    // asked for.
    for (int64_t byteContext = bytesOfContext(given.context);; byteContext *= 2) {
        ORRERY_ASSIGN(const TokenShards bytes,
                      prepareBytes(given.data, byteContext, given.seed, given.cacheDirectory, given.progress,
                                   given.cancel, given.limits));
        ORRERY_ASSIGN(TokenShards shards, transcodeFrom(given, *tokenizer, bytes));
        const auto least = static_cast<uint64_t>(given.context) + 1;
        const bool isEnough =
            shards.numTokens(Split::Train) >= least && shards.numTokens(Split::Validation) >= least;
        if (isEnough) return shards;
        if (byteContext >= 8 * bytesOfContext(given.context))
            return dataError(given.data.path,
                             {"one of its splits has " +
                                  std::to_string(std::min(shards.numTokens(Split::Train),
                                                          shards.numTokens(Split::Validation))) +
                                  " tokens",
                              "at least " + std::to_string(least) + " (a context of " +
                                  std::to_string(given.context) + " and a token)"},
                             "Use more text or a smaller model.context.");
    }
}

} // namespace orrery
