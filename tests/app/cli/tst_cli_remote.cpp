// SPDX-License-Identifier: Apache-2.0
// Two users and two machines, as far as the command line can tell: one serves, the other looks, steers and asks from afar.
#include "engine_process.h"

#include "core/rpc/client.h"
#include "core/store/catalogue.h"
#include "core/store/run_directory.h"

#include <csignal>
#include <sys/stat.h>

using namespace orrery;

namespace {

constexpr int kPatienceMs = 60'000;

} // namespace

class TestCliRemote : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void refusesToBeOpenToEverybody_data();
    void refusesToBeOpenToEverybody();
    void addsAConnectionWhenItsFingerprintWasCompared();
    void listsAndShowsRunsOfTheOtherMachine();
    void watchesAndSteersATraining();
    void generatesThere();
    void saysWhatItCannotDoThere();
    void keepsTheTokenToItself();
    void isOutWhenTheTokenIsRevoked();

private:
    [[nodiscard]] EngineAnswer there(const QStringList &arguments) const { return m_there.run(arguments); }
    [[nodiscard]] EngineAnswer here(const QStringList &arguments, const QStringList &variables = {}) const
    {
        return m_here.run(arguments, 240'000, variables);
    }
    [[nodiscard]] QString address() const { return QStringLiteral("tcp://127.0.0.1:%1").arg(m_port); }

    EngineHome m_there, m_here;
    QProcess m_host;
    QString m_token, m_fingerprint, m_run;
    int m_port = 0;
};

void TestCliRemote::initTestCase()
{
    const EngineAnswer made = there({QStringLiteral("host"), QStringLiteral("token"), QStringLiteral("create"), QStringLiteral("laptop"), QStringLiteral("--json")});
    QVERIFY2(made.exitCode == 0, qPrintable(made.all()));
    m_token = made.lines().first().value(QStringLiteral("secret")).toString();
    QVERIFY(m_token.startsWith(QStringLiteral("orrery_")));
    QProcessEnvironment environment = m_there.environment();
    environment.insert(QStringLiteral("ORRERY_WORKER"), QStringLiteral(ORRERY_FAKE_WORKER));
    environment.insert(QStringLiteral("FAKE_STEP_MS"), QStringLiteral("5"));
    m_host.setProcessEnvironment(environment);
    const QString socket = m_there.path(QStringLiteral("h"));
    m_host.start(QStringLiteral(ORRERY_BIN_DIR "/orrery-engine"),
                 {QStringLiteral("host"), QStringLiteral("--socket"), socket, QStringLiteral("--listen"), QStringLiteral("127.0.0.1:0"), QStringLiteral("--json")});
    QVERIFY(QTest::qWaitFor([this] { return m_host.canReadLine() || m_host.waitForReadyRead(50); }, kPatienceMs));
    const QJsonObject line = QJsonDocument::fromJson(m_host.readLine()).object();
    m_port = line.value(QStringLiteral("port")).toInt();
    m_fingerprint = line.value(QStringLiteral("fingerprint")).toString();
    QVERIFY2(m_port > 0 && m_fingerprint.startsWith(QStringLiteral("SHA256:")), m_host.readAllStandardError().constData());
    QCOMPARE(line.value(QStringLiteral("tokens")).toInt(), 1);
    const QString data = m_there.write(QStringLiteral("text.txt"), QByteArray("a line of a text\n").repeated(4000));
    const auto client = EngineClient::connect(socket.toStdString(), std::chrono::minutes(1));
    QVERIFY2(client.ok(), client.ok() ? "" : client.error().text().c_str());
    const std::string spec = R"({"name":"alpha","data.path":")" + data.toStdString() + R"(","train.steps":1000000})";
    const auto run = client->createRun(spec, "", true);
    QVERIFY2(run.ok(), run.ok() ? "" : run.error().text().c_str());
    m_run = QString::fromStdString(run->id);
}

void TestCliRemote::cleanupTestCase()
{
    m_host.terminate();
    m_host.waitForFinished();
    for (const auto &folder : Catalogue(m_there.path(QStringLiteral("home")).toStdString()).scan()) {
        const auto run = RunDirectory::open(folder);
        if (!run.ok()) continue;
        if (const auto worker = run->liveWorker()) ::kill(static_cast<pid_t>(worker->pid), SIGKILL);
    }
}

void TestCliRemote::refusesToBeOpenToEverybody_data()
{
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("part");
    QTest::newRow("no token") << QStringList{QStringLiteral("--listen"), QStringLiteral("0.0.0.0:0")} << QStringLiteral("host token create NAME");
    QTest::newRow("no TLS") << QStringList{QStringLiteral("--listen"), QStringLiteral("0.0.0.0:0"), QStringLiteral("--plain")}
                            << QStringLiteral("Leave out --plain");
    QTest::newRow("half a certificate") << QStringList{QStringLiteral("--listen"), QStringLiteral("127.0.0.1:0"), QStringLiteral("--tls-cert"), QStringLiteral("/x")}
                                        << QStringLiteral("Give --tls-cert and --tls-key together");
}

void TestCliRemote::refusesToBeOpenToEverybody()
{
    QFETCH(QStringList, options);
    QFETCH(QString, part);
    const EngineHome home;
    const EngineAnswer answer = home.run(QStringList{QStringLiteral("host")} + options);
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.err.contains(part), qPrintable(answer.all()));
}

void TestCliRemote::addsAConnectionWhenItsFingerprintWasCompared()
{
    const QStringList add = {QStringLiteral("connections"), QStringLiteral("add"), QStringLiteral("lab"), address()};
    const QStringList token = {QStringLiteral("ORRERY_TOKEN=") + m_token};
    const EngineAnswer shown = here(add, token);
    QCOMPARE(shown.exitCode, 3);
    QVERIFY2(shown.err.contains(QStringLiteral("has to be compared. It shows ") + m_fingerprint), qPrintable(shown.all()));
    // As that machine says when it is asked.
    QCOMPARE(there({QStringLiteral("host"), QStringLiteral("certificate")}).out.trimmed(), m_fingerprint);
    const EngineAnswer added = here(add + QStringList{QStringLiteral("--fingerprint"), m_fingerprint}, token);
    QVERIFY2(added.exitCode == 0, qPrintable(added.all()));
    const EngineAnswer listed = here({QStringLiteral("connections"), QStringLiteral("list"), QStringLiteral("--json")});
    QCOMPARE(listed.lines().size(), 1);
    QVERIFY(listed.lines().first().value(QStringLiteral("has_token")).toBool());
    const EngineAnswer tested = here({QStringLiteral("connections"), QStringLiteral("test"), QStringLiteral("lab"), QStringLiteral("--json")});
    QVERIFY2(tested.exitCode == 0, qPrintable(tested.all()));
    QVERIFY(tested.lines().first().value(QStringLiteral("round_trip_ms")).toDouble() > 0);
    for (const EngineAnswer &answer : {shown, added, listed, tested}) QVERIFY(!answer.all().contains(m_token.mid(7)));
    struct stat info {};
    QCOMPARE(::stat(qPrintable(m_here.path(QStringLiteral("home/state/connections.json"))), &info), 0);
    QCOMPARE(info.st_mode & 0777, 0600U);
}

void TestCliRemote::listsAndShowsRunsOfTheOtherMachine()
{
    const QStringList remote = {QStringLiteral("--host"), QStringLiteral("lab"), QStringLiteral("--json")};
    const EngineAnswer listed = here(QStringList{QStringLiteral("runs"), QStringLiteral("list")} + remote);
    QVERIFY2(listed.exitCode == 0, qPrintable(listed.all()));
    QCOMPARE(listed.lines().size(), 1);
    QCOMPARE(listed.lines().first().value(QStringLiteral("run")).toString(), m_run);
    QVERIFY(here({QStringLiteral("runs"), QStringLiteral("list"), QStringLiteral("--json")}).lines().isEmpty()); // not this machine's
    const EngineAnswer shown = here(QStringList{QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("alpha")} + remote);
    QVERIFY2(shown.exitCode == 0, qPrintable(shown.all()));
    QCOMPARE(shown.lines().first().value(QStringLiteral("host")).toString(), QStringLiteral("lab"));
    // By the variable, and by the address with a token of its own.
    const EngineAnswer variable = here({QStringLiteral("runs"), QStringLiteral("list"), QStringLiteral("--json")}, {QStringLiteral("ORRERY_HOST=lab")});
    QCOMPARE(variable.lines().size(), 1);
    const EngineAnswer wrong = here(QStringList{QStringLiteral("runs"), QStringLiteral("list"), QStringLiteral("--host"), address()}, {QStringLiteral("ORRERY_TOKEN=orrery_wrong")});
    QCOMPARE(wrong.exitCode, 4);
    QVERIFY2(wrong.err.contains(QStringLiteral("refuses the token")), qPrintable(wrong.all()));
    const EngineAnswer unknown = here({QStringLiteral("runs"), QStringLiteral("list"), QStringLiteral("--host"), QStringLiteral("lap")});
    QCOMPARE(unknown.exitCode, 3);
    QVERIFY2(unknown.err.contains(QStringLiteral("Did you mean \"lab\"?")), qPrintable(unknown.all()));
}

void TestCliRemote::watchesAndSteersATraining()
{
    const QStringList remote = {QStringLiteral("--host"), QStringLiteral("lab"), QStringLiteral("--json")};
    QProcess watching;
    watching.setProcessEnvironment(m_here.environment());
    watching.start(QStringLiteral(ORRERY_BIN_DIR "/orrery-engine"), QStringList{QStringLiteral("watch"), QStringLiteral("alpha")} + remote);
    QByteArray lines;
    QVERIFY(QTest::qWaitFor(
        [&] {
            watching.waitForReadyRead(20);
            lines += watching.readAllStandardOutput();
            return lines.count('\n') > 100;
        },
        kPatienceMs));
    const EngineAnswer paused = here(QStringList{QStringLiteral("control"), QStringLiteral("alpha"), QStringLiteral("pause")} + remote);
    QVERIFY2(paused.exitCode == 0, qPrintable(paused.all()));
    const EngineAnswer stopped = here(QStringList{QStringLiteral("control"), QStringLiteral("alpha"), QStringLiteral("stop")} + remote);
    QVERIFY2(stopped.exitCode == 0, qPrintable(stopped.all()));
    QVERIFY(watching.waitForFinished(kPatienceMs));
    QCOMPARE(watching.exitCode(), 0);
    lines += watching.readAllStandardOutput();
    // Every step once, in order, to the end.
    qint64 last = 0;
    QString end;
    for (const QByteArray &line : lines.split('\n')) {
        const QJsonObject object = QJsonDocument::fromJson(line).object();
        if (object.value(QStringLiteral("event")).toString() == QStringLiteral("ended")) end = object.value(QStringLiteral("state")).toString();
        if (!object.contains(QStringLiteral("loss"))) continue;
        const qint64 step = object.value(QStringLiteral("step")).toInteger();
        QVERIFY2(step > last, line.constData());
        last = step;
    }
    QCOMPARE(end, QStringLiteral("stopped"));
    QVERIFY(last > 50);
}

void TestCliRemote::generatesThere()
{
    const QString model = m_there.path(QStringLiteral("model"));
    QDir().mkpath(model);
    m_there.write(QStringLiteral("model/config.json"), "{}");
    m_there.write(QStringLiteral("model/model.safetensors"), "{}");
    const EngineAnswer answer = here({QStringLiteral("generate"), model, QStringLiteral("--prompt"), QStringLiteral("xyz"), QStringLiteral("--max-tokens"), QStringLiteral("5"),
                                      QStringLiteral("--host"), QStringLiteral("lab"), QStringLiteral("--json")});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    QCOMPARE(answer.lines().last().value(QStringLiteral("text")).toString(), QStringLiteral("xyzxy"));
    QCOMPARE(answer.lines().size(), 6);
    const EngineAnswer plain = here({QStringLiteral("generate"), model, QStringLiteral("--prompt"), QStringLiteral("abc"), QStringLiteral("--max-tokens"), QStringLiteral("3"),
                                     QStringLiteral("--host"), QStringLiteral("lab")});
    QCOMPARE(plain.out, QStringLiteral("abc\n"));
}

void TestCliRemote::saysWhatItCannotDoThere()
{
    const QStringList remote = {QStringLiteral("--host"), QStringLiteral("lab")};
    const EngineAnswer memory = here(QStringList{QStringLiteral("generate"), QStringLiteral("alpha"), QStringLiteral("--prompt"), QStringLiteral("x"),
                                                 QStringLiteral("--memory"), QStringLiteral("m.bin")} + remote);
    QCOMPARE(memory.exitCode, 3);
    QVERIFY2(memory.err.contains(QStringLiteral("--memory")) && memory.err.contains(QStringLiteral("stay on their machine")), qPrintable(memory.all()));
    const EngineAnswer forever = here(QStringList{QStringLiteral("runs"), QStringLiteral("delete"), QStringLiteral("alpha"), QStringLiteral("--forever"), QStringLiteral("--yes")} + remote);
    QCOMPARE(forever.exitCode, 3);
    QVERIFY2(forever.err.contains(QStringLiteral("expected no --forever")), qPrintable(forever.all()));
    const EngineAnswer missing = here(QStringList{QStringLiteral("watch"), QStringLiteral("nobody")} + remote);
    QCOMPARE(missing.exitCode, 3);
    // Deleted there into the trash of that machine, and brought back.
    QCOMPARE(here(QStringList{QStringLiteral("runs"), QStringLiteral("delete"), QStringLiteral("alpha")} + remote).exitCode, 0);
    QVERIFY(here(QStringList{QStringLiteral("runs"), QStringLiteral("list"), QStringLiteral("--json")} + remote).lines().isEmpty());
    QCOMPARE(here(QStringList{QStringLiteral("runs"), QStringLiteral("restore"), m_run} + remote).exitCode, 0);
    QCOMPARE(here(QStringList{QStringLiteral("runs"), QStringLiteral("list"), QStringLiteral("--json")} + remote).lines().size(), 1);
}

void TestCliRemote::keepsTheTokenToItself()
{
    // A program that has it from the environment shows it to nobody: not in its arguments, not in /proc/PID/environ.
    QProcess host;
    QProcessEnvironment environment = m_here.environment();
    environment.insert(QStringLiteral("ORRERY_TOKEN"), m_token);
    host.setProcessEnvironment(environment);
    host.start(QStringLiteral(ORRERY_BIN_DIR "/orrery-engine"), {QStringLiteral("host"), QStringLiteral("--listen"), QStringLiteral("127.0.0.1:0"), QStringLiteral("--json")});
    QVERIFY(QTest::qWaitFor([&] { return host.canReadLine() || host.waitForReadyRead(50); }, kPatienceMs));
    for (const char *name : {"environ", "cmdline"}) {
        QFile file(QStringLiteral("/proc/%1/%2").arg(host.processId()).arg(QLatin1String(name)));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY2(!file.readAll().contains(m_token.toUtf8()), name);
    }
    host.terminate();
    QVERIFY(host.waitForFinished(kPatienceMs));
}

void TestCliRemote::isOutWhenTheTokenIsRevoked()
{
    const EngineAnswer used = there({QStringLiteral("host"), QStringLiteral("token"), QStringLiteral("list"), QStringLiteral("--json")});
    QCOMPARE(used.lines().first().value(QStringLiteral("token")).toString(), QStringLiteral("laptop"));
    QCOMPARE(there({QStringLiteral("host"), QStringLiteral("token"), QStringLiteral("revoke"), QStringLiteral("laptop")}).exitCode, 0);
    const EngineAnswer out = here({QStringLiteral("runs"), QStringLiteral("list"), QStringLiteral("--host"), QStringLiteral("lab")});
    QCOMPARE(out.exitCode, 4);
    QVERIFY2(out.err.contains(QStringLiteral("refuses the token")), qPrintable(out.all()));
    QVERIFY(there({QStringLiteral("host"), QStringLiteral("token"), QStringLiteral("list"), QStringLiteral("--json")}).lines().isEmpty());
}

QTEST_GUILESS_MAIN(TestCliRemote)
#include "tst_cli_remote.moc"
