// SPDX-License-Identifier: Apache-2.0
// What a host says when something is wrong: code, offending value, next step.
#include "tests/app/host/host_fixture.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace orrery;
using namespace orrery::test;

class TestHostErrors : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_host = std::make_unique<HostFixture>(); }
    void cleanup() { m_host.reset(); }
    void refusesASecondHost();
    void replacesAStaleSocketAndLock();
    void refusesALongSocketPath();
    void refusesBadSpecs_data();
    void refusesBadSpecs();
    void refusesAFolderWithARun();
    void offersTheNearestRun();
    void tellsWhyAWorkerDidNotStart();
    void tellsThatThereIsNoWorkerProgram();
    void keepsTheRunWhenItsStartFails();

private:
    std::unique_ptr<HostFixture> m_host;
};

void TestHostErrors::refusesASecondHost()
{
    m_host->start();
    HostOptions options;
    options.home = m_host->home();
    options.socketPath = m_host->socket;
    const auto second = runHost(options);
    QVERIFY(!second.ok());
    QCOMPARE(second.error().code, ErrorCode::Conflict);
    QVERIFY(second.error().message.find("pid " + std::to_string(::getpid())) != std::string::npos);
    QVERIFY(!second.error().hint.empty());
    VERIFY_OK(m_host->client().host()); // the first one is not disturbed
}

void TestHostErrors::replacesAStaleSocketAndLock()
{
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        m_host->socket.copy(address.sun_path, sizeof(address.sun_path) - 1);
        const FileDescriptor dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        QCOMPARE(::bind(dead.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)), 0);
    }
    VERIFY_OK(writeFileAtomically(m_host->socket + ".lock", "host (pid 1)"));
    m_host->start();
    VERIFY_OK(m_host->client().host());
}

void TestHostErrors::refusesALongSocketPath()
{
    HostOptions options;
    options.home = m_host->home();
    options.socketPath = m_host->home().string() + "/" + std::string(100, 's');
    const auto started = runHost(options);
    QVERIFY(!started.ok());
    QCOMPARE(started.error().code, ErrorCode::InvalidInput);
    QVERIFY(started.error().message.find("107") != std::string::npos);
}

void TestHostErrors::refusesBadSpecs_data()
{
    QTest::addColumn<QString>("spec");
    QTest::addColumn<QString>("offending");
    QTest::addColumn<int>("code");
    const int invalid = static_cast<int>(ErrorCode::InvalidInput);
    QTest::newRow("broken JSON") << R"({"data":)"
                                 << "" << invalid;
    QTest::newRow("unknown key") << R"({"data":{"path":"@"},"model":{"layrs":3}})"
                                 << "layrs" << invalid;
    QTest::newRow("range") << R"({"data":{"path":"@"},"model":{"layers":-1}})"
                           << "-1" << invalid;
    QTest::newRow("no data") << R"({"model":{"preset":"tiny"}})"
                             << "data" << invalid;
    QTest::newRow("relative data") << R"({"data":{"path":"text.txt"}})"
                                   << "text.txt" << invalid;
    QTest::newRow("missing data") << R"({"data":{"path":"/nowhere/x.txt"}})"
                                  << "/nowhere/x.txt" << static_cast<int>(ErrorCode::NotFound);
    // Not even root reads this one.
    QTest::newRow("unreadable data") << R"({"data":{"path":"/proc/self/mem"}})"
                                     << "/proc/self/mem\": Input/output error"
                                     << static_cast<int>(ErrorCode::Io);
}

void TestHostErrors::refusesBadSpecs()
{
    QFETCH(QString, spec);
    QFETCH(QString, offending);
    QFETCH(int, code);
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(
        spec.replace(QLatin1Char('@'), QString::fromStdString(m_host->data)).toStdString(), "", true);
    QVERIFY(!created.ok());
    QCOMPARE(static_cast<int>(created.error().code), code);
    QVERIFY2(created.error().text().find(offending.toStdString()) != std::string::npos,
             created.error().text().c_str());
    QCOMPARE(client.listRuns()->size(), size_t{0}); // nothing half-made is left
}

void TestHostErrors::refusesAFolderWithARun()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const std::string folder = m_host->home().parent_path().string() + "/mine";
    VERIFY_OK(client.createRun(m_host->specJson(), folder, false));
    const auto again = client.createRun(m_host->specJson(), folder, false);
    QVERIFY(!again.ok());
    QCOMPARE(again.error().code, ErrorCode::Conflict);
    const auto relative = client.createRun(m_host->specJson(), "mine", false);
    QCOMPARE(relative.error().code, ErrorCode::InvalidInput);
}

void TestHostErrors::offersTheNearestRun()
{
    m_host->start();
    const EngineClient client = m_host->client();
    VERIFY_OK(client.createRun(m_host->specJson(10, "shakespeare"), "", false));
    const auto missed = client.status("shakespaere");
    QVERIFY(!missed.ok());
    QCOMPARE(missed.error().code, ErrorCode::NotFound);
    QVERIFY2(missed.error().hint.find("shakespeare") != std::string::npos, missed.error().text().c_str());
}

void TestHostErrors::tellsWhyAWorkerDidNotStart()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", false);
    VERIFY_OK(created);
    ::setenv("FAKE_FAIL", "1", 1);
    const auto started = client.startRun(created->id, 0);
    ::unsetenv("FAKE_FAIL");
    QVERIFY(!started.ok());
    QCOMPARE(started.error().code, ErrorCode::InvalidInput);
    QVERIFY(started.error().text().find("line 7 is not JSON") != std::string::npos);
    QVERIFY(started.error().text().find("Correct line 7.") != std::string::npos);
    VERIFY_OK(client.startRun(created->id, 0)); // and the next try works
}

void TestHostErrors::tellsThatThereIsNoWorkerProgram()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", false);
    VERIFY_OK(created);
    ::setenv("ORRERY_WORKER", "/nowhere/orrery-worker", 1);
    const auto started = client.startRun(created->id, 0);
    QVERIFY(!started.ok());
    QCOMPARE(started.error().code, ErrorCode::NotFound);
    QVERIFY(started.error().message.find("/nowhere/orrery-worker") != std::string::npos);
}

void TestHostErrors::keepsTheRunWhenItsStartFails()
{
    m_host->start();
    const EngineClient client = m_host->client();
    ::setenv("FAKE_FAIL", "1", 1);
    const auto created = client.createRun(m_host->specJson(), "", true);
    ::unsetenv("FAKE_FAIL");
    QVERIFY(!created.ok());
    const auto runs = client.listRuns();
    VERIFY_OK(runs);
    QCOMPARE(runs->size(), size_t{1});
    QVERIFY(created.error().hint.find(runs->front().id) != std::string::npos);
    VERIFY_OK(client.startRun(runs->front().id, 0));
}

QTEST_GUILESS_MAIN(TestHostErrors)
#include "tst_host_errors.moc"
