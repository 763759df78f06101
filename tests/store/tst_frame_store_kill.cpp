// SPDX-License-Identifier: Apache-2.0
// A writer that is killed while it keeps and thins frames leaves a store in which every frame that is listed
// reads back whole, and no file that nobody needs for long.
#include "core/store/frame_store.h"
#include "tests/store/store_fixture.h"

#include <csignal>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

using namespace orrery;
using namespace orrery::test;

namespace {

constexpr uint64_t kRoom = 200'000;

std::string bytesOf(int64_t step)
{
    std::minstd_rand random(static_cast<uint32_t>(step + 1));
    std::string bytes(500 + static_cast<size_t>(step * 37 % 3000), '\0');
    for (char &byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

[[noreturn]] void writeForever(const std::filesystem::path &run, int64_t step, int confirmed)
{
    auto writer = RunWriter::open(run);
    if (!writer) ::_exit(10);
    for (;; ++step) {
        (*writer)->addFrame({.step = step, .kind = FrameKind::Overview}, bytesOf(step), kRoom);
        if (step % 20 != 0) continue;
        if (!(*writer)->flush()) ::_exit(11);
        if (::write(confirmed, &step, sizeof step) != sizeof step) ::_exit(12);
    }
}

} // namespace

class TestFrameStoreKill : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyListedFrameSurvivesThirtyKills()
    {
        const TemporaryFolder folder;
        const auto run = folder.make("run");
        std::mt19937 random(5);
        int64_t largestConfirmed = -1;
        for (int kill = 0; kill < 30; ++kill) {
            int confirmed[2];
            QCOMPARE(::pipe(confirmed), 0);
            const pid_t child = ::fork();
            QVERIFY(child >= 0);
            if (child == 0) writeForever(run, largestConfirmed + 1, confirmed[1]);
            ::close(confirmed[1]);
            int64_t step = 0;
            if (::read(confirmed[0], &step, sizeof step) == sizeof step) largestConfirmed = step;
            ::usleep(random() % 30'000);
            ::kill(child, SIGKILL);
            int status = 0;
            QCOMPARE(::waitpid(child, &status, 0), child);
            QVERIFY2(WIFSIGNALED(status), std::to_string(status).c_str());
            while (::read(confirmed[0], &step, sizeof step) == sizeof step) largestConfirmed = step;
            ::close(confirmed[0]);

            auto reader = RunReader::open(run);
            VERIFY_OK(reader);
            const auto list = (*reader)->frames({});
            VERIFY_OK(list);
            QVERIFY(!list->empty());
            QVERIFY(list->back().step >= largestConfirmed);
            for (const FrameInfo &frame : *list) {
                const auto bytes = (*reader)->frameBytes(frame.id);
                VERIFY_OK(bytes);
                QVERIFY(*bytes == bytesOf(frame.step));
            }
        }
        QVERIFY2(largestConfirmed > 500, "the test wrote too little to thin anything");
        // The next writer clears away what the killed ones left.
        {
            auto writer = RunWriter::open(run);
            VERIFY_OK(writer);
            (*writer)->addFrame({.step = largestConfirmed + 1000, .kind = FrameKind::Overview}, "last",
                                kRoom);
            VERIFY_OK((*writer)->flush());
        }
        uint64_t total = 0;
        for (const auto &entry : std::filesystem::directory_iterator(run / "frames"))
            total += entry.file_size();
        auto reader = RunReader::open(run);
        uint64_t known = 0;
        const auto list = (*reader)->frames({});
        VERIFY_OK(list);
        for (const FrameInfo &frame : *list) known += frame.numBytes;
        QVERIFY(known <= kRoom);
        // Each kill may have left a tail in the file that it was writing.
        QVERIFY2(total <= 2 * kRoom, std::to_string(total).c_str());
    }
};

QTEST_APPLESS_MAIN(TestFrameStoreKill)
#include "tst_frame_store_kill.moc"
