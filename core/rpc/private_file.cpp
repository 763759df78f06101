// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/private_file.h"

#include "core/base/files.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orrery {

Result<std::string> readPrivateFile(const std::filesystem::path &path, uint64_t maxBytes)
{
    // O_NONBLOCK: a pipe in its place must not keep us waiting.
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    const auto refused = [&path](const std::string &found) {
        return Error{ErrorCode::Conflict,
                     "Cannot use \"" + path.string() + "\", which holds secrets: " + found +
                         ", expected a file of this user with mode 0600.",
                     "Make it yours alone (chmod 600), or remove it and make its tokens and keys anew: others may have read them."};
    };
    if (!file.isOpen()) {
        if (errno == ELOOP) return refused("it is a link");
        return ioError("read", path, errno);
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return ioError("read", path, errno);
    if (!S_ISREG(info.st_mode)) return refused("it is not a file");
    if (info.st_uid != ::geteuid()) return refused("it belongs to user " + std::to_string(info.st_uid));
    if ((info.st_mode & 0077) != 0) return refused("others may read or write it");
    if (static_cast<uint64_t>(info.st_size) > maxBytes)
        return Error{ErrorCode::InvalidInput,
                     "Cannot read \"" + path.string() + "\": it has " + std::to_string(info.st_size) +
                         " bytes, expected at most " + std::to_string(maxBytes) + ".",
                     "It is not a file that Orrery wrote; move it away."};
    std::string text(static_cast<size_t>(info.st_size), '\0');
    size_t numRead = 0;
    while (numRead < text.size()) {
        const ssize_t now = ::read(file.get(), text.data() + numRead, text.size() - numRead);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return ioError("read", path, errno);
        if (now == 0) break;
        numRead += static_cast<size_t>(now);
    }
    text.resize(numRead);
    return text;
}

Result<void> makePrivateFolder(const std::filesystem::path &folder)
{
    std::error_code failed;
    if (std::filesystem::is_directory(folder, failed)) return {};
    std::filesystem::create_directories(folder.parent_path(), failed);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return ioError("make folder", folder, errno);
    return {};
}

Result<void> writePrivateFile(const std::filesystem::path &path, std::string_view content)
{
    static std::atomic<unsigned> counter{0};
    ORRERY_TRY(makePrivateFolder(path.parent_path()));
    const std::filesystem::path fresh =
        path.string() + ".new-" + std::to_string(::getpid()) + "-" + std::to_string(++counter);
    FileDescriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.isOpen()) return ioError("write", path, errno);
    const auto giveUp = [&](int problem) {
        ::unlink(fresh.c_str());
        return ioError("write", path, problem);
    };
    if (::fchmod(file.get(), 0600) != 0) return giveUp(errno); // whatever the umask
    for (size_t numWritten = 0; numWritten < content.size();) {
        const ssize_t now = ::write(file.get(), content.data() + numWritten, content.size() - numWritten);
        if (now < 0 && errno == EINTR) continue;
        if (now <= 0) return giveUp(now < 0 ? errno : EIO);
        numWritten += static_cast<size_t>(now);
    }
    if (::fsync(file.get()) != 0) return giveUp(errno);
    file = FileDescriptor();
    if (const Result<void> renamed = renameDurably(fresh, path); !renamed.ok()) {
        ::unlink(fresh.c_str());
        return renamed;
    }
    return {};
}

} // namespace orrery
