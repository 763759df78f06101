// SPDX-License-Identifier: Apache-2.0
// Whoever reads a memory file to write it again has it for himself meanwhile: of two who do, the second would
// take away what the first has added. Any thread; held until it is destroyed.
#pragma once

#include "core/base/lock_file.h"

#include <filesystem>
#include <string>

namespace orrery {

class MemoryFileLock {
public:
    MemoryFileLock() = default; ///< of no file
    /// Beside the file ("talk.memory.lock"), which need not be there. @param work what is done, for whoever
    /// meets it: "generate"  @error Conflict: who has it; Io
    static Result<MemoryFileLock> acquire(const std::filesystem::path &memoryFile, const std::string &work);
    ~MemoryFileLock();
    MemoryFileLock(MemoryFileLock &&other) noexcept;
    MemoryFileLock &operator=(MemoryFileLock &&other) noexcept;

private:
    LockFile m_lock;
    std::filesystem::path m_path; ///< empty: nothing is held
};

} // namespace orrery
