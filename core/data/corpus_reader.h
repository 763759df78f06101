// SPDX-License-Identifier: Apache-2.0
// From files to documents as tokens, for preparation and evaluation. One reader per call; any thread.
#pragma once

#include "core/data/corpus_listing.h"
#include "core/data/tokenizer.h"

#include <span>

namespace orrery {

/// Receives the documents of a corpus in order. An error ends the reading.
class DocumentSink {
public:
    virtual ~DocumentSink() = default;
    virtual Result<void> beginDocument() = 0;
    /// The tokens that are appended next are so many bytes of text. Not called where the data are ids.
    virtual void beginText(uint64_t /*numBytes*/) {}
    /// Tokens whose loss all counts (mask 1) or does not (0).
    virtual Result<void> append(std::span<const int32_t> ids, uint8_t mask) = 0;
    /// Tokens with a mask of their own, of the same length.
    virtual Result<void> append(std::span<const int32_t> ids, std::span<const uint8_t> masks) = 0;
    virtual Result<void> endDocument() = 0;
};

struct ReadOptions {
    const Tokenizer *tokenizer = nullptr;
    CorpusLimits limits;
    /// SHA-256 of each file of the listing; a file that differs now is a Conflict.
    std::vector<std::string> fileDigests;
    /// Called with the number of bytes read since the last call; an error (Cancelled) ends the reading.
    std::function<Result<void>(uint64_t numBytes)> onBytes;
};

/// Reads every document of the listing into the sink.
/// @error InvalidInput naming file and line, Io, Conflict (changed while it was read), what sink and onBytes
/// return
Result<void> readDocuments(const CorpusListing &listing, const ReadOptions &options, DocumentSink &sink);

} // namespace orrery
