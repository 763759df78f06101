// SPDX-License-Identifier: Apache-2.0
// Who may come in over TCP: the tokens of one host, kept as SHA-256 hashes in a file of mode 0600. Several processes may
// use the file at once (a running host, and the command that revokes); each sees what the others did with its next look.
// Any thread.
#pragma once

#include "core/base/result.h"

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace orrery {

inline constexpr size_t kMaxTokens = 256;
inline constexpr size_t kMaxTokenName = 64;

struct TokenInfo {
    std::string name;
    double createdAt = 0;  ///< Unix time
    double lastUsedAt = 0; ///< 0: never; kept to the minute
    double expiresAt = 0;  ///< from then on it lets nobody in; 0: never
    [[nodiscard]] bool isExpired(double now) const { return expiresAt > 0 && now >= expiresAt; }
};

class AccessTokens {
public:
    /// @param file need not be there yet
    explicit AccessTokens(std::filesystem::path file);

    /// Makes one of 256 bits from the system's generator. It is returned here and nowhere else, ever.
    /// @param lifetimeSeconds how long it lets in; 0: until it is revoked
    /// @error InvalidInput (name; a lifetime below 0 or above ten years), Conflict (the name is taken; 256 tokens are there; somebody holds the file), Io
    Result<std::string> create(const std::string &name, double lifetimeSeconds = 0);
    /// @error NotFound, and as create()
    Result<void> revoke(const std::string &name);
    /// By name. @error Conflict (others can read the file), InvalidInput (it is damaged), Io
    Result<std::vector<TokenInfo>> list();
    /// Whether a token may come in now. Takes as long for a wrong one as for a right one, whichever it is; when the
    /// file cannot be read, nobody may. Notes the use.
    [[nodiscard]] bool isValid(std::string_view token);
    /// Looks whether the file has changed. Changes whenever a token may have gone, or its time is over.
    uint64_t version();
    /// Writes when tokens were last used; at most once a minute unless told.
    void saveUses(bool now = false);

    [[nodiscard]] const std::filesystem::path &file() const { return m_file; }

private:
    struct Entry {
        TokenInfo info;
        std::string hash; ///< 32 bytes
    };
    struct Stamp {
        ino_t inode = 0;
        off_t size = -1;
        int64_t changedNs = 0;
        bool operator==(const Stamp &) const = default;
    };
    [[nodiscard]] Stamp stampOfFile() const;
    Result<std::vector<Entry>> read() const;
    Result<void> write(const std::vector<Entry> &entries) const;
    template <typename Change> Result<void> change(Change change);
    void refresh(); ///< m_mutex is held

    const std::filesystem::path m_file;
    std::mutex m_mutex;
    std::vector<Entry> m_entries; ///< as last read
    Stamp m_stamp;
    uint64_t m_version = 1;
    size_t m_numExpired = 0; ///< of m_entries, as version() last saw it
    double m_savedAt = 0;
    bool m_hasUnsavedUses = false;
};

} // namespace orrery
