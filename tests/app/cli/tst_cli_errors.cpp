// SPDX-License-Identifier: Apache-2.0
// Bad input on the command line: the exit code, the offending value and the next step are all there.
#include "engine_process.h"

#include <fcntl.h>
#include <unistd.h>

class TestCliErrors : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void namesValueRuleAndRemedy_data();
    void namesValueRuleAndRemedy();
    void refusesHugeSparseFileWithoutReadingIt();
    void refusesAnEndlessLine_data();
    void refusesAnEndlessLine();
    void errorsAreJsonWhenAsked();
    void refusesSpecFromANewerVersion();
    void listsAnUnreadableRunWithItsReason();
    void refusesToDeleteWithoutYes();
    void schemaIsJson();
    void doctorFindsTheWorker();
    void doctorFindsAWorkerInAStrangePlace();

private:
    EngineHome m_home;
};

void TestCliErrors::namesValueRuleAndRemedy_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QStringList>("words");

    const QString text = m_home.write(QStringLiteral("text.txt"), QByteArray("the quick brown fox jumps over the lazy dog\n").repeated(2000));
    const QString empty = m_home.write(QStringLiteral("empty.txt"), {});
    const QString binary = m_home.write(QStringLiteral("image.bin"), QByteArray(4096, '\0'));
    const QString broken = m_home.write(QStringLiteral("broken.jsonl"), "{\"text\":\"good\"}\n{\"text\":\"good\"}\n{\"text\": oops}\n");
    const QString tiny = m_home.write(QStringLiteral("tiny.txt"), "hello");
    const QString data = QStringLiteral("--data");
    const QString set = QStringLiteral("--set");
    const QString train = QStringLiteral("train");

    QTest::newRow("no command") << QStringList{} << 2 << QStringList{};
    QTest::newRow("unknown option") << QStringList{train, QStringLiteral("--dta"), text} << 2 << QStringList{QStringLiteral("--dta")};
    QTest::newRow("no data") << QStringList{train} << 3 << QStringList{QStringLiteral("data.path"), QStringLiteral("--data")};
    QTest::newRow("missing data") << QStringList{train, data, QStringLiteral("/no/such/file")} << 3 << QStringList{QStringLiteral("/no/such/file")};
    QTest::newRow("unreadable data") << QStringList{train, data, QStringLiteral("/proc/self/mem")} << 4 // not even by root
                                     << QStringList{QStringLiteral("/proc/self/mem"), QStringLiteral("Input/output error")};
    QTest::newRow("empty data") << QStringList{train, data, empty} << 3 << QStringList{QStringLiteral("empty")};
    QTest::newRow("binary data") << QStringList{train, data, binary} << 3 << QStringList{QStringLiteral("binary"), QStringLiteral("image.bin")};
    QTest::newRow("broken line") << QStringList{QStringLiteral("data"), QStringLiteral("describe"), broken} << 3
                                 << QStringList{QStringLiteral("broken.jsonl"), QStringLiteral("3")};
    QTest::newRow("too little text") << QStringList{QStringLiteral("data"), QStringLiteral("describe"), tiny} << 3 << QStringList{QStringLiteral("context")};
    QTest::newRow("unknown key") << QStringList{train, data, text, set, QStringLiteral("model.layer=4")} << 3
                                 << QStringList{QStringLiteral("model.layer"), QStringLiteral("model.layers")};
    QTest::newRow("no equals sign") << QStringList{train, data, text, set, QStringLiteral("seed")} << 3 << QStringList{QStringLiteral("key=value")};
    QTest::newRow("wrong type") << QStringList{train, data, text, set, QStringLiteral("model.layers=many")} << 3
                                << QStringList{QStringLiteral("model.layers"), QStringLiteral("many")};
    QTest::newRow("out of range") << QStringList{train, data, text, set, QStringLiteral("optimizer.lr=-1")} << 3
                                  << QStringList{QStringLiteral("optimizer.lr"), QStringLiteral("-1")};
    QTest::newRow("contradiction") << QStringList{train, data, text, set, QStringLiteral("model.heads=3")} << 3
                                   << QStringList{QStringLiteral("model.heads"), QStringLiteral("3")};
    QTest::newRow("unknown choice") << QStringList{train, data, text, set, QStringLiteral("model.norm=batchnorm")} << 3
                                    << QStringList{QStringLiteral("batchnorm"), QStringLiteral("rmsnorm")};
    QTest::newRow("no GPU") << QStringList{train, data, text, QStringLiteral("--device"), QStringLiteral("cuda")} << 4
                            << QStringList{QStringLiteral("cuda"), QStringLiteral("cpu")};
    QTest::newRow("unknown run") << QStringList{QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("nope")} << 3 << QStringList{QStringLiteral("nope")};
    QTest::newRow("generate from nothing") << QStringList{QStringLiteral("generate"), QStringLiteral("nope@12"), QStringLiteral("--prompt"), QStringLiteral("a")}
                                           << 3 << QStringList{QStringLiteral("nope")};
    QTest::newRow("control of nothing") << QStringList{QStringLiteral("control"), QStringLiteral("nope"), QStringLiteral("pause")} << 3
                                        << QStringList{QStringLiteral("nope")};
    QTest::newRow("unknown verb") << QStringList{QStringLiteral("control"), QStringLiteral("nope"), QStringLiteral("pauze")} << 3
                                  << QStringList{QStringLiteral("pauze"), QStringLiteral("pause")};
    const QString control = QStringLiteral("control"), breakVerb = QStringLiteral("break");
    QTest::newRow("breakpoint without a condition") << QStringList{control, QStringLiteral("nope"), breakVerb} << 3
                                                    << QStringList{QStringLiteral("it is empty"), QStringLiteral("loss > 4")};
    QTest::newRow("breakpoint without a number") << QStringList{control, QStringLiteral("nope"), breakVerb, QStringLiteral("loss > much")} << 3
                                                 << QStringList{QStringLiteral("\"much\""), QStringLiteral("SERIES OP NUMBER")};
    QTest::newRow("breakpoint in parts") << QStringList{control, QStringLiteral("nope"), breakVerb, QStringLiteral("loss"), QStringLiteral(">"), QStringLiteral("4")} << 3
                                         << QStringList{QStringLiteral("nope")};
    const QString seed = QStringLiteral("--seed");
    const QString steps = QStringLiteral("--steps");
    QTest::newRow("negative seed") << QStringList{train, data, text, seed, QStringLiteral("-5")} << 3
                                   << QStringList{QStringLiteral("seed"), QStringLiteral("-5")};
    QTest::newRow("seed is no number") << QStringList{train, data, text, seed, QStringLiteral("five")} << 2
                                       << QStringList{QStringLiteral("--seed"), QStringLiteral("five")};
    QTest::newRow("no steps") << QStringList{train, data, text, steps, QStringLiteral("0")} << 3
                              << QStringList{QStringLiteral("train.steps"), QStringLiteral("0")};
    QTest::newRow("negative steps") << QStringList{train, data, text, steps, QStringLiteral("-5")} << 3
                                    << QStringList{QStringLiteral("train.steps"), QStringLiteral("-5")};
    QTest::newRow("resume to negative steps") << QStringList{QStringLiteral("resume"), QStringLiteral("nope"), steps, QStringLiteral("-5")} << 3
                                              << QStringList{QStringLiteral("train.steps"), QStringLiteral("-5")};
    QTest::newRow("resume to no steps") << QStringList{QStringLiteral("resume"), QStringLiteral("nope"), steps, QStringLiteral("0")} << 3
                                        << QStringList{QStringLiteral("train.steps")};
    QTest::newRow("negative threads") << QStringList{QStringLiteral("evaluate"), m_home.path(), data, text, QStringLiteral("--threads"), QStringLiteral("-1")} << 2
                                      << QStringList{QStringLiteral("--threads"), QStringLiteral("-1")};
    QTest::newRow("missing spec file") << QStringList{train, QStringLiteral("--spec"), QStringLiteral("/no/spec.json")} << 3
                                       << QStringList{QStringLiteral("/no/spec.json")};
}

void TestCliErrors::namesValueRuleAndRemedy()
{
    if (QFile::exists(QStringLiteral("/proc/driver/nvidia/version")) && qstrcmp(QTest::currentDataTag(), "no GPU") == 0) QSKIP("this machine has a GPU");
    QFETCH(QStringList, arguments);
    QFETCH(int, exitCode);
    QFETCH(QStringList, words);
    const EngineAnswer answer = m_home.run(arguments);
    QVERIFY2(answer.exitCode == exitCode, qPrintable(QStringLiteral("exit %1: %2").arg(answer.exitCode).arg(answer.all())));
    for (const QString &word : words) QVERIFY2(answer.err.contains(word), qPrintable(word + QStringLiteral(" is not in: ") + answer.err));
}

void TestCliErrors::refusesHugeSparseFileWithoutReadingIt()
{
    const QString path = m_home.path(QStringLiteral("sparse.txt"));
    const int fd = ::open(qPrintable(path), O_CREAT | O_WRONLY, 0600);
    QVERIFY(fd >= 0);
    const bool isMade = ::ftruncate(fd, 4'000'000'000'000) == 0;
    ::close(fd);
    if (!isMade) QSKIP("This file system holds no file of 4 TB.");
    // To read it all would take far longer than the answer is waited for.
    const EngineAnswer answer = m_home.run({QStringLiteral("data"), QStringLiteral("describe"), path});
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.err.contains(QStringLiteral("sparse.txt")), qPrintable(answer.err));
}

void TestCliErrors::refusesAnEndlessLine_data()
{
    QTest::addColumn<QByteArray>("begin");
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("command");
    // The first line is looked at when a run is made, later ones when its data are prepared.
    QTest::newRow("first line, train") << QByteArray() << QStringLiteral("line 1") << QStringLiteral("train");
    QTest::newRow("later line, describe") << QByteArray("{\"text\":\"good\"}\n") << QStringLiteral("line 2") << QStringLiteral("describe");
    QTest::newRow("later line, train") << QByteArray("{\"text\":\"good\"}\n") << QStringLiteral("line 2") << QStringLiteral("train");
}

void TestCliErrors::refusesAnEndlessLine()
{
    QFETCH(QByteArray, begin);
    QFETCH(QString, line);
    QFETCH(QString, command);
    const QString path = m_home.write(QStringLiteral("endless.jsonl"), begin + "{\"text\":\"" + QByteArray(100'000'000, 'x') + "\"}\n");
    const QString out = m_home.path(QStringLiteral("endless-run"));
    const EngineAnswer answer = command == QStringLiteral("train")
                                    ? m_home.run({command, QStringLiteral("--data"), path, QStringLiteral("--quiet"), QStringLiteral("--out"), out})
                                    : m_home.run({QStringLiteral("data"), command, path});
    QFile::remove(path);
    QVERIFY(!QFileInfo::exists(out)); // no run that failed is left behind
    QVERIFY2(answer.exitCode == 3, qPrintable(QStringLiteral("exit %1: %2").arg(answer.exitCode).arg(answer.all())));
    for (const QString &word : {QStringLiteral("endless.jsonl"), line, QStringLiteral("at most 64")})
        QVERIFY2(answer.err.contains(word), qPrintable(word + QStringLiteral(" is not in: ") + answer.err));
    QVERIFY2(answer.err.size() < 2000, "the line itself is not shown");
}

void TestCliErrors::errorsAreJsonWhenAsked()
{
    const EngineAnswer answer = m_home.run({QStringLiteral("train"), QStringLiteral("--data"), QStringLiteral("/no/such"), QStringLiteral("--json")});
    QCOMPARE(answer.exitCode, 3);
    const QList<QJsonObject> lines = answer.lines();
    QVERIFY(!lines.isEmpty());
    QCOMPARE(lines.last()[QStringLiteral("event")].toString(), QStringLiteral("error"));
    QCOMPARE(lines.last()[QStringLiteral("code")].toString(), QStringLiteral("not_found"));
    QVERIFY(!lines.last()[QStringLiteral("hint")].toString().isEmpty());
}

void TestCliErrors::refusesSpecFromANewerVersion()
{
    const QString spec = m_home.write(QStringLiteral("new.json"), R"({"spec_version": 99, "data": {"path": "x"}})");
    const EngineAnswer answer = m_home.run({QStringLiteral("train"), QStringLiteral("--spec"), spec});
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.err.contains(QStringLiteral("99")), qPrintable(answer.err));
}

void TestCliErrors::listsAnUnreadableRunWithItsReason()
{
    m_home.write(QStringLiteral("home/runs/from-tomorrow/spec.json"), R"({"spec_version": 99, "id": "from-tomorrow", "spec": {}})");
    const EngineAnswer text = m_home.run({QStringLiteral("runs"), QStringLiteral("list")});
    QCOMPARE(text.exitCode, 0);
    for (const char *word : {"from-tomorrow", "unreadable", "spec_version is 99"})
        QVERIFY2(text.out.contains(QLatin1String(word)), qPrintable(text.all()));
    const EngineAnswer json = m_home.run({QStringLiteral("runs"), QStringLiteral("list"), QStringLiteral("--json")});
    QCOMPARE(json.lines().size(), 1);
    QCOMPARE(json.lines().first()[QStringLiteral("state")].toString(), QStringLiteral("unreadable"));
    QVERIFY(json.lines().first()[QStringLiteral("error")].toString().contains(QStringLiteral("99")));
    QDir(m_home.path(QStringLiteral("home/runs/from-tomorrow"))).removeRecursively();
}

void TestCliErrors::refusesToDeleteWithoutYes()
{
    const QString text = m_home.write(QStringLiteral("fox.txt"), QByteArray("the quick brown fox\n").repeated(4000));
    const QString run = m_home.path(QStringLiteral("kept"));
    const EngineAnswer trained = m_home.run({QStringLiteral("train"), QStringLiteral("--data"), text, QStringLiteral("--out"), run, QStringLiteral("--steps"),
                                             QStringLiteral("1"), QStringLiteral("--set"), QStringLiteral("model.context=32"), QStringLiteral("--quiet")});
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    const EngineAnswer answer = m_home.run({QStringLiteral("runs"), QStringLiteral("delete"), run, QStringLiteral("--forever")});
    QCOMPARE(answer.exitCode, 3);
    QVERIFY(answer.err.contains(QStringLiteral("--yes")));
    QVERIFY(QFile::exists(run + QStringLiteral("/spec.json")));
    const EngineAnswer again = m_home.run({QStringLiteral("train"), QStringLiteral("--data"), text, QStringLiteral("--out"), run});
    QCOMPARE(again.exitCode, 3); // a run is there already
    QCOMPARE(m_home.run({QStringLiteral("runs"), QStringLiteral("delete"), run, QStringLiteral("--forever"), QStringLiteral("--yes")}).exitCode, 0);
    QVERIFY(!QFile::exists(run));
}

void TestCliErrors::schemaIsJson()
{
    const EngineAnswer answer = m_home.run({QStringLiteral("schema"), QStringLiteral("spec")});
    QCOMPARE(answer.exitCode, 0);
    const QJsonObject schema = QJsonDocument::fromJson(answer.out.toUtf8()).object();
    QVERIFY(schema.contains(QStringLiteral("properties")));
}

void TestCliErrors::doctorFindsTheWorker()
{
    const EngineAnswer answer = m_home.run({QStringLiteral("doctor"), QStringLiteral("--json")});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    QCOMPARE(answer.lines().first()[QStringLiteral("healthy")].toBool(), true);
}

/// The package may be unpacked anywhere; doctor asks the worker through a shell.
void TestCliErrors::doctorFindsAWorkerInAStrangePlace()
{
    const QString folder = m_home.path(QStringLiteral("a $HOME 'b' \"c\" `d` \\ü"));
    QVERIFY(QDir().mkpath(folder));
    const QString worker = folder + QStringLiteral("/orrery-worker");
    QVERIFY(QFile::link(QStringLiteral(ORRERY_BIN_DIR "/orrery-worker"), worker));
    const EngineAnswer answer = m_home.run({QStringLiteral("doctor"), QStringLiteral("--json")}, 240'000,
                                           {QStringLiteral("ORRERY_WORKER=") + worker});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    QVERIFY2(answer.all().contains(QStringLiteral("`d`")), qPrintable(answer.all()));
}

QTEST_GUILESS_MAIN(TestCliErrors)
#include "tst_cli_errors.moc"
