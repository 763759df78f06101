// SPDX-License-Identifier: Apache-2.0
#include "core/base/files.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace orrery {

Result<MappedFile> MappedFile::open(const std::filesystem::path &path)
{
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.isOpen()) return ioError("read", path, errno);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return ioError("read", path, errno);
    if (!S_ISREG(info.st_mode))
        return Error{ErrorCode::InvalidInput,
                     "Cannot read \"" + path.string() + "\": it is " +
                         (S_ISDIR(info.st_mode) ? "a folder" : "not a plain file") + ", expected a file.",
                     "Check the path."};
    MappedFile mapped;
    if (info.st_size == 0) return mapped; // mmap refuses empty ranges; an empty span says the same
    void *address = ::mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_SHARED, file.get(), 0);
    if (address == MAP_FAILED) return ioError("map", path, errno);
    mapped.m_data = static_cast<const std::byte *>(address);
    mapped.m_size = static_cast<size_t>(info.st_size);
    return mapped;
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0))
{
}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept
{
    std::swap(m_data, other.m_data);
    std::swap(m_size, other.m_size);
    return *this;
}

MappedFile::~MappedFile()
{
    if (m_data) ::munmap(const_cast<std::byte *>(m_data), m_size);
}

} // namespace orrery
