// SPDX-License-Identifier: Apache-2.0
#include "kill_sweep.h"

#include <QtTest>

using namespace orrery;
using test::KillMoment;

class TestWorkerKill : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void killsLeaveReadableRunsAndTheSameLosses_data()
    {
        QTest::addColumn<int>("moment");
        QTest::addColumn<int>("numKills");
        const int numKills = qEnvironmentVariableIsSet("ORRERY_SLOW") ? 50 : 5;
        const int half = numKills / 2;
        QTest::newRow("at any time") << static_cast<int>(KillMoment::AnyTime) << numKills - half;
        QTest::newRow("while a checkpoint is written")
            << static_cast<int>(KillMoment::WhileCheckpointIsWritten) << half;
    }

    void killsLeaveReadableRunsAndTheSameLosses()
    {
        QFETCH(int, moment);
        QFETCH(int, numKills);
        const test::WorkerFixture fixture;
        const auto outcome =
            test::sweepKills(fixture, static_cast<KillMoment>(moment), numKills, 17 + uint64_t(moment));
        QVERIFY2(outcome.wrong.empty(), outcome.wrong.c_str());
        QVERIFY(outcome.numKills >= numKills);
        qInfo("%d kills, %d of them after the first loss, %d with a half-written checkpoint",
              outcome.numKills, outcome.numWithLosses, outcome.numWithPartial);
        if (moment == static_cast<int>(KillMoment::WhileCheckpointIsWritten))
            QVERIFY(outcome.numWithPartial > 0);
        else
            QVERIFY(outcome.numWithLosses > 0);
    }
};

QTEST_GUILESS_MAIN(TestWorkerKill)
#include "tst_worker_kill.moc"
