// SPDX-License-Identifier: Apache-2.0
// Files read once from front to end: whole chunks or lines of bounded length. Private to this folder.
#pragma once

#include "core/base/files.h"
#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace orrery {

/// Reads a file in pieces of 1 MiB and tells a watcher about each (for hashes and progress).
class ChunkReader {
public:
    using Watcher = std::function<Result<void>(std::string_view chunk)>;
    /// @error NotFound, Io; InvalidInput when it is not a regular file
    static Result<ChunkReader> open(const std::filesystem::path &path, Watcher watcher = {});
    /// Empty at the end. Valid until the next call. @error Io, or what the watcher returns
    Result<std::string_view> next();
    [[nodiscard]] const std::filesystem::path &path() const { return m_path; }

private:
    std::filesystem::path m_path;
    FileDescriptor m_file;
    std::string m_buffer;
    Watcher m_watcher;
};

/// Lines without their line feed; a byte order mark at the front is dropped. Lines of white space are passed
/// over but counted.
class LineReader {
public:
    LineReader(ChunkReader chunks, uint64_t maxLineBytes)
        : m_chunks(std::move(chunks)), m_maxLineBytes(maxLineBytes)
    {
    }
    /// Nothing at the end. Valid until the next call. @error Io; InvalidInput naming the line that is too
    /// long
    Result<std::optional<std::string_view>> next();
    [[nodiscard]] uint64_t lineNumber() const { return m_lineNumber; } ///< of the line last returned, from 1

private:
    ChunkReader m_chunks;
    uint64_t m_maxLineBytes;
    std::string m_pending;
    size_t m_begin = 0;  ///< of the unread part of m_pending
    size_t m_search = 0; ///< no line feed stands before this
    uint64_t m_lineNumber = 0;
    bool m_isAtEnd = false;
};

} // namespace orrery
