// SPDX-License-Identifier: Apache-2.0
#include "core/data/prepared_folder.h"

#include "core/base/files.h"

#include <unistd.h>

#include <chrono>
#include <thread>
#include <vector>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr auto kLockPoll = std::chrono::milliseconds(20);

fs::path lockPath(const fs::path &cache, const std::string &key) { return cache / (key + ".lock"); }
fs::path partialPath(const fs::path &cache, const std::string &key) { return cache / (key + ".partial"); }

std::string holder(const char *what) { return "process " + std::to_string(::getpid()) + " " + what; }

} // namespace

Result<LockFile> PreparedFolder::waitForLock(const std::function<Result<void>()> &poll) const
{
    while (true) {
        auto lock = LockFile::acquire(lockPath(m_cache, m_key), holder("preparing data"));
        if (lock.ok() || lock.error().code != ErrorCode::Conflict) return lock;
        ORRERY_TRY(poll());
        std::this_thread::sleep_for(kLockPoll);
    }
}

/// Partial folders that a kill left behind: those whose lock nobody holds.
void PreparedFolder::removeAbandoned() const
{
    std::vector<std::string> keys;
    std::error_code error;
    for (fs::directory_iterator it(m_cache, error), end; !error && it != end; it.increment(error))
        if (it->path().extension() == ".partial" && it->path().stem() != m_key)
            keys.push_back(it->path().stem().string());
    for (const std::string &key : keys) {
        const auto lock = LockFile::acquire(lockPath(m_cache, key), holder("cleaning up"));
        if (!lock) continue;
        fs::remove_all(partialPath(m_cache, key), error);
        fs::remove(lockPath(m_cache, key), error);
    }
}

Result<void> PreparedFolder::make(const Steps &steps) const
{
    const fs::path partial = partialPath(m_cache, m_key);
    auto work = [&]() -> Result<void> {
        std::error_code error;
        fs::remove_all(partial, error);
        fs::create_directory(partial, error);
        if (error) return ioError("create folder", partial, error.value());
        ORRERY_TRY(steps.make(partial));
        fs::remove_all(path(), error); // damaged, or it would be there
        return renameDurably(partial, path());
    };
    auto done = work();
    if (!done) {
        std::error_code error;
        fs::remove_all(partial, error);
    }
    return done;
}

Result<void> PreparedFolder::ensure(const Steps &steps) const
{
    if (steps.isThere()) return {};
    std::error_code error;
    fs::create_directories(m_cache, error);
    if (error) return ioError("create folder", m_cache, error.value());
    ORRERY_ASSIGN(const LockFile lock, waitForLock(steps.poll));
    // Whoever had the lock before may have done the work.
    Result<void> done;
    if (!steps.isThere()) {
        removeAbandoned();
        done = make(steps);
    }
    fs::remove(lockPath(m_cache, m_key), error); // while it is held, so nobody can hold the deleted one
    return done;
}

} // namespace orrery
