// SPDX-License-Identifier: Apache-2.0
#include "core/base/lock_file.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/data/content_index.h"
#include "core/data/corpus_errors.h"
#include "core/data/corpus_reader.h"
#include "core/data/prepare_tokenizer.h"
#include "core/data/shard_meta.h"
#include "core/data/split_plan.h"
#include "core/data/token_file.h"
#include "core/data/token_shards.h"
#include "core/data/transcode.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr int kShardVersion =
    1; ///< part of the key: raise it when the same data would be cut or rendered otherwise
/// Data above this are not read again and again for a better split by documents.
constexpr uint64_t kMaxRetriedTokens = 16u << 20;
constexpr uint64_t kCopyTokens = 64 * 1024;
constexpr uint64_t kSpareBytes = 16u << 20;
constexpr auto kLockPoll = std::chrono::milliseconds(20);
constexpr const char *kWholeName = "all"; ///< the undivided stream, while parts are cut

/// Counts bytes for the caller's progress bar and asks whether to go on.
class Meter {
public:
    Meter(const fs::path &path, const ProgressFn &progress, const std::atomic<bool> *cancel)
        : m_path(path), m_progress(progress), m_cancel(cancel)
    {
    }

    void setTotal(uint64_t total) { m_total = total; }
    /// A second pass over the same bytes adds nothing to what is shown.
    Result<void> add(uint64_t numBytes)
    {
        if (m_cancel && m_cancel->load(std::memory_order_relaxed)) return dataCancelled(m_path);
        m_done = std::min(m_total, m_done + numBytes);
        if (m_progress && m_total > 0) m_progress(m_done, m_total);
        return {};
    }
    void finish()
    {
        m_done = m_total = std::max<uint64_t>(m_total, 1);
        if (m_progress) m_progress(m_done, m_total);
    }

private:
    const fs::path &m_path;
    const ProgressFn &m_progress;
    const std::atomic<bool> *m_cancel;
    uint64_t m_total = 0;
    uint64_t m_done = 0;
};

/// Sends each document to the writer of its split and counts.
class ShardSink final : public DocumentSink {
public:
    ShardSink(std::array<TokenFileWriter, 2> &writers, const UnitChooser *chooser)
        : m_writers(writers), m_chooser(chooser)
    {
    }

    uint64_t numDocuments = 0;
    std::vector<uint64_t> lengthHistogram;

    Result<void> beginDocument() override
    {
        m_current = m_chooser && m_chooser->splitOf(numDocuments) == Split::Validation ? 1 : 0;
        m_length = 0;
        return {};
    }
    Result<void> append(std::span<const int32_t> ids, uint8_t mask) override
    {
        m_length += ids.size();
        return m_writers[m_current].append(ids, mask);
    }
    Result<void> append(std::span<const int32_t> ids, std::span<const uint8_t> masks) override
    {
        m_length += ids.size();
        return m_writers[m_current].append(ids, masks);
    }
    Result<void> endDocument() override
    {
        ++numDocuments;
        const auto bucket = static_cast<size_t>(std::bit_width(std::max<uint64_t>(m_length, 1)) - 1);
        if (lengthHistogram.size() <= bucket) lengthHistogram.resize(bucket + 1, 0);
        ++lengthHistogram[bucket];
        return {};
    }

private:
    std::array<TokenFileWriter, 2> &m_writers;
    const UnitChooser *m_chooser;
    size_t m_current = 0;
    uint64_t m_length = 0;
};

class Preparation {
public:
    Preparation(const DataSpec &data, int64_t context, uint64_t seed, const fs::path &cacheDirectory,
                const ProgressFn &progress, const std::atomic<bool> *cancel, const CorpusLimits &limits)
        : m_data(data), m_path(data.path), m_context(static_cast<uint64_t>(context)), m_seed(seed),
          m_cache(cacheDirectory), m_limits(limits), m_meter(m_path, progress, cancel)
    {
    }

    Result<TokenShards> run()
    {
        ORRERY_TRY(m_meter.add(0));
        ORRERY_ASSIGN(m_tokenizer, Tokenizer::create(m_data));
        ORRERY_ASSIGN(m_listing, listCorpus(m_path, m_limits, [this] { return m_meter.add(0); }));
        std::error_code error;
        fs::create_directories(m_cache, error);
        if (error) return ioError("create folder", m_cache, error.value());
        ORRERY_TRY(readContents());
        m_key = makeKey();
        const fs::path folder = m_cache / m_key;
        if (auto shards = openOwn(folder)) return finish(std::move(shards));

        ORRERY_ASSIGN(const LockFile lock, waitForLock());
        // Whoever had the lock before may have done the work.
        auto shards = openOwn(folder);
        if (!shards) {
            removeAbandoned();
            shards = prepare(folder);
        }
        fs::remove(lockPath(m_key), error); // while it is held, so nobody can hold the deleted one
        return shards ? finish(std::move(shards)) : std::move(shards);
    }

private:
    /// What stands under the key, when it is whole and really of this key (somebody may have copied folders
    /// about).
    Result<TokenShards> openOwn(const fs::path &folder) const
    {
        auto shards = TokenShards::open(folder);
        if (shards && shards->key() != m_key)
            return Error{ErrorCode::InvalidInput,
                         "Cannot open prepared data \"" + folder.string() + "\": it has another key.",
                         "Prepare the data again."};
        return shards;
    }

    Result<TokenShards> finish(Result<TokenShards> shards)
    {
        m_meter.finish();
        return shards;
    }

    Result<void> readContents()
    {
        m_index = loadContentIndex(m_listing, m_path, m_cache);
        m_meter.setTotal(m_index.numBytesToRead + m_listing.description.numBytes);
        ORRERY_TRY(completeContentIndex(
            m_listing, m_path, m_cache, [this](uint64_t n) { return m_meter.add(n); }, m_index));
        CorpusDescription &description = m_listing.description;
        description.contentDigest = contentDigest(m_listing, m_index);
        description.numInvalidUtf8Files = 0;
        m_numDocuments = isJsonl(description.format) ? 0 : m_listing.files.size();
        for (const FileContent &content : m_index.contents) {
            description.numInvalidUtf8Files += content.isUtf8 ? 0 : 1;
            if (isJsonl(description.format)) m_numDocuments += content.numLines;
        }
        return {};
    }

    std::string makeKey() const
    {
        const nlohmann::ordered_json parts = {{"version", kShardVersion},
                                              {"tokenizer", m_tokenizer->fingerprint()},
                                              {"vocab_size", m_tokenizer->vocabSize()},
                                              {"format", corpusFormatName(m_listing.description.format)},
                                              {"content", m_listing.description.contentDigest},
                                              {"val_fraction", m_data.valFraction},
                                              {"context", m_context},
                                              {"seed", m_seed},
                                              {"max_line_bytes", m_limits.maxLineBytes}};
        return sha256Hex(parts.dump());
    }

    fs::path lockPath(const std::string &key) const { return m_cache / (key + ".lock"); }
    fs::path partialPath(const std::string &key) const { return m_cache / (key + ".partial"); }

    Result<LockFile> waitForLock()
    {
        while (true) {
            auto lock = LockFile::acquire(lockPath(m_key),
                                          "process " + std::to_string(::getpid()) + " preparing data");
            if (lock.ok() || lock.error().code != ErrorCode::Conflict) return lock;
            ORRERY_TRY(m_meter.add(0));
            std::this_thread::sleep_for(kLockPoll);
        }
    }

    /// Partial folders that a kill left behind: those whose lock nobody holds.
    void removeAbandoned() const
    {
        std::vector<std::string> keys;
        std::error_code error;
        for (fs::directory_iterator it(m_cache, error), end; !error && it != end; it.increment(error))
            if (it->path().extension() == ".partial" && it->path().stem() != m_key)
                keys.push_back(it->path().stem().string());
        for (const std::string &key : keys) {
            const auto lock =
                LockFile::acquire(lockPath(key), "process " + std::to_string(::getpid()) + " cleaning up");
            if (!lock) continue;
            fs::remove_all(partialPath(key), error);
            fs::remove(lockPath(key), error);
        }
    }

    Result<void> checkSpace() const
    {
        // Of JSONL the size on disk says too little about the tokens.
        if (isJsonl(m_listing.description.format)) return {};
        const uint64_t copies = m_numDocuments >= kMinDocumentsToSplit ? 1 : 2;
        const uint64_t needed =
            m_listing.description.numBytes * static_cast<uint64_t>(m_tokenBytes) * copies + kSpareBytes;
        const auto available = freeBytes(m_cache);
        if (!available || *available >= needed) return {};
        return Error{ErrorCode::Io,
                     "Cannot prepare data \"" + m_path.string() + "\": \"" + m_cache.string() + "\" has " +
                         formatBytes(*available) + " free, expected " + formatBytes(needed) + ".",
                     "Free some space there, or choose another cache folder."};
    }

    Result<TokenShards> prepare(const fs::path &folder)
    {
        m_tokenBytes = tokenBytesFor(m_tokenizer->vocabSize());
        ORRERY_TRY(checkSpace());
        m_partial = partialPath(m_key);
        auto work = [&]() -> Result<void> {
            std::error_code error;
            fs::remove_all(m_partial, error);
            fs::create_directory(m_partial, error);
            if (error) return ioError("create folder", m_partial, error.value());
            ORRERY_TRY(writeSplits());
            ORRERY_TRY(writeMeta());
            fs::remove_all(folder, error); // damaged, or it would have been opened
            return renameDurably(m_partial, folder);
        };
        if (auto done = work(); !done) {
            std::error_code error;
            fs::remove_all(m_partial, error);
            return done.error();
        }
        return TokenShards::open(folder);
    }

    bool needsMask() const
    {
        return m_listing.description.format == CorpusFormat::JsonlMessages ||
               m_listing.description.format == CorpusFormat::JsonlTokens;
    }

    Result<void> openWriters(const char *first, const char *second)
    {
        ORRERY_ASSIGN(m_writers[0], TokenFileWriter::create(m_partial, first, m_tokenBytes, needsMask()));
        if (second) {
            ORRERY_ASSIGN(m_writers[1],
                          TokenFileWriter::create(m_partial, second, m_tokenBytes, needsMask()));
        }
        return {};
    }

    /// One pass over all documents into the open writers.
    Result<void> tokenize(const UnitChooser *chooser)
    {
        ReadOptions options;
        options.tokenizer = m_tokenizer.get();
        options.limits = m_limits;
        for (const FileContent &content : m_index.contents) options.fileDigests.push_back(content.sha256);
        options.onBytes = [this](uint64_t numBytes) { return m_meter.add(numBytes); };
        ShardSink sink(m_writers, chooser);
        ORRERY_TRY(readDocuments(m_listing, options, sink));
        CorpusDescription &description = m_listing.description;
        description.numDocuments = sink.numDocuments;
        description.lengthHistogram = std::move(sink.lengthHistogram);
        description.numTokens = m_writers[0].numTokens() + (chooser ? m_writers[1].numTokens() : 0);
        return {};
    }

    Result<void> writeSplits()
    {
        double fraction = m_data.valFraction;
        // A hash may give validation less than a window; a larger share keeps documents whole.
        while (m_numDocuments >= kMinDocumentsToSplit) {
            ORRERY_TRY(openWriters(kSplitNames[0], kSplitNames[1]));
            const UnitChooser chooser(m_seed, m_numDocuments, fraction);
            ORRERY_TRY(tokenize(&chooser));
            if (isUsableSplit(m_writers[0].numTokens(), m_writers[1].numTokens(), fraction, m_context))
                return finishWriters();
            if (fraction >= 0.5 || m_listing.description.numTokens > kMaxRetriedTokens) break;
            fraction = std::min(0.5, std::max(2 * fraction, 0.05));
        }
        return writeParts();
    }

    /// The whole stream first, then its ranges: where a part ends is known only when its tokens are.
    Result<void> writeParts()
    {
        ORRERY_TRY(openWriters(kWholeName, nullptr));
        ORRERY_TRY(tokenize(nullptr));
        ORRERY_TRY(m_writers[0].finish());
        const uint64_t numTokens = m_listing.description.numTokens;
        if (numTokens < 2 * (m_context + 1))
            return dataError(m_path,
                             {"it has " + std::to_string(numTokens) + " tokens, below two contexts",
                              "at least " + std::to_string(2 * (m_context + 1)) + " (two contexts of " +
                                  std::to_string(m_context) + " and a token each)"},
                             "Use more text or a smaller model.context.");
        ORRERY_ASSIGN(const MappedFile tokens,
                      MappedFile::open(m_partial / (std::string(kWholeName) + ".bin")));
        MappedFile masks;
        if (needsMask()) {
            ORRERY_ASSIGN(masks, MappedFile::open(m_partial / (std::string(kWholeName) + ".mask")));
        }
        ORRERY_TRY(openWriters(kSplitNames[0], kSplitNames[1]));
        for (const TokenRange &range : planRanges(tokens, numTokens))
            ORRERY_TRY(copyRange(tokens, masks, range));
        ORRERY_TRY(finishWriters());
        std::error_code error;
        fs::remove(m_partial / (std::string(kWholeName) + ".bin"), error);
        fs::remove(m_partial / (std::string(kWholeName) + ".mask"), error);
        return {};
    }

    std::vector<TokenRange> planRanges(const MappedFile &tokens, uint64_t numTokens) const
    {
        const bool cutsAnywhere = m_listing.description.format == CorpusFormat::JsonlTokens;
        auto mayCutAfter = [&](uint64_t index) {
            if (cutsAnywhere) return true;
            int32_t id = 0;
            decodeTokens(tokens.bytes(), m_tokenBytes, index, 1, &id);
            return id == '\n' || id == m_tokenizer->specialId(SpecialToken::EndOfText) ||
                   id == m_tokenizer->specialId(SpecialToken::EndOfTurn);
        };
        const auto ends =
            cutIntoParts(numTokens, std::max<uint64_t>(kMinPartTokens, 8 * m_context), mayCutAfter);
        // Too few parts for the wished share (one of four would be a quarter): the tail gives it exactly.
        if (ends.size() >= 2 && m_data.valFraction * static_cast<double>(ends.size()) >= 0.5) {
            std::vector<TokenRange> ranges = planParts(ends, m_seed, m_data.valFraction, m_context);
            uint64_t counts[2] = {0, 0};
            for (const TokenRange &range : ranges)
                counts[range.split == Split::Train ? 0 : 1] += range.end - range.begin;
            if (isUsableSplit(counts[0], counts[1], m_data.valFraction, m_context)) return ranges;
        }
        return planTail(numTokens, m_data.valFraction, m_context);
    }

    Result<void> copyRange(const MappedFile &tokens, const MappedFile &masks, const TokenRange &range)
    {
        TokenFileWriter &writer = m_writers[range.split == Split::Train ? 0 : 1];
        std::vector<int32_t> ids;
        for (uint64_t begin = range.begin; begin < range.end; begin += kCopyTokens) {
            const uint64_t count = std::min(kCopyTokens, range.end - begin);
            ids.resize(count);
            decodeTokens(tokens.bytes(), m_tokenBytes, begin, count, ids.data());
            if (masks.bytes().empty())
                ORRERY_TRY(writer.append(ids, uint8_t(1)));
            else
                ORRERY_TRY(writer.append(
                    ids, std::span(reinterpret_cast<const uint8_t *>(masks.bytes().data()) + begin, count)));
            ORRERY_TRY(m_meter.add(0));
        }
        return {};
    }

    Result<void> finishWriters()
    {
        for (TokenFileWriter &writer : m_writers) ORRERY_TRY(writer.finish());
        return {};
    }

    Result<void> writeMeta()
    {
        ShardMeta meta;
        meta.key = m_key;
        meta.tokenBytes = m_tokenBytes;
        meta.hasMask = m_writers[0].hasZeroMask() || m_writers[1].hasZeroMask();
        std::error_code error;
        if (!meta.hasMask)
            for (const char *name : kSplitNames) fs::remove(m_partial / (std::string(name) + ".mask"), error);
        CorpusDescription &description = m_listing.description;
        description.numTrainTokens = m_writers[0].numTokens();
        description.numValTokens = m_writers[1].numTokens();
        DataSpec own = m_data;
        own.vocabSize = 0;
        ORRERY_ASSIGN(const auto ownTokenizer, Tokenizer::create(own));
        // Ids in a larger vocabulary than the tokenizer's own come from another tokenizer: their bytes are
        // unknown.
        const bool knowsBytes =
            m_tokenizer->isByteWise() && (description.format != CorpusFormat::JsonlTokens ||
                                          m_tokenizer->vocabSize() == ownTokenizer->vocabSize());
        for (int i = 0; i < 2; ++i) {
            meta.numTokens[i] = m_writers[i].numTokens();
            meta.numBytes[i] = knowsBytes ? m_writers[i].numByteTokens() : 0;
        }
        meta.description = description;
        ORRERY_ASSIGN(FileWriter file, FileWriter::create(m_partial / kShardMetaFile));
        ORRERY_TRY(file.write(shardMetaToText(meta)));
        ORRERY_TRY(file.sync());
        ORRERY_TRY(file.close());
        return syncDirectory(m_partial);
    }

    const DataSpec &m_data;
    const fs::path m_path;
    const uint64_t m_context;
    const uint64_t m_seed;
    const fs::path &m_cache;
    const CorpusLimits &m_limits;
    Meter m_meter;
    std::unique_ptr<Tokenizer> m_tokenizer;
    CorpusListing m_listing;
    ContentIndex m_index;
    uint64_t m_numDocuments = 0; ///< expected; the reader counts them again
    std::string m_key;
    fs::path m_partial;
    int m_tokenBytes = 2;
    std::array<TokenFileWriter, 2> m_writers;
};

} // namespace

Result<TokenShards> prepareData(const DataSpec &data, int64_t context, uint64_t seed,
                                const fs::path &cacheDirectory, const ProgressFn &progress,
                                const std::atomic<bool> *cancel, const CorpusLimits &limits)
{
    if (context < 1 || context > std::numeric_limits<int32_t>::max())
        return Error{ErrorCode::InvalidInput,
                     "Cannot prepare data \"" + data.path + "\": model.context is " +
                         std::to_string(context) + ", expected 1 or more.",
                     "Set model.context, for example to 128."};
    if (!(data.valFraction >= 0 && data.valFraction < 1))
        return Error{ErrorCode::InvalidInput,
                     "Cannot prepare data \"" + data.path + "\": data.val_fraction is " +
                         formatSignificant(data.valFraction, 4) + ", expected from 0 to below 1.",
                     "Set data.val_fraction, for example to 0.1."};
    if (data.tokenizer != "bytes") {
        ORRERY_ASSIGN(const DataSpec found, withTrainedTokenizer({.data = data,
                                                                  .context = context,
                                                                  .seed = seed,
                                                                  .cacheDirectory = cacheDirectory,
                                                                  .progress = progress,
                                                                  .cancel = cancel,
                                                                  .limits = limits}));
        ORRERY_ASSIGN(const CorpusListing listing, listCorpus(data.path, limits));
        if (listing.description.format != CorpusFormat::JsonlTokens)
            return transcode({found, context, seed, cacheDirectory, progress, cancel, limits});
        return Preparation(found, context, seed, cacheDirectory, progress, cancel, limits).run();
    }
    return Preparation(data, context, seed, cacheDirectory, progress, cancel, limits).run();
}

} // namespace orrery
