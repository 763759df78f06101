// SPDX-License-Identifier: Apache-2.0
// Prepared multi-modal data on disk, memory-mapped, keyed by content, tokenizer, front end and split. Layout
// of a folder (little-endian): meta.json and, for train and val, NAME.records (uint64 × 3 per document and
// once more for the end: first position, first patch, first audio token), NAME.ids (uint16, or int32 for
// vocabularies over 65,536), NAME.kinds (one byte per position: modality, and bit 7 where it carries loss),
// NAME.patches (bytes), NAME.frames (float). Immutable after open; any thread.
#pragma once

#include "core/base/files.h"
#include "core/data/corpus.h"
#include "core/data/media/media_files.h"
#include "core/data/multimodal/description.h"
#include "core/data/multimodal/source.h"

#include <atomic>
#include <filesystem>
#include <memory>

namespace orrery {

class MultiModalShards final : public MultiModalSource {
public:
    /// Checks sizes and tables against each other, so that no file can lead a reader astray.
    /// @error NotFound; InvalidInput when the folder is damaged: prepare the data again
    static Result<MultiModalShards> open(const std::filesystem::path &folder);

    [[nodiscard]] const FrontEnd &frontEnd() const override { return m_description.frontEnd; }
    [[nodiscard]] int64_t vocabSize() const override { return m_vocabSize; }
    [[nodiscard]] std::string name() const override { return m_name; }
    [[nodiscard]] uint64_t numRecords(Split split) const override;
    [[nodiscard]] uint64_t numPositions(Split split, uint64_t index) const override;
    void read(Split split, uint64_t index, uint64_t begin, uint64_t count,
              MultiModalRecord &record) const override;

    [[nodiscard]] const MultiModalDescription &description() const { return m_description; }
    [[nodiscard]] const std::string &key() const { return m_key; }
    [[nodiscard]] std::string identity() const override { return m_key; }
    [[nodiscard]] const std::filesystem::path &folder() const { return m_folder; }

private:
    struct Part {
        MappedFile records;
        MappedFile ids;
        MappedFile kinds;
        MappedFile patches;
        MappedFile frames;
        uint64_t numRecords = 0;
    };
    [[nodiscard]] Result<void> openPart(const char *name, Part &part) const;

    std::filesystem::path m_folder;
    std::string m_key;
    std::string m_name;
    int64_t m_vocabSize = 0;
    int m_tokenBytes = 2;
    MultiModalDescription m_description;
    std::array<Part, 2> m_parts;
};

struct PrepareManifestOptions {
    DataSpec data; ///< path, tokenizer, vocab_size, special_tokens, val_fraction
    FrontEnd frontEnd;
    uint64_t seed = 0;
    DocumentUse use = DocumentUse::Train;
    std::filesystem::path cacheDirectory;
    CorpusLimits limits;
    MediaLimits mediaLimits;
    ProgressFn progress; ///< in bytes, never falls
    const std::atomic<bool> *cancel = nullptr;
};

/// Decodes a manifest into the cache unless it is there already. Split by document and seed: documents that
/// share a picture or a recording, and equal texts, stay on one side. Where one file stands in more than half
/// of the documents, only equal documents do, and the description says so. Where all are equal, all are
/// validation. Two processes may prepare the same data: the second one waits.
/// @error as ManifestReader; InvalidInput for fewer than two different documents to train on; Conflict when
/// files change while they are read; Io (disk full), Cancelled
Result<MultiModalShards> prepareManifest(const PrepareManifestOptions &options);

} // namespace orrery
