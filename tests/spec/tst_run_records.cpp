// SPDX-License-Identifier: Apache-2.0
#include "core/spec/generation.h"
#include "core/spec/run_records.h"

#include <QtTest>

using namespace orrery;

class TestRunRecords : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void statesReadBackByName()
    {
        for (int i = 0; i <= static_cast<int>(RunState::Unreadable); ++i) {
            const auto state = static_cast<RunState>(i);
            QCOMPARE(static_cast<int>(runStateFromName(runStateName(state))), i);
        }
        QCOMPARE(runStateName(RunState::Crashed), "crashed");
        QCOMPARE(runStateName(static_cast<RunState>(200)), "unknown");
        QVERIFY(runStateFromName("no such state") == RunState::Unknown);
    }
    void eventsReadBackByName()
    {
        for (int i = 0; i <= static_cast<int>(EventKind::Breakpoint); ++i)
            QCOMPARE(static_cast<int>(eventKindFromName(eventKindName(static_cast<EventKind>(i)))), i);
        QCOMPARE(eventKindName(EventKind::NonFinite), "non_finite");
        QCOMPARE(eventKindName(EventKind::Breakpoint), "breakpoint");
        QVERIFY(eventKindFromName("") == EventKind::Unknown);
    }
    void aWorkerLivesInFourStates()
    {
        int numLive = 0;
        for (int i = 0; i <= static_cast<int>(RunState::Unreadable); ++i)
            numLive += isLiveState(static_cast<RunState>(i));
        QCOMPARE(numLive, 4);
        QVERIFY(isLiveState(RunState::Paused));
        QVERIFY(!isLiveState(RunState::Stopped));
    }
    void finishReasonsHaveNames()
    {
        QCOMPARE(finishReasonName(FinishReason::EndOfText), "end_of_text");
        QCOMPARE(finishReasonName(FinishReason::EndOfInfill), "end_of_infill");
        QCOMPARE(finishReasonName(static_cast<FinishReason>(99)), "unknown");
    }
};

QTEST_GUILESS_MAIN(TestRunRecords)
#include "tst_run_records.moc"
