// SPDX-License-Identifier: Apache-2.0
#include "check_result.h"

#include "core/base/lock_file.h"

#include <QTemporaryDir>

#include <atomic>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace orrery;
namespace fs = std::filesystem;

class TestLockFile : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    fs::path at(const char *name) { return fs::path(m_folder.path().toStdString()) / name; }

private Q_SLOTS:
    void secondOwnerIsToldWhoHasIt()
    {
        const auto first = LockFile::acquire(at("a.lock"), "worker 4711");
        VERIFY_OK(first);
        QVERIFY(first->isOpen());
        QVERIFY(LockFile::isHeld(at("a.lock")));
        VERIFY_ERROR(LockFile::acquire(at("a.lock"), "worker 4712"), ErrorCode::Conflict, "worker 4711");
    }
    void askingDoesNotTakeOrMakeIt()
    {
        QVERIFY(!LockFile::isHeld(at("never.lock")));
        QVERIFY(!fs::exists(at("never.lock")));
        {
            const auto lock = LockFile::acquire(at("b.lock"), "me");
            VERIFY_OK(lock);
        }
        QVERIFY(!LockFile::isHeld(at("b.lock")));
        VERIFY_OK(LockFile::acquire(at("b.lock"), "me again"));
    }
    /// As a thread that asks and then gets no core for a while.
    void somebodyWhoOnlyAsksIsWaitedFor()
    {
        QCOMPARE(::close(::creat(at("asked.lock").c_str(), 0600)), 0);
        std::atomic<bool> isAsking{false};
        std::thread asking([&] {
            const FileDescriptor file(::open(at("asked.lock").c_str(), O_RDONLY | O_CLOEXEC));
            isAsking = ::flock(file.get(), LOCK_SH) == 0;
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
        });
        while (!isAsking) std::this_thread::yield();
        const auto lock = LockFile::acquire(at("asked.lock"), "owner");
        asking.join();
        VERIFY_OK(lock);
    }
    void manyWhoWantItGetItInTurn()
    {
        std::atomic<int> numHolding{0};
        std::atomic<int> mostHolding{0};
        std::atomic<int> numTaken{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int taken = 0; taken < 5;) {
                    const auto lock = LockFile::acquire(at("turns.lock"), "one of four");
                    if (!lock.ok()) continue;
                    mostHolding = std::max(mostHolding.load(), ++numHolding);
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                    --numHolding;
                    ++taken;
                    ++numTaken;
                }
            });
        for (std::thread &thread : threads) thread.join();
        QCOMPARE(numTaken.load(), 20);
        QCOMPARE(mostHolding.load(), 1);
    }
    void moveKeepsTheLock()
    {
        auto lock = LockFile::acquire(at("c.lock"), "me");
        VERIFY_OK(lock);
        LockFile moved = std::move(lock).value();
        QVERIFY(moved.isOpen());
        QVERIFY(LockFile::isHeld(at("c.lock")));
        moved = LockFile();
        QVERIFY(!LockFile::isHeld(at("c.lock")));
    }
    void diesWithItsProcess()
    {
        int ready[2];
        QCOMPARE(::pipe(ready), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL); // it ends with the test, however that ends
            const auto lock = LockFile::acquire(at("d.lock"), "child");
            const char answer = lock.ok() ? 'y' : 'n';
            (void)!::write(ready[1], &answer, 1);
            while (true) ::pause();
        }
        QVERIFY(child > 0);
        char answer = 0;
        QCOMPARE(::read(ready[0], &answer, 1), ssize_t{1});
        QCOMPARE(answer, 'y');
        QVERIFY(LockFile::isHeld(at("d.lock")));
        VERIFY_ERROR(LockFile::acquire(at("d.lock"), "parent"), ErrorCode::Conflict, "child");
        QCOMPARE(::kill(child, SIGKILL), 0);
        QCOMPARE(::waitpid(child, nullptr, 0), child);
        QVERIFY(!LockFile::isHeld(at("d.lock")));
        VERIFY_OK(LockFile::acquire(at("d.lock"), "parent"));
        ::close(ready[0]);
        ::close(ready[1]);
    }
    /// As on a full disk: nothing of it stays, and whoever waited for it gets one of his own.
    void whatCannotNameItsOwnerLeavesNothing()
    {
        rlimit before{};
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
        const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &none), 0); // no output until it is lifted
        const auto refused = LockFile::acquire(at("full.lock"), "me");
        ::setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, ignored);
        VERIFY_ERROR(refused, ErrorCode::Io, "full.lock");
        QVERIFY(!fs::exists(at("full.lock")));
        VERIFY_OK(LockFile::acquire(at("full.lock"), "me"));
    }
    void refusesLinksAndMissingFolders()
    {
        fs::create_symlink(at("elsewhere"), at("link.lock"));
        VERIFY_ERROR(LockFile::acquire(at("link.lock"), "me"), ErrorCode::Io, "link.lock");
        VERIFY_ERROR(LockFile::acquire(at("no/such.lock"), "me"), ErrorCode::NotFound, "no/such.lock");
    }
};

QTEST_GUILESS_MAIN(TestLockFile)
#include "tst_lock_file.moc"
