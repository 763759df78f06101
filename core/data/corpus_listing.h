// SPDX-License-Identifier: Apache-2.0
// The files of a corpus in their fixed order, for preparation and evaluation. Values; any thread.
#pragma once

#include "core/data/corpus.h"

namespace orrery {

struct CorpusFile {
    std::filesystem::path path;
    std::string relative; ///< to the folder; empty for a single file
    uint64_t size = 0;
    int64_t mtimeNs = 0;
    int64_t ctimeNs = 0;
    uint64_t inode = 0;
};

struct CorpusListing {
    CorpusDescription description;
    std::vector<CorpusFile> files; ///< usable ones, sorted by relative path as bytes
};

/// As probeCorpus. @param onEntry asked at each entry and each file that is looked into; its error ends the
/// listing
Result<CorpusListing> listCorpus(const std::filesystem::path &path, const CorpusLimits &limits,
                                 const std::function<Result<void>()> &onEntry = {});

/// Whether the format is one of JSONL.
bool isJsonl(CorpusFormat format);

/// Bytes at the end that begin a character of UTF-8 without ending it (at most 3).
size_t incompleteUtf8Tail(std::string_view text);

/// Valid UTF-8 of the front of a text: an incomplete character at the cut is dropped, broken bytes are
/// replaced.
std::string previewText(std::string_view text);

} // namespace orrery
