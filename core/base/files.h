// SPDX-License-Identifier: Apache-2.0
// File access that keeps what it promises: bounded reads, atomic durable writes, and descriptors that close themselves.
// All writing of run data goes through here, so that tests can make the disk fail (setWriteFault). Any thread.
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace orrery {

/// Owns a POSIX file descriptor.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : m_fd(fd) {}
    FileDescriptor(FileDescriptor &&other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
    FileDescriptor &operator=(FileDescriptor &&other) noexcept;
    ~FileDescriptor();
    [[nodiscard]] int get() const { return m_fd; }
    [[nodiscard]] int release() { return std::exchange(m_fd, -1); }
    [[nodiscard]] bool isOpen() const { return m_fd >= 0; }

private:
    int m_fd = -1;
};

/// Whole file as bytes. @error NotFound, Io; InvalidInput when it is larger than maxBytes (nothing is allocated then).
Result<std::string> readFile(const std::filesystem::path &path, uint64_t maxBytes);

/// Appends to one file that is being made, with its running size; every call checks for errors and injected faults.
class FileWriter {
public:
    /// Creates or truncates. @error Io
    static Result<FileWriter> create(const std::filesystem::path &path);
    Result<void> write(const void *data, size_t numBytes);
    Result<void> write(std::string_view text) { return write(text.data(), text.size()); }
    /// fsync; an error is final: the file must not be trusted. @error Io
    Result<void> sync();
    Result<void> close();
    [[nodiscard]] uint64_t numBytes() const { return m_numBytes; }

private:
    std::filesystem::path m_path;
    FileDescriptor m_file;
    uint64_t m_numBytes = 0;
};

/// Writes beside the target, syncs, renames over it and syncs the folder: readers see the old or the new file, whole.
Result<void> writeFileAtomically(const std::filesystem::path &path, std::string_view content);
Result<void> syncDirectory(const std::filesystem::path &path);
/// rename + fsync of the parent folder.
Result<void> renameDurably(const std::filesystem::path &from, const std::filesystem::path &to);
/// Free bytes of the file system that holds path.
Result<uint64_t> freeBytes(const std::filesystem::path &path);

/// Read-only memory map of a whole file, kept alive by the object.
class MappedFile {
public:
    static Result<MappedFile> open(const std::filesystem::path &path);
    MappedFile() = default;
    MappedFile(MappedFile &&other) noexcept;
    MappedFile &operator=(MappedFile &&other) noexcept;
    ~MappedFile();
    [[nodiscard]] std::span<const std::byte> bytes() const { return {m_data, m_size}; }

private:
    const std::byte *m_data = nullptr;
    size_t m_size = 0;
};

enum class WriteOperation : uint8_t { Write, Sync, Rename };
/// Test hook: called before each operation with path and bytes about to be written; a non-zero return is the errno to
/// fail with. Process wide; pass nullptr to switch off. Costs one relaxed load when off.
void setWriteFault(std::function<int(WriteOperation, const std::filesystem::path &, size_t)> fault);

/// "No space left on device" and friends as a typed error that names the path and the next step.
Error ioError(std::string_view action, const std::filesystem::path &path, int errnoValue);

} // namespace orrery
