// SPDX-License-Identifier: Apache-2.0
// Private to core/store: the records of TensorBoard's files: length, its checksum, data, their checksum
// (little endian). The reader goes on behind a broken record, counts and locates it, and never allocates what
// the file cannot hold. One thread per object.
#pragma once

#include "core/base/files.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::store {

inline constexpr uint64_t kMaxRecordBytes = uint64_t{256} << 20;

/// A piece of a file that could not be read.
struct RecordFault {
    uint64_t offset = 0;
    uint64_t numBytes = 0;
    std::string text; ///< "checksum of the data is wrong"
};

class RecordReader {
public:
    /// @error NotFound, Io, InvalidInput (no plain file)
    static Result<RecordReader> open(const std::filesystem::path &path);
    /// The next whole record; false at the end. `data` lives until the next call. @error Io
    Result<bool> next(std::string_view &data);
    [[nodiscard]] uint64_t offset() const { return m_recordOffset; } ///< of the last record
    [[nodiscard]] uint64_t position() const { return m_position; }   ///< how far the file was read
    [[nodiscard]] uint64_t numBytes() const { return m_size; }
    [[nodiscard]] uint64_t numFaults() const { return m_numFaults; }
    [[nodiscard]] const std::vector<RecordFault> &faults() const { return m_faults; } ///< the first 20

private:
    [[nodiscard]] uint64_t left() const { return m_size - m_position; }
    Result<std::string_view> look(uint64_t offset, uint64_t numBytes);
    Result<bool> findRecord();
    void addFault(uint64_t offset, uint64_t numBytes, std::string text);

    std::filesystem::path m_path;
    FileDescriptor m_file;
    uint64_t m_size = 0;
    uint64_t m_position = 0;
    uint64_t m_recordOffset = 0;
    std::string m_buffer; ///< of the file, from m_bufferStart
    uint64_t m_bufferStart = 0;
    /// Bytes that the search for a record may still sum up. A hostile file may have a good header at each
    /// byte: checksums of its data cost no more than some passes over the whole file.
    uint64_t m_searchBudget = 0;
    uint64_t m_numFaults = 0;
    std::vector<RecordFault> m_faults;
};

/// As it stands in a file.
void appendRecord(std::string &bytes, std::string_view data);

} // namespace orrery::store
