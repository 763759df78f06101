// SPDX-License-Identifier: GPL-3.0-or-later
// What a slot costs the GUI thread, told apart from what a busy machine costs the slot: ORRERY_VERIFY_QUICK
// claims that our code keeps the window from answering for at most 100 ms. Of the thread that calls, any
// thread, Linux only.
//
// Wall time within the limit is always right. Above it the reason decides:
//  - the thread computed for longer than the limit: wrong, whatever else ran;
//  - it gave its core away by itself (sleep, lock, socket, disk) and was not ready to run for too long:
//  wrong;
//  - it was ready and other threads or other machines had the cores: right, that is no property of the slot.
// Seconds of CPU also grow when a neighbour uses the other half of a core, and the first use of something may
// wait for a cold disk. So what is claimed here should cost a third of the limit at most on an idle machine,
// and what costs more or loads files of the system is claimed with ORRERY_VERIFY_QUICK_AFTER, which tries
// again from the same start.
#pragma once

#include <QString>
#include <QTest>

#include <cstdint>
#include <ctime>
#include <fstream>
#include <optional>
#include <sys/resource.h>

namespace orrery::ui {

/// The longest that one thing may keep the window from answering, in ms.
inline constexpr double kLongestSlotMs = 100;
/// How often ORRERY_VERIFY_QUICK_AFTER measures before it believes that the slot is slow.
inline constexpr int kMaxSlotTries = 3;

struct SlotCost {
    double wallMs = 0;
    double cpuMs = 0; ///< computed by this thread, in the program or in the kernel
    std::optional<double>
        queuedMs;               ///< ready to run while others had the cores; none: the kernel does not tell
    int64_t numWaits = 0;       ///< times that the thread gave its core away by itself
    int64_t numPreemptions = 0; ///< times that the core was taken from it
};

/// Why the slot is too slow; empty when it is not.
inline QString slotFault(const SlotCost &cost)
{
    if (cost.wallMs <= kLongestSlotMs) return {};
    const auto text = [&](const char *what, double ms) {
        return QStringLiteral("the slot %1 for %2 ms, expected %3 at most (wall %4 ms, CPU %5 ms, queued %6 "
                              "ms, %7 waits)")
            .arg(QLatin1String(what))
            .arg(ms, 0, 'f', 0)
            .arg(kLongestSlotMs, 0, 'f', 0)
            .arg(cost.wallMs, 0, 'f', 0)
            .arg(cost.cpuMs, 0, 'f', 0)
            .arg(cost.queuedMs.value_or(-1), 0, 'f', 0)
            .arg(cost.numWaits);
    };
    if (cost.cpuMs > kLongestSlotMs) return text("computed", cost.cpuMs);
    if (cost.numWaits == 0) return {}; // every millisecond more was taken from it
    // Without the kernel's word a preempted thread cannot be told from one that waited.
    if (!cost.queuedMs && cost.numPreemptions > 0) return {};
    const double ownMs = cost.wallMs - cost.queuedMs.value_or(0);
    return ownMs > kLongestSlotMs ? text("worked and waited", ownMs) : QString();
}

/// Measures from its construction to end(), on the same thread.
class SlotMeter {
public:
    SlotMeter() : m_wall(clockMs(CLOCK_MONOTONIC)), m_begin(now()) {}

    [[nodiscard]] SlotCost end() const
    {
        // The wall clock is read first and last: what the others saw lies within.
        const Reading now = SlotMeter::now();
        SlotCost cost;
        cost.cpuMs = now.cpuMs - m_begin.cpuMs;
        if (now.queuedMs && m_begin.queuedMs) cost.queuedMs = *now.queuedMs - *m_begin.queuedMs;
        cost.numWaits = now.numWaits - m_begin.numWaits;
        cost.numPreemptions = now.numPreemptions - m_begin.numPreemptions;
        cost.wallMs = clockMs(CLOCK_MONOTONIC) - m_wall;
        return cost;
    }

private:
    struct Reading {
        double cpuMs = 0;
        std::optional<double> queuedMs;
        int64_t numWaits = 0;
        int64_t numPreemptions = 0;
    };

    static double clockMs(clockid_t clock)
    {
        timespec time{};
        ::clock_gettime(clock, &time);
        return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
    }
    static Reading now()
    {
        Reading reading;
        // Nanoseconds on a core, nanoseconds in the queue for one, number of turns.
        std::ifstream scheduler("/proc/thread-self/schedstat");
        double running = 0, queued = 0;
        if (scheduler >> running >> queued) reading.queuedMs = queued * 1e-6;
        rusage usage{};
        ::getrusage(RUSAGE_THREAD, &usage);
        reading.numWaits = usage.ru_nvcsw;
        reading.numPreemptions = usage.ru_nivcsw;
        reading.cpuMs = clockMs(CLOCK_THREAD_CPUTIME_ID);
        return reading;
    }

    double m_wall;
    Reading m_begin;
};

template <typename Slot> SlotCost slotCost(Slot slot)
{
    const SlotMeter meter;
    slot();
    return meter.end();
}

/// The fault of the slot in the best of `numTries` attempts, each after `prepare`.
template <typename Prepare, typename Slot>
QString slotFaultAfter(Prepare prepare, Slot slot, int numTries = kMaxSlotTries)
{
    QString fault;
    for (int i = 0; i < numTries; ++i) {
        prepare();
        const SlotCost cost = slotCost(slot);
        fault = slotFault(cost);
        if (fault.isEmpty()) {
            if (cost.wallMs > kLongestSlotMs)
                qInfo("a busy machine: %.0f ms for a slot of %.0f ms", cost.wallMs, cost.cpuMs);
            return fault;
        }
    }
    return fault;
}

} // namespace orrery::ui

/// Claims that `statement` is quick when it is run after `prepare`; both may run several times.
#define ORRERY_VERIFY_QUICK_AFTER(prepare, statement)                                                        \
    do {                                                                                                     \
        const QString quickFault = orrery::ui::slotFaultAfter([&] { prepare; }, [&] { statement; });         \
        QVERIFY2(quickFault.isEmpty(), qPrintable(quickFault));                                              \
    } while (false)

/// Claims that `statement`, which runs once, is quick.
#define ORRERY_VERIFY_QUICK(statement)                                                                       \
    do {                                                                                                     \
        const QString quickFault = orrery::ui::slotFaultAfter([] {}, [&] { statement; }, 1);                 \
        QVERIFY2(quickFault.isEmpty(), qPrintable(quickFault));                                              \
    } while (false)
