// SPDX-License-Identifier: Apache-2.0
// Frames are kept within their room, found again by id, and what is broken is named.
#include "core/base/files.h"
#include "core/store/frame_store.h"
#include "tests/store/store_fixture.h"

#include <atomic>
#include <set>
#include <thread>

using namespace orrery;
using namespace orrery::test;

namespace fs = std::filesystem;

namespace {

constexpr uint64_t kAmpleRoom = uint64_t{1} << 30;

/// 100 bytes that say which step they are of.
std::string bytesOf(int64_t step, size_t size = 100)
{
    std::string bytes = "frame of step " + std::to_string(step) + " ";
    bytes.resize(size, static_cast<char>('a' + step % 26));
    return bytes;
}

FrameInfo frameAt(int64_t step, FrameKind kind = FrameKind::Overview, int32_t prompt = 0, int32_t attempt = 0)
{
    return {.step = step,
            .wallTime = 1000.5 + static_cast<double>(step),
            .attempt = attempt,
            .kind = kind,
            .prompt = prompt};
}

FrameQuery ofPrompt(int32_t prompt, FrameKind kind = FrameKind::Overview)
{
    return {.kind = kind, .prompt = prompt};
}

} // namespace

class TestFrameStore : public QObject {
    Q_OBJECT

    std::unique_ptr<TemporaryFolder> m_folder;
    fs::path m_run;
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
    void add(int64_t step, uint64_t room = kAmpleRoom)
    {
        m_writer->addFrame(frameAt(step), bytesOf(step), room);
    }
    [[nodiscard]] std::vector<int64_t> steps(const FrameQuery &asked = ofPrompt(0))
    {
        std::vector<int64_t> found;
        const auto list = m_reader->frames(asked);
        for (const FrameInfo &frame : *list) found.push_back(frame.step);
        return found;
    }
    [[nodiscard]] std::set<std::string> files() const
    {
        std::set<std::string> names;
        if (fs::exists(m_run / "frames"))
            for (const auto &entry : fs::directory_iterator(m_run / "frames"))
                names.insert(entry.path().filename());
        return names;
    }
    [[nodiscard]] uint64_t sizeOfFiles() const
    {
        uint64_t total = 0;
        for (const std::string &name : files()) total += fs::file_size(m_run / "frames" / name);
        return total;
    }
    /// Empty when every frame that is listed reads back as it was.
    [[nodiscard]] std::string checkAll()
    {
        for (const FrameKind kind : {FrameKind::Overview, FrameKind::Heads})
            for (const int32_t prompt : {0, 1}) {
                const auto list = m_reader->frames(ofPrompt(prompt, kind));
                if (!list) return list.error().text();
                for (const FrameInfo &frame : *list) {
                    const auto bytes = m_reader->frameBytes(frame.id);
                    if (!bytes) return bytes.error().text();
                    if (*bytes != bytesOf(frame.step, frame.numBytes))
                        return "other bytes at " + std::to_string(frame.step);
                }
            }
        return "";
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
        setWriteFault(nullptr);
        m_writer.reset();
        m_reader.reset();
        m_folder.reset();
    }

    void framesReadBackInOrder()
    {
        QCOMPARE(m_writer->lastFrameId(), int64_t{0});
        QVERIFY(m_reader->frames(ofPrompt(0))->empty());
        for (const int64_t step : {0, 10, 20}) {
            add(step);
            m_writer->addFrame(frameAt(step, FrameKind::Overview, 1), bytesOf(step, 50), kAmpleRoom);
            m_writer->addFrame(frameAt(step, FrameKind::Heads), bytesOf(step, 3000), kAmpleRoom);
        }
        VERIFY_OK(m_writer->flush());
        QCOMPARE(m_writer->lastFrameId(), int64_t{9});
        const auto list = m_reader->frames(ofPrompt(1));
        VERIFY_OK(list);
        QCOMPARE(list->size(), size_t{3});
        const FrameInfo &last = list->back();
        QVERIFY(last.id == 8 && last.step == 20 && last.prompt == 1 && last.numBytes == 50);
        QVERIFY(last.kind == FrameKind::Overview && !last.isSuperseded && last.attempt == 0);
        QCOMPARE(last.wallTime, 1020.5);
        QCOMPARE(qtext(checkAll()), QString());
        QCOMPARE(m_reader->frames(ofPrompt(0, FrameKind::Heads))->size(), size_t{3});
        QVERIFY(m_reader->frames(ofPrompt(1, FrameKind::Heads))->empty());
        FrameQuery behind = ofPrompt(0);
        behind.afterId = 1;
        behind.maxFrames = 1;
        QCOMPARE(steps(behind), std::vector<int64_t>{10});
        QCOMPARE(files().size(), size_t{1});
    }
    void theStatusKnowsTheNewest()
    {
        RunStatus status;
        status.state = RunState::Running;
        m_writer->setStatus(status);
        add(1);
        VERIFY_OK(m_writer->flush());
        QCOMPARE(m_reader->status()->lastFrameId, int64_t{1}); // though the status was written before
        add(2);
        m_writer->setStatus(status);
        VERIFY_OK(m_writer->flush());
        QCOMPARE(m_reader->status()->lastFrameId, int64_t{2});
    }
    void aFileHoldsSixtyFour()
    {
        for (int64_t step = 0; step < 130; ++step) add(step);
        VERIFY_OK(m_writer->flush());
        QCOMPARE(files(), (std::set<std::string>{"000001.zst", "000002.zst", "000003.zst"}));
        QCOMPARE(fs::file_size(m_run / "frames" / "000001.zst"), uintmax_t{6400});
        QCOMPARE(qtext(checkAll()), QString());
    }
    void aNewWriterBeginsANewFile()
    {
        add(1);
        VERIFY_OK(m_writer->flush());
        m_writer.reset();
        // What a writer that was killed had begun: bytes behind the last row, and a file without any.
        std::ofstream(m_run / "frames" / "000001.zst", std::ios::app) << "half a frame";
        writeText(m_run / "frames" / "000007.zst", "nobody knows");
        writeText(m_run / "frames" / "note.txt", "not ours");
        open();
        add(2);
        VERIFY_OK(m_writer->flush());
        QCOMPARE(files(), (std::set<std::string>{"000001.zst", "000008.zst", "note.txt"}));
        QCOMPARE(steps(), (std::vector<int64_t>{1, 2}));
        QCOMPARE(m_writer->lastFrameId(), int64_t{2});
        QCOMPARE(qtext(checkAll()), QString());
    }
    void tailsOfOlderAttemptsAreSuperseded()
    {
        QCOMPARE(m_writer->beginAttempt(0).value(), 0);
        for (const int64_t step : {0, 10, 20}) add(step);
        QCOMPARE(m_writer->beginAttempt(10).value(), 1);
        for (const int64_t step : {20, 30})
            m_writer->addFrame(frameAt(step, FrameKind::Overview, 0, 1), bytesOf(step), kAmpleRoom);
        VERIFY_OK(m_writer->flush());
        std::string text;
        const auto list = m_reader->frames(ofPrompt(0));
        VERIFY_OK(list);
        for (const FrameInfo &frame : *list)
            text += std::to_string(frame.attempt) + ":" + std::to_string(frame.step) +
                    (frame.isSuperseded ? "* " : " ");
        QCOMPARE(text, std::string("0:0 0:10 0:20* 1:20 1:30 "));
    }

    void everySecondOfTheOldestGoes()
    {
        for (int64_t step = 0; step < 8; ++step) add(step, 800);
        VERIFY_OK(m_writer->flush());
        QCOMPARE(steps().size(), size_t{8}); // exactly full
        add(8, 800);
        VERIFY_OK(m_writer->flush());
        // Of nine, 1 and 3 of the older half go.
        QCOMPARE(steps(), (std::vector<int64_t>{0, 2, 4, 5, 6, 7, 8}));
        m_writer.reset(); // nobody waits for it to tidy up
        QCOMPARE(sizeOfFiles(), uint64_t{700});
        QCOMPARE(qtext(checkAll()), QString());
        VERIFY_ERROR(m_reader->frameBytes(2), ErrorCode::NotFound, "frame 2: it is not kept");
        VERIFY_ERROR(m_reader->frameBytes(10), ErrorCode::NotFound, "frame 10: it is not kept");
    }
    void manyFramesStayWithinTheirRoom()
    {
        constexpr uint64_t kRoom = 40'000;
        for (int64_t step = 0; step < 1200; ++step) {
            m_writer->addFrame(frameAt(step), bytesOf(step), kRoom);
            m_writer->addFrame(frameAt(step, FrameKind::Heads, 1), bytesOf(step, 300), kRoom);
        }
        VERIFY_OK(m_writer->flush());
        m_writer.reset(); // the last of it
        const std::vector<int64_t> overview = steps(), heads = steps(ofPrompt(1, FrameKind::Heads));
        QVERIFY(sizeOfFiles() <= kRoom);
        QVERIFY(sizeOfFiles() > kRoom / 2);
        QVERIFY(files().size() < 10);
        for (const auto &kept : {overview, heads}) {
            QVERIFY(kept.size() > 30);
            QCOMPARE(kept.front(), int64_t{0}); // the first is worth most
            QCOMPARE(kept.back(), int64_t{1199});
            QVERIFY(std::is_sorted(kept.begin(), kept.end()));
            // Newer ones stand closer.
            QVERIFY(kept[1] - kept[0] > kept[kept.size() - 1] - kept[kept.size() - 2]);
        }
        QCOMPARE(qtext(checkAll()), QString());
    }
    void theNewestStaysInAnyRoom()
    {
        for (int64_t step = 0; step < 5; ++step) {
            m_writer->addFrame(frameAt(step), bytesOf(step), 1);
            m_writer->addFrame(frameAt(step, FrameKind::Heads), bytesOf(step), 1);
        }
        VERIFY_OK(m_writer->flush());
        m_writer.reset();
        QCOMPARE(steps(), std::vector<int64_t>{4});
        QCOMPARE(steps(ofPrompt(0, FrameKind::Heads)), std::vector<int64_t>{4});
        QCOMPARE(qtext(checkAll()), QString());
        open();
        QCOMPARE(m_writer->lastFrameId(), int64_t{10});
    }
    void theRoomCountsFramesOfEarlierWriters()
    {
        for (int64_t step = 0; step < 8; ++step) add(step);
        VERIFY_OK(m_writer->flush());
        m_writer.reset();
        open();
        add(8, 850);
        VERIFY_OK(m_writer->flush());
        QCOMPARE(steps().size(), size_t{7});
    }
    void whoReadsWhileFramesMoveReadsThemWhole()
    {
        for (int64_t step = 0; step < 20; ++step) add(step, 4000);
        VERIFY_OK(m_writer->flush());
        std::atomic<bool> isDone{false};
        std::string problem;
        int numRead = 0;
        std::thread reading([&] {
            while (!isDone && problem.empty()) {
                const auto list = m_reader->frames(ofPrompt(0));
                if (!list) problem = list.error().text();
                for (const FrameInfo &frame : *list) {
                    const auto bytes = m_reader->frameBytes(frame.id);
                    if (bytes && *bytes != bytesOf(frame.step)) problem = "other bytes";
                    if (!bytes && bytes.error().code != ErrorCode::NotFound) problem = bytes.error().text();
                    numRead += bytes.ok();
                }
            }
        });
        for (int64_t step = 20; step < 600; ++step) {
            add(step, 4000);
            if (step % 10 == 0) VERIFY_OK(m_writer->flush());
        }
        isDone = true;
        reading.join();
        QCOMPARE(qtext(problem), QString());
        QVERIFY(numRead > 100);
    }

    void aFileCutInHalfIsNamed()
    {
        for (int64_t step = 0; step < 4; ++step) add(step);
        VERIFY_OK(m_writer->flush());
        fs::resize_file(m_run / "frames" / "000001.zst", 250);
        VERIFY_OK(m_reader->frameBytes(2));
        const auto cut = m_reader->frameBytes(3);
        VERIFY_ERROR(cut, ErrorCode::InvalidInput, "000001.zst\": the file is cut short at byte 250");
        VERIFY_ERROR(cut, ErrorCode::InvalidInput, "frame 3");
        VERIFY_ERROR(m_reader->frameBytes(4), ErrorCode::InvalidInput, "expected 400 bytes or more");
    }
    void damagedBytesAreNamed()
    {
        add(0);
        add(1);
        VERIFY_OK(m_writer->flush());
        std::fstream file(m_run / "frames" / "000001.zst", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(150);
        file.put('#');
        file.close();
        VERIFY_OK(m_reader->frameBytes(1));
        VERIFY_ERROR(m_reader->frameBytes(2), ErrorCode::InvalidInput, "000001.zst\": its bytes are damaged");
    }
    void aFileThatIsGoneIsNamed()
    {
        add(0);
        VERIFY_OK(m_writer->flush());
        fs::remove(m_run / "frames" / "000001.zst");
        VERIFY_ERROR(m_reader->frameBytes(1), ErrorCode::InvalidInput, "000001.zst\": there is no such file");
        fs::create_directory(m_run / "frames" / "000001.zst");
        VERIFY_ERROR(m_reader->frameBytes(1), ErrorCode::InvalidInput, "not a plain file");
    }
    void hostileRowsAreRefused_data()
    {
        QTest::addColumn<QString>("change");
        QTest::newRow("huge") << "num_bytes = 9000000000000000000";
        QTest::newRow("larger than frames get") << "num_bytes = 100000000";
        QTest::newRow("negative size") << "num_bytes = -5";
        QTest::newRow("negative offset") << "offset = -100";
        QTest::newRow("sum beyond all numbers") << "offset = 9223372036854775807";
    }
    void hostileRowsAreRefused()
    {
        QFETCH(const QString, change);
        add(0);
        VERIFY_OK(m_writer->flush());
        m_writer.reset();
        QCOMPARE(runSql(m_run / "run.db", "UPDATE frame SET " + change.toStdString()), std::string());
        VERIFY_ERROR(m_reader->frameBytes(1), ErrorCode::InvalidInput, "run.db says that it has");
        // A writer that meets such a row goes on without it.
        open();
        for (int64_t step = 1; step < 10; ++step) add(step, 500);
        VERIFY_OK(m_writer->flush());
        VERIFY_OK(m_reader->frameBytes(m_writer->lastFrameId()));
    }
    void badQuestionsAreRefused()
    {
        FrameQuery asked = ofPrompt(0);
        asked.maxFrames = 0;
        VERIFY_ERROR(m_reader->frames(asked), ErrorCode::InvalidInput, "max_frames is 0");
        VERIFY_ERROR(m_reader->frames(ofPrompt(0, FrameKind::Unknown)), ErrorCode::InvalidInput,
                     "kind is unknown");
        VERIFY_ERROR(m_reader->frameBytes(-1), ErrorCode::NotFound, "frame -1");
    }
    void whatTheDiskDoesNotTakeIsLeftOut()
    {
        setWriteFault([](WriteOperation operation, const fs::path &path, size_t) {
            return operation == WriteOperation::Write && path.extension() == ".zst" ? ENOSPC : 0;
        });
        for (int64_t step = 0; step < 3; ++step) add(step);
        m_writer->addReport(report(1, {{"loss", 1}}));
        VERIFY_OK(m_writer->flush());
        QVERIFY(!m_writer->failure());
        QVERIFY(m_reader->frames(ofPrompt(0))->empty());
        const auto events = m_reader->events(0, 10);
        VERIFY_OK(events);
        QCOMPARE(events->size(), size_t{1}); // said once
        QVERIFY(events->front().kind == EventKind::Warning);
        QVERIFY2(events->front().text.find("frames/000001.zst") != std::string::npos,
                 events->front().text.c_str());
        setWriteFault(nullptr);
        add(3);
        VERIFY_OK(m_writer->flush());
        QCOMPARE(steps(), std::vector<int64_t>{3});
        QCOMPARE(qtext(checkAll()), QString());
    }
    void emptyFramesAreLeftOut()
    {
        m_writer->addFrame(frameAt(0), "", kAmpleRoom);
        VERIFY_OK(m_writer->flush());
        QCOMPARE(m_writer->lastFrameId(), int64_t{0});
        QCOMPARE(m_reader->events(0, 10)->size(), size_t{1});
    }

    void copiesBringTheirFrames()
    {
        auto run = RunDirectory::create(m_folder->path() / "made", frozenSpec("made"));
        VERIFY_OK(run);
        m_run = run->path();
        open();
        for (int64_t step = 0; step < 70; ++step) add(step);
        VERIFY_OK(m_writer->flush());
        VERIFY_OK(run->copyTo(m_folder->path() / "copy"));
        m_writer.reset();
        // A copy of a run whose files are lost knows no more than it has.
        fs::remove(m_run / "frames" / "000001.zst");
        VERIFY_OK(run->copyTo(m_folder->path() / "second"));
        m_run = m_folder->path() / "copy";
        open();
        QCOMPARE(steps().size(), size_t{70});
        QCOMPARE(qtext(checkAll()), QString());
        m_run = m_folder->path() / "second";
        open();
        QCOMPARE(steps(), (std::vector<int64_t>{64, 65, 66, 67, 68, 69}));
        QCOMPARE(qtext(checkAll()), QString());
    }
};

QTEST_APPLESS_MAIN(TestFrameStore)
#include "tst_frame_store.moc"
