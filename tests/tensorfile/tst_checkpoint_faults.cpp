// SPDX-License-Identifier: Apache-2.0
// Kills and failing disks: whatever happens, what has its final name verifies and older checkpoints stay.
#include "checkpoint_fixture.h"

#include "core/base/counter_rng.h"
#include "core/base/files.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

using namespace orrery;
namespace fs = std::filesystem;

class TestCheckpointFaults : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path folder() const { return fs::path(m_folder->path().toStdString()) / "checkpoints"; }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void cleanup() { setWriteFault(nullptr); }

    void survivesAFaultAtEveryOperation_data()
    {
        QTest::addColumn<int>("errnoValue");
        QTest::addColumn<int64_t>("step");
        QTest::newRow("disk full") << ENOSPC << int64_t(200);
        QTest::newRow("input/output error") << EIO << int64_t(200);
        QTest::newRow("same step again") << ENOSPC << int64_t(100);
    }

    void survivesAFaultAtEveryOperation()
    {
        QFETCH(int, errnoValue);
        QFETCH(int64_t, step);
        const CheckpointFixture first(100);
        QVERIFY(writeCheckpoint(folder(), first.content).ok());
        const CheckpointFixture second(step);

        int numFaults = 0;
        for (int failAt = 0;; ++failAt) {
            QVERIFY2(failAt < 1000, "the sweep does not end");
            int operation = 0;
            bool hasFailed = false;
            bool failedAfterRename = false;
            bool renamed = false;
            setWriteFault([&](WriteOperation kind, const fs::path &, size_t) {
                if (operation++ == failAt) {
                    hasFailed = true;
                    failedAfterRename = renamed;
                    return errnoValue;
                }
                if (kind == WriteOperation::Rename) renamed = true;
                return 0;
            });
            const auto written = writeCheckpoint(folder(), second.content);
            setWriteFault(nullptr);
            QVERIFY(verifyCheckpoint(checkpointPath(folder(), 100)).ok());
            if (!hasFailed) {
                QVERIFY(written.ok());
                break;
            }
            ++numFaults;
            QVERIFY(!written.ok());
            QCOMPARE(written.error().code, ErrorCode::Io);
            QVERIFY2(written.error().message.find("step-00000") != std::string::npos ||
                         written.error().message.find("checkpoints") != std::string::npos,
                     written.error().message.c_str());
            QVERIFY(!fs::exists(checkpointPath(folder(), step).string() + ".partial"));
            if (step != 100 && !failedAfterRename)
                QCOMPARE(listCheckpoints(folder()), (std::vector<int64_t>{100}));
            for (int64_t listed : listCheckpoints(folder()))
                QVERIFY(verifyCheckpoint(checkpointPath(folder(), listed)).ok());
            QVERIFY(cleanCheckpoints(folder()).ok());
            if (step != 100 && failedAfterRename) QVERIFY(removeCheckpoint(folder(), step).ok());
        }
        QVERIFY2(numFaults >= 10, qPrintable(QString::number(numFaults)));
        QVERIFY(verifyCheckpoint(checkpointPath(folder(), step)).ok());
    }

    void removalSurvivesAFaultAtEveryOperation()
    {
        for (int failAt = 0;; ++failAt) {
            const CheckpointFixture fixture(100);
            QVERIFY(writeCheckpoint(folder(), fixture.content).ok());
            int operation = 0;
            setWriteFault(
                [&](WriteOperation, const fs::path &, size_t) { return operation++ == failAt ? EIO : 0; });
            const auto removed = removeCheckpoint(folder(), 100);
            setWriteFault(nullptr);
            for (int64_t listed : listCheckpoints(folder()))
                QVERIFY(verifyCheckpoint(checkpointPath(folder(), listed)).ok());
            if (operation <= failAt) {
                QVERIFY(removed.ok());
                QVERIFY(failAt > 0);
                break;
            }
            QCOMPARE(removed.error().code, ErrorCode::Io);
            QVERIFY(cleanCheckpoints(folder()).ok());
        }
    }

    /// A child writes checkpoints, also twice at the same step, and removes old ones; it is killed at random
    /// moments.
    void newestVerifiesAfterEveryKill()
    {
        const CounterRng rng({.seed = 11, .purpose = RngPurpose::Sampling});
        int64_t step = 0;
        int numNew = 0;
        // Where a child gets too little of the machine to write anything, later ones live longer.
        for (uint64_t kill = 0; kill < 30 || (numNew < 5 && kill < 300); ++kill) {
            const pid_t child = ::fork();
            QVERIFY(child >= 0);
            if (child == 0) {
                for (int64_t next = step + 1;; ++next) {
                    const CheckpointFixture fixture(next, 40'000);
                    if (!writeCheckpoint(folder(), fixture.content).ok()) ::_exit(1);
                    if (next % 3 == 0 && !writeCheckpoint(folder(), fixture.content).ok()) ::_exit(1);
                    const std::vector<int64_t> steps = listCheckpoints(folder());
                    if (steps.size() > 3 && !removeCheckpoint(folder(), steps.front()).ok()) ::_exit(1);
                }
            }
            ::usleep(static_cast<useconds_t>((5'000 + rng.below(kill, 40'000)) * (1 + kill / 30)));
            ::kill(child, SIGKILL);
            int status = 0;
            QCOMPARE(::waitpid(child, &status, 0), child);
            QVERIFY2(WIFSIGNALED(status), "the child stopped by itself: a write failed");

            const std::vector<int64_t> steps = listCheckpoints(folder());
            for (int64_t listed : steps) {
                const auto manifest = verifyCheckpoint(checkpointPath(folder(), listed));
                QVERIFY2(manifest.ok(), manifest.ok() ? "" : manifest.error().message.c_str());
                const auto reader =
                    SafetensorsReader::open(checkpointPath(folder(), listed) / "model.safetensors");
                QCOMPARE(*reinterpret_cast<const float *>(reader->bytes(reader->tensors()[0]).data()),
                         0.5f + static_cast<float>(listed));
            }
            QVERIFY(cleanCheckpoints(folder()).ok());
            for (const auto &entry : fs::directory_iterator(folder()))
                QVERIFY(entry.path().extension() != ".partial" && entry.path().extension() != ".deleted");
            if (steps.empty()) continue;
            QVERIFY(steps.back() >= step);
            numNew += steps.back() > step ? 1 : 0;
            step = steps.back();
            QCOMPARE(findCheckpoint(folder())->manifest.step, step);
            QVERIFY(findCheckpoint(folder())->skipped.empty());
        }
        QVERIFY2(numNew >= 5, qPrintable(QString("only %1 rounds wrote a checkpoint").arg(numNew)));
    }
};

QTEST_APPLESS_MAIN(TestCheckpointFaults)
#include "tst_checkpoint_faults.moc"
