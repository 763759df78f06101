// SPDX-License-Identifier: GPL-3.0-or-later
// What the desktop is told while nobody looks at the window, and what it is not.
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"

#include "app/workbench/desktop_notifications.h"
#include "app/workbench/main_window.h"
#include "app/workbench/notifications.h"
#include "widgets/common/number_text.h"

#include <QAction>
#include <QElapsedTimer>
#include <QMenu>
#include <QProcess>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>

#ifdef ORRERY_HAS_DBUS
#include "made_up_desktop.h"
#endif

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

class CountingSink : public NotificationSink {
public:
    void show(const Notification &notification) override { told.push_back(notification); }
    std::vector<Notification> told;
};

RunStatus with(RunStatus status, std::vector<AlarmKind> alarms)
{
    for (const AlarmKind kind : alarms)
        status.alarms.push_back({kind, 8'000, 9'900, "loss", "The loss jumped. Branch."});
    return status;
}

RunStatus atBreakpoint(RunStatus status)
{
    status.state = RunState::Paused;
    status.pauseReason = "loss > 4: loss was 4.312";
    status.pauseSeries = "loss";
    return status;
}

} // namespace

class TestNotifications : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void tells_data();
    void tells();
    void whatWasThereIsNoNews();
    void whoLooksIsNotTold();
    void onceAMinuteOfARunAndKind();
    void eachKindIsSwitchedOff();
    void theWindowHasThemInItsMenu();
    void theDesktopShowsThem();
    void aDesktopThatDoesNotAnswerHoldsNobodyUp();
    void cleanupTestCase();

private:
    void list(std::vector<RunStatus> runs) { m_session->setRuns(std::move(runs)); }
    [[nodiscard]] size_t numTold() const { return m_sink->told.size(); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<CountingSink> m_sink;
    std::unique_ptr<RunNotifications> m_notifications;
    bool m_isLookedAt = false;
    QProcess m_bus;
    QString m_busAddress; ///< empty: there is none
};

/// A bus of this test's own, before anything asks for that of the session.
void TestNotifications::initTestCase()
{
    m_bus.start(u"dbus-daemon"_s, {u"--session"_s, u"--nofork"_s, u"--nopidfile"_s, u"--print-address"_s});
    if (m_bus.waitForStarted() && m_bus.waitForReadyRead())
        m_busAddress = QString::fromLatin1(m_bus.readLine()).trimmed();
    qputenv("DBUS_SESSION_BUS_ADDRESS", m_busAddress.isEmpty() ? "disabled:" : m_busAddress.toLatin1());
}

void TestNotifications::cleanupTestCase()
{
    m_bus.terminate();
    m_bus.waitForFinished();
}

void TestNotifications::init()
{
    setWallNowForTests(kTestNow);
    m_isLookedAt = false;
    m_folder = std::make_unique<QTemporaryDir>();
    m_settings = std::make_unique<QSettings>(m_folder->filePath(u"s.ini"_s), QSettings::IniFormat);
    m_session = std::make_unique<FakeSession>();
    m_sink = std::make_unique<CountingSink>();
    m_notifications =
        std::make_unique<RunNotifications>(*m_session, *m_settings, [this] { return m_isLookedAt; });
    m_notifications->setSink(m_sink.get());
}

void TestNotifications::cleanup()
{
    m_notifications.reset();
    m_session.reset();
}

void TestNotifications::tells_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<QString>("title");
    QTest::addColumn<QString>("text");
    QTest::newRow("alarm") << u"alarm"_s << u"a: Jump of the loss"_s << u"The loss jumped. Branch."_s;
    QTest::newRow("finished") << u"finished"_s << u"a finished"_s
                              << u"8,210 steps, best validation loss 1.531"_s;
    QTest::newRow("failed") << u"failed"_s << u"a failed"_s << u"The loss is NaN."_s;
    QTest::newRow("crashed") << u"crashed"_s << u"a crashed"_s << u"The worker ended without a word."_s;
    QTest::newRow("breakpoint") << u"breakpoint"_s << u"a is paused"_s << u"loss"_s;
    QTest::newRow("paused by hand") << u"paused"_s << u""_s << u""_s;
    QTest::newRow("stopped by hand") << u"stopped"_s << u""_s << u""_s;
    QTest::newRow("a step more") << u"step"_s << u""_s << u""_s;
}

void TestNotifications::tells()
{
    QFETCH(QString, what);
    QFETCH(QString, title);
    QFETCH(QString, text);
    RunStatus run = fakeRun("a");
    list({run});
    QCOMPARE(numTold(), size_t{0});
    if (what == u"alarm") run = with(run, {AlarmKind::Spike});
    if (what == u"finished") run.state = RunState::Finished;
    if (what == u"failed") run.state = RunState::Failed;
    if (what == u"crashed") run.state = RunState::Crashed;
    if (what == u"failed" || what == u"crashed") run.error = toStd(text);
    if (what == u"breakpoint") run = atBreakpoint(run);
    if (what == u"paused") run.state = RunState::Paused;
    if (what == u"stopped") run.state = RunState::Stopped;
    run.step += what == u"step" ? 1 : 0;
    list({run});
    list({run}); // told again, it is no news
    QCOMPARE(numTold(), size_t(title.isEmpty() ? 0 : 1));
    if (title.isEmpty()) return;
    QCOMPARE(m_sink->told[0].run, u"a"_s);
    QCOMPARE(m_sink->told[0].title, title);
    QVERIFY2(m_sink->told[0].text.contains(text), qPrintable(m_sink->told[0].text));
}

void TestNotifications::whatWasThereIsNoNews()
{
    list({with(fakeRun("a"), {AlarmKind::Plateau}), atBreakpoint(fakeRun("b")),
          fakeRun("c", RunState::Failed)});
    QCOMPARE(numTold(), size_t{0});
    // Neither is what comes finished: an import, an undone delete.
    list({with(fakeRun("a"), {AlarmKind::Plateau}), atBreakpoint(fakeRun("b")),
          fakeRun("c", RunState::Failed), fakeRun("imported", RunState::Finished)});
    QCOMPARE(numTold(), size_t{0});
    list({with(fakeRun("a"), {AlarmKind::Plateau, AlarmKind::DiskFull})}); // one more is
    QCOMPARE(numTold(), size_t{1});
    // The engine is lost and comes back: what happened meanwhile is news.
    m_session->setConnection(ConnectionState::Lost);
    m_session->setConnection(ConnectionState::Connected);
    list({fakeRun("a", RunState::Finished)});
    QCOMPARE(numTold(), size_t{2});
}

void TestNotifications::whoLooksIsNotTold()
{
    list({fakeRun("a")});
    m_isLookedAt = true;
    list({fakeRun("a", RunState::Finished)});
    m_isLookedAt = false;
    list({fakeRun("a", RunState::Finished)});
    QCOMPARE(numTold(), size_t{0});
}

void TestNotifications::onceAMinuteOfARunAndKind()
{
    list({fakeRun("a"), fakeRun("b")});
    const auto flicker = [this] {
        list({with(fakeRun("a"), {AlarmKind::Spike}), fakeRun("b")});
        list({fakeRun("a"), fakeRun("b")});
    };
    for (int i = 0; i < 5; ++i) flicker();
    QCOMPARE(numTold(), size_t{1});
    list({with(fakeRun("a"), {AlarmKind::Divergence}),
          with(fakeRun("b"), {AlarmKind::Spike})}); // another kind, another run
    QCOMPARE(numTold(), size_t{3});
    list({fakeRun("a"), fakeRun("b")});
    setWallNowForTests(kTestNow + 61);
    flicker();
    QCOMPARE(numTold(), size_t{4});
}

void TestNotifications::eachKindIsSwitchedOff()
{
    const auto everything = [this] {
        list({fakeRun("a"), fakeRun("b"), fakeRun("c"), fakeRun("d")});
        setWallNowForTests(wallNow() + 100);
        list({with(fakeRun("a"), {AlarmKind::Spike}), fakeRun("b", RunState::Finished),
              fakeRun("c", RunState::Failed), atBreakpoint(fakeRun("d"))});
        return std::exchange(m_sink->told, {}).size();
    };
    QCOMPARE(everything(), size_t{4});
    size_t expected = 4;
    for (QAction *action : m_notifications->actions()) {
        action->setChecked(false);
        QCOMPARE(everything(), --expected);
    }
    // Remembered.
    const RunNotifications next(*m_session, *m_settings, [] { return false; });
    for (const QAction *action : next.actions()) QVERIFY(!action->isChecked());
}

void TestNotifications::theWindowHasThemInItsMenu()
{
    MainWindow window(*m_session, *m_settings);
    window.notifications().setSink(m_sink.get());
    auto *menu = window.findChild<QMenu *>(u"notifyMenu"_s);
    QVERIFY(menu);
    QCOMPARE(menu->actions().size(), 4);
    list({fakeRun("a"), fakeRun("b")});
    m_sink->told.clear();
    m_notifications.reset();
    list({fakeRun("a"), fakeRun("b", RunState::Finished)}); // no window is active here
    QCOMPARE(numTold(), size_t{1});
    Q_EMIT m_sink->activated(u"b"_s); // a click on it
    QCOMPARE(window.selectedRun(), u"b"_s);
    window.notifications().setSink(nullptr);
}

void TestNotifications::theDesktopShowsThem()
{
#ifdef ORRERY_HAS_DBUS
    if (m_busAddress.isEmpty()) QSKIP("there is no dbus-daemon here");
    MadeUpDesktop desktop(m_busAddress);
    QVERIFY2(desktop.isThere(), qPrintable(desktop.error()));
    DesktopNotifications sink;
    MainWindow window(*m_session, *m_settings);
    window.notifications().setSink(&sink);
    m_notifications.reset(); // of this test; the window has its own
    list({fakeRun("a"), fakeRun("b")});
    RunStatus failed = fakeRun("b", RunState::Failed);
    failed.error = "Loss < 3 & \"NaN\"";
    list({fakeRun("a"), failed});
    QVERIFY(QTest::qWaitFor([&] { return desktop.told.size() == 1; }, 20'000));
    const MadeUpDesktop::Told first = desktop.told.front();
    QCOMPARE(first.program, u"Orrery"_s);
    QCOMPARE(first.icon, u"org.orrery.Orrery"_s); // as packaging/desktop calls it
    QCOMPARE(first.hints.value(u"desktop-entry"_s).toString(), u"org.orrery.Orrery"_s);
    QCOMPARE(first.hints.value(u"urgency"_s).value<uchar>(), uchar{2}); // a failure
    QCOMPARE(first.title, u"b failed"_s);
    QVERIFY2(first.body.contains(u"Loss &lt; 3 &amp; &quot;NaN&quot;"_s), qPrintable(first.body)); // the body is markup there
    QCOMPARE(first.actions, (QStringList{u"default"_s, u"Show the run"_s}));
    QCOMPARE(first.replaces, 0U);
    QCOMPARE(first.timeoutMs, -1); // as long as the desktop likes
    list({fakeRun("a", RunState::Finished), failed});
    QVERIFY(QTest::qWaitFor([&] { return desktop.told.size() == 2; }, 20'000));
    QCOMPARE(desktop.told.back().hints.value(u"urgency"_s).value<uchar>(), uchar{1});

    // A click on one of another program, then on each of ours.
    window.selectRun(u"a"_s);
    desktop.click(first.id + 1000);
    desktop.click(first.id);
    QVERIFY(QTest::qWaitFor([&] { return window.selectedRun() == u"b"_s; }, 20'000));
    desktop.click(desktop.told.back().id);
    QVERIFY(QTest::qWaitFor([&] { return window.selectedRun() == u"a"_s; }, 20'000));
    window.notifications().setSink(nullptr);
#else
    QSKIP("this build has no D-Bus");
#endif
}

void TestNotifications::aDesktopThatDoesNotAnswerHoldsNobodyUp()
{
#ifdef ORRERY_HAS_DBUS
    if (m_busAddress.isEmpty()) QSKIP("there is no dbus-daemon here");
    MadeUpDesktop desktop(m_busAddress);
    QVERIFY2(desktop.isThere(), qPrintable(desktop.error()));
    desktop.isSilent = true;
    DesktopNotifications sink;
    QElapsedTimer clock;
    clock.start();
    for (int i = 0; i < 20; ++i) sink.show({u"a"_s, u"a finished"_s, u"text"_s, false});
    QVERIFY(clock.elapsed() < 1'000); // 20 times two seconds, if it waited
#else
    QSKIP("this build has no D-Bus");
#endif
}

ORRERY_GUI_TEST_MAIN(TestNotifications)
#include "tst_notifications.moc"
