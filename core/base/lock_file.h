// SPDX-License-Identifier: Apache-2.0
// A lock that dies with its process (flock), used for runs and for the host. Any thread.
#pragma once

#include "core/base/files.h"

namespace orrery {

class LockFile {
public:
    /// Takes the lock or says who has it (the text that the owner wrote into the file).
    /// @error Conflict when another process holds it, Io
    static Result<LockFile> acquire(const std::filesystem::path &path, const std::string &ownerText);
    /// Whether somebody holds it now; never creates the file.
    static bool isHeld(const std::filesystem::path &path);
    LockFile() = default;
    [[nodiscard]] bool isOpen() const { return m_file.isOpen(); }
    /// The descriptor, for handing the lock over exec.
    [[nodiscard]] int descriptor() const { return m_file.get(); }

private:
    FileDescriptor m_file;
};

} // namespace orrery
