// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/host_connection.h"

#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace orrery;

class TestHostConnection : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void saysThatNobodyListens();
    void startsAHostAndFindsItAgain();
    void tellsTheLastWordsOfAFailedHost();
    void refusesAMissingProgram();

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

QTEST_APPLESS_MAIN(TestHostConnection)
#include "tst_host_connection.moc"
