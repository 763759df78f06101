// SPDX-License-Identifier: Apache-2.0
#include "check_result.h"

#include "core/base/platform.h"

#include <QTemporaryDir>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

using namespace orrery;
namespace fs = std::filesystem;

class TestUserDirs : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path at(const char *name) { return fs::path(m_folder->path().toStdString()) / name; }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>("/tmp/oud-XXXXXX");
        for (const char *name :
             {"ORRERY_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"})
            qunsetenv(name);
        qputenv("HOME", "/home/ada");
        qputenv("TMPDIR", m_folder->path().toLocal8Bit());
    }
    void followsTheDesktopRules()
    {
        QCOMPARE(qtext(userDataDir().string()), QString("/home/ada/.local/share/orrery"));
        QCOMPARE(qtext(userStateDir().string()), QString("/home/ada/.local/state/orrery"));
        QCOMPARE(qtext(userCacheDir().string()), QString("/home/ada/.cache/orrery"));
        qputenv("XDG_DATA_HOME", "/data");
        QCOMPARE(qtext(userDataDir().string()), QString("/data/orrery"));
        qputenv("XDG_DATA_HOME", "relative/is/ignored");
        QCOMPARE(qtext(userDataDir().string()), QString("/home/ada/.local/share/orrery"));
    }
    void ownHomeOverridesAll()
    {
        qputenv("ORRERY_HOME", at("home").c_str());
        qputenv("XDG_DATA_HOME", "/data");
        QVERIFY(userDataDir() == at("home"));
        QVERIFY(userStateDir() == at("home/state"));
        QVERIFY(userCacheDir() == at("home/cache"));
        const auto runtime = runtimeDir();
        VERIFY_OK(runtime);
        QVERIFY(*runtime == at("home/run"));
    }
    void makesARuntimeFolderForItsUserAlone()
    {
        const auto made = runtimeDir();
        VERIFY_OK(made);
        struct stat info {};
        QCOMPARE(::lstat(made->c_str(), &info), 0);
        QCOMPARE(info.st_mode & 07777, mode_t{0700});
        VERIFY_OK(runtimeDir());
    }
    void usesTheSessionsRuntimeFolder()
    {
        fs::create_directories(at("xdg"));
        qputenv("XDG_RUNTIME_DIR", at("xdg").c_str());
        const auto made = runtimeDir();
        VERIFY_OK(made);
        QVERIFY(*made == at("xdg/orrery"));
        qputenv("XDG_RUNTIME_DIR", at("gone").c_str());
        VERIFY_OK(runtimeDir());
        QVERIFY(!fs::exists(at("gone")));
    }
    void pathsStayShortEnoughForSockets()
    {
        const std::string longName(90, 'x');
        qputenv("ORRERY_HOME", at(longName.c_str()).c_str());
        const auto first = runtimeDir();
        VERIFY_OK(first);
        QVERIFY2(first->string().size() <= 72, first->c_str());
        qputenv("ORRERY_HOME", at((longName + "2").c_str()).c_str());
        const auto second = runtimeDir();
        VERIFY_OK(second);
        QVERIFY(*first != *second);
    }
    void refusesAFolderThatIsNotItsOwn_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("found");
        QTest::newRow("open to others") << "open"
                                        << "others may enter it";
        QTest::newRow("link") << "link"
                              << "it is a link";
        QTest::newRow("file") << "file"
                              << "it is not a folder";
        QTest::newRow("other owner") << "owner"
                                     << "it belongs to user 12345";
    }
    void refusesAFolderThatIsNotItsOwn()
    {
        QFETCH(QString, what);
        QFETCH(QString, found);
        const auto path = *runtimeDir();
        if (what == "open") {
            QCOMPARE(::chmod(path.c_str(), 0755), 0);
        } else if (what == "owner") {
            if (::geteuid() != 0) QSKIP("only root can give folders away");
            QCOMPARE(::chown(path.c_str(), 12345, 12345), 0);
        } else {
            fs::remove(path);
            if (what == "link") {
                fs::create_directories(at("target"));
                fs::create_symlink(at("target"), path);
            } else {
                QCOMPARE(::close(::creat(path.c_str(), 0600)), 0);
            }
        }
        const auto result = runtimeDir();
        VERIFY_ERROR(result, ErrorCode::Conflict, "expected a folder of this user");
        QVERIFY2(errorText(result).contains(found), qPrintable(errorText(result)));
    }
};

QTEST_GUILESS_MAIN(TestUserDirs)
#include "tst_user_dirs.moc"
