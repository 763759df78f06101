// SPDX-License-Identifier: Apache-2.0
// Workers on disks that run full: the reason is kept, and nothing that was trained is lost without need.
#include "small_disk.h"
#include "worker_fixture.h"

#include "core/tensorfile/checkpoint_files.h"

#include <QtTest>

#include <csignal>
#include <sys/resource.h>

using namespace orrery;
namespace fs = std::filesystem;

class TestWorkerDisk : public QObject {
    Q_OBJECT

    test::WorkerFixture m_fixture;

private Q_SLOTS:
    void aStoreThatCannotGrowIsTheReason();
    void aFullDiskIsTheReason();
    void aCheckpointWaitsForRoom();
};

void TestWorkerDisk::aStoreThatCannotGrowIsTheReason()
{
    const fs::path run =
        m_fixture.makeRun("limited", {"train.steps=1000000", "train.checkpoint_every=1000000"});
    const auto process = m_fixture.worker({"train", run.string()});
    process->setChildProcessModifier([] {
        // As on a disk that takes no more: every other file stays far below.
        const rlimit limit{400 << 10, 400 << 10};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        ::signal(SIGXFSZ, SIG_IGN);
    });
    process->start();
    QVERIFY(process->waitForFinished(test::kPatienceMs));
    QCOMPARE(process->exitCode(), 4);
    const RunStatus status = test::readStatus(run);
    QCOMPARE(status.state, RunState::Failed);
    const std::string reason = "Cannot write \"" + (run / "run.db").string() + "\"";
    QVERIFY2(status.error.starts_with(reason), status.error.c_str());

    // The next attempt does not take the reason away: it writes it down.
    const auto checkpoints = listCheckpoints(run / "checkpoints"); // the last one is newer than the status
    QVERIFY(!checkpoints.empty());
    const std::string total = std::to_string(checkpoints.back() + 20);
    QCOMPARE(m_fixture.runWorker({"train", run.string(), "--steps", total}), 0);
    QCOMPARE(test::readStatus(run).state, RunState::Finished);
    const auto events = test::readEvents(run);
    QVERIFY(std::any_of(events.begin(), events.end(), [&](const RunEvent &event) {
        return event.kind == EventKind::Warning && event.text.find(reason) != std::string::npos;
    }));
}

void TestWorkerDisk::aFullDiskIsTheReason()
{
    test::SmallDisk disk(m_fixture.folder() / "full", 4 << 20);
    if (!disk.isMounted()) QSKIP("no file system can be mounted here");
    const fs::path run = m_fixture.makeRun("full", {"train.steps=1000000", "train.checkpoint_every=1000000"});
    const auto process = test::startAndWaitForStep(m_fixture, run, 5);
    disk.fill();
    QVERIFY(process->waitForFinished(test::kPatienceMs));
    QCOMPARE(process->exitCode(), 4);
    const RunStatus status = test::readStatus(run);
    QCOMPARE(status.state, RunState::Failed);
    QVERIFY2(status.error.find("No space left on device") != std::string::npos, status.error.c_str());
    disk.empty();
    QCOMPARE(m_fixture.runWorker({"train", run.string(), "--steps", "50"}), 0);
    QCOMPARE(test::readStatus(run).state, RunState::Finished);
}

void TestWorkerDisk::aCheckpointWaitsForRoom()
{
    // Checkpoints of some 5 MB, so that the disk can have room for run.db and none for them.
    const std::vector<std::string> settings = {"model.layers=2", "model.width=128", "train.steps=60",
                                               "train.checkpoint_every=20", "train.keep_last=1"};
    const fs::path whole = m_fixture.makeRun("wait-whole", settings);
    QCOMPARE(m_fixture.runWorker({"train", whole.string()}), 0);
    test::SmallDisk disk(m_fixture.folder() / "wait", 24 << 20);
    if (!disk.isMounted()) QSKIP("no file system can be mounted here");
    const fs::path run = m_fixture.makeRun("wait", settings);
    disk.fill(3 << 20);
    const auto process = m_fixture.worker({"train", run.string()});
    process->start();
    QTRY_COMPARE_WITH_TIMEOUT(test::readStatus(run).state, RunState::Paused, test::kPatienceMs);
    const RunStatus status = test::readStatus(run);
    QCOMPARE(status.step, int64_t(20));
    QVERIFY2(status.error.find("No space left on device") != std::string::npos &&
                 status.error.find(run.string()) != std::string::npos,
             status.error.c_str());
    disk.empty();
    QVERIFY(process->waitForFinished(test::kPatienceMs)); // by itself
    QCOMPARE(process->exitCode(), 0);
    QCOMPARE(test::readStatus(run).state, RunState::Finished);
    QVERIFY(test::readStatus(run).error.empty());
    QCOMPARE(test::readCurve(run).current, test::readCurve(whole).current);
}

int main(int argc, char **argv)
{
    test::enterOwnMounts();
    QCoreApplication application(argc, argv);
    TestWorkerDisk tests;
    return QTest::qExec(&tests, argc, argv);
}
#include "tst_worker_disk.moc"
