// SPDX-License-Identifier: GPL-3.0-or-later
// The window's session with a host of another machine: behind 50 ms and 10 Mbit/s, over a link that is cut, to a host that is
// killed, that refuses, that speaks another protocol; and from one host to another.
#include "app/workbench/rpc_session.h"
#include "host_process.h"
#include "tests/support/shaped_proxy.h"
#include "whole_curve.h"
#include "widgets/curves/curves_feed.h"
#include "widgets/curves/curves_model.h"

#include <QElapsedTimer>
#include <QSignalSpy>

#include <cmath>

using namespace orrery;
using namespace orrery::ui;
using orrery::test::gapIn;
using orrery::test::HostProcess;
using orrery::test::kEndPatienceMs;
using orrery::test::kPatienceMs;
using orrery::test::ShapedProxy;

namespace {

bool isConnected(const RpcSession &session)
{
    return QTest::qWaitFor([&] { return session.connectionState() == ConnectionState::Connected; }, kPatienceMs);
}

HostConnectOptions optionsOf(const HostProcess &host, const ShapedProxy *proxy = nullptr)
{
    return connectOptionsFor(host.connection("far", proxy ? proxy->port() : 0));
}

} // namespace

class TestRemoteSession : public QObject {
    Q_OBJECT

private Q_SLOTS:
    static void initTestCase() { std::signal(SIGPIPE, SIG_IGN); }
    void worksBehindALongWay();
    void curveIsWholeAcrossCutsOfTheLink();
    void curveIsWholeAcrossKillsOfTheHost();
    void noticesACableThatWasPulled();
    void turnsToAnotherHostAndBack();
    void answersOfTheHostBeforeAreNotTaken();
    void closesWhileAFarHostDoesNotAnswer();
    void saysWhenTheTokenIsRevoked();
    void refusesAHostOfAnotherProtocol();
};

void TestRemoteSession::worksBehindALongWay()
{
    HostProcess host;
    host.listen();
    host.setKnob("FAKE_STEP_MS", "5");
    QVERIFY(host.start());
    const ShapedProxy proxy(host.port(), ShapedProxy::farAway());
    RpcSession session(optionsOf(host, &proxy));
    QVERIFY2(isConnected(session), qPrintable(session.lastError()));
    QCOMPARE(session.hostName(), QStringLiteral("far"));
    QTRY_VERIFY_WITH_TIMEOUT(session.roundTripMs() >= 50, kPatienceMs);
    QVERIFY2(session.roundTripMs() < 1000, qPrintable(QString::number(session.roundTripMs())));
    QString run;
    session.createRun(host.specJson(1'000'000), {}, true, this, [&run](const Result<RunStatus> &created) {
        QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
        run = QString::fromStdString(created->id);
    });
    QTRY_VERIFY_WITH_TIMEOUT(!run.isEmpty() && session.runs().size() == 1, kPatienceMs);
    CurvesModel model;
    CurvesFeed feed(session, model);
    feed.setRun(run);
    QTRY_VERIFY_WITH_TIMEOUT(model.lastStep(run) > 50, kPatienceMs);
    bool isPaused = false;
    session.control(run, QStringLiteral("pause"), 0, {}, this, [&isPaused](const Result<RunStatus> &status) { isPaused = status.ok(); });
    QTRY_VERIFY_WITH_TIMEOUT(isPaused, kPatienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(feed.status() && feed.status()->state == RunState::Paused, kPatienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(gapIn(model, run, model.lastStep(run)), QString(), kPatienceMs);
    session.control(run, QStringLiteral("stop"), 0, {}, this, [](const Result<RunStatus> &) {});
    QTRY_VERIFY_WITH_TIMEOUT(feed.status()->state == RunState::Stopped, kPatienceMs);
}

void TestRemoteSession::curveIsWholeAcrossCutsOfTheLink()
{
    HostProcess host;
    host.listen();
    host.setKnob("FAKE_STEP_MS", "1");
    QVERIFY(host.start());
    ShapedProxy proxy(host.port(), ShapedProxy::farAway());
    RpcSession session(optionsOf(host, &proxy), nullptr, std::chrono::milliseconds(100));
    RpcSession other(optionsOf(host), nullptr, std::chrono::milliseconds(100)); // a second viewer, that nothing happens to
    QVERIFY(isConnected(session) && isConnected(other));
    constexpr qint64 kSteps = 6'000;
    const auto created = host.client().createRun(host.specJson(kSteps).toStdString(), {}, true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const QString run = QString::fromStdString(created->id);
    CurvesModel model, otherModel;
    CurvesFeed feed(session, model), otherFeed(other, otherModel);
    feed.setRun(run);
    otherFeed.setRun(run);
    for (int i = 0; i < 2; ++i) {
        QTRY_VERIFY_WITH_TIMEOUT(model.lastStep(run) > 0, kPatienceMs);
        const qint64 before = model.lastStep(run);
        proxy.cut();
        QTRY_COMPARE_WITH_TIMEOUT(session.connectionState(), ConnectionState::Lost, kPatienceMs);
        QVERIFY2(!session.lastError().isEmpty() && !session.isRefused(), qPrintable(session.lastError()));
        QTest::qWait(300); // the training goes on; this window hears nothing of it
        proxy.mend();
        QTRY_VERIFY_WITH_TIMEOUT(model.lastStep(run) >= std::min(before + 300, kSteps), kPatienceMs); // nobody pressed anything
    }
    QTRY_VERIFY_WITH_TIMEOUT(feed.status() && feed.status()->state == RunState::Finished, kEndPatienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(gapIn(model, run, kSteps), QString(), kPatienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(gapIn(otherModel, run, kSteps), QString(), kPatienceMs);
}

void TestRemoteSession::curveIsWholeAcrossKillsOfTheHost()
{
    HostProcess host;
    host.listen();
    host.setKnob("FAKE_STEP_MS", "1");
    QVERIFY(host.start());
    RpcSession session(optionsOf(host), nullptr, std::chrono::milliseconds(100));
    QVERIFY(isConnected(session));
    constexpr qint64 kSteps = 5'000;
    const auto created = host.client().createRun(host.specJson(kSteps).toStdString(), {}, true);
    QVERIFY(created.ok());
    const QString run = QString::fromStdString(created->id);
    CurvesModel model;
    CurvesFeed feed(session, model);
    feed.setRun(run);
    QTRY_VERIFY_WITH_TIMEOUT(model.lastStep(run) > 0, kPatienceMs);
    const qint64 before = model.lastStep(run);
    host.kill();
    QTRY_COMPARE_WITH_TIMEOUT(session.connectionState(), ConnectionState::Lost, kPatienceMs);
    QTest::qWait(300);
    QVERIFY(host.start()); // the same port, the same certificate, the same token
    QTRY_VERIFY_WITH_TIMEOUT(model.lastStep(run) >= std::min(before + 300, kSteps), kPatienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(feed.status() && feed.status()->state == RunState::Finished, kEndPatienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(gapIn(model, run, kSteps), QString(), kPatienceMs);
}

void TestRemoteSession::noticesACableThatWasPulled()
{
    HostProcess host;
    host.listen();
    QVERIFY(host.start());
    ShapedProxy proxy(host.port(), {});
    RpcSession session(optionsOf(host, &proxy), nullptr, std::chrono::milliseconds(100));
    QVERIFY(isConnected(session));
    proxy.freeze(true); // nobody says that it ended
    QTRY_COMPARE_WITH_TIMEOUT(session.connectionState(), ConnectionState::Lost, kPatienceMs);
    proxy.freeze(false);
    QVERIFY(isConnected(session));
}

void TestRemoteSession::turnsToAnotherHostAndBack()
{
    HostProcess here, there;
    there.listen();
    for (HostProcess *host : {&here, &there}) {
        host->setKnob("FAKE_STEP_MS", "5");
        QVERIFY(host->start());
    }
    // The same name and (copied, say) the same id may stand for two runs: what comes must be of the host that is chosen.
    const auto near = here.client().createRun(here.specJson(100).toStdString(), {}, false);
    const auto far = there.client().createRun(there.specJson(200).toStdString(), {}, true);
    QVERIFY(near.ok() && far.ok());
    RpcSession session(here.options());
    QVERIFY(isConnected(session));
    QTRY_COMPARE_WITH_TIMEOUT(session.runs().size(), size_t{1}, kPatienceMs);
    QCOMPARE(session.hostName(), QString());
    QCOMPARE(session.runs().front().totalSteps, int64_t{100});
    const QString nearRun = QString::fromStdString(near->id);
    session.watch(nearRun);
    QSignalSpy switched(&session, &RpcSession::hostSwitched);
    std::vector<size_t> listed;
    QStringList updatedRuns;
    connect(&session, &EngineSession::runsChanged, this, [&] { listed.push_back(session.runs().size()); });
    connect(&session, &EngineSession::updated, this, [&](const RunUpdate &update) { updatedRuns << update.run; });
    session.switchTo(optionsOf(there), QStringLiteral("far"));
    QCOMPARE(switched.size(), 1);
    QCOMPARE(listed, (std::vector<size_t>{0})); // empty at once
    QCOMPARE(session.connectionState(), ConnectionState::Connecting);
    QCOMPARE(session.hostName(), QStringLiteral("far"));
    QVERIFY(isConnected(session));
    QTRY_COMPARE_WITH_TIMEOUT(session.runs().size(), size_t{1}, kPatienceMs);
    QCOMPARE(session.runs().front().totalSteps, int64_t{200});
    updatedRuns.clear();
    session.unwatch(nearRun); // of a panel that lets go late: nothing is counted wrong
    session.watch(QString::fromStdString(far->id));
    QTRY_VERIFY_WITH_TIMEOUT(updatedRuns.size() > 3, kPatienceMs);
    QCOMPARE(updatedRuns.count(QString::fromStdString(far->id)), updatedRuns.size());
    session.switchTo(here.options(), {});
    QVERIFY(isConnected(session));
    QTRY_VERIFY_WITH_TIMEOUT(session.runs().size() == 1 && session.runs().front().totalSteps == 100, kPatienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(there.client().status(far->id)->state == RunState::Finished, kEndPatienceMs); // it went on by itself
}

void TestRemoteSession::answersOfTheHostBeforeAreNotTaken()
{
    HostProcess here, there;
    there.listen();
    QVERIFY(here.start() && there.start());
    const auto run = there.client().createRun(there.specJson(100).toStdString(), {}, false);
    QVERIFY(run.ok());
    const QString id = QString::fromStdString(run->id);
    ShapedProxy proxy(there.port(), ShapedProxy::farAway());
    RpcSession session(optionsOf(there, &proxy));
    QVERIFY(isConnected(session));
    int numAnswers = 0;
    QStringList wrong;
    for (int i = 0; i < 5; ++i)
        session.getSpec(id, this, [&](const Result<QString> &spec) {
            ++numAnswers;
            if (spec.ok() || spec.error().code != ErrorCode::Cancelled) wrong << (spec.ok() ? *spec : QString::fromStdString(spec.error().text()));
        });
    session.deleteRun(id, this, [&](const Result<void> &) { ++numAnswers; });
    session.switchTo(here.options(), {});
    QTRY_COMPARE_WITH_TIMEOUT(numAnswers, 6, kPatienceMs); // each is answered, and says why there is nothing
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join(u'\n')));
    QVERIFY(isConnected(session));
}

void TestRemoteSession::closesWhileAFarHostDoesNotAnswer()
{
    HostProcess host;
    host.listen();
    QVERIFY(host.start());
    ShapedProxy proxy(host.port(), {});
    proxy.freeze(true);
    auto session = std::make_unique<RpcSession>(optionsOf(host, &proxy));
    QTest::qWait(200);
    QVERIFY(session->connectionState() != ConnectionState::Connected);
    QElapsedTimer timer;
    timer.start();
    session.reset(); // the handshake would have ten seconds
    QVERIFY2(timer.elapsed() < 5'000, qPrintable(QString::number(timer.elapsed())));
}

void TestRemoteSession::saysWhenTheTokenIsRevoked()
{
    HostProcess host;
    host.listen();
    QVERIFY(host.start());
    RpcSession session(optionsOf(host), nullptr, std::chrono::milliseconds(50));
    QVERIFY(isConnected(session));
    QVERIFY(AccessTokens(host.tokensFile()).revoke("window").ok());
    QTRY_VERIFY_WITH_TIMEOUT(session.isRefused(), kPatienceMs);
    QCOMPARE(session.connectionState(), ConnectionState::Lost);
    QVERIFY2(session.lastError().contains(QStringLiteral("refuses the token")), qPrintable(session.lastError()));
    // A new one, as the user puts it into the connection.
    HostConnectOptions options = optionsOf(host);
    options.remote.token = AccessTokens(host.tokensFile()).create("window").value();
    session.switchTo(options, QStringLiteral("far"));
    QVERIFY(isConnected(session));
    QVERIFY(!session.isRefused());
}

void TestRemoteSession::refusesAHostOfAnotherProtocol()
{
    const QTemporaryDir folder(QStringLiteral("/tmp/or-XXXXXX"));
    const QString socket = folder.filePath(QStringLiteral("h"));
    QProcess host;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("ORRERY_SMALL_SERVER_PROTOCOL"), QStringLiteral("2.0"));
    environment.insert(QStringLiteral("ORRERY_SMALL_SERVER_PIPE"), QStringLiteral("1"));
    host.setProcessEnvironment(environment);
    host.start(QStringLiteral(ORRERY_SMALL_SERVER), {socket});
    QVERIFY(QTest::qWaitFor([&] { return EngineClient::connect(socket.toStdString()).ok(); }, kPatienceMs));
    HostConnectOptions options;
    options.socketPath = socket.toStdString();
    options.engineProgram = ORRERY_SMALL_SERVER;
    options.mayStart = false;
    RpcSession session(options);
    QTRY_COMPARE_WITH_TIMEOUT(session.connectionState(), ConnectionState::Lost, kPatienceMs);
    QVERIFY(session.isRefused()); // it can be reached, and is not asked every second
    QVERIFY(session.loss().nextTry - session.loss().since > 30);
    QVERIFY2(session.lastError().contains(QStringLiteral("it speaks protocol 2, expected 1")), qPrintable(session.lastError()));
    QVERIFY2(session.lastError().contains(QStringLiteral("Update Orrery on this machine.")), qPrintable(session.lastError()));
    host.closeWriteChannel();
    QVERIFY(host.waitForFinished(kPatienceMs));
}

QTEST_GUILESS_MAIN(TestRemoteSession)
#include "tst_remote_session.moc"
