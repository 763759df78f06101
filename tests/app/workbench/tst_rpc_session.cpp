// SPDX-License-Identifier: GPL-3.0-or-later
// The window's session against a real host process: it ends at once whatever the engine does, leaves no
// thread, and a panel that follows a run through it has every step once, whatever happens to the host.
#include "app/workbench/call_threads.h"
#include "app/workbench/rpc_session.h"
#include "host_process.h"
#include "whole_curve.h"
#include "widgets/curves/curves_feed.h"
#include "widgets/curves/curves_model.h"

#include <QDir>
#include <QElapsedTimer>

#include <algorithm>
#include <limits>

using namespace orrery;
using namespace orrery::ui;
using orrery::test::gapIn;
using orrery::test::HostProcess;
using orrery::test::kEndPatienceMs;
using orrery::test::kPatienceMs;

namespace {

/// Closing waits for nothing. Below the shortest wait that it would be held up by, whose length is in each
/// test: 2 s for a host that does not answer at first, more for all others, so that a busy machine may take
/// some time as well.
constexpr qint64 kLongestFirstCloseMs = 1'000;
constexpr qint64 kLongestCloseMs = 5'000;

bool isConnected(const RpcSession &session)
{
    return QTest::qWaitFor([&] { return session.connectionState() == ConnectionState::Connected; },
                           kPatienceMs);
}

qint64 msToClose(std::unique_ptr<RpcSession> &session)
{
    QElapsedTimer timer;
    timer.start();
    session.reset();
    return timer.elapsed();
}

int numThreadsNamed(const QByteArray &name)
{
    int count = 0;
    for (const QString &thread :
         QDir(QStringLiteral("/proc/self/task")).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        QFile file(QStringLiteral("/proc/self/task/%1/comm").arg(thread));
        if (file.open(QIODevice::ReadOnly) && file.readAll().trimmed() == name) ++count;
    }
    return count;
}

} // namespace

class TestRpcSession : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void closesWhileTheFirstConnectionHangs();
    void closesWithCallsUnderWayInAFrozenHost();
    void closesWhileAHostIsAwaited();
    void closesWhileItWaitsToTryAgain();
    void joinsTheThreadsOfGenerations();
    void threadsAreJoinedByTheirOwner();
    void everyWatcherIsToldToReplay();
    void curveIsWholeWhereverTheRunStands();
    void curveIsWholeAcrossKillsOfTheHost();
};

void TestRpcSession::closesWhileTheFirstConnectionHangs()
{
    HostProcess host;
    QVERIFY(host.start());
    QVERIFY(host.freeze());
    qint64 shortest = std::numeric_limits<qint64>::max();
    for (int i = 0; i < 3 && shortest >= kLongestFirstCloseMs; ++i) {
        auto session = std::make_unique<RpcSession>(host.options());
        QTest::qWait(200);
        QVERIFY(session->connectionState() != ConnectionState::Connected);
        shortest = std::min(shortest, msToClose(session));
    }
    QVERIFY2(shortest < kLongestFirstCloseMs, qPrintable(QString::number(shortest)));
}

void TestRpcSession::closesWithCallsUnderWayInAFrozenHost()
{
    HostProcess host;
    QVERIFY(host.start());
    auto session = std::make_unique<RpcSession>(host.options());
    QVERIFY(isConnected(*session));
    QVERIFY(host.freeze());
    const auto ignore = [](const auto &) {};
    session->watch(QStringLiteral("alpha"));
    for (int i = 0; i < 10; ++i) {
        session->createRun(host.specJson(10), {}, false, this, ignore);
        session->querySeries(QStringLiteral("alpha"), {}, 0, 0, 100, this, ignore);
        session->listEvents(QStringLiteral("alpha"), -1, this, ignore);
    }
    const auto generation = session->generate(QStringLiteral("alpha"), {});
    session->unwatch(QStringLiteral("alpha"));
    session->watch(QStringLiteral("beta"));
    QTest::qWait(200);
    const qint64 elapsed = msToClose(session);
    QVERIFY2(elapsed < kLongestCloseMs, qPrintable(QString::number(elapsed)));
}

void TestRpcSession::closesWhileAHostIsAwaited()
{
    HostProcess host; // never started
    HostConnectOptions options = host.options();
    options.engineProgram = "/bin/sh";
    options.arguments = {"-c", "sleep 2"}; // a host that does not come up
    options.wait = std::chrono::seconds(30);
    auto session = std::make_unique<RpcSession>(options);
    QTest::qWait(200);
    const qint64 elapsed = msToClose(session);
    QVERIFY2(elapsed < kLongestCloseMs, qPrintable(QString::number(elapsed)));
}

/// The wake-up must not be lost whenever it comes: many sessions, ended at all moments around the wait.
void TestRpcSession::closesWhileItWaitsToTryAgain()
{
    HostProcess host;
    HostConnectOptions options = host.options();
    options.engineProgram = "/no/such/program"; // fails at once, so the pause is reached at once
    for (int i = 0; i < 300; ++i) {
        // So long a pause that a lost wake-up cannot be taken for a busy machine.
        auto session = std::make_unique<RpcSession>(options, nullptr, std::chrono::minutes(10));
        std::this_thread::sleep_for(std::chrono::microseconds(5 * i));
        const qint64 elapsed = msToClose(session);
        QVERIFY2(elapsed < 300'000, qPrintable(QString::number(elapsed)));
    }
}

void TestRpcSession::joinsTheThreadsOfGenerations()
{
    HostProcess host;
    QVERIFY(host.start());
    for (int i = 0; i < 10; ++i) {
        auto session = std::make_unique<RpcSession>(host.options());
        QVERIFY(isConnected(*session));
        QVERIFY(host.freeze());
        std::vector<std::unique_ptr<GenerationHandle>> handles;
        for (int k = 0; k < 8; ++k) handles.push_back(session->generate(QStringLiteral("alpha"), {}));
        QVERIFY(QTest::qWaitFor([] { return numThreadsNamed("generation") == 8; }, kPatienceMs));
        handles.resize(4); // some are destroyed before their session, some after it
        session.reset();
        // A joined one may stand in /proc for a moment.
        QTRY_COMPARE_WITH_TIMEOUT(numThreadsNamed("generation"), 0, kPatienceMs);
        host.thaw();
    }
}

void TestRpcSession::threadsAreJoinedByTheirOwner()
{
    std::atomic<int> numEnded{0};
    {
        CallThreads threads;
        for (int i = 0; i < 4; ++i) {
            const CancelToken token;
            threads.start("test", token, [&numEnded, token, i] {
                while (i > 0 && !token.isCancelled())
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                std::this_thread::sleep_for(
                    std::chrono::milliseconds(50)); // something to do before it is gone
                ++numEnded;
            });
        }
        QTRY_COMPARE_WITH_TIMEOUT(threads.numRunning(), size_t{3}, kPatienceMs); // the first ends by itself
        QCOMPARE(numEnded.load(), 1);
    }
    QCOMPARE(numEnded.load(), 4);
}

void TestRpcSession::everyWatcherIsToldToReplay()
{
    HostProcess host;
    QVERIFY(host.start());
    const auto created = host.client().createRun(host.specJson(1'000'000).toStdString(), {}, true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const QString run = QString::fromStdString(created->id);
    const EngineClient client = host.client();
    const auto hasBegun = [&] {
        const auto status = client.status(created->id);
        return status.ok() && status->step > 0;
    };
    QTRY_VERIFY_WITH_TIMEOUT(hasBegun(), kPatienceMs); // its worker listens
    RpcSession session(host.options());
    QVERIFY(isConnected(session));
    std::vector<RunUpdate> updates;
    const auto numReplays = [&] {
        return std::count_if(updates.begin(), updates.end(),
                             [](const RunUpdate &one) { return one.mustReplay; });
    };
    connect(&session, &EngineSession::updated, this,
            [&](const RunUpdate &update) { updates.push_back(update); });
    session.watch(run);
    QTRY_VERIFY_WITH_TIMEOUT(updates.size() > 5, kPatienceMs);
    QVERIFY(updates.front().mustReplay);
    // On a busy machine a ring may have run over, which asks for one more.
    const auto before = numReplays();
    QVERIFY(before >= 1 && before < qint64(updates.size()));
    session.watch(run); // a second panel, which has asked for nothing yet
    QTRY_VERIFY_WITH_TIMEOUT(numReplays() > before, kPatienceMs);
    for (const RunUpdate &update : updates) QCOMPARE(update.status.id, created->id);
    session.unwatch(run);
    session.unwatch(run);
    session.watch(QStringLiteral("no-such-run")); // no live reports, but the question can be asked
    updates.clear();
    QTRY_VERIFY_WITH_TIMEOUT(!updates.empty() && updates.back().run == QStringLiteral("no-such-run") &&
                                 updates.back().mustReplay,
                             kPatienceMs);
    session.disconnect(this);
}

/// A panel that opens a run at any moment of a fast training, again and again.
void TestRpcSession::curveIsWholeWhereverTheRunStands()
{
    HostProcess host;
    host.setKnob("FAKE_STEP_MS", "1");
    QVERIFY(host.start());
    RpcSession session(host.options());
    QVERIFY(isConnected(session));
    constexpr qint64 kSteps = 2'000;
    const auto created = host.client().createRun(host.specJson(kSteps).toStdString(), {}, true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const QString run = QString::fromStdString(created->id);
    CurvesModel model;
    CurvesFeed feed(session, model);
    for (int i = 0; i < 12; ++i) {
        feed.setRun(run);
        QTRY_VERIFY_WITH_TIMEOUT(!feed.isReading(), kPatienceMs);
        QTest::qWait(7 * i);
        QTRY_COMPARE_WITH_TIMEOUT(gapIn(model, run, std::max<qint64>(model.lastStep(run), 0)), QString(),
                                  kPatienceMs);
        feed.setRun({});
    }
    feed.setRun(run);
    QTRY_VERIFY_WITH_TIMEOUT(feed.status() && feed.status()->state == RunState::Finished, kEndPatienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(gapIn(model, run, kSteps), QString(), kPatienceMs);
}

void TestRpcSession::curveIsWholeAcrossKillsOfTheHost()
{
    HostProcess host;
    host.setKnob("FAKE_STEP_MS", "1");
    QVERIFY(host.start());
    RpcSession session(host.options());
    QVERIFY(isConnected(session));
    constexpr qint64 kSteps = 6'000;
    const auto created = host.client().createRun(host.specJson(kSteps).toStdString(), {}, true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const QString run = QString::fromStdString(created->id);
    CurvesModel model;
    CurvesFeed feed(session, model);
    feed.setRun(run);
    for (int i = 0; i < 2; ++i) {
        QTRY_VERIFY_WITH_TIMEOUT(model.lastStep(run) > 0, kPatienceMs);
        QTest::qWait(300);
        const qint64 before = model.lastStep(run);
        host.kill();
        QTest::qWait(300); // the training goes on; nobody hears of it
        QVERIFY(host.start());
        session.reconnect();
        QTRY_VERIFY_WITH_TIMEOUT(model.lastStep(run) >= std::min(before + 300, kSteps), kPatienceMs);
    }
    QTRY_VERIFY_WITH_TIMEOUT(feed.status() && feed.status()->state == RunState::Finished, kEndPatienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(gapIn(model, run, kSteps), QString(), kPatienceMs);
}

QTEST_GUILESS_MAIN(TestRpcSession)
#include "tst_rpc_session.moc"
