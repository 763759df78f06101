// SPDX-License-Identifier: Apache-2.0
// A folder of prepared data under a key in a cache: made once, in one piece, also when several processes want
// it at the same time. Private to core/data.
#pragma once

#include "core/base/lock_file.h"
#include "core/base/result.h"

#include <filesystem>
#include <functional>
#include <string>

namespace orrery {

class PreparedFolder {
public:
    /// @param key a file name, for example a hash in hexadecimal
    PreparedFolder(std::filesystem::path cache, std::string key)
        : m_cache(std::move(cache)), m_key(std::move(key))
    {
    }
    [[nodiscard]] std::filesystem::path path() const { return m_cache / m_key; }

    struct Steps {
        std::function<bool()> isThere; ///< whether path() holds the whole result
        /// Polled while another process has the lock; an error (Cancelled) ends the waiting.
        std::function<Result<void>()> poll;
        /// Fills an empty folder; what it leaves there is renamed to path().
        std::function<Result<void>(const std::filesystem::path &partial)> make;
    };
    /// Makes the folder unless it is there. What killed processes left behind in the cache is removed.
    /// @error Io, what poll and make return (nothing stays under path() then)
    Result<void> ensure(const Steps &steps) const;

private:
    [[nodiscard]] Result<LockFile> waitForLock(const std::function<Result<void>()> &poll) const;
    void removeAbandoned() const;
    [[nodiscard]] Result<void> make(const Steps &steps) const;

    std::filesystem::path m_cache;
    std::string m_key;
};

} // namespace orrery
