// SPDX-License-Identifier: Apache-2.0
#include "check_result.h"

#include "core/base/lock_file.h"

#include <QTemporaryDir>
#include <csignal>
#include <sys/wait.h>
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
    void refusesLinksAndMissingFolders()
    {
        fs::create_symlink(at("elsewhere"), at("link.lock"));
        VERIFY_ERROR(LockFile::acquire(at("link.lock"), "me"), ErrorCode::Io, "link.lock");
        VERIFY_ERROR(LockFile::acquire(at("no/such.lock"), "me"), ErrorCode::NotFound, "no/such.lock");
    }
};

QTEST_GUILESS_MAIN(TestLockFile)
#include "tst_lock_file.moc"
