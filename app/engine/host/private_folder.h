// SPDX-License-Identifier: Apache-2.0
// A temporary folder of ours alone, for as long as this lives: in one that anybody writes to, a file of a name that can be
// guessed may be there. Any thread.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <string>

namespace orrery {

class PrivateFolder {
public:
    /// @error Io
    static Result<PrivateFolder> make();
    ~PrivateFolder(); ///< with all that is in it
    PrivateFolder(PrivateFolder &&other) noexcept { m_path.swap(other.m_path); }
    PrivateFolder &operator=(PrivateFolder &&other) noexcept
    {
        m_path.swap(other.m_path);
        return *this;
    }
    [[nodiscard]] std::filesystem::path file(const std::string &name) const { return m_path / name; }

private:
    explicit PrivateFolder(std::filesystem::path path) : m_path(std::move(path)) {}
    std::filesystem::path m_path;
};

} // namespace orrery
