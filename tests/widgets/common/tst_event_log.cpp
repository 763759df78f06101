// SPDX-License-Identifier: GPL-3.0-or-later
// The log of a run: pages, live events while pages come, gaps, failures, another run.
#include "fake_session.h"
#include "widgets/session/event_log.h"

#include <QSignalSpy>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

RunEvent numbered(int64_t id)
{
    RunEvent event;
    event.id = event.step = id;
    event.kind = EventKind::Note;
    event.text = "event " + std::to_string(id);
    return event;
}

/// A log with what it has signalled.
struct Fixture {
    FakeSession session;
    EventLog log{session};
    std::vector<int64_t> ids;

    Fixture()
    {
        QObject::connect(&log, &EventLog::added, &log, [this](const std::vector<RunEvent> &events) {
            for (const RunEvent &event : events) ids.push_back(event.id);
        });
        log.setRun(u"a"_s);
    }
    void store(int64_t first, int64_t last)
    {
        for (int64_t id = first; id <= last; ++id) session.events[u"a"_s].push_back(numbered(id));
    }
};

} // namespace

class TestEventLog : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsToTheLastPage_data();
    void readsToTheLastPage();
    void liveEventsWaitForTheStoredOnes();
    void liveEventsBeyondAGapDoNotHideIt();
    void questionDuringAnAnswerIsAskedAgain();
    void failureIsToldAndTheNextTryGoesOn();
    void lateAnswerOfTheRunBeforeIsDropped();
    void endsWhenAnEngineRepeatsItself();
};

void TestEventLog::readsToTheLastPage_data()
{
    QTest::addColumn<int>("numStored");
    QTest::addColumn<int>("numPages");
    constexpr int kPage = EngineSession::kEventPage;
    QTest::newRow("none") << 0 << 1;
    QTest::newRow("one page short of one") << kPage - 1 << 1;
    QTest::newRow("a full page, then nothing") << kPage << 2;
    QTest::newRow("10,001") << 10'001 << 2;
    QTest::newRow("three pages") << 2 * kPage + 5 << 3;
}

void TestEventLog::readsToTheLastPage()
{
    QFETCH(int, numStored);
    QFETCH(int, numPages);
    Fixture fixture;
    fixture.store(1, numStored);
    fixture.log.read();
    QTRY_VERIFY(!fixture.log.isReading());
    QCOMPARE(fixture.session.numEventPages, numPages);
    QCOMPARE(fixture.ids.size(), size_t(numStored));
    for (size_t i = 0; i < fixture.ids.size(); ++i) QCOMPARE(fixture.ids[i], int64_t(i) + 1);
}

void TestEventLog::liveEventsWaitForTheStoredOnes()
{
    Fixture fixture;
    fixture.store(1, 3);
    fixture.log.addLive({numbered(4)}); // before anything was read
    QVERIFY(fixture.ids.empty());
    fixture.log.read();
    fixture.log.addLive({numbered(3), numbered(5)});
    QTRY_COMPARE(fixture.ids, (std::vector<int64_t>{1, 2, 3, 4, 5}));
    fixture.log.addLive({numbered(5), numbered(6)});
    QCOMPARE(fixture.ids.size(), size_t{6});
}

void TestEventLog::liveEventsBeyondAGapDoNotHideIt()
{
    Fixture fixture;
    fixture.store(1, 3);
    fixture.log.read();
    QTRY_COMPARE(fixture.ids.size(), size_t{3});
    fixture.store(4, 9);
    fixture.log.addLive({numbered(9)}); // 4 to 8 were lost on the way
    fixture.log.read();
    QTRY_COMPARE(fixture.ids, (std::vector<int64_t>{1, 2, 3, 9, 4, 5, 6, 7, 8}));
}

void TestEventLog::questionDuringAnAnswerIsAskedAgain()
{
    Fixture fixture;
    fixture.session.isHolding = true;
    fixture.log.read();
    fixture.log.read();
    fixture.session.flush(); // had nothing yet
    fixture.store(1, 2);
    QVERIFY(fixture.log.isReading());
    fixture.session.flush();
    QCOMPARE(fixture.ids.size(), size_t{2});
    QVERIFY(!fixture.log.isReading());
}

void TestEventLog::failureIsToldAndTheNextTryGoesOn()
{
    Fixture fixture;
    QSignalSpy failed(&fixture.log, &EventLog::failed);
    fixture.store(1, 2);
    fixture.session.failNext[u"listEvents"_s] =
        Error{ErrorCode::Unavailable, "Cannot read the log.", "Wait."};
    fixture.log.read();
    fixture.log.addLive({numbered(3)});
    QTRY_COMPARE(failed.count(), 1);
    QCOMPARE(fixture.ids, (std::vector<int64_t>{3})); // what is known is shown all the same
    fixture.log.read();
    QTRY_COMPARE(fixture.ids, (std::vector<int64_t>{3, 1, 2}));
}

void TestEventLog::lateAnswerOfTheRunBeforeIsDropped()
{
    Fixture fixture;
    fixture.session.isHolding = true;
    fixture.store(1, 2);
    fixture.log.read();
    fixture.log.setRun(u"b"_s);
    fixture.session.flush();
    QVERIFY(fixture.ids.empty());
    QVERIFY(!fixture.log.isReading());
}

void TestEventLog::endsWhenAnEngineRepeatsItself()
{
    Fixture fixture;
    for (int i = 0; i < EngineSession::kEventPage; ++i) fixture.session.events[u"a"_s].push_back(numbered(7));
    fixture.session.ignoresAfterId = true;
    fixture.log.read();
    QTRY_VERIFY(!fixture.log.isReading());
    QCOMPARE(fixture.ids, (std::vector<int64_t>{7}));
}

QTEST_GUILESS_MAIN(TestEventLog)
#include "tst_event_log.moc"
