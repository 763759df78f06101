// SPDX-License-Identifier: GPL-3.0-or-later
// A host of this computer that hangs: told in time and taken back, never mistaken for one that has ended, and restarted only
// when somebody asks for it.
#include "app/workbench/host_pulse.h"
#include "app/workbench/host_switcher.h"
#include "app/workbench/main_window.h"
#include "app/workbench/rpc_session.h"
#include "core/rpc/silent_host.h"
#include "host_process.h"
#include "tests/widgets/common/gui_test.h"
#include "whole_curve.h"
#include "widgets/common/banner.h"
#include "widgets/curves/curves_feed.h"
#include "widgets/curves/curves_model.h"

#include <QElapsedTimer>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QScopeGuard>
#include <QSettings>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace orrery;
using namespace orrery::ui;
using orrery::test::gapIn;
using orrery::test::HostProcess;
using orrery::test::kPatienceMs;

namespace {

/// Short, and long enough that a host on a busy machine answers within it.
constexpr HostPulse::Duration kLimit = 3s;
constexpr int kToldMs = 20'000;

bool isConnected(const RpcSession &session)
{
    return QTest::qWaitFor([&] { return session.connectionState() == ConnectionState::Connected; }, kPatienceMs);
}

/// Which process listens, silent or not; 0: none.
int64_t listenerOf(const HostProcess &host)
{
    const auto one = silentHost(host.options());
    return one ? one->pid : 0;
}

QString liveRun(const HostProcess &host)
{
    const auto created = host.client().createRun(host.specJson(10'000'000).toStdString(), {}, true);
    if (!created.ok()) qFatal("%s", created.error().text().c_str());
    return QString::fromStdString(created->id);
}

/// The window as main() makes it.
struct Desk {
    QTemporaryDir folder;
    QSettings settings{folder.filePath(u"s.ini"_s), QSettings::IniFormat};
    RpcSession session;
    MainWindow window{session, settings};
    HostSwitcher hosts;

    explicit Desk(const HostConnectOptions &options)
        : session(options, nullptr, 100ms, kLimit),
          hosts(window, session, settings, options, ConnectionBook(folder.filePath(u"connections.json"_s).toStdString()))
    {
        window.show();
    }
    [[nodiscard]] Banner *banner() const { return child<Banner>(&window, "connectionBanner"); }
    [[nodiscard]] QString status() const { return child<QLabel>(&window, "engineStatus")->text(); }
    [[nodiscard]] QPushButton *restart() const { return child<QPushButton>(&window, "restartEngine"); }
    [[nodiscard]] QMessageBox *question() const { return window.findChild<QMessageBox *>(u"confirmRestart"_s); }
    [[nodiscard]] bool isTold() const { return session.loss().isSilent && banner()->isVisible(); }
};

} // namespace

class TestHungHost : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void silenceIsTimeInWhichNothingCame();
    void theWindowTellsOfItAndTakesItBack();
    void nothingIsStartedBesideIt();
    void itIsRestartedWhenAskedFor();
};

void TestHungHost::silenceIsTimeInWhichNothingCame()
{
    HostPulse pulse(10s);
    QCOMPARE(pulse.interval(), HostPulse::Duration(2s));
    HostPulse::Time now{};
    pulse.begin(now);
    const auto isSilentAfter = [&](HostPulse::Duration passed) { return pulse.look(now += passed); };
    for (int i = 0; i < 4; ++i) QVERIFY(!isSilentAfter(2s));
    QVERIFY(isSilentAfter(2s));
    pulse.hear(); // anything
    QVERIFY(!isSilentAfter(2s));
    QCOMPARE(pulse.silence(), HostPulse::Duration(0));
    // A host that has little time is heard of seldom.
    for (int i = 0; i < 10; ++i) {
        for (int k = 0; k < 4; ++k) QVERIFY(!isSilentAfter(2s));
        pulse.hear();
        QVERIFY(!isSilentAfter(2s));
    }
    // The window was stopped, or had no turn: that was not the host's silence.
    QVERIFY(!isSilentAfter(1h));
    QCOMPARE(pulse.silence(), HostPulse::Duration(4s));
    QVERIFY(!isSilentAfter(2s) && !isSilentAfter(2s) && isSilentAfter(2s));
    pulse.begin(now); // another connection
    QVERIFY(!pulse.isSilent() && !isSilentAfter(2s));
}

void TestHungHost::theWindowTellsOfItAndTakesItBack()
{
    HostProcess host;
    host.setKnob("FAKE_STEP_MS", "5");
    QVERIFY(host.start());
    const QString run = liveRun(host);
    Desk desk(host.options());
    QVERIFY(isConnected(desk.session));
    CurvesModel model;
    CurvesFeed feed(desk.session, model);
    feed.setRun(run);
    QTRY_VERIFY_WITH_TIMEOUT(model.lastStep(run) > 0, kPatienceMs);
    QTRY_VERIFY(desk.status().startsWith(u"This computer · "_s));
    const int64_t pid = listenerOf(host);
    QVERIFY(host.freeze());
    QElapsedTimer clock;
    clock.start();
    QTRY_VERIFY_WITH_TIMEOUT(desk.isTold(), kPatienceMs);
    QVERIFY2(clock.elapsed() < kToldMs, qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(desk.session.connectionState(), ConnectionState::Lost);
    QVERIFY2(desk.status().startsWith(u"This computer does not answer since "_s), qPrintable(desk.status()));
    QVERIFY2(!desk.status().contains(u"next try"_s) && !desk.status().contains(u"trying"_s), qPrintable(desk.status()));
    QCOMPARE(desk.banner()->kind(), BannerKind::Warning);
    QVERIFY2(desk.banner()->message().startsWith(u"The engine of this computer is there and does not answer since "_s),
             qPrintable(desk.banner()->message()));
    const QString reason = u"Its process is %1, which is stopped; kill -CONT %1 lets it go on."_s.arg(pid);
    QTRY_VERIFY_WITH_TIMEOUT(desk.banner()->accessibleDescription().contains(reason), kPatienceMs);
    // It was not started as this window would start one, so that another one would not be the same.
    QVERIFY(desk.restart()->isHidden());
    const qint64 before = model.lastStep(run);
    QTest::qWait(1'000); // the training goes on; nobody hears of it
    QCOMPARE(listenerOf(host), pid);
    host.thaw();
    QVERIFY(isConnected(desk.session));
    // The banner goes, or says what it said before: that the host is of another build than /bin/false.
    QTRY_VERIFY(!desk.banner()->message().contains(u"does not answer"_s) && desk.status().startsWith(u"This computer · "_s));
    QCOMPARE(desk.session.loss().since, 0.0);
    QCOMPARE(listenerOf(host), pid); // the same one, over the same connection
    QTRY_VERIFY_WITH_TIMEOUT(model.lastStep(run) >= before + 300, kPatienceMs);
    desk.session.control(run, u"stop"_s, 0, {}, this, [](const Result<RunStatus> &) {});
    QTRY_VERIFY_WITH_TIMEOUT(feed.status() && feed.status()->state == RunState::Stopped, kPatienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(gapIn(model, run, model.lastStep(run)), QString(), kPatienceMs);
}

/// A window that opens while the host hangs.
void TestHungHost::nothingIsStartedBesideIt()
{
    HostProcess host;
    QVERIFY(host.start());
    QVERIFY(host.freeze());
    HostConnectOptions options = host.options();
    const QString trace = host.path("started");
    options.engineProgram = "/bin/sh";
    options.arguments = {"-c", "echo begun >> " + trace.toStdString()};
    RpcSession session(options, nullptr, 100ms, kLimit);
    QTRY_VERIFY_WITH_TIMEOUT(session.loss().isSilent, kPatienceMs);
    QCOMPARE(session.connectionState(), ConnectionState::Lost);
    QVERIFY2(session.lastError().contains(u"it is there and does not answer"_s) && session.lastError().contains(u"kill -CONT"_s),
             qPrintable(session.lastError()));
    QVERIFY(session.loss().nextTry > 0);
    host.thaw();
    QVERIFY(isConnected(session));
    QVERIFY(!QFile::exists(trace));
}

void TestHungHost::itIsRestartedWhenAskedFor()
{
    HostProcess host;
    host.setKnob("FAKE_STEP_MS", "5");
    QVERIFY(host.start());
    // What the window starts has the window's environment.
    const QList<std::pair<const char *, QString>> environment{{"ORRERY_HOME", host.path("home")},
                                                              {"XDG_RUNTIME_DIR", host.path("rt")},
                                                              {"XDG_CACHE_HOME", host.path("cache")},
                                                              {"ORRERY_WORKER", QStringLiteral(ORRERY_FAKE_WORKER)}};
    QList<QByteArray> before;
    for (const auto &[name, value] : environment) {
        before << qgetenv(name);
        qputenv(name, value.toUtf8());
    }
    const auto restore = qScopeGuard([&] {
        if (const int64_t pid = listenerOf(host)) ::kill(static_cast<pid_t>(pid), SIGKILL);
        for (qsizetype i = 0; i < environment.size(); ++i)
            before[i].isNull() ? qunsetenv(environment[i].first) : qputenv(environment[i].first, before[i]);
    });
    HostConnectOptions options = host.options();
    options.engineProgram = ORRERY_HOST_PROGRAM;
    options.arguments = {host.path("home").toStdString(), host.socket()};
    options.wait = 1min; // ends as soon as it listens
    const QString run = liveRun(host);
    Desk desk(options);
    QVERIFY(isConnected(desk.session));
    const int64_t pid = listenerOf(host);
    QVERIFY(desk.restart()->isHidden());
    QVERIFY(host.freeze());
    QTRY_VERIFY_WITH_TIMEOUT(desk.restart()->isVisible(), kPatienceMs);
    desk.restart()->click();
    QVERIFY(desk.question());
    QVERIFY2(desk.question()->text().contains(u"process %1"_s.arg(pid)), qPrintable(desk.question()->text()));
    host.thaw(); // it answers meanwhile: what was asked is over
    QVERIFY(isConnected(desk.session));
    QTRY_VERIFY(!desk.question() && desk.restart()->isHidden());
    QCOMPARE(listenerOf(host), pid);
    QVERIFY(host.freeze());
    QTRY_VERIFY_WITH_TIMEOUT(desk.restart()->isVisible(), kPatienceMs);
    desk.restart()->click();
    child<QPushButton>(desk.question(), "confirmRestartButton")->click();
    QTRY_VERIFY_WITH_TIMEOUT(desk.session.connectionState() == ConnectionState::Connected && listenerOf(host) != pid, kPatienceMs);
    QVERIFY(listenerOf(host) > 0);
    QTRY_VERIFY_WITH_TIMEOUT(desk.session.runs().size() == 1 && desk.session.runs().front().state == RunState::Running, kPatienceMs);
    const int64_t step = desk.session.runs().front().step;
    QTRY_VERIFY_WITH_TIMEOUT(desk.session.runs().front().step > step, kPatienceMs); // the training went on
    QCOMPARE(QString::fromStdString(desk.session.runs().front().id), run);
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestHungHost test;
    QTEST_SET_MAIN_SOURCE_PATH
    return QTest::qExec(&test, argc, argv);
}

#include "tst_hung_host.moc"
