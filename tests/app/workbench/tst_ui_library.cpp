// SPDX-License-Identifier: GPL-3.0-or-later
// Libraries of window halves that end whatever opens them: tried by the real program, which lives through
// them.
#include "app/workbench/ui_library.h"
#include "host_process.h"
#include "tests/plugin/plugin_fixture.h"

#include <QDirIterator>
#include <QElapsedTimer>
#include <QProcess>

using namespace Qt::StringLiterals;
using namespace orrery;
using orrery::test::HostProcess;
using orrery::test::kPatienceMs;
using orrery::test::PluginFolder;

class TestUiLibrary : public QObject {
    Q_OBJECT

    static constexpr const char *kFall = "ORRERY_TEST_FALL";

    static void install(const PluginFolder &folder, const QByteArray &id, const QString &library)
    {
        folder.addAs(id, test::manifestOf(id).replace("engineLibrary", "uiLibrary"));
        QFile file(QStringLiteral(ORRERY_TEST_LIBRARIES "/lib%1.so").arg(library));
        QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(file.fileName()));
        folder.write(u"%1/lib%1.so"_s.arg(QString::fromUtf8(id)), file.readAll());
    }
    static ui::TriedUiLibraries tried(const PluginFolder &folder, double seconds = 60,
                                      std::function<bool()> isCancelled = {})
    {
        return ui::tryUiLibraries(
            folder.scan(),
            {.program = ORRERY_BIN_DIR "/orrery", .seconds = seconds, .isCancelled = std::move(isCancelled)});
    }

private Q_SLOTS:
    void cleanup() { qunsetenv(kFall); }

    void thoseThatFallAreTold_data()
    {
        QTest::addColumn<double>("seconds");
        QTest::addColumn<QString>("reason");
        QTest::newRow("good") << 60.0 << QString();
        QTest::newRow("throws") << 60.0 << u"loading its library ended a process with signal SIGABRT"_s;
        QTest::newRow("entry aborts") << 60.0 << u"loading its library ended a process with signal SIGABRT"_s;
        QTest::newRow("exits") << 60.0 << u"loading its library ended a process with status 0"_s;
        QTest::newRow("hangs") << 1.0 << u"its library did not load within 1"_s;
    }
    void thoseThatFallAreTold()
    {
        QFETCH(double, seconds);
        QFETCH(QString, reason);
        PluginFolder folder;
        install(folder, "falls", u"window_falls"_s);
        qputenv(kFall, QTest::currentDataTag());
        const ui::TriedUiLibraries found = tried(folder, seconds);
        QCOMPARE(found.fallen.size(), reason.isEmpty() ? size_t{0} : size_t{1});
        if (reason.isEmpty()) return;
        const Error &why = found.fallen.at("falls");
        const QString message = QString::fromStdString(why.message);
        QVERIFY2(message.startsWith(u"Cannot use its window half: "_s) && message.contains(reason),
                 qPrintable(message));
        QVERIFY(!why.hint.empty());
    }
    void whatIsRefusedInOrderIsNoFall()
    {
        PluginFolder folder;
        install(folder, "probe", u"no_window_symbol"_s);
        QVERIFY(tried(folder).fallen.empty());
        QVERIFY(!ui::openUiLibrary("probe", folder.scan().find("probe")->uiLibrary).ok());
    }
    void aCancelledTrialEndsSoon()
    {
        PluginFolder folder;
        install(folder, "falls", u"window_falls"_s);
        qputenv(kFall, "hangs");
        QElapsedTimer clock;
        clock.start();
        QCOMPARE(tried(folder, 600, [&] { return clock.elapsed() > 300; }).fallen.size(), size_t{1});
        QVERIFY2(clock.elapsed() < 30'000, qPrintable(QString::number(clock.elapsed())));
    }
    /// At every start the window was gone, with the status of an abort.
    void theWindowLivesThroughThem_data()
    {
        QTest::addColumn<QString>("reason");
        QTest::newRow("throws") << u"loading its library ended a process with signal SIGABRT"_s;
        QTest::newRow("exits") << u"loading its library ended a process with status 0"_s;
    }
    void theWindowLivesThroughThem()
    {
        QFETCH(QString, reason);
        HostProcess host;
        QVERIFY(host.start());
        PluginFolder folder;
        install(folder, "falls", u"window_falls"_s);
        install(folder, "probe", u"window_probe"_s);
        QTemporaryDir home;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"ORRERY_HOME"_s, home.path());
        environment.insert(u"XDG_RUNTIME_DIR"_s, host.path("rt"));
        environment.insert(QString::fromLatin1(kFall), QString::fromLatin1(QTest::currentDataTag()));
        if (!environment.contains(u"QT_QPA_PLATFORM"_s))
            environment.insert(u"QT_QPA_PLATFORM"_s, u"offscreen"_s);
        QProcess program;
        program.setProcessEnvironment(environment);
        program.setProcessChannelMode(QProcess::MergedChannels);
        program.start(QStringLiteral(ORRERY_BIN_DIR "/orrery"),
                      {u"--socket"_s, QString::fromStdString(host.socket()), u"--plugin-dir"_s, folder.path(),
                       u"--quit-after"_s, u"15000"_s});
        QVERIFY(program.waitForFinished(kPatienceMs));
        const QString said = QString::fromUtf8(program.readAll());
        QVERIFY2(program.exitStatus() == QProcess::NormalExit && program.exitCode() == 0, qPrintable(said));
        QVERIFY2(said.contains(u"Plugin falls: Cannot use its window half: "_s + reason), qPrintable(said));
        // The other one is there: it has written a setting.
        QByteArray settings;
        QDirIterator files(home.path(), {u"*.ini"_s, u"*.conf"_s}, QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext())
            if (QFile file(files.next()); file.open(QIODevice::ReadOnly)) settings += file.readAll();
        QVERIFY2(settings.contains("probe\\seen=good"), settings.constData());
    }
};

QTEST_GUILESS_MAIN(TestUiLibrary)
#include "tst_ui_library.moc"
