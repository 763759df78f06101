// SPDX-License-Identifier: Apache-2.0
#include "core/base/lock_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace orrery {

namespace {

// isHeld() takes a shared lock for a moment, which is no owner: who meets it tries again. The moment lasts as
// long as the asking thread is kept from its core, so it is waited for longer than an owner who is just
// ending.
constexpr int kNumTries = 10;
constexpr int kNumTriesWhileAsked = 2000;
constexpr long kPauseNs = 5'000'000;

std::string readOwner(int fd)
{
    char buffer[512];
    const ssize_t got = ::pread(fd, buffer, sizeof buffer, 0);
    std::string text(buffer, got > 0 ? static_cast<size_t>(got) : 0);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

/// @return errno, or 0. Of a file only a disk that is full takes a part.
int writeOwner(int fd, const std::string &text)
{
    if (::ftruncate(fd, 0) != 0) return errno;
    const ssize_t written = ::pwrite(fd, text.data(), text.size(), 0);
    if (written < 0) return errno;
    return written == static_cast<ssize_t>(text.size()) ? 0 : ENOSPC;
}

bool isSameFile(int fd, const std::filesystem::path &path)
{
    struct stat opened {};
    struct stat named {};
    return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

} // namespace

Result<LockFile> LockFile::acquire(const std::filesystem::path &path, const std::string &ownerText)
{
    std::string owner;
    int numOwned = 0;
    for (int attempt = 0; numOwned < kNumTries && attempt < kNumTriesWhileAsked; ++attempt) {
        FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (!file.isOpen()) return ioError("lock", path, errno);
        if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
            // Somebody may have deleted the file between our open and our lock: then we hold a lock on
            // nothing.
            if (!isSameFile(file.get(), path)) continue;
            if (const int failed = writeOwner(file.get(), ownerText)) {
                // While it is held: whoever has opened the file since tries again, with a new one.
                ::unlink(path.c_str());
                return ioError("lock", path, failed);
            }
            LockFile lock;
            lock.m_file = std::move(file);
            return lock;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) return ioError("lock", path, errno);
        // A second shared lock is granted beside others, and never beside an owner's.
        numOwned += ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 ? 1 : 0;
        owner = readOwner(file.get());
        ::flock(file.get(), LOCK_UN); // or two who wait so would keep each other out
        const timespec pause{0, kPauseNs};
        ::nanosleep(&pause, nullptr);
    }
    return Error{ErrorCode::Conflict,
                 "Cannot lock \"" + path.string() + "\": " + (owner.empty() ? "another process" : owner) +
                     " holds it, expected that nobody does.",
                 "Wait until it has ended, or stop it, then try again."};
}

bool LockFile::isHeld(const std::filesystem::path &path)
{
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.isOpen()) return false;
    // The descriptor closes on return, and with it the shared lock goes.
    return ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

} // namespace orrery
