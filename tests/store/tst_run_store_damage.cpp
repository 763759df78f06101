// SPDX-License-Identifier: Apache-2.0
// Files that are older, newer, foreign, cut off or full of flipped bits: typed errors, never a crash.
#include "core/store/schema.h"
#include "tests/store/store_fixture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

using namespace orrery;
using namespace orrery::test;

namespace {

/// Calls everything; returns the codes of the errors that came.
std::vector<ErrorCode> readEverything(const std::filesystem::path &run)
{
    std::vector<ErrorCode> codes;
    const auto note = [&codes](const auto &result) {
        if (!result) codes.push_back(result.error().code);
    };
    auto reader = RunReader::open(run);
    note(reader);
    if (!reader) return codes;
    note((*reader)->status());
    note((*reader)->events(0, 1000));
    note((*reader)->checkpoints());
    const auto list = (*reader)->listSeries();
    note(list);
    for (const int32_t maxBuckets : {1, 40, 100'000})
        for (const char *name : {"loss", "lr"}) note((*reader)->query(query(name, maxBuckets)));
    return codes;
}

bool isTyped(ErrorCode code)
{
    return code == ErrorCode::InvalidInput || code == ErrorCode::NotFound || code == ErrorCode::Io ||
           code == ErrorCode::Conflict;
}

/// A store with chunks, a log, events and a status; closed without folding when it is to keep its log.
void writeStore(const std::filesystem::path &run)
{
    auto writer = RunWriter::open(run);
    VERIFY_OK(writer);
    const auto attempt = (*writer)->beginAttempt(0);
    VERIFY_OK(attempt);
    for (int64_t step = 1; step <= 12'000; ++step) {
        (*writer)->addReport(report(step, {{"loss", std::sin(static_cast<double>(step))}, {"lr", 0.5}}));
        if (step % 100 == 0) VERIFY_OK((*writer)->flush());
    }
    // Each in a row of the log of its own; a slow disk may have let the writer make several of a hundred
    // before.
    for (int64_t step = 12'001; step <= 12'003; ++step) {
        (*writer)->addReport(report(step, {{"loss", std::sin(static_cast<double>(step))}, {"lr", 0.5}}));
        VERIFY_OK((*writer)->flush());
    }
    (*writer)->addEvent(RunEvent{0, 1, 0, 0, EventKind::Note, "a note", "{}"});
    (*writer)->addCheckpoint({100, 1.5, 2.0, true, true, 4096, "checkpoints/step-00000100"});
    RunStatus status;
    status.state = RunState::Running;
    (*writer)->setStatus(status);
    VERIFY_OK((*writer)->flush());
    // Another process would see the same: the files as they are, with the log not yet folded.
    for (const char *file : {"run.db", "run.db-wal"})
        std::filesystem::copy_file(run / file, run.parent_path() / file,
                                   std::filesystem::copy_options::overwrite_existing);
}

} // namespace

class TestRunStoreDamage : public QObject {
    Q_OBJECT

    std::unique_ptr<TemporaryFolder> m_folder;
    std::filesystem::path m_run;

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<TemporaryFolder>();
        m_run = m_folder->make("run");
    }

    void refusesWhatIsNoDatabase_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("text")
            << QByteArray("this is not a database, but it is long enough to look like one ...").repeated(20);
        QTest::newRow("short") << QByteArray("x");
        QTest::newRow("header only") << QByteArray("SQLite format 3\0", 16);
        QTest::newRow("zeros") << QByteArray(8192, '\0');
    }
    void refusesWhatIsNoDatabase()
    {
        QFETCH(const QByteArray, content);
        writeText(m_run / "run.db", content.toStdString());
        auto reader = RunReader::open(m_run);
        VERIFY_ERROR(reader, ErrorCode::InvalidInput, "run.db");
        auto writer = RunWriter::open(m_run);
        VERIFY_ERROR(writer, ErrorCode::InvalidInput, "run.db");
        QCOMPARE(readText(m_run / "run.db"), content.toStdString());
    }
    void anEmptyFileIsAStoreThatHasNotBegun()
    {
        writeText(m_run / "run.db", "");
        VERIFY_ERROR(RunReader::open(m_run), ErrorCode::NotFound, "nothing is written yet");
        VERIFY_OK(RunWriter::open(m_run));
        VERIFY_OK(RunReader::open(m_run));
    }
    void refusesADatabaseOfAnotherProgram()
    {
        QCOMPARE(runSql(m_run / "run.db", "CREATE TABLE t(x); INSERT INTO t VALUES(1)"), std::string());
        const std::string before = readText(m_run / "run.db");
        VERIFY_ERROR(RunReader::open(m_run), ErrorCode::InvalidInput, "another program");
        VERIFY_ERROR(RunWriter::open(m_run), ErrorCode::InvalidInput, "another program");
        QVERIFY(readText(m_run / "run.db") == before);
    }
    void refusesANewerVersionAndChangesNothing()
    {
        VERIFY_OK(RunWriter::open(m_run));
        QCOMPARE(runSql(m_run / "run.db", "PRAGMA journal_mode=DELETE; PRAGMA user_version=" +
                                              std::to_string(kRunStoreVersion + 1) +
                                              "; CREATE TABLE future(x)"),
                 std::string());
        const std::string before = readText(m_run / "run.db");
        const std::string version = "version is " + std::to_string(kRunStoreVersion + 1);
        VERIFY_ERROR(RunReader::open(m_run), ErrorCode::InvalidInput, version.c_str());
        VERIFY_ERROR(RunWriter::open(m_run), ErrorCode::InvalidInput, version.c_str());
        QVERIFY(readText(m_run / "run.db") == before);
        QVERIFY(!std::filesystem::exists(m_run / "run.db-wal"));
    }
    void anOlderStoreOpens_data()
    {
        QTest::addColumn<int>("version");
        for (int version = 1; version <= kRunStoreVersion; ++version)
            QTest::addRow("version %d", version) << version;
    }
    /// tests/data/store/run_v<N>.sql was dumped from a store that version N wrote: two attempts, the second
    /// from step 3, and a log that was not yet folded; from version 2 on three frames, ids 1, 2 and 4.
    void anOlderStoreOpens()
    {
        QFETCH(const int, version);
        const auto fixture =
            std::filesystem::path(ORRERY_TEST_DATA) / "store" / ("run_v" + std::to_string(version) + ".sql");
        QCOMPARE(runSql(m_run / "run.db", readText(fixture)), std::string());
        const auto check = [this, version](const char *expected) {
            auto reader = RunReader::open(m_run);
            VERIFY_OK(reader);
            const auto buckets = (*reader)->query(query("loss"));
            VERIFY_OK(buckets);
            QCOMPARE(describe(*buckets), std::string(expected));
            QCOMPARE(buckets->front().last, 3.5);
            QVERIFY(std::isnan((*buckets)[1].last));
            const auto events = (*reader)->events(0, 10);
            VERIFY_OK(events);
            QCOMPARE(events->front().text, std::string("Training started."));
            const auto checkpoints = (*reader)->checkpoints();
            VERIFY_OK(checkpoints);
            QCOMPARE(checkpoints->front().step, int64_t{3});
            const auto status = (*reader)->status();
            VERIFY_OK(status);
            QVERIFY(status->state == RunState::Running);
            QCOMPARE(status->lastFrameId, int64_t{version >= 2 ? 4 : 0});
            const auto frames = (*reader)->frames({.kind = FrameKind::Overview});
            VERIFY_OK(frames);
            QCOMPARE(frames->size(), size_t{version >= 2 ? 2U : 0U});
            VERIFY_ERROR((*reader)->frameBytes(3), ErrorCode::NotFound, "frame 3");
        };
        check("0:1-1 0:2-2 0:3-3 0:4-4* 1:4-4 1:5-5");
        {
            auto writer = RunWriter::open(m_run);
            VERIFY_OK(writer);
            (*writer)->addReport(report(6, {{"loss", 1}}, 1));
            VERIFY_OK((*writer)->flush());
            QCOMPARE((*writer)->lastFrameId(), int64_t{version >= 2 ? 4 : 0});
        }
        check("0:1-1 0:2-2 0:3-3 0:4-4* 1:4-4 1:5-5 1:6-6");
    }
    void migratesFromVersionToVersionInOrder()
    {
        VERIFY_OK(RunWriter::open(m_run));
        auto database = store::Database::open(m_run / "run.db", store::OpenMode::Write);
        VERIFY_OK(database);
        const int now = kRunStoreVersion;
        const std::array table = {
            store::Migration{now, "SELECT nonsense FROM nowhere"}, // never run
            store::Migration{now + 1, "CREATE TABLE added(x); INSERT INTO added VALUES(2)"},
            store::Migration{now + 2, "UPDATE added SET x = x * 10 + 3"}};
        VERIFY_OK(store::migrate(**database, table));
        QCOMPARE((*database)->queryInteger("SELECT x FROM added").value(), int64_t{23});
        QCOMPARE((*database)->queryInteger("PRAGMA user_version").value(), int64_t{now + 2});
        VERIFY_OK(store::migrate(**database, table));
        QCOMPARE((*database)->queryInteger("SELECT x FROM added").value(), int64_t{23});
    }
    void aFailedMigrationChangesNothing()
    {
        VERIFY_OK(RunWriter::open(m_run));
        auto database = store::Database::open(m_run / "run.db", store::OpenMode::Write);
        VERIFY_OK(database);
        const std::array table = {
            store::Migration{kRunStoreVersion + 1, "CREATE TABLE added(x); INSERT INTO nowhere VALUES(1)"}};
        QVERIFY(!store::migrate(**database, table));
        QCOMPARE((*database)->queryInteger("PRAGMA user_version").value(), int64_t{kRunStoreVersion});
        QCOMPARE((*database)->queryInteger("SELECT count(*) FROM sqlite_schema WHERE name = 'added'").value(),
                 int64_t{0});
    }
    void aWriterKilledBeforeItsFirstCommitLeavesAReadableFolder()
    {
        // A hot rollback journal: a transaction that was being undone or written when its process ended.
        const pid_t child = ::fork();
        if (child == 0) {
            sqlite3 *handle = nullptr;
            sqlite3_open((m_run / "run.db").c_str(), &handle);
            const char *sql =
                "PRAGMA cache_size=1; BEGIN; CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(100000)); "
                "INSERT INTO t VALUES(zeroblob(100000))";
            sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
            ::kill(::getpid(), SIGKILL);
        }
        ::waitpid(child, nullptr, 0);
        QVERIFY(std::filesystem::exists(m_run / "run.db-journal"));
        VERIFY_ERROR(RunReader::open(m_run), ErrorCode::NotFound, "nothing is written yet");
        VERIFY_OK(RunWriter::open(m_run));
        VERIFY_OK(RunReader::open(m_run));
    }
    void missingTablesAreAnError()
    {
        VERIFY_OK(RunWriter::open(m_run));
        QCOMPARE(runSql(m_run / "run.db", "DROP TABLE chunk; DROP TABLE status"), std::string());
        auto reader = RunReader::open(m_run);
        VERIFY_OK(reader);
        VERIFY_ERROR((*reader)->status(), ErrorCode::InvalidInput, "damaged");
        VERIFY_ERROR(RunWriter::open(m_run), ErrorCode::InvalidInput, "damaged");
    }
    void aDamagedChunkIsNamedAndTheOthersAreRead()
    {
        writeStore(m_run);
        QCOMPARE(runSql(m_run / "run.db", "UPDATE chunk_points SET data = zeroblob(100) WHERE id = "
                                          "(SELECT id FROM chunk WHERE series = 1 AND first_step = 1)"),
                 std::string());
        auto reader = RunReader::open(m_run);
        VERIFY_OK(reader);
        VERIFY_ERROR((*reader)->query(query("loss", 100'000)), ErrorCode::InvalidInput, "steps 1 to 4096");
        VERIFY_OK((*reader)->query(query("lr", 100'000)));
        SeriesQuery later = query("loss", 100'000);
        later.fromStep = 4097;
        VERIFY_OK((*reader)->query(later));
        VERIFY_OK((*reader)->query(query("loss", 1))); // headers are enough
    }
    void aDamagedLogIsLeftOutByTheNextWriter()
    {
        writeStore(m_run);
        const auto copy = m_folder->path();
        QCOMPARE(runSql(copy / "run.db",
                        "UPDATE point_log SET data = x'0102' WHERE id = (SELECT max(id) FROM point_log)"),
                 std::string());
        auto reader = RunReader::open(copy);
        VERIFY_OK(reader);
        VERIFY_ERROR((*reader)->query(query("loss")), ErrorCode::InvalidInput, "newest points");
        {
            auto writer = RunWriter::open(copy);
            VERIFY_OK(writer);
            (*writer)->addReport(report(20'000, {{"loss", 1}}));
            VERIFY_OK((*writer)->flush());
        }
        const auto buckets = (*reader)->query(query("loss", 1));
        VERIFY_OK(buckets);
        QCOMPARE(buckets->front().numPoints, uint64_t{12'003 - 1 + 1});
        const auto events = (*reader)->events(0, 10);
        VERIFY_OK(events);
        QVERIFY(events->back().kind == EventKind::Warning);
    }
    void flippedBytesGiveTypedErrorsOrAnswers()
    {
        writeStore(m_run);
        const std::string database = readText(m_run / "run.db");
        const std::string wal = readText(m_run / "run.db-wal");
        std::mt19937 random(3);
        int numErrors = 0;
        for (int round = 0; round < 200; ++round) {
            const auto run = m_folder->make("flip" + std::to_string(round));
            std::string bad = database;
            const int numFlips = 1 + static_cast<int>(random() % 20);
            for (int flip = 0; flip < numFlips; ++flip) {
                // Every other flip in the first pages, where the structure is.
                const size_t range = flip % 2 ? std::min<size_t>(bad.size(), 16'384) : bad.size();
                bad[random() % range] = static_cast<char>(random());
            }
            writeText(run / "run.db", bad);
            if (round % 2) writeText(run / "run.db-wal", wal);
            for (const ErrorCode code : readEverything(run)) {
                QVERIFY2(isTyped(code), errorCodeName(code));
                ++numErrors;
            }
            if (auto writer = RunWriter::open(run)) {
                (*writer)->addReport(report(30'000, {{"loss", 1}}));
                if (const auto flushed = (*writer)->flush(); !flushed)
                    QVERIFY2(isTyped(flushed.error().code), qPrintable(errorText(flushed)));
            } else {
                QVERIFY2(isTyped(writer.error().code), qPrintable(errorText(writer)));
            }
            std::filesystem::remove_all(run);
        }
        QVERIFY2(numErrors > 50, "the damage was not found");
    }
    void truncatedFilesGiveTypedErrorsOrAnswers()
    {
        writeStore(m_run);
        const std::string database = readText(m_folder->path() / "run.db");
        const std::string wal = readText(m_folder->path() / "run.db-wal");
        std::mt19937 random(4);
        for (int round = 0; round < 60; ++round) {
            const auto run = m_folder->make("cut" + std::to_string(round));
            writeText(run / "run.db", round % 3 ? database.substr(0, random() % database.size()) : database);
            writeText(run / "run.db-wal", round % 3 != 1 ? wal.substr(0, random() % (wal.size() + 1)) : wal);
            for (const ErrorCode code : readEverything(run)) QVERIFY2(isTyped(code), errorCodeName(code));
            std::filesystem::remove_all(run);
        }
    }
};

QTEST_APPLESS_MAIN(TestRunStoreDamage)
#include "tst_run_store_damage.moc"
