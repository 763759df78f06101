// SPDX-License-Identifier: Apache-2.0
#include "tests/spec/full_status.h"
#include "tests/store/store_fixture.h"

#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <thread>

using namespace orrery;
using namespace orrery::test;

class TestRunStore : public QObject {
    Q_OBJECT

    std::unique_ptr<TemporaryFolder> m_folder;
    std::filesystem::path m_run;
    std::unique_ptr<RunWriter> m_writer;
    std::unique_ptr<RunReader> m_reader;

    void open()
    {
        auto writer = RunWriter::open(m_run);
        VERIFY_OK(writer);
        m_writer = std::move(*writer);
        auto reader = RunReader::open(m_run);
        VERIFY_OK(reader);
        m_reader = std::move(*reader);
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<TemporaryFolder>();
        m_run = m_folder->make("run");
        open();
    }
    void cleanup()
    {
        m_writer.reset();
        m_reader.reset();
        m_folder.reset();
    }

    void committedPointsAreReadWhileTheWriterLives()
    {
        m_writer->addReport(report(1, {{"loss", 2.5}, {"lr", 0.1}}));
        m_writer->addReport(report(2, {{"loss", 2.25}}));
        VERIFY_OK(m_writer->flush());
        const auto buckets = m_reader->query(query("loss"));
        VERIFY_OK(buckets);
        QCOMPARE(buckets->size(), size_t{2});
        QCOMPARE(buckets->back().last, 2.25);
        QCOMPARE(buckets->back().lastWallTime, 1002.0);
        const auto list = m_reader->listSeries();
        VERIFY_OK(list);
        QCOMPARE(list->size(), size_t{2});
        QCOMPARE((*list)[0].name, std::string("loss"));
        QCOMPARE((*list)[0].numPoints, uint64_t{2});
        QCOMPARE((*list)[0].firstStep, int64_t{1});
        QCOMPARE((*list)[0].lastStep, int64_t{2});
        QCOMPARE((*list)[0].lastValue, 2.25);
    }
    void aClosedRunReadsTheSameAsAnOpenOne()
    {
        for (int step = 1; step <= 10'000; ++step) m_writer->addReport(report(step, {{"loss", 1.0 / step}}));
        VERIFY_OK(m_writer->flush());
        const auto before = m_reader->query(query("loss", 77));
        const auto listBefore = m_reader->listSeries();
        m_writer.reset();
        const auto after = m_reader->query(query("loss", 77));
        const auto listAfter = m_reader->listSeries();
        VERIFY_OK(before);
        VERIFY_OK(after);
        QCOMPARE(describe(*after), describe(*before));
        QCOMPARE((*listAfter)[0].numPoints, uint64_t{10'000});
        QCOMPARE((*listBefore)[0].numPoints, uint64_t{10'000});
        QCOMPARE((*listAfter)[0].lastValue, (*listBefore)[0].lastValue);
    }
    void pointsWrittenOverManyOpeningsStayInOrder()
    {
        for (int turn = 0; turn < 8; ++turn) {
            for (int step = turn * 900 + 1; step <= (turn + 1) * 900; ++step) {
                m_writer->addReport(report(step, {{"loss", static_cast<double>(step)}}));
                if (step % 300 == 0) VERIFY_OK(m_writer->flush());
            }
            m_writer.reset();
            open();
        }
        const auto buckets = m_reader->query(query("loss", 100'000));
        VERIFY_OK(buckets);
        QCOMPARE(buckets->size(), size_t{7200});
        for (size_t i = 0; i < buckets->size(); ++i) QCOMPARE((*buckets)[i].last, static_cast<double>(i + 1));
    }
    void seriesOfDifferentRhythmsAreAllKept()
    {
        for (int step = 1; step <= 5000; ++step) {
            StepReport one = report(step, {{"loss", 1.0}});
            if (step % 500 == 0) one.values.push_back({"val_loss", static_cast<double>(step)});
            m_writer->addReport(one);
            if (step % 2 == 0) VERIFY_OK(m_writer->flush());
        }
        const auto buckets = m_reader->query(query("val_loss"));
        VERIFY_OK(buckets);
        QCOMPARE(buckets->size(), size_t{10});
        QCOMPARE(buckets->front().last, 500.0);
        const auto loss = m_reader->query(query("loss", 1));
        VERIFY_OK(loss);
        QCOMPARE(loss->front().numPoints, uint64_t{5000});
    }
    void keepsNaNAndInfinity()
    {
        const double infinity = std::numeric_limits<double>::infinity();
        m_writer->addReport(report(1, {{"loss", std::nan("")}}));
        m_writer->addReport(report(2, {{"loss", -infinity}}));
        m_writer->addReport(report(3, {{"loss", 4}}));
        m_writer->addReport(report(4, {{"loss", infinity}}));
        m_writer.reset(); // folded into a chunk, whose header must keep them too
        const auto points = m_reader->query(query("loss"));
        VERIFY_OK(points);
        QVERIFY(std::isnan((*points)[0].last) && std::isnan((*points)[0].minimum));
        QCOMPARE((*points)[1].last, -infinity);
        const auto whole = m_reader->query(query("loss", 1));
        VERIFY_OK(whole);
        QCOMPARE(whole->front().numNonFinite, uint64_t{3});
        QCOMPARE(whole->front().minimum, 4.0);
        QCOMPARE(whole->front().maximum, 4.0);
        QCOMPARE(whole->front().last, infinity);
    }
    void leavesOutAPointThatGoesBackAndSaysSo()
    {
        m_writer->addReport(report(5, {{"loss", 1}}));
        m_writer->addReport(report(4, {{"loss", 2}}));
        m_writer->addReport(report(5, {{"loss", 3}})); // the same step again is fine
        VERIFY_OK(m_writer->flush());
        const auto buckets = m_reader->query(query("loss"));
        VERIFY_OK(buckets);
        QCOMPARE(describe(*buckets), std::string("0:5-5 0:5-5"));
        const auto events = m_reader->events(0, 10);
        VERIFY_OK(events);
        QCOMPARE(events->size(), size_t{1});
        QVERIFY(events->front().kind == EventKind::Warning);
        QVERIFY2(events->front().text.find("step 4") != std::string::npos, events->front().text.c_str());
    }
    void refusesSeriesNamesThatCannotBeShown()
    {
        m_writer->addReport(report(1, {{"", 1}, {std::string(300, 'x'), 1}, {"\xff\xfe", 1}, {"loss", 1}}));
        VERIFY_OK(m_writer->flush());
        const auto list = m_reader->listSeries();
        VERIFY_OK(list);
        QCOMPARE(list->size(), size_t{1});
        const auto events = m_reader->events(0, 10);
        VERIFY_OK(events);
        QCOMPARE(events->size(), size_t{3});
    }
    void namesTheNearestSeries()
    {
        m_writer->addReport(report(1, {{"val_loss", 1}}));
        VERIFY_OK(m_writer->flush());
        VERIFY_ERROR(m_reader->query(query("val_los")), ErrorCode::NotFound, "\"val_loss\"");
    }
    void refusesImpossibleNumbersOfBuckets()
    {
        VERIFY_ERROR(m_reader->query(query("loss", 0)), ErrorCode::InvalidInput, "max_buckets is 0");
        VERIFY_ERROR(m_reader->query(query("loss", 100'001)), ErrorCode::InvalidInput, "100001");
        VERIFY_ERROR(m_reader->events(0, 0), ErrorCode::InvalidInput, "max_events is 0");
    }
    void anEmptyRangeHasNoBuckets()
    {
        m_writer->addReport(report(1, {{"loss", 1}}));
        VERIFY_OK(m_writer->flush());
        SeriesQuery none = query("loss");
        none.fromStep = 2;
        auto buckets = m_reader->query(none);
        VERIFY_OK(buckets);
        QVERIFY(buckets->empty());
        none.toStep = 0;
        buckets = m_reader->query(none);
        VERIFY_OK(buckets);
        QVERIFY(buckets->empty());
    }
    void eventsHaveGrowingIdsAndCanBeFollowed()
    {
        for (int i = 0; i < 5; ++i) {
            RunEvent event{0, i, 1000.5, 0, EventKind::Note, "note " + std::to_string(i), "{\"i\":1}"};
            m_writer->addEvent(event);
        }
        VERIFY_OK(m_writer->flush());
        const auto first = m_reader->events(0, 2);
        VERIFY_OK(first);
        QCOMPARE(first->size(), size_t{2});
        const auto rest = m_reader->events(first->back().id, 100);
        VERIFY_OK(rest);
        QCOMPARE(rest->size(), size_t{3});
        QCOMPARE(rest->front().text, std::string("note 2"));
        QCOMPARE(rest->front().wallTime, 1000.5);
        QCOMPARE(rest->front().payload, std::string("{\"i\":1}"));
        QVERIFY(rest->front().kind == EventKind::Note);
        QVERIFY(rest->front().id > first->back().id);
    }
    void boundsLongAndBrokenTexts()
    {
        std::string umlauts;
        for (int i = 0; i < 60'000; ++i) umlauts += "ä";
        m_writer->addEvent(RunEvent{0, 1, 0, 0, EventKind::Note, umlauts, std::string(70'000, '1')});
        m_writer->addEvent(RunEvent{0, 1, 0, 0, EventKind::Note, "a\xff", ""});
        VERIFY_OK(m_writer->flush());
        const auto events = m_reader->events(0, 10);
        VERIFY_OK(events);
        QVERIFY(events->front().text.size() <= 64 * 1024);
        QVERIFY(events->front().text.ends_with("ä…"));
        QCOMPARE(events->front().payload, std::string("{\"truncated\":true,\"num_bytes\":70000}"));
        QCOMPARE(events->back().text, std::string("a\xEF\xBF\xBD"));
    }
    void oneCheckpointIsTheBest()
    {
        m_writer->addCheckpoint({100, 1.5, 2.0, true, true, 4096, "checkpoints/step-00000100"});
        m_writer->addCheckpoint({200, 2.5, 1.0, true, true, 4096, "checkpoints/step-00000200"});
        m_writer->addCheckpoint({300, 3.5, std::nan(""), false, false, 4096, "checkpoints/step-00000300"});
        m_writer->removeCheckpoint(300);
        m_writer->addCheckpoint(
            {400, 4.5, std::nan(""), false, true, 1ULL << 40, "checkpoints/step-00000400"});
        VERIFY_OK(m_writer->flush());
        const auto list = m_reader->checkpoints();
        VERIFY_OK(list);
        QCOMPARE(list->size(), size_t{3});
        QVERIFY(!(*list)[0].isBest && (*list)[1].isBest && !(*list)[2].isBest);
        QVERIFY(std::isnan((*list)[2].valLoss));
        QCOMPARE((*list)[2].numBytes, uint64_t{1} << 40);
        QCOMPARE((*list)[1].wallTime, 2.5);
        QCOMPARE((*list)[1].directory, std::string("checkpoints/step-00000200"));
    }
    void statusComesBackWhole()
    {
        const RunStatus status = test::fullStatus();
        m_writer->setStatus(RunStatus{});
        m_writer->setStatus(status);
        VERIFY_OK(m_writer->flush());
        const auto read = m_reader->status();
        VERIFY_OK(read);
        // The number of the newest frame is that of the frames; the others stand in spec.json and labels.json.
        QCOMPARE(qtext(test::statusDifferences(*read, status)), QString(" lastFrameId parent parentStep labels"));
        // What is not known stays so.
        m_writer->setStatus(RunStatus{});
        VERIFY_OK(m_writer->flush());
        const auto none = m_reader->status();
        VERIFY_OK(none);
        QCOMPARE(qtext(test::statusDifferences(*none, RunStatus{})), QString());
    }
    void theListenerHearsWhatWasCommitted()
    {
        std::vector<int64_t> steps;
        std::vector<int64_t> ids;
        m_writer->setCommitListener(
            [&](const std::vector<StepReport> &reports, const std::vector<RunEvent> &events) {
                for (const StepReport &one : reports) steps.push_back(one.step);
                for (const RunEvent &event : events) {
                    ids.push_back(event.id);
                    const auto stored = m_reader->events(event.id - 1, 1); // already on the disk
                    if (!stored || stored->empty() || stored->front().text != event.text) ids.push_back(-1);
                }
            });
        for (int step = 1; step <= 100; ++step) m_writer->addReport(report(step, {{"loss", 1}}));
        m_writer->addEvent(RunEvent{0, 1, 0, 0, EventKind::Note, "one", ""});
        m_writer->addEvent(RunEvent{0, 1, 0, 0, EventKind::Note, "two", ""});
        VERIFY_OK(m_writer->flush());
        m_writer->setCommitListener(nullptr);
        m_writer->addReport(report(101, {{"loss", 1}}));
        VERIFY_OK(m_writer->flush());
        QCOMPARE(steps.size(), size_t{100});
        QCOMPARE(steps.back(), int64_t{100});
        QCOMPARE(ids, (std::vector<int64_t>{1, 2}));
    }
    void queuedEntriesAreCommittedWithoutAFlush()
    {
        std::atomic<bool> isCommitted{false};
        m_writer->setCommitListener([&](const auto &, const auto &) { isCommitted = true; });
        m_writer->addReport(report(1, {{"loss", 1}}));
        QTRY_VERIFY_WITH_TIMEOUT(isCommitted, 60'000);
    }
    void aListenerThatBlocksHoldsUpNoFlush()
    {
        // A viewer that holds the lock of the listener, for as long as it likes.
        std::mutex gate;
        std::unique_lock held(gate);
        std::atomic<int> numTold{0};
        m_writer->setCommitListener([&](const auto &reports, const auto &) {
            const std::lock_guard wait(gate);
            numTold += static_cast<int>(reports.size());
        });
        for (int step = 1; step <= 50; ++step) {
            m_writer->addReport(report(step, {{"loss", 1}}));
            VERIFY_OK(m_writer->flush());
        }
        QCOMPARE(m_writer->waits().forViewers, uint64_t{0});
        QCOMPARE(m_writer->waits().forDisk, uint64_t{0});
        QCOMPARE(numTold.load(), 0);
        held.unlock();
        m_writer->setCommitListener(nullptr);
        QCOMPARE(numTold.load(), 50);
    }
    void waitsForViewersAreCounted_data()
    {
        QTest::addColumn<bool>("isFlush");
        QTest::newRow("in a flush") << true;
        QTest::newRow("at a full queue") << false;
    }
    void waitsForViewersAreCounted()
    {
        QFETCH(const bool, isFlush);
        m_writer.reset();
        // Room for one commit in front of the listener: the second one has to wait for it.
        auto writer = RunWriter::open(m_run, {.maxQueued = isFlush ? size_t{65'536} : 4, .maxUntold = 1});
        VERIFY_OK(writer);
        std::mutex gate;
        std::unique_lock held(gate);
        (*writer)->setCommitListener([&](const auto &, const auto &) { const std::lock_guard wait(gate); });
        std::thread producer([&] {
            for (int step = 1; step <= 200; ++step) {
                (*writer)->addReport(report(step, {{"loss", 1}}));
                if (isFlush) (void)(*writer)->flush();
            }
        });
        const bool isCounted = QTest::qWaitFor([&] { return (*writer)->waits().forViewers > 0; }, 60'000);
        held.unlock();
        producer.join();
        QVERIFY(isCounted);
        VERIFY_OK((*writer)->flush());
        (*writer)->setCommitListener(nullptr);
        const auto buckets = m_reader->query(query("loss", 1));
        VERIFY_OK(buckets);
        QCOMPARE(buckets->front().numPoints, uint64_t{200});
    }
    void aBusyReaderSeesPrefixesOnlyAndTheWalStaysSmall()
    {
        std::atomic<bool> stops{false};
        std::string problem;
        std::uintmax_t largestWal = 0;
        std::thread reading([&] {
            auto reader = RunReader::open(m_run);
            uint64_t before = 0;
            while (!stops && problem.empty()) {
                std::error_code failed;
                const auto wal = std::filesystem::file_size(m_run / "run.db-wal", failed);
                if (!failed) largestWal = std::max(largestWal, wal);
                const auto buckets = (*reader)->query(query("loss", 100));
                if (!buckets) {
                    if (buckets.error().code != ErrorCode::NotFound) problem = buckets.error().text();
                    continue;
                }
                uint64_t numPoints = 0;
                for (const SeriesBucket &bucket : *buckets) numPoints += bucket.numPoints;
                // Steps are 1, 2, 3 …: a prefix of n points ends at step n.
                if (buckets->back().lastStep != static_cast<int64_t>(numPoints)) problem = "not a prefix";
                if (numPoints < before) problem = "points went away";
                before = numPoints;
            }
        });
        for (int step = 1; step <= 400'000; ++step) {
            m_writer->addReport(report(step, {{"loss", 1.0 / step}, {"lr", 0.1}, {"grad_norm", step * 0.7}}));
            if (step % 1000 == 0) VERIFY_OK(m_writer->flush());
        }
        VERIFY_OK(m_writer->flush());
        stops = true;
        reading.join();
        QCOMPARE(qtext(problem), QString());
        QVERIFY2(largestWal <= 64U << 20, std::to_string(largestWal).c_str());
    }
};

QTEST_APPLESS_MAIN(TestRunStore)
#include "tst_run_store.moc"
