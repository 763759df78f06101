// SPDX-License-Identifier: Apache-2.0
// A small file system of its own in memory that a test can fill and empty. Needs namespaces; says when there
// are none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <unistd.h>

namespace orrery::test {

/// Gives the process mounts of its own. First in main: a process with threads cannot have a user namespace.
inline void enterOwnMounts()
{
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return;
    if (user != 0) {
        std::ofstream("/proc/self/setgroups") << "deny";
        std::ofstream("/proc/self/uid_map") << user << ' ' << user << " 1";
        std::ofstream("/proc/self/gid_map") << group << ' ' << group << " 1";
    }
    ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
}

class SmallDisk {
public:
    SmallDisk(std::filesystem::path folder, uint64_t numBytes) : m_folder(std::move(folder))
    {
        std::filesystem::create_directories(m_folder);
        const std::string options = "size=" + std::to_string(numBytes);
        m_isMounted = ::mount("tmpfs", m_folder.c_str(), "tmpfs", 0, options.c_str()) == 0;
    }
    ~SmallDisk()
    {
        if (m_isMounted) ::umount2(m_folder.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk &) = delete;
    SmallDisk &operator=(const SmallDisk &) = delete;

    [[nodiscard]] bool isMounted() const { return m_isMounted; }
    /// Leaves at most so many bytes free.
    void fill(uint64_t numFree = 0) const
    {
        const std::string block(4096, 'x');
        std::ofstream file(filler(), std::ios::binary | std::ios::app);
        file << std::unitbuf;
        while (std::filesystem::space(m_folder).available > numFree && file.write(block.data(), 4096)) {
        }
    }
    void empty() const { std::filesystem::remove(filler()); }

private:
    [[nodiscard]] std::filesystem::path filler() const { return m_folder / "filler"; }

    std::filesystem::path m_folder;
    bool m_isMounted = false;
};

} // namespace orrery::test
