// SPDX-License-Identifier: Apache-2.0
#include "tests/store/store_fixture.h"

using namespace orrery;
using namespace orrery::test;

class TestRunStoreAttempts : public QObject {
    Q_OBJECT

    std::unique_ptr<TemporaryFolder> m_folder;
    std::filesystem::path m_run;

    /// Starts or resumes, writes steps after fromStep up to lastStep, and ends.
    void train(int64_t fromStep, int64_t lastStep, int32_t expectedAttempt)
    {
        auto writer = RunWriter::open(m_run);
        VERIFY_OK(writer);
        const auto attempt = (*writer)->beginAttempt(fromStep);
        VERIFY_OK(attempt);
        QCOMPARE(*attempt, expectedAttempt);
        for (int64_t step = fromStep + 1; step <= lastStep; ++step)
            (*writer)->addReport(report(step, {{"loss", static_cast<double>(step)}}, *attempt));
        VERIFY_OK((*writer)->flush());
    }
    std::string read(int32_t maxBuckets, int64_t fromStep = 0,
                     int64_t toStep = std::numeric_limits<int64_t>::max())
    {
        auto reader = RunReader::open(m_run);
        if (!reader) return reader.error().text();
        SeriesQuery asked = query("loss", maxBuckets);
        asked.fromStep = fromStep;
        asked.toStep = toStep;
        const auto buckets = (*reader)->query(asked);
        return buckets ? describe(*buckets) : buckets.error().text();
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<TemporaryFolder>();
        m_run = m_folder->make("run");
    }

    void anUnbrokenRunHasNothingSuperseded()
    {
        train(0, 3, 0);
        QCOMPARE(read(10), std::string("0:1-1 0:2-2 0:3-3"));
    }
    void aResumeSupersedesTheOldTail()
    {
        train(0, 6, 0);
        train(4, 6, 1);
        QCOMPARE(read(10), std::string("0:1-1 0:2-2 0:3-3 0:4-4 0:5-5* 0:6-6* 1:5-5 1:6-6"));
    }
    void aLaterResumeFromEarlierCutsAllAttempts()
    {
        train(0, 6, 0);
        train(4, 8, 1);
        train(2, 3, 2);
        QCOMPARE(read(1), std::string("0:1-2 0:3-6* 1:5-8* 2:3-3"));
    }
    void aLaterResumeFromLaterLeavesTheCutsOfBefore()
    {
        train(0, 6, 0);
        train(2, 8, 1);
        train(7, 9, 2);
        QCOMPARE(read(1), std::string("0:1-2 0:3-6* 1:3-7 1:8-8* 2:8-9"));
    }
    void aResumeFromTheStartSupersedesEverything()
    {
        train(0, 6, 0);
        train(0, 2, 1);
        QCOMPARE(read(1), std::string("0:1-6* 1:1-2"));
    }
    void longAttemptsShareTheirBucketsAtTheCut()
    {
        train(0, 20'000, 0);
        train(15'000, 30'000, 1);
        auto reader = RunReader::open(m_run);
        VERIFY_OK(reader);
        const auto buckets = (*reader)->query(query("loss", 100));
        VERIFY_OK(buckets);
        size_t numOfAttempt[2] = {0, 0};
        size_t numSuperseded = 0;
        for (const SeriesBucket &bucket : *buckets) {
            ++numOfAttempt[bucket.attempt];
            numSuperseded += bucket.isSuperseded;
            QCOMPARE(bucket.isSuperseded, bucket.attempt == 0 && bucket.firstStep > 15'000);
            QVERIFY(bucket.attempt == 1 || bucket.lastStep <= 15'000 || bucket.firstStep > 15'000);
        }
        QVERIFY(numOfAttempt[0] <= 100 && numOfAttempt[0] > 80);
        QVERIFY(numOfAttempt[1] <= 100 && numOfAttempt[1] > 80);
        QVERIFY(numSuperseded >= 20 && numSuperseded <= 30);
    }
    void aRangeShowsOnlyItsPartOfTheTails()
    {
        train(0, 20, 0);
        train(10, 20, 1);
        QCOMPARE(read(1, 12, 15), std::string("0:12-15* 1:12-15"));
        QCOMPARE(read(1, 8, 10), std::string("0:8-10"));
        QCOMPARE(read(1, 10, 10), std::string("0:10-10"));
        QCOMPARE(read(1, 11, 11), std::string("0:11-11* 1:11-11"));
    }
    void theNumberCountsAttemptsThatWroteNothing()
    {
        train(0, 0, 0);
        train(0, 0, 1);
        train(0, 1, 2);
        QCOMPARE(read(10), std::string("2:1-1"));
    }
    void reportsWithoutAnAttemptAreOfTheFirst()
    {
        {
            auto writer = RunWriter::open(m_run);
            VERIFY_OK(writer);
            (*writer)->addReport(report(1, {{"loss", 1}}));
            VERIFY_OK((*writer)->flush());
        }
        train(1, 2, 1);
        QCOMPARE(read(10), std::string("0:1-1 1:2-2"));
    }
    void theListNamesWholeRangeAndNewestValue()
    {
        train(0, 20, 0);
        train(10, 12, 1);
        auto reader = RunReader::open(m_run);
        VERIFY_OK(reader);
        const auto list = (*reader)->listSeries();
        VERIFY_OK(list);
        QCOMPARE(list->front().numPoints, uint64_t{22});
        QCOMPARE(list->front().firstStep, int64_t{1});
        QCOMPARE(list->front().lastStep, int64_t{20});
        QCOMPARE(list->front().lastValue, 12.0);
    }
};

QTEST_APPLESS_MAIN(TestRunStoreAttempts)
#include "tst_run_store_attempts.moc"
