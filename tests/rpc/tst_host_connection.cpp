// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/host_connection.h"

#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <thread>

using namespace orrery;

class TestHostConnection : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void saysThatNobodyListens();
    void startsAHostAndFindsItAgain();
    void tellsTheLastWordsOfAFailedHost();
    void refusesAMissingProgram();
    void tokenEndsAnAttemptAndEveryCall();
    void tokenEndsTheWaitForAHost();

private:
    static HostConnectOptions optionsIn(const QTemporaryDir &folder)
    {
        HostConnectOptions options;
        options.socketPath = folder.filePath(QStringLiteral("h")).toStdString();
        options.engineProgram = ORRERY_SMALL_SERVER;
        options.arguments = {options.socketPath};
        return options;
    }
    static void end(const EngineClient &client)
    {
        const auto host = client.host();
        if (host.ok()) ::kill(static_cast<pid_t>(host->pid), SIGKILL);
    }
};

void TestHostConnection::saysThatNobodyListens()
{
    const QTemporaryDir folder;
    const auto client = connectToHost(folder.filePath(QStringLiteral("h")).toStdString());
    QVERIFY(!client.ok());
    QCOMPARE(client.error().code, ErrorCode::Unavailable);
    QVERIFY(!client.error().hint.empty());
}

void TestHostConnection::startsAHostAndFindsItAgain()
{
    const QTemporaryDir folder;
    const auto first = connectOrStartHost(optionsIn(folder));
    QVERIFY2(first.ok(), first.ok() ? "" : first.error().text().c_str());
    const auto second = connectOrStartHost(optionsIn(folder));
    QVERIFY(second.ok());
    QCOMPARE(first->host()->pid, second->host()->pid);
    end(*first);
}

void TestHostConnection::tellsTheLastWordsOfAFailedHost()
{
    const QTemporaryDir folder;
    HostConnectOptions options = optionsIn(folder);
    options.engineProgram = "/bin/sh";
    options.arguments = {"-c", "echo the disk is full >&2; exit 4"};
    options.wait = std::chrono::milliseconds(300);
    const auto client = connectOrStartHost(options);
    QVERIFY(!client.ok());
    QCOMPARE(client.error().code, ErrorCode::Unavailable);
    QVERIFY(client.error().hint.find("the disk is full") != std::string::npos);
}

void TestHostConnection::refusesAMissingProgram()
{
    const QTemporaryDir folder;
    HostConnectOptions options = optionsIn(folder);
    options.engineProgram = "/nowhere/orrery-engine";
    const auto client = connectOrStartHost(options);
    QVERIFY(!client.ok());
    QCOMPARE(client.error().code, ErrorCode::NotFound);
    QVERIFY(client.error().message.find("/nowhere/orrery-engine") != std::string::npos);
}

void TestHostConnection::tokenEndsAnAttemptAndEveryCall()
{
    const QTemporaryDir folder;
    const CancelToken token;
    HostConnectOptions options = optionsIn(folder);
    options.token = token;
    const auto client = connectOrStartHost(options);
    QVERIFY2(client.ok(), client.ok() ? "" : client.error().text().c_str());
    const auto pid = static_cast<pid_t>(client->host()->pid);
    // A host that is stopped by a signal takes the connection (the kernel does) and answers nothing.
    ::kill(pid, SIGSTOP);
    Result<HostDescription> asked = HostDescription{};
    Result<RunStatus> created = RunStatus{};
    Result<void> attempt;
    std::thread asking([&] { asked = client->host(); });
    std::thread creating([&] { created = client->createRun("{}", "", false); });
    std::thread connecting([&] {
        const auto second = EngineClient::connect(options.socketPath, std::chrono::seconds(30), token);
        if (!second.ok()) attempt = second.error();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    token.cancel();
    asking.join();
    creating.join();
    connecting.join();
    const auto later = client->listRuns();
    ::kill(pid, SIGKILL);
    QVERIFY(!asked.ok() && !created.ok() && !attempt.ok() && !later.ok());
    QCOMPARE(asked.error().code, ErrorCode::Cancelled);
    QCOMPARE(created.error().code, ErrorCode::Cancelled);
    QCOMPARE(attempt.error().code, ErrorCode::Cancelled);
    QCOMPARE(later.error().code, ErrorCode::Cancelled);
}

void TestHostConnection::tokenEndsTheWaitForAHost()
{
    const QTemporaryDir folder;
    HostConnectOptions options = optionsIn(folder);
    options.engineProgram = "/bin/sh";
    options.arguments = {"-c", "sleep 2"};
    options.wait = std::chrono::seconds(30);
    Result<void> result;
    std::thread connecting([&] {
        const auto client = connectOrStartHost(options);
        if (!client.ok()) result = client.error();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    options.token.cancel();
    connecting.join();
    QVERIFY(!result.ok());
    QCOMPARE(result.error().code, ErrorCode::Cancelled);
}

QTEST_APPLESS_MAIN(TestHostConnection)
#include "tst_host_connection.moc"
