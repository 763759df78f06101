// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/host_connection.h"

#include "core/base/program_build.h"
#include "core/rpc/silent_host.h"
#include "core/rpc/unix_server.h"
#include "tests/rpc/fakes.h"
#include "tests/rpc/socket_relay.h"

#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <fstream>
#include <thread>

using namespace orrery;

class TestHostConnection : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void saysThatNobodyListens();
    void startsAHostAndFindsItAgain();
    void startsAHostThatListensWhereItIsAsked();
    void tellsTheLastWordsOfAFailedHost();
    void refusesAMissingProgram();
    void tokenEndsAnAttemptAndEveryCall();
    void tokenEndsTheWaitForAHost();
    void buildsHaveNames();
    void replacesAHostThatWasUpdated();
    void replacesAHostWhoseFileIsGone();
    void keepsABusyHostAndSaysSo();
    void keepsTheHostOfAnotherInstallation();
    void keepsAHostThatAnswersFromElsewhere();
    void startsNoneBesideOneThatHangs();
    void endsOneThatHangsWhenAskedFor();

private:
    /// A copy of the server as an installation of its own: PREFIX/bin/server with the libraries beside it.
    static std::filesystem::path install(const QTemporaryDir &folder, const std::string &name)
    {
        const std::filesystem::path prefix = folder.filePath(QString::fromStdString(name)).toStdString();
        std::filesystem::create_directories(prefix / "bin");
        std::filesystem::create_directory_symlink(
            std::filesystem::path(ORRERY_SMALL_SERVER).parent_path().parent_path() / "lib", prefix / "lib");
        std::filesystem::copy_file(ORRERY_SMALL_SERVER, prefix / "bin" / "server");
        return prefix / "bin" / "server";
    }
    /// As an update does: another file takes the place of the program, which may run.
    static void update(const std::filesystem::path &program)
    {
        const std::filesystem::path next = program.string() + ".new";
        std::filesystem::copy_file(program, next);
        std::ofstream(next, std::ios::app) << "another build";
        std::filesystem::rename(next, program);
    }
    static HostConnectOptions optionsFor(const QTemporaryDir &folder, const std::filesystem::path &program)
    {
        HostConnectOptions options = optionsIn(folder);
        options.engineProgram = program;
        return options;
    }

    static HostConnectOptions optionsIn(const QTemporaryDir &folder)
    {
        HostConnectOptions options;
        options.socketPath = folder.filePath(QStringLiteral("h")).toStdString();
        options.engineProgram = ORRERY_SMALL_SERVER;
        options.arguments = {options.socketPath};
        options.wait = std::chrono::minutes(1); // ends as soon as it listens
        return options;
    }
    /// Returns when no thread of the process runs: on a busy machine that is some time after the signal.
    static void stop(pid_t pid)
    {
        QCOMPARE(::kill(pid, SIGSTOP), 0);
        QVERIFY(test::waitFor([pid] {
            for (const auto &task :
                 std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
                std::ifstream file(task.path() / "stat");
                const std::string stat((std::istreambuf_iterator<char>(file)), {});
                if (stat.find(") T") == std::string::npos) return false;
            }
            return true;
        }));
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
    QCOMPARE(first->host.pid, second->host.pid);
    QVERIFY2(first->note.empty() && second->note.empty(), second->note.c_str());
    end(first->client);
}

void TestHostConnection::startsAHostThatListensWhereItIsAsked()
{
    const QTemporaryDir folder;
    HostConnectOptions options = optionsIn(folder);
    const std::filesystem::path engine = folder.filePath(QStringLiteral("engine")).toStdString();
    std::ofstream(engine) << "#!/bin/sh\n[ \"$*\" = \"host --background --socket " << options.socketPath
                          << "\" ] && exec " << ORRERY_SMALL_SERVER << " \"$4\"\necho \"$*\"\n";
    std::filesystem::permissions(engine, std::filesystem::perms::owner_all);
    options.engineProgram = engine;
    options.arguments.clear();
    options.wait = std::chrono::seconds(20);
    const auto connection = connectOrStartHost(options);
    QVERIFY2(connection.ok(), connection.ok() ? "" : connection.error().text().c_str());
    end(connection->client);

    const std::vector<std::string> usual = {"host", "--background"};
    options.socketPath.clear();
    QCOMPARE(hostArguments(options), usual);
    const auto place = hostSocketPath();
    QVERIFY(place.ok());
    options.socketPath = *place;
    QCOMPARE(hostArguments(options), usual);
}

void TestHostConnection::tellsTheLastWordsOfAFailedHost()
{
    const QTemporaryDir folder;
    HostConnectOptions options = optionsIn(folder);
    options.engineProgram = "/bin/sh";
    options.arguments = {"-c", "echo the disk is full >&2; exit 4"};
    // The whole wait is waited; on a busy machine a short one may end before the shell has said anything.
    std::string hint;
    for (const int waitMs : {300, 2'000, 30'000}) {
        options.wait = std::chrono::milliseconds(waitMs);
        const auto client = connectOrStartHost(options);
        QVERIFY(!client.ok());
        QCOMPARE(client.error().code, ErrorCode::Unavailable);
        hint = client.error().hint;
        if (hint.find("the disk is full") != std::string::npos) return;
    }
    QFAIL(hint.c_str());
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
    const auto connected = connectOrStartHost(options);
    QVERIFY2(connected.ok(), connected.ok() ? "" : connected.error().text().c_str());
    const EngineClient *client = &connected->client;
    const auto pid = static_cast<pid_t>(connected->host.pid);
    // A host that is stopped by a signal takes the connection (the kernel does) and answers nothing.
    stop(pid);
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

void TestHostConnection::buildsHaveNames()
{
    const QTemporaryDir folder;
    const std::filesystem::path program = install(folder, "a");
    const auto before = programBuild(program);
    QVERIFY2(before.ok(), before.ok() ? "" : before.error().text().c_str());
    QCOMPARE(before->size(), size_t{16});
    QCOMPARE(*programBuild(install(folder, "b")), *before); // equal files, whatever their place and age
    update(program);
    QVERIFY(*programBuild(program) != *before);
    // A shared library of ours is a part of the program.
    std::filesystem::remove(folder.filePath(QStringLiteral("b/lib")).toStdString());
    QVERIFY(*programBuild(folder.filePath(QStringLiteral("b/bin/server")).toStdString()) != *before);
    QCOMPARE(programBuild("/nowhere/program").error().code, ErrorCode::NotFound);
}

void TestHostConnection::replacesAHostThatWasUpdated()
{
    const QTemporaryDir folder;
    const std::filesystem::path program = install(folder, "a");
    const auto old = connectOrStartHost(optionsFor(folder, program));
    QVERIFY2(old.ok(), old.ok() ? "" : old.error().text().c_str());
    update(program);
    QVERIFY(hostDifference(old->host, program).find("before this program was updated") != std::string::npos);
    const auto next = connectOrStartHost(optionsFor(folder, program));
    QVERIFY2(next.ok(), next.ok() ? "" : next.error().text().c_str());
    QVERIFY2(next->note.empty(), next->note.c_str());
    QVERIFY(next->host.pid != old->host.pid);
    QCOMPARE(next->host.build, *programBuild(program));
    // And it stays: the second window finds what it would start itself.
    QCOMPARE(connectOrStartHost(optionsFor(folder, program))->host.pid, next->host.pid);
    end(next->client);
}

void TestHostConnection::replacesAHostWhoseFileIsGone()
{
    const QTemporaryDir folder;
    const std::filesystem::path moved = install(folder, "old");
    const auto old = connectOrStartHost(optionsFor(folder, moved));
    QVERIFY(old.ok());
    const std::filesystem::path program = install(folder, "new");
    update(program);
    std::filesystem::remove(moved);
    const auto next = connectOrStartHost(optionsFor(folder, program));
    QVERIFY2(next.ok(), next.ok() ? "" : next.error().text().c_str());
    QVERIFY(next->note.empty() && next->host.pid != old->host.pid);
    end(next->client);
}

void TestHostConnection::keepsAHostThatAnswersFromElsewhere()
{
    const QTemporaryDir folder;
    const std::filesystem::path program = install(folder, "a");
    const auto far = connectOrStartHost(optionsFor(folder, program));
    QVERIFY2(far.ok(), far.ok() ? "" : far.error().text().c_str());
    // What would replace it if it were here: the same path, another build.
    update(program);
    HostConnectOptions options = optionsFor(folder, program);
    const test::SocketRelay relay(folder.filePath(QStringLiteral("forwarded")).toStdString(),
                                  options.socketPath);
    QVERIFY(relay.isListening());
    QCOMPARE(listeningProcess(options.socketPath), far->host.pid);
    options.socketPath = folder.filePath(QStringLiteral("forwarded")).toStdString();
    QCOMPARE(listeningProcess(options.socketPath), static_cast<int64_t>(::getpid()));
    const auto used = connectOrStartHost(options);
    QVERIFY2(used.ok(), used.ok() ? "" : used.error().text().c_str());
    QCOMPARE(used->host.pid, far->host.pid);
    QVERIFY2(used->note.find("runs elsewhere") != std::string::npos, used->note.c_str());
    QVERIFY(used->client.host().ok()); // and was not asked to end
    end(far->client);
}

void TestHostConnection::keepsABusyHostAndSaysSo()
{
    const QTemporaryDir folder;
    const std::filesystem::path program = install(folder, "a");
    ::setenv("ORRERY_SMALL_SERVER_BUSY", "1", 1);
    const auto old = connectOrStartHost(optionsFor(folder, program));
    ::unsetenv("ORRERY_SMALL_SERVER_BUSY");
    QVERIFY(old.ok());
    update(program);
    const auto next = connectOrStartHost(optionsFor(folder, program));
    QVERIFY(next.ok());
    QCOMPARE(next->host.pid, old->host.pid);
    QVERIFY2(next->note.find("before this program was updated") != std::string::npos, next->note.c_str());
    QVERIFY2(next->note.find("there is nothing here") != std::string::npos, next->note.c_str()); // its reason
    end(next->client);
}

void TestHostConnection::keepsTheHostOfAnotherInstallation()
{
    const QTemporaryDir folder;
    const std::filesystem::path other = install(folder, "other");
    const std::filesystem::path program = install(folder, "a");
    const auto first = connectOrStartHost(optionsFor(folder, other));
    QVERIFY(first.ok());
    // Of the same build it is as good as ours.
    const auto same = connectOrStartHost(optionsFor(folder, program));
    QCOMPARE(same->host.pid, first->host.pid);
    QVERIFY2(same->note.empty(), same->note.c_str());
    update(program);
    const auto different = connectOrStartHost(optionsFor(folder, program));
    QCOMPARE(different->host.pid, first->host.pid);
    QVERIFY2(different->note.find(other.string()) != std::string::npos, different->note.c_str());
    QVERIFY2(different->note.find("kill " + std::to_string(first->host.pid)) != std::string::npos,
             different->note.c_str());
    end(first->client);
}

void TestHostConnection::startsNoneBesideOneThatHangs()
{
    const QTemporaryDir folder;
    HostConnectOptions options = optionsIn(folder);
    QVERIFY(!silentHost(options)); // nobody listens
    const auto connected = connectOrStartHost(options);
    QVERIFY2(connected.ok(), connected.ok() ? "" : connected.error().text().c_str());
    const auto pid = static_cast<pid_t>(connected->host.pid);
    stop(pid);
    options.wait = std::chrono::milliseconds(200);
    const std::string trace = folder.filePath(QStringLiteral("begun")).toStdString();
    HostConnectOptions other = options;
    other.engineProgram = "/bin/sh";
    other.arguments = {"-c", "echo begun > " + trace};
    const auto asked = connectOrStartHost(other);
    QVERIFY(!asked.ok());
    QCOMPARE(asked.error().code, ErrorCode::Unavailable);
    QVERIFY2(asked.error().message.find("it is there and does not answer") != std::string::npos, asked.error().message.c_str());
    QVERIFY2(asked.error().hint.find("kill -CONT " + std::to_string(pid)) != std::string::npos, asked.error().hint.c_str());
    QVERIFY2(asked.error().hint.find("kill -KILL " + std::to_string(pid)) != std::string::npos, asked.error().hint.c_str());
    QVERIFY(!std::filesystem::exists(trace));
    // One that goes on while it is waited for is taken.
    options.wait = std::chrono::minutes(1);
    std::thread going([pid] {
        std::this_thread::sleep_for(std::chrono::milliseconds(2'500)); // longer than a first attempt takes
        ::kill(pid, SIGCONT);
    });
    const auto late = connectOrStartHost(options);
    going.join();
    QVERIFY2(late.ok(), late.ok() ? "" : late.error().text().c_str());
    QCOMPARE(late->host.pid, static_cast<int64_t>(pid));
    end(late->client);
}

void TestHostConnection::endsOneThatHangsWhenAskedFor()
{
    const QTemporaryDir folder;
    const HostConnectOptions options = optionsIn(folder);
    const auto connected = connectOrStartHost(options);
    QVERIFY2(connected.ok(), connected.ok() ? "" : connected.error().text().c_str());
    const auto pid = static_cast<pid_t>(connected->host.pid);
    stop(pid);
    const auto silent = silentHost(options);
    QVERIFY(silent && silent->isReplaceable);
    QCOMPARE(silent->pid, static_cast<int64_t>(pid));
    QCOMPARE(silent->reason, SilenceReason::Stopped);
    const auto refusal = [](const Result<void> &result) { return result.ok() ? std::string() : result.error().message; };
    // One that was started in another way would not come back as it was; ssh that forwards a socket is no host.
    HostConnectOptions other = options;
    other.arguments.emplace_back("--listen");
    QVERIFY(silentHost(other) && !silentHost(other)->isReplaceable);
    const auto unlike = endSilentHost(*silentHost(other), other);
    QVERIFY2(refusal(unlike).find("was not started by a window") != std::string::npos, refusal(unlike).c_str());
    QCOMPARE(unlike.error().code, ErrorCode::Conflict);
    HostConnectOptions forwarded = options;
    forwarded.mayStart = false;
    QVERIFY(silentHost(forwarded) && !silentHost(forwarded)->isReplaceable);
    const auto changed = endSilentHost({::getpid(), SilenceReason::Unknown, true}, options);
    QVERIFY2(refusal(changed).find("listens there, expected") != std::string::npos, refusal(changed).c_str());
    ::kill(pid, SIGCONT);
    const auto awake = endSilentHost(*silent, options);
    QVERIFY2(refusal(awake).find("it answers again") != std::string::npos, refusal(awake).c_str());
    QVERIFY(connected->client.host().ok());
    stop(pid);
    const auto ended = endSilentHost(*silent, options);
    QVERIFY2(ended.ok(), refusal(ended).c_str());
    QVERIFY(!silentHost(options));
    const auto next = connectOrStartHost(options);
    QVERIFY2(next.ok(), next.ok() ? "" : next.error().text().c_str());
    QVERIFY(next->host.pid != pid);
    end(next->client);
}

QTEST_APPLESS_MAIN(TestHostConnection)
#include "tst_host_connection.moc"
