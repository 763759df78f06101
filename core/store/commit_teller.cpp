// SPDX-License-Identifier: Apache-2.0
#include "core/store/commit_teller.h"

#include "core/base/log.h"

#include <exception>
#include <string>

namespace orrery::store {

CommitTeller::~CommitTeller()
{
    {
        const std::lock_guard lock(m_mutex);
        m_isEnding = true;
    }
    m_wake.notify_all();
    if (m_thread.joinable()) m_thread.join();
}

void CommitTeller::start()
{
    m_thread = std::thread([this] { tell(); });
}

void CommitTeller::setListener(Listener listener)
{
    std::unique_lock lock(m_mutex);
    m_switchAt = m_numHanded;
    m_hasTold.wait(lock, [this] { return m_numTold >= *m_switchAt; });
    m_listener = std::move(listener);
    m_switchAt.reset();
    lock.unlock();
    m_wake.notify_all();
}

void CommitTeller::hand(std::vector<StepReport> reports, std::vector<RunEvent> events)
{
    Batch batch{std::move(reports), std::move(events)};
    if (batch.size() == 0) return;
    std::unique_lock lock(m_mutex);
    if (!m_listener && m_untold.empty()) return;
    if (m_numUntold >= m_maxUntold) {
        m_onHeldUp(true);
        m_hasTold.wait(lock, [this] { return m_numUntold < m_maxUntold; });
        m_onHeldUp(false);
    }
    m_numUntold += batch.size();
    ++m_numHanded;
    m_untold.push_back(std::move(batch));
    lock.unlock();
    m_wake.notify_all();
}

void CommitTeller::tell()
{
    std::unique_lock lock(m_mutex);
    while (true) {
        m_wake.wait(lock, [this] {
            const bool mayTell = !m_switchAt || m_numTold < *m_switchAt;
            return m_untold.empty() ? m_isEnding : mayTell;
        });
        if (m_untold.empty()) return;
        const Batch batch = std::move(m_untold.front());
        m_untold.pop_front();
        lock.unlock();
        try {
            if (m_listener) m_listener(batch.reports, batch.events);
        } catch (const std::exception &problem) {
            logWarning(std::string("Viewers were not told of a commit: ") + problem.what());
        }
        lock.lock();
        m_numUntold -= batch.size();
        ++m_numTold;
        m_hasTold.notify_all();
    }
}

} // namespace orrery::store
