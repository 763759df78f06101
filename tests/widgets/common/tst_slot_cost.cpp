// SPDX-License-Identifier: GPL-3.0-or-later
// The check that no slot takes long must fail for slots that compute or wait, and only for them.
#include "tests/widgets/common/slot_cost.h"

#include <QObject>

#include <atomic>
#include <chrono>
#include <sched.h>
#include <thread>
#include <vector>

using namespace orrery::ui;
using std::chrono::milliseconds;

namespace {

double threadCpuMs()
{
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

/// Computes until the thread had so much of a core, however long that takes.
void compute(double cpuMs)
{
    for (const double until = threadCpuMs() + cpuMs; threadCpuMs() < until;) {
    }
}

/// Keeps this thread and some that only compute on one core.
class CrowdedCore {
public:
    explicit CrowdedCore(int numOthers)
    {
        ::sched_getaffinity(0, sizeof m_before, &m_before);
        cpu_set_t one;
        CPU_ZERO(&one);
        for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++core)
            if (CPU_ISSET(core, &m_before)) CPU_SET(core, &one);
        ::sched_setaffinity(0, sizeof one, &one); // threads made from here on have it, too
        for (int i = 0; i < numOthers; ++i)
            m_others.emplace_back([this] {
                while (!m_isDone) {
                }
            });
    }
    ~CrowdedCore()
    {
        m_isDone = true;
        for (std::thread &other : m_others) other.join();
        ::sched_setaffinity(0, sizeof m_before, &m_before);
    }
    CrowdedCore(const CrowdedCore &) = delete;
    CrowdedCore &operator=(const CrowdedCore &) = delete;

private:
    cpu_set_t m_before{};
    std::atomic<bool> m_isDone{false};
    std::vector<std::thread> m_others;
};

} // namespace

class TestSlotCost : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void tellsTheSlotFromTheMachine_data();
    void tellsTheSlotFromTheMachine();
    void findsABusyLoop();
    void findsASleep();
    void lettingOthersRunIsNoFault();
    void quickSlotsPass();
    void triesAgainFromTheSameStart();
};

void TestSlotCost::tellsTheSlotFromTheMachine_data()
{
    QTest::addColumn<double>("wallMs");
    QTest::addColumn<double>("cpuMs");
    QTest::addColumn<double>("queuedMs"); // negative: the kernel does not tell
    QTest::addColumn<int>("numWaits");
    QTest::addColumn<int>("numPreemptions");
    QTest::addColumn<QString>("fault");
    const QString computed = QStringLiteral("the slot computed"),
                  waited = QStringLiteral("the slot worked and waited");
    QTest::newRow("quick") << 20.0 << 19.0 << 0.0 << 0 << 0 << QString();
    QTest::newRow("quick with a lock") << 99.0 << 10.0 << 0.0 << 3 << 0 << QString();
    QTest::newRow("computes") << 150.0 << 149.0 << 0.0 << 0 << 0 << computed;
    QTest::newRow("computes in a queue") << 450.0 << 120.0 << 330.0 << 0 << 60 << computed;
    QTest::newRow("queued") << 210.0 << 30.0 << 180.0 << 0 << 20 << QString();
    QTest::newRow("queued, with a short lock") << 210.0 << 30.0 << 175.0 << 1 << 20 << QString();
    QTest::newRow("another machine had the core") << 300.0 << 30.0 << 0.0 << 0 << 0 << QString();
    QTest::newRow("waits") << 150.0 << 1.0 << 0.0 << 1 << 0 << waited;
    QTest::newRow("waits in a queue") << 500.0 << 1.0 << 380.0 << 1 << 0 << waited;
    QTest::newRow("both are too much together") << 130.0 << 60.0 << 0.0 << 5 << 0 << waited;
    QTest::newRow("waits, queue unknown") << 150.0 << 1.0 << -1.0 << 1 << 0 << waited;
    QTest::newRow("preempted, queue unknown") << 210.0 << 30.0 << -1.0 << 1 << 20 << QString();
    QTest::newRow("computes, queue unknown") << 210.0 << 130.0 << -1.0 << 0 << 20 << computed;
}

void TestSlotCost::tellsTheSlotFromTheMachine()
{
    QFETCH(double, wallMs);
    QFETCH(double, cpuMs);
    QFETCH(double, queuedMs);
    QFETCH(int, numWaits);
    QFETCH(int, numPreemptions);
    QFETCH(QString, fault);
    const SlotCost cost{wallMs, cpuMs, queuedMs < 0 ? std::nullopt : std::optional(queuedMs), numWaits,
                        numPreemptions};
    const QString found = slotFault(cost);
    QVERIFY2(fault.isEmpty() ? found.isEmpty() : found.startsWith(fault), qPrintable(found));
}

void TestSlotCost::findsABusyLoop()
{
    const QString fault = slotFault(slotCost([] { compute(1.2 * kLongestSlotMs); }));
    QVERIFY2(fault.startsWith(QStringLiteral("the slot computed for ")), qPrintable(fault));
}

void TestSlotCost::findsASleep()
{
    const SlotCost cost = slotCost([] { std::this_thread::sleep_for(milliseconds(150)); });
    QVERIFY2(slotFault(cost).startsWith(QStringLiteral("the slot worked and waited for ")),
             qPrintable(slotFault(cost)));
    QVERIFY(cost.numWaits >= 1);
}

void TestSlotCost::lettingOthersRunIsNoFault()
{
    const CrowdedCore core(3);
    double longestMs = 0;
    for (int i = 0; i < 10 && longestMs <= kLongestSlotMs; ++i) {
        const SlotCost cost = slotCost([] { compute(0.6 * kLongestSlotMs); });
        longestMs = std::max(longestMs, cost.wallMs);
        const QString fault = slotFault(cost);
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
        QVERIFY(cost.cpuMs >= 0.6 * kLongestSlotMs);
    }
    if (longestMs <= kLongestSlotMs) QSKIP("The system gave the slot a core of its own.");
}

void TestSlotCost::quickSlotsPass()
{
    ORRERY_VERIFY_QUICK(compute(1));
    ORRERY_VERIFY_QUICK_AFTER((void)0, std::this_thread::sleep_for(milliseconds(1)));
}

void TestSlotCost::triesAgainFromTheSameStart()
{
    int numPrepared = 0;
    const auto prepare = [&] { ++numPrepared; };
    // As a first opening that waits for a cold disk.
    const auto slowAtFirst = [&] {
        if (numPrepared == 1) std::this_thread::sleep_for(milliseconds(150));
    };
    QCOMPARE(slotFaultAfter(prepare, slowAtFirst), QString());
    QCOMPARE(numPrepared, 2);
    numPrepared = 0;
    QVERIFY(!slotFaultAfter(prepare, [] { compute(1.2 * kLongestSlotMs); }).isEmpty());
    QCOMPARE(numPrepared, kMaxSlotTries);
}

QTEST_APPLESS_MAIN(TestSlotCost)
#include "tst_slot_cost.moc"
