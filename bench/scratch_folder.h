// SPDX-License-Identifier: Apache-2.0
// A folder that a benchmark writes into and that goes with its object. Owned by who measures; any thread.
#pragma once

#include <filesystem>
#include <system_error>
#include <utility>

namespace orrery::bench {

class ScratchFolder {
public:
    /// What stood there before goes, too.
    explicit ScratchFolder(std::filesystem::path path) : m_path(std::move(path)) { remove(); }
    ~ScratchFolder() { remove(); }
    ScratchFolder(const ScratchFolder &) = delete;
    ScratchFolder &operator=(const ScratchFolder &) = delete;
    [[nodiscard]] const std::filesystem::path &path() const { return m_path; }

private:
    void remove() const
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    std::filesystem::path m_path;
};

} // namespace orrery::bench
