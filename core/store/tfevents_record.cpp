// SPDX-License-Identifier: Apache-2.0
#include "core/store/tfevents_record.h"

#include "core/store/tfevents_crc.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace orrery::store {

namespace {

constexpr uint64_t kHeaderBytes = 12; ///< length and its checksum
constexpr uint64_t kFooterBytes = 4;
constexpr size_t kWindowBytes = size_t{1} << 20;
constexpr size_t kMaxFaults = 20;

template <typename T> T readNumber(std::string_view bytes)
{
    T value{};
    std::memcpy(&value, bytes.data(), sizeof value); // little endian, as every machine that we build for
    return value;
}

template <typename T> void appendNumber(std::string &bytes, T value)
{
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
}

bool isHeader(std::string_view header)
{
    return readNumber<uint32_t>(header.substr(8)) == maskedCrc32c(header.substr(0, 8));
}

} // namespace

Result<RecordReader> RecordReader::open(const std::filesystem::path &path)
{
    RecordReader reader;
    reader.m_path = path;
    reader.m_file = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!reader.m_file.isOpen()) return ioError("read", path, errno);
    struct stat info {};
    if (::fstat(reader.m_file.get(), &info) != 0) return ioError("read", path, errno);
    if (!S_ISREG(info.st_mode))
        return Error{ErrorCode::InvalidInput,
                     "Cannot read \"" + path.string() + "\": it is not a plain file, expected events.",
                     "Check the path."};
    reader.m_size = static_cast<uint64_t>(info.st_size);
    reader.m_searchBudget = 4 * reader.m_size + kWindowBytes;
    return reader;
}

void RecordReader::addFault(uint64_t offset, uint64_t numBytes, std::string text)
{
    ++m_numFaults;
    if (m_faults.size() < kMaxFaults) m_faults.push_back({offset, numBytes, std::move(text)});
}

/// Bytes of the file that are there, as its size was checked; fewer only when somebody cuts it meanwhile.
Result<std::string_view> RecordReader::look(uint64_t offset, uint64_t numBytes)
{
    const uint64_t end = m_bufferStart + m_buffer.size();
    if (offset < m_bufferStart || offset + numBytes > end) {
        const uint64_t wanted = std::min(std::max<uint64_t>(numBytes, kWindowBytes), m_size - offset);
        m_buffer.resize(wanted);
        m_bufferStart = offset;
        size_t got = 0;
        while (got < wanted) {
            const ssize_t count =
                ::pread(m_file.get(), m_buffer.data() + got, wanted - got, static_cast<off_t>(offset + got));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return ioError("read", m_path, errno);
            if (count == 0) break;
            got += static_cast<size_t>(count);
        }
        if (got < wanted) { // it has become shorter
            m_buffer.resize(got);
            m_size = offset + got;
        }
    }
    return std::string_view(m_buffer).substr(offset - m_bufferStart, numBytes);
}

Result<bool> RecordReader::next(std::string_view &data)
{
    while (left() > 0) {
        if (left() < kHeaderBytes + kFooterBytes) {
            addFault(m_position, left(), "the file ends within a record");
            m_position = m_size;
            break;
        }
        ORRERY_ASSIGN(const std::string_view header, look(m_position, kHeaderBytes));
        if (header.size() < kHeaderBytes) continue; // cut just now
        if (!isHeader(header)) {
            ORRERY_ASSIGN(const bool isFound, findRecord());
            if (!isFound) break;
            continue;
        }
        const auto length = readNumber<uint64_t>(header);
        if (length > left() - kHeaderBytes - kFooterBytes) {
            addFault(m_position, left(),
                     "a record of " + std::to_string(length) + " bytes begins, and the file ends within it");
            m_position = m_size;
            break;
        }
        const uint64_t whole = kHeaderBytes + length + kFooterBytes;
        if (length > kMaxRecordBytes) {
            addFault(m_position, whole,
                     "a record of " + std::to_string(length) + " bytes, expected at most 256 MiB");
            m_position += whole;
            continue;
        }
        ORRERY_ASSIGN(const std::string_view bytes, look(m_position, whole));
        if (bytes.size() < whole) continue; // cut just now
        m_recordOffset = m_position;
        m_position += whole;
        data = bytes.substr(kHeaderBytes, length);
        if (readNumber<uint32_t>(bytes.substr(kHeaderBytes + length)) == maskedCrc32c(data)) return true;
        addFault(m_recordOffset, whole, "the checksum of the data is wrong");
    }
    return false;
}

/// From a broken length to the next byte at which a whole record begins; false when there is none.
Result<bool> RecordReader::findRecord()
{
    const uint64_t start = m_position;
    for (uint64_t at = start + 1; at + kHeaderBytes + kFooterBytes <= m_size; ++at) {
        ORRERY_ASSIGN(const std::string_view header, look(at, kHeaderBytes));
        if (header.size() < kHeaderBytes) break;
        if (!isHeader(header)) continue;
        const auto length = readNumber<uint64_t>(header);
        if (length > kMaxRecordBytes || length > m_size - at - kHeaderBytes - kFooterBytes) continue;
        if (length > m_searchBudget) break;
        m_searchBudget -= length;
        ORRERY_ASSIGN(const std::string_view bytes, look(at, kHeaderBytes + length + kFooterBytes));
        if (bytes.size() < kHeaderBytes + length + kFooterBytes) break;
        if (readNumber<uint32_t>(bytes.substr(kHeaderBytes + length)) !=
            maskedCrc32c(bytes.substr(kHeaderBytes, length)))
            continue;
        addFault(start, at - start, "no record begins here");
        m_position = at;
        return true;
    }
    addFault(start, m_size - start, "no record begins here, nor behind it");
    m_position = m_size;
    return false;
}

void appendRecord(std::string &bytes, std::string_view data)
{
    const size_t start = bytes.size();
    appendNumber(bytes, static_cast<uint64_t>(data.size()));
    appendNumber(bytes, maskedCrc32c(std::string_view(bytes).substr(start)));
    bytes.append(data);
    appendNumber(bytes, maskedCrc32c(data));
}

} // namespace orrery::store
