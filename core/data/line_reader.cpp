// SPDX-License-Identifier: Apache-2.0
#include "core/data/line_reader.h"

#include "core/base/text.h"
#include "core/data/corpus_errors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace orrery {

namespace {

constexpr size_t kChunkBytes = 1u << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

} // namespace

Result<ChunkReader> ChunkReader::open(const std::filesystem::path &path, Watcher watcher)
{
    ChunkReader reader;
    reader.m_path = path;
    reader.m_watcher = std::move(watcher);
    // O_NONBLOCK: a named pipe that took the file's place must not hang the reader.
    reader.m_file = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!reader.m_file.isOpen()) return ioError("read", path, errno);
    struct stat status = {};
    if (::fstat(reader.m_file.get(), &status) != 0) return ioError("read", path, errno);
    if (!S_ISREG(status.st_mode))
        return dataError(path, {"it is not a regular file", "a file of text"}, "Choose another path.");
    ::posix_fadvise(reader.m_file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    reader.m_buffer.resize(kChunkBytes);
    return reader;
}

Result<std::string_view> ChunkReader::next()
{
    ssize_t numRead = 0;
    do numRead = ::read(m_file.get(), m_buffer.data(), m_buffer.size());
    while (numRead < 0 && errno == EINTR);
    if (numRead < 0) return ioError("read", m_path, errno);
    const std::string_view chunk(m_buffer.data(), static_cast<size_t>(numRead));
    if (m_watcher && !chunk.empty()) ORRERY_TRY(m_watcher(chunk));
    return chunk;
}

Result<std::optional<std::string_view>> LineReader::next()
{
    while (true) {
        size_t end = m_pending.find('\n', m_search);
        if (end == std::string::npos && !m_isAtEnd) {
            m_pending.erase(0, m_begin);
            m_begin = 0;
            m_search = m_pending.size();
            if (m_pending.size() > m_maxLineBytes) end = m_pending.size(); // refused below
        }
        if (end == std::string::npos && !m_isAtEnd) {
            ORRERY_ASSIGN(const std::string_view chunk, m_chunks.next());
            m_isAtEnd = chunk.empty();
            m_pending.append(chunk);
            continue;
        }
        const bool isLast = end == std::string::npos;
        if (isLast && m_begin >= m_pending.size()) return std::optional<std::string_view>();
        std::string_view line =
            std::string_view(m_pending).substr(m_begin, (isLast ? m_pending.size() : end) - m_begin);
        ++m_lineNumber;
        if (line.size() > m_maxLineBytes)
            return dataLineError(m_chunks.path(), m_lineNumber,
                                 {"the line has more than " + std::to_string(m_maxLineBytes) + " bytes",
                                  "at most " + formatBytes(m_maxLineBytes) + " per record"},
                                 "Split the record into smaller ones.");
        m_begin = m_search = isLast ? m_pending.size() : end + 1;
        if (m_lineNumber == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
        if (line.find_first_not_of(" \t\r") != std::string_view::npos)
            return std::optional<std::string_view>(line);
    }
}

} // namespace orrery
