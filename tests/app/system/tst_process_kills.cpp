// SPDX-License-Identifier: Apache-2.0
// Host and worker are killed while a run trains: the losses stay bit-identical to those of a run that nobody
// watched, and a new host lists the run, its state and its whole curve. tst_window_kills does the same to the
// window.
#include "run_fixture.h"

#include "core/spec/run_records.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRandomGenerator>
#include <QTest>

#include <algorithm>
#include <csignal>

using namespace orrery;
using namespace orrery::test;

class TestProcessKills : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void hostKillsLeaveTheLossesAlone();
    void killedWorkerIsShownAsCrashedAndResumes();

private:
    const int m_numKills = isSlow() ? 20 : 3;
    const int m_numSteps = isSlow() ? 20'000 : 4'000;
};

namespace {

bool waitForState(const System &system, const std::string &run, RunState state)
{
    return QTest::qWaitFor(
        [&] {
            auto client = system.client();
            if (!client) return false;
            auto status = client->status(run);
            return status.ok() && status->state == state;
        },
        kPatienceMs);
}

/// Whether the store has the loss of the first step; LibTorch alone may take seconds to load.
bool hasBegun(const System &system, const std::string &run)
{
    auto client = system.client();
    if (!client) return false;
    auto curve = client->querySeries({.run = run, .series = {series::kLoss}, .maxBuckets = 100});
    return curve.ok() && !curve->empty() && !curve->front().buckets.empty();
}

} // namespace

void TestProcessKills::hostKillsLeaveTheLossesAlone()
{
    System system;
    const Losses expected = system.trainAlone(QStringLiteral("alone"), m_numSteps);
    QCOMPARE(static_cast<int>(expected.size()), m_numSteps);

    auto host = system.startHost();
    auto created = system.client()->createRun(system.specJson(m_numSteps).toStdString(), system.path(QStringLiteral("watched")).toStdString(), true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const std::string run = created->id;
    QVERIFY(QTest::qWaitFor([&] { return hasBegun(system, run); }, kPatienceMs));
    QRandomGenerator random(5);
    int numWhileLive = 0;
    for (int i = 0; i < m_numKills; ++i) {
        QTest::qWait(random.bounded(100, 900));
        host->kill();
        host->waitForFinished();
        host = system.startHost();
        auto client = system.client();
        QVERIFY(client.ok());
        auto runs = client->listRuns();
        QVERIFY(runs.ok());
        const bool isListed = std::any_of(runs->begin(), runs->end(), [&](const RunStatus &status) {
            return status.id == run && status.state != RunState::Crashed && status.state != RunState::Failed;
        });
        QVERIFY2(isListed, "the new host lists the run as well");
        numWhileLive += std::any_of(runs->begin(), runs->end(), [](const RunStatus &status) { return isLiveState(status.state); }) ? 1 : 0;
        auto curve = client->querySeries({.run = run, .series = {series::kLoss}, .maxBuckets = 100'000});
        QVERIFY(curve.ok() && curve->size() == 1);
        QVERIFY2(!curve->front().buckets.empty() && curve->front().buckets.front().firstStep == 1, "the whole curve is there");
    }
    qInfo("%d of %d kills while the run trained", numWhileLive, m_numKills);
    QVERIFY(waitForState(system, run, RunState::Finished));
    QCOMPARE(countDifferences(expected, System::readLosses(system.path(QStringLiteral("watched")))), 0);
    host->kill();
    host->waitForFinished();
}

void TestProcessKills::killedWorkerIsShownAsCrashedAndResumes()
{
    System system;
    const int numSteps = 4'000; // far from done when the second checkpoint is seen
    const Losses expected = system.trainAlone(QStringLiteral("alone"), numSteps);
    auto host = system.startHost();
    auto created = system.client()->createRun(system.specJson(numSteps).toStdString(), system.path(QStringLiteral("watched")).toStdString(), true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const auto hasCheckpoint = [&] { // whichever is there: older ones are deleted
        const QDir folder(system.path(QStringLiteral("watched/checkpoints")));
        const QStringList names = folder.entryList({QStringLiteral("step-*")}, QDir::Dirs);
        return std::any_of(names.begin(), names.end(),
                           [](const QString &name) { return !name.contains(QStringLiteral(".partial")); });
    };
    QVERIFY(QTest::qWaitFor(hasCheckpoint, kPatienceMs));
    // The pid is the worker's own word, checked by the lock.
    const QByteArray pid = QByteArray::number(static_cast<qint64>(QJsonDocument::fromJson([&] {
        QFile file(system.path(QStringLiteral("watched/worker.json")));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }()).object()[QStringLiteral("pid")].toInteger()));
    QVERIFY(pid.toLongLong() > 0);
    QElapsedTimer timer;
    timer.start();
    ::kill(static_cast<pid_t>(pid.toLongLong()), SIGKILL);
    QVERIFY(waitForState(system, created->id, RunState::Crashed));
    qInfo("the dead worker was shown after %lld ms (target: 1 s)", static_cast<long long>(timer.elapsed()));
    auto resumed = system.client()->startRun(created->id, 0);
    QVERIFY2(resumed.ok(), resumed.ok() ? "" : resumed.error().text().c_str());
    QVERIFY(waitForState(system, created->id, RunState::Finished));
    QCOMPARE(countDifferences(expected, System::readLosses(system.path(QStringLiteral("watched")))), 0);
    host->kill();
    host->waitForFinished();
}

QTEST_GUILESS_MAIN(TestProcessKills)
#include "tst_process_kills.moc"
