// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.h"
#include "core/data/content_index.h"
#include "core/data/line_reader.h"
#include "core/data/multimodal/contained_folder.h"
#include "core/data/multimodal/document_groups.h"
#include "core/data/multimodal/manifest.h"
#include "core/data/multimodal/manifest_errors.h"
#include "core/data/multimodal/manifest_line.h"
#include "core/data/multimodal/shard_files.h"
#include "core/data/multimodal/shard_meta.h"
#include "core/data/multimodal/shards.h"
#include "core/data/prepared_folder.h"
#include "core/data/split_plan.h"
#include "core/data/token_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <unordered_map>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr int kPreparedVersion = 3; ///< part of the key: raise it when the same data would look otherwise
constexpr size_t kNumSamples = 5;

class ManifestPreparation {
public:
    explicit ManifestPreparation(const PrepareManifestOptions &options)
        : m_options(options), m_path(options.data.path)
    {
    }

    Result<MultiModalShards> run()
    {
        ORRERY_TRY(addBytes(0));
        ORRERY_ASSIGN(m_tokenizer, Tokenizer::create(m_options.data));
        ORRERY_TRY(listFiles());
        ORRERY_TRY(readContents());
        const std::string key = makeKey();
        const PreparedFolder folder(m_options.cacheDirectory, key);
        auto openOwn = [&]() -> Result<MultiModalShards> {
            auto shards = MultiModalShards::open(folder.path());
            if (shards && shards->key() != key)
                return dataError(folder.path(), {"it has another key", key}, "Prepare the data again.");
            return shards;
        };
        ORRERY_TRY(folder.ensure({.isThere = [&] { return openOwn().ok(); },
                                  .poll = [&] { return addBytes(0); },
                                  .make = [&](const fs::path &partial) { return make(partial, key); }}));
        m_done = m_total = std::max<uint64_t>(m_total, 1);
        if (m_options.progress) m_options.progress(m_done, m_total);
        ORRERY_ASSIGN(MultiModalShards shards, openOwn());
        // Prepared to be measured, it may be there.
        if (m_options.use == DocumentUse::Train && shards.numRecords(Split::Train) == 0) return oneSideOnly();
        return shards;
    }

private:
    /// A second pass over the same bytes adds nothing to what is shown.
    Result<void> addBytes(uint64_t count)
    {
        if (m_options.cancel && m_options.cancel->load(std::memory_order_relaxed))
            return dataCancelled(m_path);
        m_done = std::min(m_total, m_done + count);
        if (m_options.progress && m_total > 0) m_options.progress(m_done, m_total);
        return {};
    }

    /// The first pass: which files there are, and what makes documents the same.
    Result<void> listFiles()
    {
        ORRERY_ASSIGN(const ContainedFolder folder, ContainedFolder::open(m_path.parent_path()));
        ORRERY_ASSIGN(ChunkReader chunks, ChunkReader::open(m_path));
        LineReader lines(std::move(chunks), m_options.limits.maxLineBytes);
        std::vector<ManifestPart> parts;
        uint64_t totalBytes = 0;
        while (true) {
            ORRERY_ASSIGN(const std::optional<std::string_view> line, lines.next());
            if (!line) break;
            ORRERY_TRY(addBytes(0));
            if (const auto broken = parseManifestLine(*line, parts))
                return dataLineError(m_path, lines.lineNumber(), *broken);
            Document document;
            Sha256 hash;
            for (const ManifestPart &part : parts) {
                // Of a file only its kind: what makes it the same is its content, whatever its name.
                std::string head = std::string(modalityName(part.modality)) + '\0';
                if (part.modality == Modality::Text) head += std::to_string(part.value.size()) + '\0';
                hash.update(head.data(), head.size());
                if (part.modality == Modality::Text) {
                    hash.update(part.value.data(), part.value.size());
                    continue;
                }
                ORRERY_ASSIGN(const size_t file,
                              fileNumber(folder, part.value, lines.lineNumber(), totalBytes));
                document.files.push_back(file);
            }
            document.textDigest = hash.hex();
            m_documents.push_back(std::move(document));
        }
        if (m_documents.empty())
            return dataError(m_path, {"there is no record in it", "one list of parts per line"},
                             "Choose a manifest with records.");
        return addManifestItself();
    }

    Result<size_t> fileNumber(const ContainedFolder &folder, const std::string &name, uint64_t line,
                              uint64_t &totalBytes)
    {
        const auto known = m_fileNumbers.find(name);
        if (known != m_fileNumbers.end()) return known->second;
        auto described = folder.describe(name);
        if (const auto *problem = std::get_if<ContainedProblem>(&described))
            return manifestError(m_path, line, *problem);
        CorpusFile file = std::get<CorpusFile>(std::move(described));
        totalBytes += file.size;
        const bool isTooMany = m_listing.files.size() >= m_options.limits.maxFiles;
        if (isTooMany || totalBytes > m_options.limits.maxTotalBytes)
            return dataLineError(
                m_path, line,
                {isTooMany
                     ? "the manifest names more than " + std::to_string(m_options.limits.maxFiles) + " files"
                     : "its files have more than " + formatBytes(m_options.limits.maxTotalBytes),
                 "at most that"},
                "Choose a part of them.");
        m_listing.files.push_back(std::move(file));
        m_fileNumbers.emplace(name, m_listing.files.size() - 1);
        return m_listing.files.size() - 1;
    }

    Result<void> addManifestItself()
    {
        ORRERY_ASSIGN(const ContainedFolder folder, ContainedFolder::open(m_path.parent_path()));
        std::error_code error;
        const uint64_t size = fs::file_size(m_path, error);
        if (error) return ioError("read", m_path, error.value());
        CorpusFile file;
        file.path = m_path;
        file.size = size;
        // It may be a link, so its own times are not asked for; it is small and hashed anew.
        file.mtimeNs = file.ctimeNs = std::numeric_limits<int64_t>::max();
        m_listing.files.push_back(std::move(file));
        return {};
    }

    Result<void> readContents()
    {
        m_index = loadContentIndex(m_listing, m_path, m_options.cacheDirectory);
        m_description.numFiles = m_listing.files.size();
        for (const CorpusFile &file : m_listing.files) m_description.numBytes += file.size;
        m_total = m_index.numBytesToRead + m_description.numBytes;
        ORRERY_TRY(completeContentIndex(
            m_listing, m_path, m_options.cacheDirectory, [this](uint64_t count) { return addBytes(count); },
            m_index));
        m_description.contentDigest = contentDigest(m_listing, m_index);
        return {};
    }

    std::string makeKey() const
    {
        const nlohmann::ordered_json parts = {{"multimodal", kPreparedVersion},
                                              {"tokenizer", m_tokenizer->fingerprint()},
                                              {"vocab_size", m_tokenizer->vocabSize()},
                                              {"front_end", frontEndText(m_options.frontEnd)},
                                              {"content", m_description.contentDigest},
                                              {"val_fraction", m_options.data.valFraction},
                                              {"seed", m_options.seed}};
        return sha256Hex(parts.dump());
    }

    /// The side of each document: 0 training, 1 validation.
    Result<std::vector<size_t>> chooseSides()
    {
        DocumentGroups groups(m_documents.size());
        DocumentGroups equals(m_documents.size());
        for (size_t i = 0; i < m_documents.size(); ++i) {
            std::string whole = m_documents[i].textDigest;
            for (size_t file : m_documents[i].files) {
                groups.join(i, m_index.contents[file].sha256);
                whole += m_index.contents[file].sha256;
            }
            if (m_documents[i].files.empty()) groups.join(i, whole);
            equals.join(i, whole);
        }
        m_description.sharesFiles =
            groups.largest() * 2 > m_documents.size() && groups.count() != equals.count();
        const std::vector<size_t> numbers = m_description.sharesFiles ? equals.numbers() : groups.numbers();
        const size_t count = m_description.sharesFiles ? equals.count() : groups.count();
        if (count < 2 && m_options.use == DocumentUse::Train) return oneSideOnly();
        if (count < 2) return std::vector<size_t>(m_documents.size(), 1);
        const UnitChooser chooser(m_options.seed, count, m_options.data.valFraction);
        std::vector<size_t> sides;
        for (size_t number : numbers) sides.push_back(chooser.splitOf(number) == Split::Validation ? 1 : 0);
        return sides;
    }

    [[nodiscard]] Error oneSideOnly() const
    {
        return dataError(m_path,
                         {m_documents.size() == 1 ? std::string("it has one record")
                                                  : "it has " + std::to_string(m_documents.size()) +
                                                        " records, all of the same content",
                          "two different ones at least, one to train on and one to validate"},
                         "Add records.");
    }

    Result<void> make(const fs::path &partial, const std::string &key)
    {
        ORRERY_ASSIGN(const std::vector<size_t> sides, chooseSides());
        std::array<MultiModalSplitWriter, 2> writers;
        const int tokenBytes = tokenBytesFor(m_tokenizer->vocabSize());
        for (size_t i = 0; i < writers.size(); ++i) {
            ORRERY_ASSIGN(writers[i], MultiModalSplitWriter::create(partial, kMultiModalSplitNames[i],
                                                                    tokenBytes, m_options.frontEnd));
        }
        ORRERY_TRY(decode(sides, writers));
        for (MultiModalSplitWriter &writer : writers) ORRERY_TRY(writer.finish());
        MultiModalMeta meta{key, m_path.string(), m_tokenizer->vocabSize(), m_description};
        ORRERY_ASSIGN(FileWriter file, FileWriter::create(partial / kMultiModalMetaFile));
        ORRERY_TRY(file.write(multiModalMetaToText(meta)));
        ORRERY_TRY(file.sync());
        ORRERY_TRY(file.close());
        return syncDirectory(partial);
    }

    /// The second pass: every record into the files of its side.
    Result<void> decode(const std::vector<size_t> &sides, std::array<MultiModalSplitWriter, 2> &writers)
    {
        Sha256 manifestHash;
        ManifestOptions reading;
        reading.tokenizer = m_tokenizer.get();
        reading.frontEnd = m_options.frontEnd;
        reading.mediaLimits = m_options.mediaLimits;
        reading.mediaLimits.onDecoded = [this, cuts = MediaCutCounter(m_description)](
                                            std::string_view name, const MediaFacts &facts) mutable {
            cuts.add(name, facts, m_options.frontEnd);
        };
        reading.maxLineBytes = m_options.limits.maxLineBytes;
        reading.onBytes = [&](const std::string &name, std::string_view bytes) -> Result<void> {
            if (name.empty()) {
                manifestHash.update(bytes.data(), bytes.size());
            } else {
                const auto known = m_fileNumbers.find(name);
                if (known == m_fileNumbers.end() ||
                    sha256Hex(bytes) != m_index.contents[known->second].sha256)
                    return changed(m_path.parent_path() / name);
            }
            return addBytes(bytes.size());
        };
        ORRERY_ASSIGN(ManifestReader reader, ManifestReader::open(m_path, std::move(reading)));
        MultiModalRecord record;
        for (size_t i = 0;; ++i) {
            ORRERY_ASSIGN(const bool isThere, reader.next(record));
            if (!isThere) break;
            if (i >= sides.size()) return changed(m_path);
            ORRERY_TRY(writers[sides[i]].append(record));
            countRecord(record, sides[i], m_description);
            if (sides[i] == 0 && m_description.samples.size() < kNumSamples)
                m_description.samples.push_back(recordPreview(record, *m_tokenizer));
        }
        if (manifestHash.hex() != m_index.contents.back().sha256) return changed(m_path);
        const ManifestCounts &counts = reader.counts();
        m_description.format = "manifest";
        m_description.frontEnd = m_options.frontEnd;
        m_description.numTexts = counts.numTexts;
        m_description.numImages = counts.numImages;
        m_description.numRecordings = counts.numRecordings;
        m_description.numMisnamed = counts.numMisnamed;
        m_description.firstMisnamed = counts.firstMisnamed;
        return {};
    }

    static Error changed(const fs::path &path)
    {
        return {ErrorCode::Conflict,
                "Cannot read data \"" + path.string() +
                    "\": the file changed while it was read, expected data at rest.",
                "Prepare the data again when nothing writes to them."};
    }

    struct Document {
        std::vector<size_t> files; ///< numbers in m_listing
        std::string textDigest;    ///< of its texts and the kinds of its parts
    };

    const PrepareManifestOptions &m_options;
    const fs::path m_path;
    std::unique_ptr<Tokenizer> m_tokenizer;
    CorpusListing m_listing; ///< what the manifest names, and behind it the manifest itself
    std::unordered_map<std::string, size_t> m_fileNumbers;
    std::vector<Document> m_documents;
    ContentIndex m_index;
    MultiModalDescription m_description;
    uint64_t m_total = 0;
    uint64_t m_done = 0;
};

} // namespace

Result<MultiModalShards> prepareManifest(const PrepareManifestOptions &options)
{
    if (!(options.data.valFraction >= 0 && options.data.valFraction < 1))
        return Error{ErrorCode::InvalidInput,
                     "Cannot prepare data \"" + options.data.path + "\": data.val_fraction is " +
                         formatSignificant(options.data.valFraction, 4) + ", expected from 0 to below 1.",
                     "Set data.val_fraction, for example to 0.1."};
    ORRERY_TRY(checkFrontEnd(options.frontEnd));
    return ManifestPreparation(options).run();
}

} // namespace orrery
