// SPDX-License-Identifier: Apache-2.0
// Two users and two machines, as far as the command line can tell: one serves, the other looks, steers and asks from afar.
#include "far_host.h"

#include <QFileInfo>

#include <algorithm>
#include <sys/stat.h>
#include <utility>

class TestCliRemote : public QObject, protected FarHost {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { serve(); }
    void cleanupTestCase() { endServing(); }
    void refusesToBeOpenToEverybody_data();
    void refusesToBeOpenToEverybody();
    void addsAConnectionWhenItsFingerprintWasCompared();
    void listsAndShowsRunsOfTheOtherMachine();
    void watchesAndSteersATraining();
    void generatesThere();
    void saysWhatItCannotDoThere();
    void trainsThere();
    void refusesPathsOfThisMachine_data();
    void refusesPathsOfThisMachine();
    void branchesThere();
    void editsMemoriesThere();
    void learnsThere();
    void importsAndLooksAtDataThere();
    void tellsWhatWorksHereAlone_data();
    void tellsWhatWorksHereAlone();
    void keepsTheTokenToItself();
    void tokensEnd();
    void isOutWhenTheTokenIsRevoked();
};

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

void TestCliRemote::trainsThere()
{
    const QString data = m_there.path(QStringLiteral("text.txt"));
    const EngineAnswer trained = here(words("train --data %1 --name beta --steps 100000 --set optimizer.lr=0.002 --break", {data}) +
                                      QStringList{QStringLiteral("loss > 4")} + words("--host lab --json"));
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    const QJsonObject run = trained.lines().first();
    QCOMPARE(run.value(QStringLiteral("event")).toString(), QStringLiteral("created"));
    QCOMPARE(run.value(QStringLiteral("host")).toString(), QStringLiteral("lab"));
    const QString state = run.value(QStringLiteral("state")).toString();
    QVERIFY2(state == QStringLiteral("running") || state == QStringLiteral("starting"), qPrintable(state)); // by how busy that machine is
    const QString folder = run.value(QStringLiteral("directory")).toString();
    QVERIFY2(folder.startsWith(m_there.path(QStringLiteral("home"))), qPrintable(folder));
    const EngineAnswer shown = here(words("runs show beta --host lab --json"));
    const QJsonObject spec = shown.lines().first().value(QStringLiteral("frozen")).toObject().value(QStringLiteral("spec")).toObject();
    QCOMPARE(spec.value(QStringLiteral("optimizer")).toObject().value(QStringLiteral("lr")).toDouble(), 0.002);
    QCOMPARE(spec.value(QStringLiteral("data")).toObject().value(QStringLiteral("path")).toString(), data);
    // The breakpoint was there before the first step.
    QFile kept(folder + QStringLiteral("/breakpoints.json"));
    QVERIFY2(kept.open(QIODevice::ReadOnly), qPrintable(kept.fileName()));
    QVERIFY(kept.readAll().contains("loss > 4"));
    QCOMPARE(here(words("control beta stop --host lab")).exitCode, 0);
    // What it trains on may be there already, and settings are checked before there is a run.
    const qsizetype numRuns = here(words("runs list --host lab --json")).lines().size();
    const EngineAnswer wrong = here(words("train --data example --set optimizer.lr=fast --host lab"));
    QCOMPARE(wrong.exitCode, 3);
    QVERIFY2(wrong.err.contains(QStringLiteral("optimizer.lr")) && wrong.err.contains(QStringLiteral("fast")), qPrintable(wrong.all()));
    // Data that cannot be read leave no run that failed.
    const QString broken = m_there.write(QStringLiteral("broken.jsonl"), R"({"text":"a line"})" "\n" R"({"text":)" "\n");
    const EngineAnswer unread = here(words("train --data %1 --host lab", {broken}));
    QCOMPARE(unread.exitCode, 3);
    QVERIFY2(unread.err.contains(QStringLiteral("line 2")), qPrintable(unread.all()));
    QCOMPARE(here(words("runs list --host lab --json")).lines().size(), numRuns);
}

void TestCliRemote::refusesPathsOfThisMachine_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("part");
    const auto row = [](const char *title, const char *line, const char *part) { QTest::newRow(title) << QString::fromLatin1(line) << QString::fromLatin1(part); };
    row("data", "train --data notes.txt", "data.path is \"notes.txt\", expected an absolute path");
    row("stages", "train --data /x --set continual.stages=[\"b.txt\"]", "continual.stages is \"b.txt\"");
    row("tokenizer", "train --data /x --set data.tokenizer=t.json", "data.tokenizer is \"t.json\"");
    row("folder", "train --data /x --out here", "(--out) is \"here\"");
    row("plugins", "branch alpha --step 1 --plugin-dir /x", "with --plugin-dir");
    row("data of a branch", "branch alpha --step 1 --set data.path=b.txt", "data.path is \"b.txt\"");
    row("memory", "memory list alpha --memory m.bin", "the file is \"m.bin\", expected an absolute path");
    row("export", "memory export alpha m.bin", "the file is \"m.bin\"");
    row("logs", "runs import --tfevents logs", "\"logs\", expected an absolute path");
}

void TestCliRemote::refusesPathsOfThisMachine()
{
    QFETCH(QString, line);
    QFETCH(QString, part);
    const EngineAnswer answer = here(line.split(u' ') + words("--host lab"));
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.err.contains(part), qPrintable(answer.all()));
    QVERIFY2(answer.err.count(u'\n') >= 2, qPrintable(answer.all())); // and a next step
}

void TestCliRemote::branchesThere()
{
    // A fake has no checkpoints: that machine's own words say so, which shows that it was asked.
    const EngineAnswer answer = here(words("branch beta --step 5 --set optimizer.lr=0.001 --host lab"));
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.err.contains(QStringLiteral("it has no checkpoint of this step")), qPrintable(answer.all()));
}

void TestCliRemote::editsMemoriesThere()
{
    const QString model = m_there.path(QStringLiteral("model"));
    const QString own = m_there.write(QStringLiteral("model/memory.safetensors"), "saved\n");
    const QString other = m_there.write(QStringLiteral("other.bin"), "other\n");
    const auto contents = [](const QString &path) {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("missing");
    };
    const EngineAnswer pinned = here(words("memory pin %1 --event 3 --host lab --json", {model}));
    QVERIFY2(pinned.exitCode == 0, qPrintable(pinned.all()));
    QCOMPARE(pinned.lines().first().value(QStringLiteral("memory")).toString(), own);
    QCOMPARE(contents(own), QByteArray("saved\npin 3\n"));
    QVERIFY2(here(words("memory list %1 --host lab", {model})).out.contains(own), "the file is named");
    QCOMPARE(contents(own), QByteArray("saved\npin 3\n")); // looking writes nothing
    const EngineAnswer forgot = here(words("memory forget %1 --slot 4 --memory %2 --host lab", {model, other}));
    QVERIFY2(forgot.exitCode == 0 && forgot.out.startsWith(QStringLiteral("forgot slot 4\n")), qPrintable(forgot.all()));
    QCOMPARE(contents(other), QByteArray("other\nforget_slot 0\n"));
    QCOMPARE(contents(own), QByteArray("saved\npin 3\n"));
    const QString moved = m_there.path(QStringLiteral("moved.bin"));
    const EngineAnswer exported = here(words("memory export %1 %2 --host lab", {model, moved}));
    QVERIFY2(exported.exitCode == 0 && exported.out.startsWith(QStringLiteral("exported ")), qPrintable(exported.all()));
    QCOMPARE(contents(moved), QByteArray("saved\npin 3\n"));
    const EngineAnswer imported = here(words("memory import %1 %2 --host lab", {model, other}));
    QVERIFY2(imported.exitCode == 0 && imported.out.contains(QStringLiteral("; replaced ")), qPrintable(imported.all()));
    QCOMPARE(contents(own), QByteArray("other\nforget_slot 0\n"));
    // Somebody talks with the model meanwhile: what his texts begin with stays what it was.
    const auto talker = orrery::EngineClient::connect(m_there.path(QStringLiteral("h")).toStdString());
    QVERIFY(talker.ok());
    const std::string name = model.toStdString();
    QVERIFY(talker->editMemory(name, {.verb = orrery::MemoryVerb::Load, .path = other.toStdString()}).ok());
    QCOMPARE(here(words("memory unpin %1 --event 3 --memory %2 --host lab", {model, moved})).exitCode, 0);
    QCOMPARE(contents(moved), QByteArray("saved\npin 3\nunpin 3\n"));
    const orrery::InspectRequest behind{.input = {.prompt = "x"}, .withMemory = true};
    const auto report = talker->inspect(name, behind);
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
    QCOMPARE(report->note, std::string("other\nforget_slot 0\n0 edits"));
    const EngineAnswer missing = here(words("memory list %1 --memory /nowhere/m.bin --host lab", {model}));
    QCOMPARE(missing.exitCode, 3);
    QVERIFY2(missing.err.contains(QStringLiteral("/nowhere/m.bin")), qPrintable(missing.all()));
    const EngineAnswer both = here(words("memory forget %1 --slot 4 --event 2 --host lab", {model}));
    QVERIFY2(both.err.contains(QStringLiteral("both --event and --slot are given")), qPrintable(both.all()));
    for (const char *line : {"memory wipe %1 --all --host lab", "memory list %1 --device cpu --host lab"}) {
        const EngineAnswer refused = here(words(line, {model}));
        QCOMPARE(refused.exitCode, 3);
        QVERIFY2(refused.err.contains(QStringLiteral("run the command on that machine"), Qt::CaseInsensitive), qPrintable(refused.all()));
    }
}

void TestCliRemote::learnsThere()
{
    const QString model = m_there.path(QStringLiteral("plain-model"));
    QVERIFY(QDir().mkpath(model));
    const QString memory = m_there.write(QStringLiteral("chat.bin"), "what was said");
    const QString learned = m_there.path(QStringLiteral("learned"));
    const char *line = "memory consolidate %1 --memory %2 --out %3 --passes 7 --host lab";
    const EngineAnswer done = here(words(line, {model, memory, learned}) << QStringLiteral("--json"));
    QVERIFY2(done.exitCode == 0, qPrintable(done.all()));
    const QList<QJsonObject> lines = done.lines();
    QVERIFY(std::any_of(lines.begin(), lines.end(), [](const QJsonObject &one) {
        return one.value(QStringLiteral("phase")) == QStringLiteral("learning") && one.value(QStringLiteral("total")).toInt() == 2;
    }));
    const QJsonObject summary = lines.last();
    QCOMPARE(summary.value(QStringLiteral("event")).toString(), QStringLiteral("done"));
    QCOMPARE(summary.value(QStringLiteral("model")).toString(), learned);
    QCOMPARE(summary.value(QStringLiteral("learned")).toArray().first().toString(), QStringLiteral("what was said"));
    QCOMPARE(summary.value(QStringLiteral("learned")).toArray().last().toString(), QStringLiteral("--passes 7"));
    QCOMPARE(summary.value(QStringLiteral("host")).toString(), QStringLiteral("lab"));
    QVERIFY(QFileInfo(learned).isDir());
    // For people; and what is there already stays.
    const EngineAnswer shown = here(words(line, {model, memory, learned + QStringLiteral("-2")}));
    QVERIFY2(shown.exitCode == 0, qPrintable(shown.all()));
    for (const char *part : {"3 remembered texts read again, 12 semantic slots changed; their loss was 2.500 and is 0.5000",
                             "256 texts of /texts", "learned from what was said", "the new model is on lab"})
        QVERIFY2(shown.out.contains(QString::fromLatin1(part)), qPrintable(shown.all() + QString::fromLatin1(part)));
    for (const auto &[folder, part] : {std::pair(learned + QStringLiteral("/.."), "something is there, expected a free name"),
                                       {QStringLiteral("here"), "expected an absolute path, as paths are those of that machine"}}) {
        const EngineAnswer refused = here(words(line, {model, memory, folder}));
        QCOMPARE(refused.exitCode, 3);
        QVERIFY2(refused.err.contains(QString::fromLatin1(part)), qPrintable(refused.all()));
    }
    for (const char *rate : {"-1", "0", "nan"}) {
        const EngineAnswer range = here(
            words("memory consolidate %1 --out /x --rate %2 --host lab", {model, QString::fromLatin1(rate)}));
        QVERIFY2(range.exitCode == 3 && range.err.contains(QStringLiteral(", expected 1e-09 … 1e+09.")),
                 qPrintable(range.all()));
    }
    const EngineAnswer tooLarge =
        here(words("memory pin %1 --event 99999999999999999999 --host lab", {model}));
    QVERIFY2(tooLarge.exitCode == 3 &&
                 tooLarge.err.contains(QStringLiteral("99999999999999999999 does not fit")),
             qPrintable(tooLarge.all()));
    for (const char *command :
         {"memory list %1 --host lab --memory", "memory consolidate %1 --out /x --host lab --memory"}) {
        const EngineAnswer unnamed = here(words(command, {model}) << QString());
        QVERIFY2(unnamed.exitCode == 3 &&
                     unnamed.err.contains(QStringLiteral("\"\" is no file, expected its path")),
                 qPrintable(unnamed.all()));
    }
}

void TestCliRemote::importsAndLooksAtDataThere()
{
    const QString logs = m_there.path(QStringLiteral("logs"));
    QVERIFY2(here(words("runs export beta %1 --tfevents --host lab", {logs})).exitCode == 0, "exported");
    const EngineAnswer imported = here(words("runs import --tfevents %1 --host lab --json", {logs}));
    QVERIFY2(imported.exitCode == 0, qPrintable(imported.all()));
    QCOMPARE(imported.lines().first().value(QStringLiteral("runs")).toArray().size(), 1);
    const EngineAnswer described = here(words("data describe %1 --host lab --json", {m_there.path(QStringLiteral("text.txt"))}));
    QVERIFY2(described.exitCode == 0, qPrintable(described.all()));
    QVERIFY(!described.lines().first().isEmpty());
    QCOMPARE(here(words("plugins list --host lab")).exitCode, 0);
    const EngineAnswer embedded = here(words("embed %1 --text abc --host lab --json", {m_there.path(QStringLiteral("model"))}));
    QVERIFY2(embedded.exitCode == 0, qPrintable(embedded.all()));
    QCOMPARE(embedded.lines().first().value(QStringLiteral("embedding")).toArray().size(), 3);
}

void TestCliRemote::tellsWhatWorksHereAlone_data()
{
    QTest::addColumn<QString>("line");
    for (const char *line : {"evaluate alpha --data /x", "runs copy alpha /x", "data prepare /x",
                             "data tokenizer train /x", "data tokenizer show /x", "data detector measure",
                             "plugins check", "runs export alpha /x", "doctor", "bench store"})
        QTest::newRow(line) << QString::fromLatin1(line);
}

void TestCliRemote::tellsWhatWorksHereAlone()
{
    QFETCH(QString, line);
    const EngineAnswer answer = here(line.split(u' ') + words("--host lab"));
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.err.contains(QStringLiteral("Cannot ")) && answer.err.contains(QStringLiteral("expected ")), qPrintable(answer.all()));
    QVERIFY2(answer.err.count(u'\n') >= 2, qPrintable(answer.all()));
    if (line != QStringLiteral("runs copy alpha /x")) return;
    // The variable is no question: the command works here and says so.
    const EngineAnswer variable = here(line.split(u' '), {QStringLiteral("ORRERY_HOST=lab")});
    QCOMPARE(variable.exitCode, 3); // there is no such run here
    QVERIFY2(variable.err.contains(QStringLiteral("works on this machine, not on \"lab\"")), qPrintable(variable.all()));
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
    const EngineAnswer trash = here(words("runs trash list --json") + remote);
    QCOMPARE(trash.lines().size(), 1);
    QCOMPARE(trash.lines().first().value(QStringLiteral("run")).toString(), m_run);
    const EngineAnswer unsure = here(words("runs trash empty") + remote);
    QCOMPARE(unsure.exitCode, 3);
    QVERIFY2(unsure.err.contains(QStringLiteral("expected --yes")), qPrintable(unsure.all()));
    const EngineAnswer young = here(words("runs trash empty --older 1d --yes") + remote);
    QVERIFY2(young.out.contains(QStringLiteral("deleted 0 runs")), qPrintable(young.all()));
    QCOMPARE(here(QStringList{QStringLiteral("runs"), QStringLiteral("restore"), m_run} + remote).exitCode, 0);
    QCOMPARE(here(QStringList{QStringLiteral("runs"), QStringLiteral("list"), QStringLiteral("--json")} + remote).lines().size(), 1);
    // A note there, corrected from here.
    QCOMPARE(here(words("runs note %1 --step 1 loook", {m_run}) + remote).exitCode, 0);
    const EngineAnswer notes = here(words("runs note %1 --list --json", {m_run}) + remote);
    QCOMPARE(notes.lines().size(), 1);
    const QString note = QString::number(notes.lines().first().value(QStringLiteral("id")).toInteger());
    const EngineAnswer corrected = here(words("runs note %1 --replace %2 look", {m_run, note}) + remote);
    QVERIFY2(corrected.out.contains(QStringLiteral("corrected note")), qPrintable(corrected.all()));
    QCOMPARE(here(words("runs note %1 --list --json", {m_run}) + remote).lines().first().value(QStringLiteral("text")).toString(), QStringLiteral("look"));
    const EngineAnswer emptied = here(words("runs trash empty --yes") + remote);
    QVERIFY2(emptied.out.contains(QStringLiteral("deleted 0 runs")), qPrintable(emptied.all()));
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

void TestCliRemote::tokensEnd()
{
    const EngineAnswer wrong = there(words("host token create guest --expires soon"));
    QCOMPARE(wrong.exitCode, 3);
    QVERIFY2(wrong.err.contains(QStringLiteral("Cannot read --expires \"soon\"")), qPrintable(wrong.all()));
    const QString guest = there(words("host token create guest --expires 1s --json")).lines().first().value(QStringLiteral("secret")).toString();
    QTest::qWait(1100);
    const QStringList asGuest = {QStringLiteral("ORRERY_TOKEN=") + guest};
    const EngineAnswer late = here(words("runs list --host %1", {address()}), asGuest);
    QCOMPARE(late.exitCode, 4);
    QVERIFY2(late.err.contains(QStringLiteral("refuses the token")), qPrintable(late.all()));
    QVERIFY2(there(words("host token list")).out.contains(QStringLiteral("ago: it lets nobody in")), "the list says so");
    // A host that only such a token could enter does not listen for others.
    QCOMPARE(m_here.run(words("host token create late --expires 1s")).exitCode, 0);
    QTest::qWait(1100);
    const EngineAnswer closed = m_here.run(words("host --listen 0.0.0.0:0"));
    QCOMPARE(closed.exitCode, 3);
    QVERIFY2(closed.err.contains(QStringLiteral("the time of each of its tokens is over")), qPrintable(closed.all()));
    QCOMPARE(there(words("host token revoke guest")).exitCode, 0);
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
