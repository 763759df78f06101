// SPDX-License-Identifier: Apache-2.0
// One at a time reads a memory file to write it again; nothing of the lock is left behind.
#include "core/tensorfile/memory_file_lock.h"

#include "tests/base/check_result.h"

#include <QTemporaryDir>

#include <fstream>
#include <thread>
#include <vector>

using namespace orrery;

class TestMemoryFileLock : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    [[nodiscard]] std::filesystem::path folder() const { return m_folder.path().toStdString(); }

private Q_SLOTS:
    void cleanup() { QVERIFY(std::filesystem::is_empty(folder())); }

    void theSecondIsToldWhoHasIt()
    {
        {
            auto first = MemoryFileLock::acquire(folder() / "talk.memory", "generate");
            VERIFY_OK(first);
            const auto second = MemoryFileLock::acquire(folder() / "talk.memory", "memory pin");
            VERIFY_ERROR(second, ErrorCode::Conflict, "talk.memory.lock\": \"generate\" (process ");
            VERIFY_OK(MemoryFileLock::acquire(folder() / "other.memory", "memory pin"));
            const MemoryFileLock moved = std::move(*first);
            VERIFY_ERROR(MemoryFileLock::acquire(folder() / "talk.memory", "memory pin"), ErrorCode::Conflict,
                         "holds it");
        }
        VERIFY_OK(MemoryFileLock::acquire(folder() / "talk.memory", "memory pin"));
    }
    void anotherNameOfTheSameFileIsTheSame()
    {
        std::ofstream(folder() / "talk.memory") << "x";
        std::filesystem::create_symlink("talk.memory", folder() / "link");
        {
            const auto held = MemoryFileLock::acquire(folder() / "link", "generate");
            VERIFY_OK(held);
            VERIFY_ERROR(MemoryFileLock::acquire(folder() / "." / "talk.memory", "memory wipe"),
                         ErrorCode::Conflict, "holds it");
        }
        std::filesystem::remove(folder() / "link");
        std::filesystem::remove(folder() / "talk.memory");
    }
    void whatCannotBeLockedSaysSo()
    {
        VERIFY_ERROR(MemoryFileLock::acquire(folder() / "none" / "talk.memory", "generate"),
                     ErrorCode::NotFound, "talk.memory.lock");
    }
    /// Each reads a number, adds one and writes it again: none is lost, though the lock is deleted each time.
    void nothingIsLostAmongMany()
    {
        constexpr int kNumThreads = 4, kNumAdds = 25;
        const std::filesystem::path file = folder() / "number";
        std::ofstream(file) << 0;
        std::vector<std::thread> threads;
        for (int t = 0; t < kNumThreads; ++t)
            threads.emplace_back([&file] {
                for (int i = 0; i < kNumAdds;) {
                    const auto lock = MemoryFileLock::acquire(file, "test");
                    if (!lock) continue;
                    int number = 0;
                    std::ifstream(file) >> number;
                    std::ofstream(file) << number + 1;
                    ++i;
                }
            });
        for (std::thread &thread : threads) thread.join();
        int number = 0;
        std::ifstream(file) >> number;
        QCOMPARE(number, kNumThreads * kNumAdds);
        std::filesystem::remove(file);
    }
};

QTEST_GUILESS_MAIN(TestMemoryFileLock)
#include "tst_memory_file_lock.moc"
