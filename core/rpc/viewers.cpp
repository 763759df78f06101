// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/viewers.h"

#include <ctime>

namespace orrery {

Viewer::Viewer() { ::sem_init(&m_semaphore, 0, 0); }
Viewer::~Viewer() { ::sem_destroy(&m_semaphore); }

bool Viewer::hasSomething() const
{
    return !m_reports.isEmpty() || !m_events.isEmpty() || m_numDropped.load(std::memory_order_acquire) > 0;
}

bool Viewer::wait(std::chrono::milliseconds timeout)
{
    m_isSleeping.store(true, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!hasSomething()) {
        timespec until{};
        ::clock_gettime(CLOCK_MONOTONIC, &until);
        const int64_t nanoseconds = until.tv_nsec + std::chrono::nanoseconds(timeout).count();
        until.tv_sec += nanoseconds / 1'000'000'000;
        until.tv_nsec = nanoseconds % 1'000'000'000;
        ::sem_clockwait(&m_semaphore, CLOCK_MONOTONIC, &until);
    }
    m_isSleeping.store(false, std::memory_order_seq_cst);
    while (::sem_trywait(&m_semaphore) == 0) {
    } // a post that came too late
    return hasSomething();
}

void Viewer::take(WatchBatch &batch)
{
    std::shared_ptr<const StepReport> report;
    // Bounded, so that a fast training cannot keep the batch growing.
    for (size_t i = 0; i < kViewerReports && m_reports.pop(report); ++i) batch.reports.push_back(*report);
    std::shared_ptr<const RunEvent> event;
    for (size_t i = 0; i < kViewerEvents && m_events.pop(event); ++i) batch.events.push_back(*event);
    batch.numDropped = m_numDropped.exchange(0, std::memory_order_acq_rel);
    if (batch.numDropped > 0) {
        // drop() writes the step before the count; a count whose step went with the batch before keeps that
        // one.
        const int64_t first =
            m_firstDropped.exchange(std::numeric_limits<int64_t>::max(), std::memory_order_acq_rel);
        if (first != std::numeric_limits<int64_t>::max()) m_lastFirstDropped = first;
        batch.firstDroppedStep = m_lastFirstDropped;
    }
}

void Viewer::offer(const std::shared_ptr<const StepReport> &report)
{
    if (!m_reports.push(report)) drop(report->step);
}

void Viewer::offer(const std::shared_ptr<const RunEvent> &event)
{
    if (!m_events.push(event)) drop(event->step);
}

void Viewer::drop(int64_t step)
{
    int64_t first = m_firstDropped.load(std::memory_order_relaxed);
    while (step < first && !m_firstDropped.compare_exchange_weak(first, step, std::memory_order_acq_rel)) {
    }
    m_numDropped.fetch_add(1, std::memory_order_acq_rel);
}

void Viewer::wake()
{
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (m_isSleeping.exchange(false, std::memory_order_seq_cst)) ::sem_post(&m_semaphore);
}

ViewerHub::~ViewerHub()
{
    for (auto &slot : m_viewers) delete slot.load();
}

Viewer *ViewerHub::attach()
{
    const std::lock_guard lock(m_mutex);
    for (auto &slot : m_viewers) {
        Viewer *viewer = slot.load(std::memory_order_relaxed);
        if (viewer && viewer->m_isAttached.load(std::memory_order_relaxed)) continue;
        if (!viewer) {
            viewer = new Viewer;
            slot.store(viewer, std::memory_order_release);
        } else {
            WatchBatch leftOver;
            viewer->take(leftOver);
        }
        viewer->m_isAttached.store(true, std::memory_order_seq_cst);
        ++m_numViewers;
        return viewer;
    }
    return nullptr;
}

void ViewerHub::detach(Viewer *viewer)
{
    const std::lock_guard lock(m_mutex);
    viewer->m_isAttached.store(false, std::memory_order_seq_cst);
    --m_numViewers;
}

void ViewerHub::publish(const std::vector<StepReport> &reports, const std::vector<RunEvent> &events)
{
    if (numViewers() == 0) return;
    std::array<Viewer *, kMaxViewers> attached{};
    size_t count = 0;
    for (auto &slot : m_viewers) {
        Viewer *viewer = slot.load(std::memory_order_acquire);
        if (viewer && viewer->m_isAttached.load(std::memory_order_acquire)) attached[count++] = viewer;
    }
    for (const StepReport &report : reports) {
        const auto shared = std::make_shared<const StepReport>(report);
        for (size_t i = 0; i < count; ++i) attached[i]->offer(shared);
    }
    for (const RunEvent &event : events) {
        const auto shared = std::make_shared<const RunEvent>(event);
        for (size_t i = 0; i < count; ++i) attached[i]->offer(shared);
    }
    for (size_t i = 0; i < count; ++i) attached[i]->wake();
}

void ViewerHub::close()
{
    m_isClosed = true;
    const std::lock_guard lock(m_mutex);
    for (auto &slot : m_viewers)
        if (Viewer *viewer = slot.load(std::memory_order_acquire)) viewer->wake();
}

} // namespace orrery
