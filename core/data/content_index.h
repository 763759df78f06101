// SPDX-License-Identifier: Apache-2.0
// What stands in the files of a corpus: hashes and counts, remembered per file by size, times and inode, so
// that a large corpus is not read at every start. The memory is a cache: damaged or missing, it is made
// again. Private to this folder.
#pragma once

#include "core/data/corpus_listing.h"

namespace orrery {

struct FileContent {
    std::string sha256;
    uint64_t numLines = 0; ///< with anything but white space: records, when the file is JSONL
    bool isUtf8 = true;
};

/// Files of the listing that must be read, and what is known of the others. One content per file, in order.
struct ContentIndex {
    std::vector<FileContent> contents; ///< sha256 empty: not known
    uint64_t numBytesToRead = 0;
};

/// Never fails: a memory that cannot be read is empty.
ContentIndex loadContentIndex(const CorpusListing &listing, const std::filesystem::path &path,
                              const std::filesystem::path &cacheDirectory);
/// Reads what is not known and remembers it. onBytes as in ReadOptions. @error Io, NotFound, what onBytes
/// returns
Result<void> completeContentIndex(const CorpusListing &listing, const std::filesystem::path &path,
                                  const std::filesystem::path &cacheDirectory,
                                  const std::function<Result<void>(uint64_t numBytes)> &onBytes,
                                  ContentIndex &index);

/// SHA-256 over names, sizes and hashes of all files.
std::string contentDigest(const CorpusListing &listing, const ContentIndex &index);

} // namespace orrery
