// SPDX-License-Identifier: Apache-2.0
#include "core/tensorfile/memory_file_lock.h"

#include <unistd.h>

#include <utility>

namespace orrery {

Result<MemoryFileLock> MemoryFileLock::acquire(const std::filesystem::path &memoryFile,
                                               const std::string &work)
{
    std::error_code failed;
    std::filesystem::path place = std::filesystem::absolute(memoryFile, failed);
    if (!failed) place = std::filesystem::weakly_canonical(place, failed);
    if (failed) place = memoryFile;
    place += ".lock";
    MemoryFileLock lock;
    ORRERY_ASSIGN(lock.m_lock,
                  LockFile::acquire(place, "\"" + work + "\" (process " + std::to_string(getpid()) + ")"));
    lock.m_path = std::move(place);
    return lock;
}

MemoryFileLock::~MemoryFileLock()
{
    // While it is held: whoever has opened the file since tries again (LockFile).
    if (!m_path.empty()) ::unlink(m_path.c_str());
}

MemoryFileLock::MemoryFileLock(MemoryFileLock &&other) noexcept
    : m_lock(std::move(other.m_lock)), m_path(std::exchange(other.m_path, {}))
{
}

MemoryFileLock &MemoryFileLock::operator=(MemoryFileLock &&other) noexcept
{
    std::swap(m_lock, other.m_lock);
    std::swap(m_path, other.m_path);
    return *this;
}

} // namespace orrery
