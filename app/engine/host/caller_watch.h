// SPDX-License-Identifier: Apache-2.0
// Looks on a thread of its own whether a caller is still there, for work that cannot look by itself. Any thread.
#pragma once

#include "core/rpc/service_backends.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace orrery {

class CallerWatch {
public:
    /// @param onGone called again and again, on the watch's thread, from when the caller has gone until the watch ends
    CallerWatch(const StreamSink &caller, std::function<void()> onGone)
        : m_thread([this, &caller, onGone = std::move(onGone)] {
              std::unique_lock lock(m_mutex);
              while (!m_wake.wait_for(lock, kPoll, [this] { return m_isDone; }))
                  if (caller.isCancelled()) onGone();
          })
    {
    }
    ~CallerWatch()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_isDone = true;
        }
        m_wake.notify_all();
        m_thread.join();
    }
    CallerWatch(const CallerWatch &) = delete;
    CallerWatch &operator=(const CallerWatch &) = delete;

private:
    static constexpr auto kPoll = std::chrono::milliseconds(20);
    std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_isDone = false;
    std::thread m_thread; ///< last, so that it begins when the others are there
};

} // namespace orrery
