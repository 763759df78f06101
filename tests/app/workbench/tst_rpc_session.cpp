// SPDX-License-Identifier: GPL-3.0-or-later
// The window's session against a real host process: it ends at once whatever the engine does, and leaves no
// thread.
#include "app/workbench/call_threads.h"
#include "app/workbench/rpc_session.h"
#include "host_process.h"

#include <QDir>
#include <QElapsedTimer>
#include <QSignalSpy>

using namespace orrery;
using namespace orrery::ui;
using orrery::test::HostProcess;

namespace {

/// The promise of closing; far below what any call may wait.
constexpr qint64 kLongestCloseMs = 1000;

bool isConnected(const RpcSession &session)
{
    return QTest::qWaitFor([&] { return session.connectionState() == ConnectionState::Connected; }, 10'000);
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
};

void TestRpcSession::closesWhileTheFirstConnectionHangs()
{
    HostProcess host;
    QVERIFY(host.start());
    host.freeze();
    auto session = std::make_unique<RpcSession>(host.options());
    QTest::qWait(200);
    QCOMPARE(session->connectionState(), ConnectionState::Connecting);
    const qint64 elapsed = msToClose(session);
    QVERIFY2(elapsed < kLongestCloseMs, qPrintable(QString::number(elapsed)));
}

void TestRpcSession::closesWithCallsUnderWayInAFrozenHost()
{
    HostProcess host;
    QVERIFY(host.start());
    auto session = std::make_unique<RpcSession>(host.options());
    QVERIFY(isConnected(*session));
    host.freeze();
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
    qint64 longest = 0;
    for (int i = 0; i < 300; ++i) {
        auto session = std::make_unique<RpcSession>(options);
        std::this_thread::sleep_for(std::chrono::microseconds(5 * i));
        longest = std::max(longest, msToClose(session));
    }
    QVERIFY2(longest < kLongestCloseMs / 2, qPrintable(QString::number(longest)));
}

void TestRpcSession::joinsTheThreadsOfGenerations()
{
    HostProcess host;
    QVERIFY(host.start());
    for (int i = 0; i < 10; ++i) {
        auto session = std::make_unique<RpcSession>(host.options());
        QVERIFY(isConnected(*session));
        host.freeze();
        std::vector<std::unique_ptr<GenerationHandle>> handles;
        for (int k = 0; k < 8; ++k) handles.push_back(session->generate(QStringLiteral("alpha"), {}));
        QVERIFY(QTest::qWaitFor([] { return numThreadsNamed("generation") == 8; }));
        handles.resize(4); // some are destroyed before their session, some after it
        session.reset();
        QCOMPARE(numThreadsNamed("generation"), 0);
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
        QTRY_COMPARE(threads.numRunning(), size_t{3}); // the first ends by itself
        QCOMPARE(numEnded.load(), 1);
    }
    QCOMPARE(numEnded.load(), 4);
}

QTEST_GUILESS_MAIN(TestRpcSession)
#include "tst_rpc_session.moc"
