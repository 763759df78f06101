// SPDX-License-Identifier: Apache-2.0
// How a training's reports reach its viewers without ever waiting for one: each viewer has bounded rings that
// are lossy by policy. publish() from any thread: no lock, no socket, no wait for a viewer. Each viewer is
// drained by one thread. Private to core/rpc and its tests.
#pragma once

#include "core/rpc/values.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <semaphore.h>
#include <vector>

namespace orrery {

/// Bounded queue for many producers and one consumer; a full one refuses.
/// Source: Dmitry Vyukov, "Bounded MPMC queue" (1024cores.net).
template <typename T> class LossyRing {
public:
    /// @param capacity a power of two
    explicit LossyRing(size_t capacity) : m_cells(capacity), m_mask(capacity - 1)
    {
        for (size_t i = 0; i < capacity; ++i) m_cells[i].sequence.store(i, std::memory_order_relaxed);
    }

    bool push(const T &value)
    {
        size_t position = m_head.load(std::memory_order_relaxed);
        for (;;) {
            Cell &cell = m_cells[position & m_mask];
            const size_t sequence = cell.sequence.load(std::memory_order_acquire);
            const auto difference = static_cast<ptrdiff_t>(sequence - position);
            if (difference < 0) return false;
            if (difference > 0) {
                position = m_head.load(std::memory_order_relaxed);
            } else if (m_head.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
                cell.value = value;
                cell.sequence.store(position + 1, std::memory_order_release);
                return true;
            }
        }
    }

    bool pop(T &value)
    {
        Cell &cell = m_cells[m_tail & m_mask];
        if (cell.sequence.load(std::memory_order_acquire) != m_tail + 1) return false;
        value = std::move(cell.value);
        cell.value = T{};
        cell.sequence.store(m_tail + m_mask + 1, std::memory_order_release);
        ++m_tail;
        return true;
    }

    [[nodiscard]] bool isEmpty() const
    {
        return m_cells[m_tail & m_mask].sequence.load(std::memory_order_acquire) != m_tail + 1;
    }

private:
    struct Cell {
        std::atomic<size_t> sequence{0};
        T value{};
    };
    std::vector<Cell> m_cells;
    size_t m_mask;
    alignas(64) std::atomic<size_t> m_head{0};
    alignas(64) size_t m_tail = 0; ///< consumer only
};

inline constexpr size_t kViewerReports = 4096;
inline constexpr size_t kViewerEvents = 1024;

class Viewer {
public:
    Viewer();
    ~Viewer();
    Viewer(const Viewer &) = delete;
    Viewer &operator=(const Viewer &) = delete;

    /// Waits until there is something to take, or for the timeout; says whether there is. Consumer only.
    bool wait(std::chrono::milliseconds timeout);
    /// Moves everything that is there into the batch (its status is left alone). Consumer only.
    void take(WatchBatch &batch);

private:
    friend class ViewerHub;
    void offer(const std::shared_ptr<const StepReport> &report);
    void offer(const std::shared_ptr<const RunEvent> &event);
    void drop(int64_t step);
    void wake();
    [[nodiscard]] bool hasSomething() const;

    LossyRing<std::shared_ptr<const StepReport>> m_reports{kViewerReports};
    LossyRing<std::shared_ptr<const RunEvent>> m_events{kViewerEvents};
    std::atomic<uint64_t> m_numDropped{0};
    std::atomic<int64_t> m_firstDropped{std::numeric_limits<int64_t>::max()};
    int64_t m_lastFirstDropped = 0; ///< consumer only
    std::atomic<bool> m_isAttached{false};
    std::atomic<bool> m_isSleeping{false};
    sem_t m_semaphore{};
};

class ViewerHub {
public:
    static constexpr int kMaxViewers = 32;

    ~ViewerHub();
    /// nullptr when all places are taken. What is published from now on reaches the viewer.
    Viewer *attach();
    void detach(Viewer *viewer);
    void publish(const std::vector<StepReport> &reports, const std::vector<RunEvent> &events);
    [[nodiscard]] int numViewers() const { return m_numViewers.load(std::memory_order_relaxed); }
    /// Wakes all viewers for the last time.
    void close();
    [[nodiscard]] bool isClosed() const { return m_isClosed; }

private:
    std::mutex m_mutex; ///< attach and detach only
    /// Made at first use and kept: publish() may look at a viewer that has just left.
    std::array<std::atomic<Viewer *>, kMaxViewers> m_viewers{};
    std::atomic<int> m_numViewers{0};
    std::atomic<bool> m_isClosed{false};
};

} // namespace orrery
