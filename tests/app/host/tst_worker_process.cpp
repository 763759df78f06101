// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/worker_process.h"

#include "core/base/child_process.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

using namespace orrery;
using std::chrono::milliseconds;

class TestWorkerProcess : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        for (const char *name : {"ORRERY_WORKER", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}) ::unsetenv(name);
    }
    void setsThreadsAndWaitPolicy();
    void keepsTheUsersWaitPolicy();
    void namesThePlacesItLookedIn();
    void prefersTheNamedWorker();
    void startsInASessionOfItsOwn();
    void closesAllDescriptors();
    void tellsHowItEnded();
    void leavesAnAbandonedChildToTheReaper();
    void readsLastErrors_data();
    void readsLastErrors();
    void refusesAMissingProgram();

private:
    WorkerProcess shell(const std::string &script)
    {
        ::setenv("ORRERY_WORKER", "/bin/sh", 1);
        auto process = WorkerProcess::spawn({{"-c", script}, 3}, output());
        if (!process.ok()) qFatal("%s", process.error().text().c_str());
        return std::move(process).value();
    }
    std::filesystem::path output() const { return m_folder.filePath(QStringLiteral("out")).toStdString(); }
    std::string said() const { return readFile(output(), 1 << 20).value(); }

    QTemporaryDir m_folder;
};

void TestWorkerProcess::setsThreadsAndWaitPolicy()
{
    const auto environment = workerEnvironment(3);
    const auto has = [&](const std::string &variable) {
        return std::count(environment.begin(), environment.end(), variable) == 1;
    };
    QVERIFY(has("OMP_NUM_THREADS=3"));
    QVERIFY(has("MKL_NUM_THREADS=3"));
    QVERIFY(has("OMP_WAIT_POLICY=PASSIVE"));
    QVERIFY(has("GOMP_SPINCOUNT=1000"));
}

void TestWorkerProcess::keepsTheUsersWaitPolicy()
{
    ::setenv("OMP_WAIT_POLICY", "ACTIVE", 1);
    const auto environment = workerEnvironment(2);
    QVERIFY(std::count(environment.begin(), environment.end(), "OMP_WAIT_POLICY=ACTIVE") == 1);
    for (const std::string &variable : environment) QVERIFY(!variable.starts_with("GOMP_SPINCOUNT="));
}

void TestWorkerProcess::namesThePlacesItLookedIn()
{
    // No worker stands beside this test.
    const auto found = findWorkerProgram();
    if (found.ok()) QSKIP("A worker stands beside the tests.");
    QCOMPARE(found.error().code, ErrorCode::NotFound);
    QVERIFY(found.error().message.find("libexec/orrery/orrery-worker") != std::string::npos);
}

void TestWorkerProcess::prefersTheNamedWorker()
{
    ::setenv("ORRERY_WORKER", "/bin/sh", 1);
    QCOMPARE(findWorkerProgram().value(), std::filesystem::path("/bin/sh"));
    ::setenv("ORRERY_WORKER", "/nowhere/w", 1);
    const auto missing = findWorkerProgram();
    QVERIFY(!missing.ok());
    QCOMPARE(missing.error().code, ErrorCode::NotFound);
    QVERIFY(missing.error().message.find("/nowhere/w") != std::string::npos);
}

void TestWorkerProcess::startsInASessionOfItsOwn()
{
    WorkerProcess process =
        shell("ps -o sid= -p $$ | tr -d ' '; echo $$; echo $OMP_NUM_THREADS; readlink /proc/$$/fd/0");
    QCOMPARE(process.wait(milliseconds(60'000)).value_or(-99), 0);
    const QStringList lines = QString::fromStdString(said()).split(QLatin1Char('\n'));
    QCOMPARE(lines.at(0), lines.at(1)); // leader of its session
    QCOMPARE(lines.at(0).toLongLong(), static_cast<qlonglong>(process.pid()));
    QCOMPARE(lines.at(2), QStringLiteral("3"));
    QCOMPARE(lines.at(3), QStringLiteral("/dev/null"));
}

void TestWorkerProcess::closesAllDescriptors()
{
    const FileDescriptor leaky(::open("/dev/null", O_RDONLY)); // without O_CLOEXEC
    QVERIFY(leaky.get() > 2);
    WorkerProcess process = shell("ls /proc/$$/fd | tr '\\n' ' '");
    QCOMPARE(process.wait(milliseconds(60'000)).value_or(-99), 0);
    const QString open = QString::fromStdString(said());
    QVERIFY2(!open.split(QLatin1Char(' ')).contains(QString::number(leaky.get())), qPrintable(open));
}

void TestWorkerProcess::tellsHowItEnded()
{
    WorkerProcess process = shell("exit 3");
    QCOMPARE(process.wait(milliseconds(60'000)).value_or(-99), 3);
    QCOMPARE(process.wait(milliseconds(0)).value_or(-99), 3);
    WorkerProcess sleeper = shell("sleep 60");
    QVERIFY(!sleeper.wait(milliseconds(10)).has_value());
    sleeper.signal(SIGKILL);
    QCOMPARE(sleeper.wait(milliseconds(60'000)).value_or(-99), -SIGKILL);
}

void TestWorkerProcess::leavesAnAbandonedChildToTheReaper()
{
    int64_t pid = 0;
    {
        const WorkerProcess process = shell("exit 0");
        pid = process.pid();
    }
    bool isGone = false;
    for (int i = 0; i < 10'000 && !isGone; ++i) {
        WorkerProcess::reapForgotten();
        isGone = ::kill(static_cast<pid_t>(pid), 0) != 0;
        ::usleep(5000);
    }
    QVERIFY(isGone);
}

void TestWorkerProcess::readsLastErrors_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("exit");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    const auto row = [](const char *name, const char *text, int exit, ErrorCode code, const char *says) {
        QTest::newRow(name) << QString::fromUtf8(text) << exit << static_cast<int>(code)
                            << QString::fromUtf8(says);
    };
    row("event line",
        "x\n{\"event\":\"error\",\"code\":\"conflict\",\"message\":\"Cannot a.\",\"hint\":\"Do b.\"}\n", 3,
        ErrorCode::Conflict, "Cannot a. Do b.");
    row("error object", "{\"error\":{\"code\":\"io\",\"message\":\"Cannot c.\",\"hint\":\"\"}}\n", 4,
        ErrorCode::Io, "Cannot c.");
    row("text", "noise\norrery-worker: Cannot d. Do e.\n", 3, ErrorCode::InvalidInput, "Cannot d. Do e.");
    row("report lines are no errors", "{\"step\":1,\"message\":\"no\"}\nlast words\n", 4,
        ErrorCode::Unavailable, "last words");
    row("killed", "orrery-worker: a note\n", -SIGKILL, ErrorCode::OutOfMemory, "SIGKILL");
    row("aborted", "assert\n", -SIGABRT, ErrorCode::Unavailable, "SIGABRT");
    row("silent", "", 1, ErrorCode::Unavailable, "status 1");
    row("cancelled", "orrery-worker: stopped\n", 5, ErrorCode::Cancelled, "stopped");
}

void TestWorkerProcess::readsLastErrors()
{
    QFETCH(QString, text);
    QFETCH(int, exit);
    QFETCH(int, code);
    QFETCH(QString, says);
    QVERIFY(writeFileAtomically(output(), text.toStdString()).ok());
    const Error error = lastWorkerError(output(), exit);
    QCOMPARE(static_cast<int>(error.code), code);
    QVERIFY2(error.text().find(says.toStdString()) != std::string::npos, error.text().c_str());
}

void TestWorkerProcess::refusesAMissingProgram()
{
    ChildOptions options;
    options.program = "/nowhere/program";
    const auto started = startInNewSession(options);
    QVERIFY(!started.ok());
    QCOMPARE(started.error().code, ErrorCode::NotFound);
    options.program = "/etc/passwd";
    const auto denied = startInNewSession(options);
    QVERIFY(!denied.ok());
    QCOMPARE(denied.error().code, ErrorCode::Io);
}

QTEST_GUILESS_MAIN(TestWorkerProcess)
#include "tst_worker_process.moc"
