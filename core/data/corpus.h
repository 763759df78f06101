// SPDX-License-Identifier: Apache-2.0
// What a data path holds, as documents: text files, source trees, JSONL with text, messages or tokens +
// loss_mask. Streaming: memory does not grow with the size of the data. Any thread; one reader per object.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_spec.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace orrery {

enum class CorpusFormat : uint8_t { Unknown, Text, Folder, JsonlText, JsonlMessages, JsonlTokens };
const char *corpusFormatName(CorpusFormat format);

/// Limits that keep hostile input from eating the machine. Tests lower them.
struct CorpusLimits {
    uint64_t maxLineBytes = 64ull << 20; ///< of JSONL; above: typed error naming the line
    uint64_t maxFileBytes = 8ull << 30;  ///< of one text file; JSONL is limited by its lines
    uint64_t maxTotalBytes = 64ull << 30;
    uint64_t maxFiles = 2'000'000;
};

struct CorpusFileProblem {
    std::string path;
    std::string reason; ///< "binary (NUL at byte 17)", "picture (PNG)", "not readable", "empty"
};

struct CorpusDescription {
    CorpusFormat format = CorpusFormat::Unknown;
    uint64_t numFiles = 0;
    uint64_t numDocuments = 0;
    uint64_t numBytes = 0;
    uint64_t numTokens = 0;
    uint64_t numTrainTokens = 0;
    uint64_t numValTokens = 0;
    uint64_t numInvalidUtf8Files = 0;
    std::vector<CorpusFileProblem> skipped; ///< at most 100 kept; numSkipped counts all
    uint64_t numSkipped = 0;
    std::vector<uint64_t>
        lengthHistogram; ///< [i]: documents of 2^i … 2^(i+1) − 1 tokens, [0] also empty ones
    std::string contentDigest;
    std::string firstText; ///< first 400 bytes as valid UTF-8, for a preview
    /// "image" or another name of pictures or recordings, when the first record has one beside its text: nobody reads it.
    std::string unreadMedia;
    bool carriesLoss = true; ///< prepared data: whether any token of the training split does
};

using ProgressFn = std::function<void(uint64_t done, uint64_t total)>;

/// Finds the format and lists the files without reading them whole. Binary files in a folder are skipped and
/// named; a binary file given directly is an error, and so is a folder whose text is a manifest for the most
/// part. JSONL is known by its ending (.jsonl, .ndjson; .json when its first line is a record); a folder is
/// JSONL when all its usable files are, else all are text. Hidden entries and symbolic links inside of a
/// folder are passed over and named. Of JSONL the number of documents is not known yet (0).
/// @error NotFound (missing), InvalidInput (empty, binary, no usable file, over a limit), Io (not readable)
Result<CorpusDescription> probeCorpus(const std::filesystem::path &path, const CorpusLimits &limits = {});

} // namespace orrery
