// SPDX-License-Identifier: Apache-2.0
// A multi-modal manifest: JSONL whose records are lists of parts {"text": …}, {"image": "a.png"}, {"audio":
// "b.wav"}, with paths relative to the manifest's folder and inside of it. Values; one reader per object.
#pragma once

#include "core/data/media/front_end.h"
#include "core/data/media/media_files.h"
#include "core/data/multimodal/record.h"

#include <functional>
#include <memory>
#include <optional>

namespace orrery {

/// Whether the first record of a JSONL file (.jsonl, .ndjson) is one of a manifest. Of another name: whether
/// all of its first records are, up to one with a picture or a recording. False for anything else, also for
/// what cannot be read. Reads a bounded part of the file.
bool isManifest(const std::filesystem::path &path);
/// Whether it is worth asking isManifest(), by the front of a file: cheap, for folders of many files.
bool mayBeManifest(std::string_view head);
/// Whether a manifest names a picture or a recording; read up to the first that does.
/// @error NotFound, Io; InvalidInput naming the line before it that is none of a manifest
Result<bool> namesMedia(const std::filesystem::path &path);

struct ManifestOptions {
    const Tokenizer *tokenizer = nullptr; ///< bytes, with special tokens
    FrontEnd frontEnd;
    MediaLimits mediaLimits;
    uint64_t maxLineBytes = 64ull << 20;
    /// Told the bytes of each line and file as they are read; an error (Cancelled, Conflict) ends the
    /// reading. `name` is empty for the manifest itself, whose bytes come in pieces; files come whole.
    std::function<Result<void>(const std::string &name, std::string_view bytes)> onBytes;
};

/// Counts of what a reader has seen so far.
struct ManifestCounts {
    uint64_t numTexts = 0;
    uint64_t numImages = 0;
    uint64_t numRecordings = 0;
    uint64_t numMisnamed = 0;  ///< files whose ending names another kind than their content
    std::string firstMisnamed; ///< "a.png is JPEG"
};

/// Reads records one by one, decoding their pictures and recordings.
class ManifestReader {
public:
    /// @error NotFound, Io; InvalidInput: no regular file, a tokenizer with a mediaTokenizerMismatch, a front
    /// end out of range
    static Result<ManifestReader> open(const std::filesystem::path &path, ManifestOptions options);
    ManifestReader(ManifestReader &&) noexcept;
    ManifestReader &operator=(ManifestReader &&) noexcept;
    ~ManifestReader();

    /// Replaces `record`. @return false at the end of the manifest
    /// @error InvalidInput naming manifest and line: broken JSON, no part, an unknown modality, a path that
    /// leaves the folder, a file that is not what the part says or is broken, more than kMaxRecordPositions;
    /// NotFound for a missing file, with the line; Io
    Result<bool> next(MultiModalRecord &record);
    [[nodiscard]] uint64_t lineNumber() const; ///< of the record last returned, from 1
    [[nodiscard]] const ManifestCounts &counts() const;

private:
    struct Impl;
    explicit ManifestReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

} // namespace orrery
