// SPDX-License-Identifier: Apache-2.0
#include "core/data/prepare_tokenizer.h"

#include "core/base/text.h"
#include "core/data/corpus_errors.h"
#include "core/data/corpus_listing.h"
#include "core/data/data_paths.h"
#include "core/data/prepared_folder.h"
#include "core/data/tokenizer/bpe_trainer.h"
#include "core/data/tokenizer/json_limits.h"
#include "core/data/transcode.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <thread>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr int kTrainerVersion =
    2; ///< part of the key: raise it when the same text would give another tokenizer
/// Of longer texts, pieces all over are read: more teaches a vocabulary nothing.
constexpr uint64_t kMostTrainingTokens = 256u << 20;
constexpr uint64_t kPieceTokens = 1u << 20;

/// The text of a training split in pieces, without specials.
class SplitText {
public:
    explicit SplitText(const TokenShards &bytes)
        : m_bytes(bytes), m_total(bytes.numTokens(Split::Train)),
          m_stride(std::max<uint64_t>(1, (m_total + kMostTrainingTokens - 1) / kMostTrainingTokens))
    {
    }

    Result<std::string> next(const std::function<Result<void>()> &poll)
    {
        while (m_begin < m_total) {
            ORRERY_TRY(poll());
            const uint64_t count = std::min(kPieceTokens, m_total - m_begin);
            m_ids.resize(count);
            m_bytes.read(Split::Train, m_begin, count, m_ids.data());
            m_begin += kPieceTokens * m_stride;
            std::string text = std::move(m_rest);
            m_rest.clear();
            // A special's place is taken by a line end: no word crosses it.
            for (const int32_t id : m_ids) text += id < 256 ? static_cast<char>(id) : '\n';
            const bool isLast = m_begin >= m_total;
            size_t cut = isLast || m_stride > 1 ? text.size() : tok::safeCut(text);
            if (cut == 0 && text.size() > tok::kMostPiece) cut = text.size() - incompleteUtf8Tail(text);
            m_rest = text.substr(cut);
            if (cut == 0) continue;
            text.resize(cut);
            return text;
        }
        return std::exchange(m_rest, {});
    }

private:
    const TokenShards &m_bytes;
    uint64_t m_total;
    uint64_t m_stride;
    uint64_t m_begin = 0;
    std::string m_rest;
    std::vector<int32_t> m_ids;
};

int64_t wantedVocabulary(const DataSpec &data)
{
    return data.vocabSize == 0 ? tok::kDefaultBpeVocabulary : data.vocabSize;
}

Result<void> trainInto(const TokenizerPreparation &given, const TokenShards &bytes, const fs::path &file)
{
    SplitText text(bytes);
    tok::BpeTraining training;
    training.vocabSize = wantedVocabulary(given.data);
    training.hasSpecials = given.data.specialTokens == "default";
    training.threads = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 4u));
    const auto poll = [&]() -> Result<void> {
        const bool isCancelled = given.cancel && given.cancel->load(std::memory_order_relaxed);
        return isCancelled ? Result<void>(dataCancelled(given.data.path)) : Result<void>();
    };
    training.next = [&]() { return text.next(poll); };
    if (given.progress)
        training.progress = [&](double share) { given.progress(static_cast<uint64_t>(share * 1000), 1000); };
    training.cancel = given.cancel;
    ORRERY_ASSIGN(const tok::TrainedBpe trained, tok::trainBpe(training));
    return writeFileAtomically(file, trained.json);
}

} // namespace

Result<DataSpec> withTrainedTokenizer(const TokenizerPreparation &given)
{
    if (given.data.tokenizer != "bpe") return given.data;
    const DataPathKind kind = dataPathKind(given.data.path);
    if (kind != DataPathKind::Text)
        return dataError(given.data.path,
                         {"it is no text, and data.tokenizer is bpe", "text to train a tokenizer on"},
                         "Set data.tokenizer to bytes.");
    ORRERY_ASSIGN(const CorpusListing listing, listCorpus(given.data.path, given.limits));
    if (listing.description.format == CorpusFormat::JsonlTokens)
        return dataError(given.data.path,
                         {"it holds ids, and data.tokenizer is bpe", "text to train a tokenizer on"},
                         "Set data.tokenizer to the tokenizer.json that the ids are of.");
    ORRERY_ASSIGN(const TokenShards bytes,
                  prepareBytes(given.data, bytesOfContext(given.context), given.seed, given.cacheDirectory,
                               given.progress, given.cancel, given.limits));
    const nlohmann::ordered_json parts = {{"bpe", kTrainerVersion},
                                          {"bytes", bytes.key()},
                                          {"vocab_size", wantedVocabulary(given.data)},
                                          {"special_tokens", given.data.specialTokens}};
    const PreparedFolder folder(given.cacheDirectory, sha256Hex(parts.dump()));
    const fs::path file = folder.path() / kTokenizerFile;
    PreparedFolder::Steps steps;
    steps.isThere = [&] {
        const auto text = readFile(file, tok::kMaxTokenizerBytes);
        return text && Tokenizer::fromJson(*text, file.string()).ok();
    };
    steps.poll = [&]() -> Result<void> {
        const bool isCancelled = given.cancel && given.cancel->load(std::memory_order_relaxed);
        return isCancelled ? Result<void>(dataCancelled(given.data.path)) : Result<void>();
    };
    steps.make = [&](const fs::path &partial) { return trainInto(given, bytes, partial / kTokenizerFile); };
    ORRERY_TRY(folder.ensure(steps));
    DataSpec found = given.data;
    found.tokenizer = file.string();
    return found;
}

DataSpec withSavedTokenizer(const DataSpec &data, const fs::path &directory)
{
    DataSpec found = data;
    std::error_code ignored;
    if (data.tokenizer != "bytes" && fs::is_regular_file(directory / kTokenizerFile, ignored))
        found.tokenizer = (fs::absolute(directory, ignored) / kTokenizerFile).lexically_normal().string();
    return found;
}

Result<DataSpec> ensureSavedTokenizer(const TokenizerPreparation &given, const fs::path &directory)
{
    DataSpec saved = withSavedTokenizer(given.data, directory);
    if (given.data.tokenizer == "bytes" || saved.tokenizer != given.data.tokenizer) return saved;
    ORRERY_ASSIGN(const DataSpec found, withTrainedTokenizer(given));
    ORRERY_ASSIGN(const auto tokenizer, Tokenizer::create(found));
    ORRERY_TRY(writeFileAtomically(directory / kTokenizerFile, tokenizer->toJson()));
    return withSavedTokenizer(given.data, directory);
}

} // namespace orrery
