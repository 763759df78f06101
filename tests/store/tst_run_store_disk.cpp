// SPDX-License-Identifier: Apache-2.0
// A disk that is full or cannot sync: a typed error that stays, no exception, no crash, and all that was
// committed.
#include "core/base/files.h"
#include "tests/store/faulty_vfs.h"
#include "tests/store/store_fixture.h"

#include <thread>

using namespace orrery;
using namespace orrery::test;

class TestRunStoreDisk : public QObject {
    Q_OBJECT

    std::unique_ptr<TemporaryFolder> m_folder;
    std::filesystem::path m_run;

    static void healDisk()
    {
        vfsBytesLeft = std::numeric_limits<int64_t>::max();
        vfsSyncFails = false;
    }
    /// Commits steps until the writer fails; returns the last confirmed one.
    static int64_t writeUntilItFails(RunWriter &writer)
    {
        for (int64_t step = 1; step < 1'000'000; ++step) {
            writer.addReport(report(step, {{"loss", 1.0 / static_cast<double>(step)}, {"lr", 0.1}}));
            if (!writer.flush()) return step - 1;
        }
        return -1;
    }

private Q_SLOTS:
    void initTestCase() { installFaultyVfs(); }
    void init()
    {
        m_folder = std::make_unique<TemporaryFolder>();
        m_run = m_folder->make("run");
        healDisk();
    }
    void cleanup()
    {
        healDisk();
        setWriteFault(nullptr);
    }

    void aFullDiskIsNamedAndFinal_data()
    {
        QTest::addColumn<int>("numBytes");
        // In the log, in a chunk, and while the WAL is folded back.
        for (const int numBytes : {1, 5000, 100'000, 1'000'000, 4'300'000, 6'000'000})
            QTest::addRow("after %d bytes", numBytes) << numBytes;
    }
    void aFullDiskIsNamedAndFinal()
    {
        QFETCH(const int, numBytes);
        auto writer = RunWriter::open(m_run);
        VERIFY_OK(writer);
        QVERIFY(!(*writer)->failure());
        vfsBytesLeft = numBytes;
        const int64_t confirmed = writeUntilItFails(**writer);
        QVERIFY(confirmed >= 0);
        QVERIFY((*writer)->failure().has_value());
        const Result<void> failed = *(*writer)->failure();
        VERIFY_ERROR(failed, ErrorCode::Io, "No space left on device");
        VERIFY_ERROR(failed, ErrorCode::Io, "run.db");

        // Nothing hangs or throws afterwards, even when the disk is well again: the failure is final.
        healDisk();
        for (int i = 0; i < 100'000; ++i) (*writer)->addReport(report(i, {{"loss", 1}}));
        VERIFY_ERROR((*writer)->flush(), ErrorCode::Io, "No space left");
        VERIFY_ERROR((*writer)->beginAttempt(0), ErrorCode::Io, "No space left");
        writer->reset();

        // What was confirmed is there, and the run goes on.
        auto again = RunWriter::open(m_run);
        VERIFY_OK(again);
        (*again)->addReport(report(2'000'000, {{"loss", 5}}));
        VERIFY_OK((*again)->flush());
        auto reader = RunReader::open(m_run);
        VERIFY_OK(reader);
        SeriesQuery asked = query("loss", 1);
        asked.toStep = 1'999'999;
        const auto buckets = (*reader)->query(asked);
        VERIFY_OK(buckets);
        const int64_t numRead = buckets->empty() ? 0 : static_cast<int64_t>(buckets->front().numPoints);
        QVERIFY(numRead >= confirmed && numRead <= confirmed + 1);
    }
    void aFailedSyncIsAFailure()
    {
        auto writer = RunWriter::open(m_run);
        VERIFY_OK(writer);
        vfsSyncFails = true;
        QVERIFY(writeUntilItFails(**writer) > 0);
        const Result<void> failed = *(*writer)->failure();
        VERIFY_ERROR(failed, ErrorCode::Io, "run.db");
    }
    void aSlowDiskIsWaitedForAndCounted()
    {
        auto writer = RunWriter::open(m_run, {.maxQueued = 100});
        VERIFY_OK(writer);
        vfsStandsStill = true;
        std::thread producer([&] {
            for (int step = 1; step <= 1000; ++step) (*writer)->addReport(report(step, {{"loss", 1}}));
        });
        const bool isCounted = QTest::qWaitFor([&] { return (*writer)->waits().forDisk > 0; }, 60'000);
        vfsStandsStill = false;
        vfsStandsStill.notify_all();
        producer.join();
        QVERIFY(isCounted);
        VERIFY_OK((*writer)->flush());
        QCOMPARE((*writer)->waits().forViewers, uint64_t{0});
    }
    void aFullDiskAtOpeningIsAnError()
    {
        vfsBytesLeft = 0;
        VERIFY_ERROR(RunWriter::open(m_run), ErrorCode::Io, "No space left");
        healDisk();
        VERIFY_OK(RunWriter::open(m_run));
    }
    void aFolderThatIsMissingIsAnError()
    {
        auto missing = RunWriter::open(m_run / "missing");
        QVERIFY(!missing);
        VERIFY_ERROR(RunReader::open(m_run / "missing"), ErrorCode::NotFound, "run.db");
    }
    void aFullDiskLeavesNoHalfRunAndNoHalfCopy()
    {
        setWriteFault([](WriteOperation, const std::filesystem::path &, size_t) { return ENOSPC; });
        VERIFY_ERROR(RunDirectory::create(m_run / "new", frozenSpec("new")), ErrorCode::Io, "No space left");
        VERIFY_ERROR(RunDirectory::open(m_run / "new"), ErrorCode::NotFound, "spec.json");
        setWriteFault(nullptr);
        const auto run = RunDirectory::create(m_run / "new2", frozenSpec("new2"));
        VERIFY_OK(run);
        writeText(run->checkpoints() / "step-00000001" / "manifest.json", "{}");
        writeText(run->checkpoints() / "step-00000001" / "model.safetensors", "weights");
        setWriteFault([](WriteOperation operation, const std::filesystem::path &path, size_t) {
            return operation == WriteOperation::Sync && path.filename() == "model.safetensors" ? EIO : 0;
        });
        VERIFY_ERROR(run->copyTo(m_run / "copy"), ErrorCode::Io, "model.safetensors");
        size_t numEntries = 0;
        for (const auto &entry : std::filesystem::directory_iterator(m_run))
            numEntries += entry.path().filename().string().starts_with("copy");
        QCOMPARE(numEntries, size_t{0});
    }
};

QTEST_APPLESS_MAIN(TestRunStoreDisk)
#include "tst_run_store_disk.moc"
