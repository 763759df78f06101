// SPDX-License-Identifier: Apache-2.0
#include "core/base/files.h"

#include "core/base/replace_file.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

namespace orrery {

namespace {

using WriteFault = std::function<int(WriteOperation, const std::filesystem::path &, size_t)>;
std::atomic<bool> faultIsSet{false};
std::mutex faultMutex;
std::shared_ptr<WriteFault> faultHook;

/// The errno that a test wants here, or 0.
int injectedFault(WriteOperation operation, const std::filesystem::path &path, size_t numBytes)
{
    if (!faultIsSet.load(std::memory_order_relaxed)) return 0;
    std::shared_ptr<WriteFault> hook;
    {
        std::lock_guard lock(faultMutex);
        hook = faultHook;
    }
    return hook ? (*hook)(operation, path, numBytes) : 0;
}

std::filesystem::path parentOf(const std::filesystem::path &path)
{
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

Error tooLarge(const std::filesystem::path &path, uint64_t size, uint64_t maxBytes)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot read \"" + path.string() + "\": it has " + std::to_string(size) +
                     " bytes or more, expected at most " + std::to_string(maxBytes) + ".",
                 "Check that this is the file you meant."};
}

Error syncError(const std::filesystem::path &path, int errnoValue)
{
    Error error = ioError("sync", path, errnoValue);
    error.isDiskFull = false; // the pages may be gone: not a thing to try again
    return error;
}

} // namespace

void setWriteFault(WriteFault fault)
{
    std::lock_guard lock(faultMutex);
    faultHook = fault ? std::make_shared<WriteFault>(std::move(fault)) : nullptr;
    faultIsSet.store(faultHook != nullptr, std::memory_order_relaxed);
}

Error ioError(std::string_view action, const std::filesystem::path &path, int errnoValue)
{
    Error error;
    error.code = ErrorCode::Io;
    error.message = "Cannot " + std::string(action) + " \"" + path.string() +
                    "\": " + std::generic_category().message(errnoValue) + ".";
    switch (errnoValue) {
    case ENOSPC:
    case EDQUOT:
        error.isDiskFull = true;
        error.hint = "Free some space on that disk, then try again.";
        break;
    case ENOENT:
        error.code = ErrorCode::NotFound;
        error.hint = "Check the path.";
        break;
    case EACCES:
    case EPERM:
        error.hint = "Check the permissions of the file and its folder, or choose another place.";
        break;
    case EROFS:
        error.hint = "This file system is read-only: choose another place.";
        break;
    case EISDIR:
    case ENOTDIR:
        error.hint = "Check the path: a folder stands where a file is expected, or the other way round.";
        break;
    case EMFILE:
    case ENFILE:
        error.hint = "Close other programs, or raise the limit of open files (ulimit -n).";
        break;
    case EIO:
        error.hint = "The disk reports a fault: check it, and use a good disk from now on.";
        break;
    default:
        error.hint = "Check the disk and the path, then try again.";
        break;
    }
    return error;
}

FileDescriptor &FileDescriptor::operator=(FileDescriptor &&other) noexcept
{
    if (this != &other) {
        if (m_fd >= 0) ::close(m_fd);
        m_fd = std::exchange(other.m_fd, -1);
    }
    return *this;
}

FileDescriptor::~FileDescriptor()
{
    if (m_fd >= 0) ::close(m_fd);
}

Result<std::string> readFile(const std::filesystem::path &path, uint64_t maxBytes)
{
    // O_NONBLOCK: a named pipe without a writer must not hang the caller.
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.isOpen()) return ioError("read", path, errno);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return ioError("read", path, errno);
    if (!S_ISREG(info.st_mode))
        return Error{ErrorCode::InvalidInput,
                     "Cannot read \"" + path.string() + "\": it is " +
                         (S_ISDIR(info.st_mode) ? "a folder" : "not a plain file") + ", expected a file.",
                     "Check the path."};
    const auto size = static_cast<uint64_t>(info.st_size);
    if (size > maxBytes) return tooLarge(path, size, maxBytes);

    // Files that grow, and those of /proc that say 0, are read to their end, still within the limit.
    std::string content;
    content.resize(size);
    size_t filled = 0;
    while (true) {
        if (filled == content.size()) {
            if (filled > maxBytes) return tooLarge(path, filled, maxBytes);
            content.resize(filled + 4096);
        }
        const ssize_t got = ::read(file.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return ioError("read", path, errno);
        if (got == 0) break;
        filled += static_cast<size_t>(got);
    }
    if (filled > maxBytes) return tooLarge(path, filled, maxBytes);
    content.resize(filled);
    return content;
}

Result<FileWriter> FileWriter::create(const std::filesystem::path &path)
{
    FileWriter writer;
    if (const int fault = injectedFault(WriteOperation::Write, path, 0)) return ioError("write", path, fault);
    writer.m_file = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!writer.m_file.isOpen()) {
        Error error = ioError("write", path, errno);
        error.code = ErrorCode::Io;
        return error;
    }
    writer.m_path = path;
    return writer;
}

Result<void> FileWriter::write(const void *data, size_t numBytes)
{
    if (const int fault = injectedFault(WriteOperation::Write, m_path, numBytes))
        return ioError("write", m_path, fault);
    const char *next = static_cast<const char *>(data);
    size_t left = numBytes;
    while (left > 0) {
        const ssize_t written = ::write(m_file.get(), next, std::min<size_t>(left, size_t{1} << 30));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return ioError("write", m_path, errno);
        next += written;
        left -= static_cast<size_t>(written);
        m_numBytes += static_cast<uint64_t>(written);
    }
    return {};
}

Result<void> FileWriter::sync()
{
    if (const int fault = injectedFault(WriteOperation::Sync, m_path, 0)) return syncError(m_path, fault);
    // No retry: after a failed fsync the kernel may have dropped the pages and report success next time.
    if (::fsync(m_file.get()) != 0) return syncError(m_path, errno);
    return {};
}

Result<void> FileWriter::close()
{
    if (!m_file.isOpen()) return {};
    if (::close(m_file.release()) != 0 && errno != EINTR) return ioError("write", m_path, errno);
    return {};
}

Result<void> syncDirectory(const std::filesystem::path &path)
{
    if (const int fault = injectedFault(WriteOperation::Sync, path, 0)) return syncError(path, fault);
    const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.isOpen()) return syncError(path, errno);
    // Some network file systems refuse fsync on folders with EINVAL; their renames are synchronous.
    if (::fsync(folder.get()) != 0 && errno != EINVAL) return syncError(path, errno);
    return {};
}

Result<void> renameDurably(const std::filesystem::path &from, const std::filesystem::path &to)
{
    if (const int fault = injectedFault(WriteOperation::Rename, to, 0)) return ioError("rename", to, fault);
    if (::rename(from.c_str(), to.c_str()) != 0) return ioError("rename", from, errno);
    return syncDirectory(parentOf(to));
}

Result<void> writeFileAtomically(const std::filesystem::path &path, std::string_view content)
{
    return replaceFile(path, [content](const std::filesystem::path &temporary) -> Result<void> {
        ORRERY_ASSIGN(auto writer, FileWriter::create(temporary));
        ORRERY_TRY(writer.write(content));
        ORRERY_TRY(writer.sync());
        return writer.close();
    });
}

Result<uint64_t> freeBytes(const std::filesystem::path &path)
{
    struct statvfs info {};
    if (::statvfs(path.c_str(), &info) != 0) return ioError("measure free space of", path, errno);
    return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

} // namespace orrery
