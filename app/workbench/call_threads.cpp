// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/call_threads.h"

#include <algorithm>
#include <pthread.h>

namespace orrery::ui {

void CallThreads::start(const char *name, const CancelToken &token, std::function<void()> work)
{
    for (auto entry = m_entries.begin(); entry != m_entries.end();) {
        if (!*entry->hasEnded) {
            ++entry;
            continue;
        }
        entry->thread.join();
        entry = m_entries.erase(entry);
    }
    auto hasEnded = std::make_shared<std::atomic<bool>>(false);
    std::thread thread([work = std::move(work), hasEnded]() mutable {
        work();
        work = nullptr; // what it holds goes before the thread counts as ended
        *hasEnded = true;
    });
    pthread_setname_np(thread.native_handle(), name);
    m_entries.push_back({token, std::move(thread), std::move(hasEnded)});
}

void CallThreads::cancelAndJoin()
{
    for (const Entry &entry : m_entries) entry.token.cancel();
    for (Entry &entry : m_entries) entry.thread.join();
    m_entries.clear();
}

size_t CallThreads::numRunning() const
{
    return static_cast<size_t>(std::count_if(m_entries.begin(), m_entries.end(),
                                             [](const Entry &entry) { return !*entry.hasEnded; }));
}

} // namespace orrery::ui
