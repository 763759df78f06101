// SPDX-License-Identifier: Apache-2.0
// Files below one folder and nowhere else: names from a manifest cannot leave it, not by "..", not by a
// symbolic link, not even by one that appears while it is read. Any thread. Private to core/data.
#pragma once

#include "core/base/files.h"
#include "core/data/corpus_errors.h"
#include "core/data/corpus_listing.h"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace orrery {

/// Why a file cannot be used.
struct ContainedProblem {
    ErrorCode code = ErrorCode::InvalidInput; ///< NotFound, InvalidInput or Io
    BrokenRule rule;
    std::string hint;
};

class ContainedFolder {
public:
    /// @error NotFound, Io
    static Result<ContainedFolder> open(const std::filesystem::path &folder);

    /// Size, times and inode of a regular file. @param name relative, '/' between folders
    [[nodiscard]] std::variant<CorpusFile, ContainedProblem> describe(const std::string &name) const;
    /// The whole file. @param maxBytes of it
    [[nodiscard]] std::variant<std::string, ContainedProblem> read(const std::string &name,
                                                                   uint64_t maxBytes) const;

private:
    [[nodiscard]] std::variant<FileDescriptor, ContainedProblem> openFile(const std::string &name) const;

    std::filesystem::path m_path;
    FileDescriptor m_folder;
};

} // namespace orrery
