// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the worker threads busy, so that a test can look at what is there before they have done anything.
#pragma once

#include <QSemaphore>
#include <QThreadPool>

#include <utility>

namespace orrery::ui {

/// Worker threads do nothing before let(): no file is read or written.
class HeldWorkers {
public:
    /// Those of the application paint, too: nothing is to be painted meanwhile.
    explicit HeldWorkers(QThreadPool &pool = *QThreadPool::globalInstance())
        : m_pool(pool), m_numThreads(m_pool.maxThreadCount())
    {
        m_pool.waitForDone();
        m_pool.setMaxThreadCount(1);
        m_pool.start([this] { m_gate.acquire(); });
    }
    ~HeldWorkers() { let(); }
    HeldWorkers(const HeldWorkers &) = delete;
    HeldWorkers &operator=(const HeldWorkers &) = delete;
    void let()
    {
        if (!std::exchange(m_isHeld, false)) return;
        m_gate.release();
        m_pool.waitForDone();
        m_pool.setMaxThreadCount(m_numThreads);
    }

private:
    QThreadPool &m_pool;
    int m_numThreads;
    QSemaphore m_gate;
    bool m_isHeld = true;
};

} // namespace orrery::ui
