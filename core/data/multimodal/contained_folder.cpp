// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/contained_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace orrery {

namespace {

constexpr size_t kMaxNameBytes = 4096;
constexpr const char *kPathRule = "a relative path that stays below the manifest";
constexpr const char *kPathHint =
    "Put the file below the folder of the manifest and write its path from there.";

ContainedProblem problem(ErrorCode code, const std::string &name, const std::string &found,
                         const std::string &expected, std::string hint)
{
    return {code, {"the file \"" + shownText(name) + "\" " + found, expected}, std::move(hint)};
}

/// Relative, without empty parts and without "..".
bool isUsableName(const std::string &name)
{
    if (name.empty() || name.size() > kMaxNameBytes || name.find('\0') != std::string::npos) return false;
    for (size_t begin = 0; begin <= name.size();) {
        const size_t end = std::min(name.find('/', begin), name.size());
        if (end == begin || name.compare(begin, end - begin, "..") == 0) return false;
        begin = end + 1;
    }
    return true;
}

ContainedProblem openProblem(const std::string &name, int errnoValue)
{
    if (errnoValue == ENOENT)
        return problem(ErrorCode::NotFound, name, "is missing", "a file beside the manifest",
                       "Add the file, or remove the line.");
    // ELOOP: the last part is a link; ENOTDIR: one on the way is, or it is a file.
    if (errnoValue == ELOOP || errnoValue == ENOTDIR)
        return problem(ErrorCode::InvalidInput, name, "goes over a symbolic link or through a file",
                       kPathRule, "Copy the file itself below the folder of the manifest.");
    return problem(ErrorCode::Io, name, std::string("cannot be opened (") + std::strerror(errnoValue) + ")",
                   "a readable file", "Check its permissions and the disk.");
}

} // namespace

Result<ContainedFolder> ContainedFolder::open(const std::filesystem::path &folder)
{
    ContainedFolder contained;
    contained.m_path = folder.empty() ? "." : folder;
    contained.m_folder = FileDescriptor(::open(contained.m_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!contained.m_folder.isOpen()) return ioError("read folder", contained.m_path, errno);
    return contained;
}

std::variant<FileDescriptor, ContainedProblem> ContainedFolder::openFile(const std::string &name) const
{
    if (!isUsableName(name))
        return problem(ErrorCode::InvalidInput, name, "has no usable path", kPathRule, kPathHint);
    FileDescriptor at;
    for (size_t begin = 0;;) {
        const size_t end = std::min(name.find('/', begin), name.size());
        const std::string part = name.substr(begin, end - begin);
        const bool isLast = end == name.size();
        // O_NONBLOCK: a named pipe without a writer must not hang the reader.
        const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (isLast ? O_NONBLOCK : O_DIRECTORY);
        FileDescriptor next(::openat(at.isOpen() ? at.get() : m_folder.get(), part.c_str(), flags));
        if (!next.isOpen()) return openProblem(name, errno);
        at = std::move(next);
        if (isLast) return at;
        begin = end + 1;
    }
}

std::variant<CorpusFile, ContainedProblem> ContainedFolder::describe(const std::string &name) const
{
    auto opened = openFile(name);
    if (auto *failed = std::get_if<ContainedProblem>(&opened)) return std::move(*failed);
    struct stat status = {};
    if (::fstat(std::get<FileDescriptor>(opened).get(), &status) != 0) return openProblem(name, errno);
    if (!S_ISREG(status.st_mode))
        return problem(ErrorCode::InvalidInput, name,
                       S_ISDIR(status.st_mode) ? "is a folder" : "is no plain file", "a file",
                       "Name a picture or a recording.");
    if (status.st_size == 0)
        return problem(ErrorCode::InvalidInput, name, "is empty", "a picture or a recording",
                       "Copy the file again, or remove the line.");
    CorpusFile file;
    file.path = m_path / name;
    file.relative = name;
    file.size = static_cast<uint64_t>(status.st_size);
    file.mtimeNs = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
    file.ctimeNs = status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec;
    file.inode = status.st_ino;
    return file;
}

std::variant<std::string, ContainedProblem> ContainedFolder::read(const std::string &name,
                                                                  uint64_t maxBytes) const
{
    auto opened = openFile(name);
    if (auto *failed = std::get_if<ContainedProblem>(&opened)) return std::move(*failed);
    const int fd = std::get<FileDescriptor>(opened).get();
    struct stat status = {};
    if (::fstat(fd, &status) != 0) return openProblem(name, errno);
    const auto size = static_cast<uint64_t>(status.st_size);
    if (!S_ISREG(status.st_mode) || size > maxBytes)
        return problem(ErrorCode::InvalidInput, name,
                       S_ISREG(status.st_mode) ? "has " + std::to_string(size) + " bytes"
                                               : "is no plain file",
                       S_ISREG(status.st_mode) ? "at most " + std::to_string(maxBytes) : "a file",
                       "Make the picture smaller, or cut the recording into parts.");
    std::string bytes(size, '\0');
    size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t got = ::read(fd, bytes.data() + filled, bytes.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return openProblem(name, errno);
        if (got == 0) break; // it became shorter; whoever compares its hash will notice
        filled += static_cast<size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
}

} // namespace orrery
