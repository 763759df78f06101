// SPDX-License-Identifier: Apache-2.0
#include "tests/base/check_result.h"

#include "core/plugin/trial_process.h"

#include <QElapsedTimer>

#include <csignal>

using namespace orrery;

class TestTrialProcess : public QObject {
    Q_OBJECT

    static Trial shell(const char *script, double seconds = 60)
    {
        return {
            .program = "/bin/sh", .arguments = {"sh", "-c", script}, .seconds = seconds, .isCancelled = {}};
    }

private Q_SLOTS:
    void saysHowItEnded_data()
    {
        QTest::addColumn<QByteArray>("script");
        QTest::addColumn<int>("exitCode");
        QTest::addColumn<QString>("how");
        QTest::newRow("well") << QByteArray("exit 0") << 0 << "a process with status 0";
        QTest::newRow("status") << QByteArray("echo one; echo two >&2; exit 7") << 7
                                << "a process with status 7 (one two )";
        QTest::newRow("signal") << QByteArray("echo oh; kill -ABRT $$") << -1
                                << "a process with signal SIGABRT (oh )";
    }
    void saysHowItEnded()
    {
        QFETCH(QByteArray, script);
        QFETCH(int, exitCode);
        QFETCH(QString, how);
        const auto end = runTrial(shell(script.constData()));
        VERIFY_OK(end);
        QVERIFY(end->isInTime);
        QCOMPARE(end->exitCode, exitCode);
        QCOMPARE(qtext(end->how), how);
    }
    void oneThatHangsIsKilled()
    {
        QElapsedTimer clock;
        clock.start();
        const auto end = runTrial(shell("exec sleep 600", 0.2));
        VERIFY_OK(end);
        QVERIFY(!end->isInTime && end->exitCode == -1);
        QVERIFY2(clock.elapsed() < 60'000, qPrintable(QString::number(clock.elapsed())));
    }
    void oneThatNobodyWaitsForIsKilled()
    {
        QElapsedTimer clock;
        clock.start();
        Trial trial = shell("exec sleep 600", 600);
        trial.isCancelled = [&] { return clock.elapsed() > 200; };
        const auto end = runTrial(trial);
        VERIFY_OK(end);
        QVERIFY(!end->isInTime);
        QVERIFY2(clock.elapsed() < 60'000, qPrintable(QString::number(clock.elapsed())));
    }
    void oneThatClosesItsOutputIsKilledToo()
    {
        QElapsedTimer clock;
        clock.start();
        const auto end = runTrial(shell("exec sleep 600 >&- 2>&-", 0.2));
        VERIFY_OK(end);
        QVERIFY(!end->isInTime);
        QVERIFY2(clock.elapsed() < 60'000, qPrintable(QString::number(clock.elapsed())));
    }
    void whoLivesOnWithItsOutputIsNotWaitedFor()
    {
        const auto end = runTrial(shell("echo $$; sleep 90 & echo $!; exit 3", 60));
        VERIFY_OK(end);
        QVERIFY(end->isInTime);
        QCOMPARE(end->exitCode, 3);
        const QStringList said = qtext(end->said).split(u'\n', Qt::SkipEmptyParts);
        QCOMPARE(said.size(), 2);
        QCOMPARE(::kill(said[1].toInt(), SIGKILL), 0); // it was there still
    }
    void whatIsSaidIsBounded()
    {
        const auto end = runTrial(shell("head -c 1000000 /dev/zero | tr '\\0' x"));
        VERIFY_OK(end);
        QVERIFY2(end->said.size() < 100'000 && end->how.size() < 400, end->how.c_str());
    }
    void aProgramThatIsNotThereIsAnError()
    {
        Trial trial = shell("");
        trial.program = "/nowhere/sh";
        VERIFY_ERROR(runTrial(trial), ErrorCode::NotFound, "Cannot start a trial with \"/nowhere/sh\"");
    }
};

QTEST_GUILESS_MAIN(TestTrialProcess)
#include "tst_trial_process.moc"
