// SPDX-License-Identifier: Apache-2.0
#include "core/base/counter_rng.h"
#include "core/base/files.h"
#include "data_fixture.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <vector>

using namespace orrery;
namespace fs = std::filesystem;

class TestShardFaults : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void cleanup() { setWriteFault(nullptr); }

    /// The disk fails at each single operation: a typed error, nothing half left, and the next try succeeds.
    void survivesAFaultAtEveryOperation()
    {
        const DataFixture data;
        std::string lines;
        for (int i = 0; i < 30; ++i)
            lines += R"({"messages":[{"role":"assistant","content":"one two three"}]})"
                     "\n";
        const DataSpec spec = DataFixture::spec(data.write("a.jsonl", lines));
        int numErrors = 0;
        for (int failAt = 0;; ++failAt) {
            QVERIFY2(failAt < 200, "the sweep does not end");
            int operation = 0;
            setWriteFault(
                [&](WriteOperation, const fs::path &, size_t) { return operation++ == failAt ? ENOSPC : 0; });
            const auto shards = data.prepare(spec);
            setWriteFault(nullptr);
            if (operation <= failAt) {
                VERIFY_OK(shards);
                break;
            }
            if (shards.ok()) { // the memory of hashes is only a cache: a full disk there is no error
                fs::remove_all(shards->folder());
                continue;
            }
            ++numErrors;
            VERIFY_ERROR(shards, ErrorCode::Io, "No space left on device");
            QVERIFY(shards.error().message.find(data.cache().string()) != std::string::npos);
            for (const auto &entry : fs::directory_iterator(data.cache())) {
                QVERIFY(entry.path().extension() != ".partial" && entry.path().extension() != ".lock");
                // After a fault behind the rename the folder is whole, or it would not be there.
                if (entry.path().filename() != "index") {
                    VERIFY_OK(TokenShards::open(entry.path()));
                    fs::remove_all(entry.path());
                }
            }
        }
        QVERIFY2(numErrors >= 12, qPrintable(QString::number(numErrors)));
    }

    void reportsACacheThatCannotBeMade()
    {
        const DataFixture data;
        data.write("cache", "a file stands here");
        VERIFY_ERROR(data.prepare(DataFixture::spec(data.write("a.txt", numberedLines(100)))), ErrorCode::Io,
                     "cache");
    }

    void killsLeaveNothingUnreadable()
    {
        const DataFixture data(DataFixture::Place::Disk);
        std::string text;
        while (text.size() < (4u << 20)) text += numberedLines(10'000);
        const DataSpec spec = DataFixture::spec(data.write("a.txt", text));
        const CounterRng rng({.seed = 5, .purpose = RngPurpose::Sampling});
        for (uint64_t kill = 0; kill < 10; ++kill) {
            const pid_t child = ::fork();
            QVERIFY(child >= 0);
            if (child == 0) {
                for (uint64_t seed = kill * 1000;; ++seed)
                    if (!data.prepare(spec, 16, seed).ok()) ::_exit(1);
            }
            ::usleep(static_cast<useconds_t>(5'000 + rng.below(kill, 60'000)));
            ::kill(child, SIGKILL);
            int status = 0;
            QCOMPARE(::waitpid(child, &status, 0), child);
            QVERIFY(WIFSIGNALED(status));
            if (!fs::exists(data.cache())) continue;
            std::vector<fs::path> finished;
            for (const auto &entry : fs::directory_iterator(data.cache()))
                if (entry.path().filename().string().size() == 64) finished.push_back(entry.path());
            for (const fs::path &folder : finished) {
                VERIFY_OK(TokenShards::open(folder));
                fs::remove_all(folder); // a quick machine makes many
            }
        }
        VERIFY_OK(data.prepare(spec, 16, 999'999));
        for (const auto &entry : fs::directory_iterator(data.cache()))
            QVERIFY(entry.path().extension() != ".partial");
    }
};

QTEST_APPLESS_MAIN(TestShardFaults)
#include "tst_shard_faults.moc"
