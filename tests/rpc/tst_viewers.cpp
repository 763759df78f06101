// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/viewers.h"

#include "tests/rpc/fakes.h"

#include <QTest>

#include <thread>

using namespace orrery;
using orrery::test::reportOf;
using orrery::test::waitFor;
using std::chrono::milliseconds;

class TestViewers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void deliversInOrder();
    void dropsAndCountsWhenFull();
    void countsDroppedEvents();
    void givesEachViewerItsOwn();
    void limitsViewers();
    void startsCleanAfterReuse();
    void wakesASleeper();
    void losesNothingSilentlyUnderManyProducers();
};

void TestViewers::deliversInOrder()
{
    ViewerHub hub;
    Viewer *viewer = hub.attach();
    for (int64_t step = 1; step <= 100; ++step) hub.publish({reportOf(step)}, {});
    QVERIFY(viewer->wait(milliseconds(0)));
    WatchBatch batch;
    viewer->take(batch);
    QCOMPARE(batch.reports.size(), size_t{100});
    for (size_t i = 0; i < 100; ++i) QCOMPARE(batch.reports[i].step, static_cast<int64_t>(i + 1));
    QCOMPARE(batch.numDropped, uint64_t{0});
    QVERIFY(!viewer->wait(milliseconds(0)));
    hub.detach(viewer);
}

void TestViewers::dropsAndCountsWhenFull()
{
    ViewerHub hub;
    Viewer *viewer = hub.attach();
    for (int64_t step = 1; step <= 5000; ++step) hub.publish({reportOf(step)}, {});
    WatchBatch batch;
    viewer->take(batch);
    QCOMPARE(batch.reports.size(), kViewerReports);
    QCOMPARE(batch.numDropped, uint64_t{5000 - 4096});
    QCOMPARE(batch.firstDroppedStep, int64_t{4097});
    // There is room again, and the count starts anew.
    hub.publish({reportOf(6000)}, {});
    WatchBatch next;
    viewer->take(next);
    QCOMPARE(next.reports.size(), size_t{1});
    QCOMPARE(next.numDropped, uint64_t{0});
    hub.detach(viewer);
}

void TestViewers::countsDroppedEvents()
{
    ViewerHub hub;
    Viewer *viewer = hub.attach();
    for (int64_t step = 0; step < static_cast<int64_t>(kViewerEvents) + 3; ++step) {
        RunEvent event;
        event.step = step;
        hub.publish({}, {event});
    }
    WatchBatch batch;
    viewer->take(batch);
    QCOMPARE(batch.events.size(), kViewerEvents);
    QCOMPARE(batch.numDropped, uint64_t{3});
    QCOMPARE(batch.firstDroppedStep, static_cast<int64_t>(kViewerEvents));
    hub.detach(viewer);
}

void TestViewers::givesEachViewerItsOwn()
{
    ViewerHub hub;
    Viewer *early = hub.attach();
    hub.publish({reportOf(1)}, {});
    Viewer *late = hub.attach();
    hub.publish({reportOf(2)}, {});
    WatchBatch first;
    early->take(first);
    WatchBatch second;
    late->take(second);
    QCOMPARE(first.reports.size(), size_t{2});
    QCOMPARE(second.reports.size(), size_t{1});
    hub.detach(early);
    hub.detach(late);
}

void TestViewers::limitsViewers()
{
    ViewerHub hub;
    std::vector<Viewer *> viewers;
    for (int i = 0; i < ViewerHub::kMaxViewers; ++i) viewers.push_back(hub.attach());
    QVERIFY(viewers.back() != nullptr);
    QVERIFY(hub.attach() == nullptr);
    hub.detach(viewers.back());
    QVERIFY(hub.attach() == viewers.back());
    QCOMPARE(hub.numViewers(), ViewerHub::kMaxViewers);
}

void TestViewers::startsCleanAfterReuse()
{
    ViewerHub hub;
    Viewer *viewer = hub.attach();
    for (int64_t step = 1; step <= 5000; ++step) hub.publish({reportOf(step)}, {});
    hub.detach(viewer);
    QCOMPARE(hub.attach(), viewer);
    WatchBatch batch;
    viewer->take(batch);
    QVERIFY(batch.reports.empty());
    QCOMPARE(batch.numDropped, uint64_t{0});
}

void TestViewers::wakesASleeper()
{
    ViewerHub hub;
    Viewer *viewer = hub.attach();
    std::atomic<bool> isAwake{false};
    std::thread sleeper([&] {
        if (viewer->wait(milliseconds(60'000))) isAwake = true;
    });
    std::this_thread::sleep_for(milliseconds(20));
    hub.publish({reportOf(1)}, {});
    QVERIFY(waitFor([&] { return isAwake.load(); }));
    sleeper.join();
}

void TestViewers::losesNothingSilentlyUnderManyProducers()
{
    ViewerHub hub;
    Viewer *viewer = hub.attach();
    constexpr int kProducers = 4;
    constexpr int kEach = 20'000;
    std::atomic<int> numRunning{kProducers};
    std::vector<std::thread> producers;
    for (int p = 0; p < kProducers; ++p)
        producers.emplace_back([&] {
            for (int i = 1; i <= kEach; ++i) hub.publish({reportOf(i)}, {});
            --numRunning;
        });
    uint64_t numSeen = 0;
    uint64_t numDropped = 0;
    const auto drain = [&] {
        WatchBatch batch;
        viewer->take(batch);
        numSeen += batch.reports.size();
        numDropped += batch.numDropped;
        if (batch.numDropped > 0 && batch.firstDroppedStep < 1)
            numSeen += 1'000'000; // a drop without its step
    };
    while (numRunning > 0) {
        viewer->wait(milliseconds(1));
        drain();
    }
    for (std::thread &producer : producers) producer.join();
    while (viewer->wait(milliseconds(0))) drain();
    QCOMPARE(numSeen + numDropped, static_cast<uint64_t>(kProducers) * kEach);
}

QTEST_APPLESS_MAIN(TestViewers)
#include "tst_viewers.moc"
