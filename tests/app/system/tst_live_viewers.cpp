// SPDX-License-Identifier: Apache-2.0
// Viewers are stopped, killed and attached again: the training does not notice, and the history is all there, fast.
#include "run_fixture.h"

#include "core/base/platform.h"
#include "core/spec/field_table.h"
#include "core/spec/run_records.h"
#include "core/store/run_directory.h"
#include "core/store/run_store.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTest>

#include <csignal>

using namespace orrery;
using namespace orrery::test;

class TestViewers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void stoppedAndKilledViewersLeaveTheLossesAlone();
    void wholeHistoryComesBack();
};

void TestViewers::stoppedAndKilledViewersLeaveTheLossesAlone()
{
    const int numSteps = isSlow() ? 20'000 : 4'000;
    System system;
    const Losses expected = system.trainAlone(QStringLiteral("alone"), numSteps);
    auto host = system.startHost();
    auto created = system.client()->createRun(system.specJson(numSteps).toStdString(), system.path(QStringLiteral("watched")).toStdString(), true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const QStringList watch{QStringLiteral("watch"), system.path(QStringLiteral("watched")), QStringLiteral("--json")};
    auto stopped = system.start(QStringLiteral("orrery-engine"), watch);
    auto killed = system.start(QStringLiteral("orrery-engine"), watch);
    QVERIFY(QTest::qWaitFor(
        [&] {
            auto status = system.client()->status(created->id);
            return status.ok() && (status->numViewers >= 2 || !isLiveState(status->state));
        },
        kPatienceMs));
    ::kill(static_cast<pid_t>(stopped->processId()), SIGSTOP);
    killed->kill();
    killed->waitForFinished();
    for (int i = 0; i < 3; ++i) {
        auto again = system.start(QStringLiteral("orrery-engine"), watch);
        QTest::qWait(300);
        again->kill();
        again->waitForFinished();
    }
    QVERIFY(QTest::qWaitFor(
        [&] {
            auto status = system.client()->status(created->id);
            return status.ok() && status->state == RunState::Finished;
        },
        kPatienceMs));
    ::kill(static_cast<pid_t>(stopped->processId()), SIGCONT);
    stopped->kill();
    stopped->waitForFinished();
    auto status = system.client()->status(created->id);
    QCOMPARE(status->trainerWaits, 0u);
    QCOMPARE(countDifferences(expected, System::readLosses(system.path(QStringLiteral("watched")))), 0);
    host->kill();
    host->waitForFinished();
}

/// 20 series × 20,000 points through host and RPC. The time is printed; docs/benchmarks.md keeps it (target: 2 s).
void TestViewers::wholeHistoryComesBack()
{
    System system;
    const QString directory = system.path(QStringLiteral("long"));
    RunSpec spec;
    spec.data.path = system.path(QStringLiteral("text.txt")).toStdString();
    spec.threads = 1;
    FrozenSpec frozen{spec, specDigest(spec), "test", cpuInfo().model, wallSeconds(), "long"};
    QVERIFY(RunDirectory::create(directory.toStdString(), frozen).ok());
    {
        auto writer = RunWriter::open(directory.toStdString());
        QVERIFY(writer.ok());
        QVERIFY((*writer)->beginAttempt(0).ok());
        for (int step = 1; step <= 20'000; ++step) {
            StepReport report{step, 1e9 + step, 0, {}};
            for (int i = 0; i < 20; ++i) report.values.push_back({"series_" + std::to_string(i), static_cast<double>(step * (i + 1))});
            (*writer)->addReport(report);
        }
        QVERIFY((*writer)->flush().ok());
    }
    auto host = system.startHost();
    auto client = system.client();
    auto added = client->addRun(directory.toStdString());
    QVERIFY2(added.ok(), added.ok() ? "" : added.error().text().c_str());
    QElapsedTimer timer;
    timer.start();
    auto reply = client->querySeries({.run = added->id, .maxBuckets = 20'000});
    const qint64 elapsed = timer.elapsed();
    QVERIFY2(reply.ok(), reply.ok() ? "" : reply.error().text().c_str());
    QCOMPARE(reply->size(), 20u);
    for (const SeriesReply &one : *reply) {
        QCOMPARE(one.totalPoints, 20'000u);
        QCOMPARE(one.buckets.size(), 20'000u);
        QCOMPARE(one.buckets.back().lastStep, 20'000);
    }
    qInfo("20 series x 20,000 points came back in %lld ms", static_cast<long long>(elapsed));
    host->kill();
    host->waitForFinished();
}

QTEST_GUILESS_MAIN(TestViewers)
#include "tst_live_viewers.moc"
