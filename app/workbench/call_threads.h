// SPDX-License-Identifier: GPL-3.0-or-later
// Threads of calls that last: each is told to end by its token and is joined by the owner, never left alone.
// The owner's thread only.
#pragma once

#include "core/rpc/client.h"

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <thread>

namespace orrery::ui {

class CallThreads {
public:
    CallThreads() = default;
    ~CallThreads() { cancelAndJoin(); }
    CallThreads(const CallThreads &) = delete;
    CallThreads &operator=(const CallThreads &) = delete;

    /// Runs the work on a thread of its own. Joins threads that have ended meanwhile, which takes no time.
    /// @param name seen in debuggers, at most 15 bytes   @param token what makes the work return soon
    void start(const char *name, const CancelToken &token, std::function<void()> work);
    /// Ends all of them and waits for that.
    void cancelAndJoin();
    [[nodiscard]] size_t numRunning() const;

private:
    struct Entry {
        CancelToken token;
        std::thread thread;
        std::shared_ptr<std::atomic<bool>> hasEnded;
    };
    std::list<Entry> m_entries;
};

} // namespace orrery::ui
