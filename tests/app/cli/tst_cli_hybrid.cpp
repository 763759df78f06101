// SPDX-License-Identifier: Apache-2.0
// A hybrid run on the command line: train, what it reports, fill a hole, embed texts, and what a plain run
// says.
#include "engine_process.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

class TestCliHybrid : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void reportsALossOfEachKind();
    void fillsAHole();
    void fillsAHoleThatBeginsWithADash();
    void refusesAMemoryBeforeItAnswers();
    void readsAPromptAsAPrefix();
    void plainRunsSayWhatIsMissing();
    void aMixWithoutTheObjectiveIsTold();
    void embedsTextsAndFiles();
    void writesEmbeddings_data();
    void writesEmbeddings();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();

private:
    [[nodiscard]] QStringList trainArguments(const QString &out, const QString &objective) const;

    EngineHome m_home;
    QString m_text, m_run, m_plain, m_trained;
};

void TestCliHybrid::initTestCase()
{
    QByteArray text;
    for (int i = 0; i < 6000; ++i)
        text += "line " + QByteArray::number(i % 97) + ": the quick brown fox jumps over the lazy dog\n";
    m_text = m_home.write(u"fox.txt"_s, text);
    m_run = m_home.path(u"hybrid"_s);
    m_plain = m_home.path(u"plain"_s);
    const EngineAnswer hybrid = m_home.run(trainArguments(m_run, u"hybrid"_s));
    QVERIFY2(hybrid.exitCode == 0, qPrintable(hybrid.all()));
    m_trained = hybrid.out;
    const EngineAnswer plain = m_home.run(trainArguments(m_plain, u"next_token"_s));
    QVERIFY2(plain.exitCode == 0, qPrintable(plain.all()));
    QVERIFY(!plain.out.contains(u"val_loss_infill"_s));
}

QStringList TestCliHybrid::trainArguments(const QString &out, const QString &objective) const
{
    QStringList arguments{u"train"_s, u"--data"_s,  m_text,  u"--out"_s,
                          out,        u"--steps"_s, u"20"_s, u"--json"_s};
    for (const QString &setting : {u"objective.name="_s + objective, u"model.layers=1"_s, u"model.width=32"_s,
                                   u"model.heads=2"_s, u"model.context=32"_s, u"train.eval_every=10"_s,
                                   u"train.eval_tokens=1024"_s, u"probes.every=0"_s, u"threads=1"_s})
        arguments << u"--set"_s << setting;
    return arguments;
}

void TestCliHybrid::reportsALossOfEachKind()
{
    int numMeasured = 0;
    for (const QString &line : m_trained.split(u'\n', Qt::SkipEmptyParts)) {
        const QJsonObject report = QJsonDocument::fromJson(line.toUtf8()).object();
        if (!report.contains(u"val_loss"_s) || report[u"val_loss"_s].isNull()) continue;
        for (const QString &name : {u"val_loss"_s, u"val_loss_prefix"_s, u"val_loss_infill"_s})
            QVERIFY2(report[name].toDouble() > 0, qPrintable(line));
        ++numMeasured;
    }
    QCOMPARE(numMeasured, 2);
}

/// Whoever asks for holes alone must not train without one for hours.
void TestCliHybrid::aMixWithoutTheObjectiveIsTold()
{
    const QString told = u"warning: \"objective.mix\" = 0, 0, 1 has no effect: objective.name is next_token"_s;
    const QStringList mix{u"--set"_s, u"objective.mix=0,0,1"_s};
    const QString out = m_home.path(u"mixed"_s);
    const EngineAnswer plain = m_home.run(trainArguments(out, u"next_token"_s) + mix);
    QVERIFY2(plain.exitCode == 0 && plain.err.contains(told), qPrintable(plain.err));
    QVERIFY2(plain.err.contains(u"Set objective.name to hybrid, or leave objective.mix out."_s), qPrintable(plain.err));
    // It goes on as it is, and without more words.
    const EngineAnswer resumed = m_home.run({u"resume"_s, out, u"--steps"_s, u"22"_s, u"--json"_s});
    QVERIFY2(resumed.exitCode == 0 && !resumed.err.contains(u"has no effect"_s), qPrintable(resumed.err));
    const EngineAnswer hybrid = m_home.run(trainArguments(m_home.path(u"mixed_hybrid"_s), u"hybrid"_s) + mix);
    QVERIFY2(hybrid.exitCode == 0 && !hybrid.err.contains(u"has no effect"_s), qPrintable(hybrid.err));
    const QString branch = m_home.path(u"mixed_branch"_s);
    const EngineAnswer branched = m_home.run(
        QStringList{u"branch"_s, m_plain, u"--step"_s, u"20"_s, u"--out"_s, branch, u"--set"_s, u"train.steps=22"_s} + mix);
    QVERIFY2(branched.exitCode == 0 && branched.err.contains(told), qPrintable(branched.all()));
}

void TestCliHybrid::fillsAHole()
{
    const QStringList arguments{
        u"generate"_s, m_run,          u"--prompt"_s, u"the quick"_s,    u"--infill"_s,
        u"lazy dog"_s, u"--seed"_s,    u"4"_s,        u"--max-tokens"_s, u"40"_s,
        u"--json"_s,   u"--threads"_s, u"1"_s};
    const EngineAnswer first = m_home.run(arguments), second = m_home.run(arguments);
    QVERIFY2(first.exitCode == 0, qPrintable(first.all()));
    const QJsonObject done = first.lines().last();
    QCOMPARE(done[u"event"_s].toString(), u"done"_s);
    QCOMPARE(done[u"prompt_tokens"_s].toInt(), 9 + 8 + 3);
    QVERIFY(QStringList({u"end_of_infill"_s, u"max_tokens"_s, u"end_of_text"_s})
                .contains(done[u"reason"_s].toString()));
    QCOMPARE(done[u"generated_tokens"_s].toInt(), int(first.lines().size()) - 1);
    QCOMPARE(second.lines().last()[u"text"_s].toString(), done[u"text"_s].toString());
    const EngineAnswer atTheEnd = m_home.run({u"generate"_s, m_run, u"--prompt"_s, u"the"_s, u"--infill"_s,
                                              u""_s, u"--max-tokens"_s, u"3"_s, u"--json"_s});
    QVERIFY2(atTheEnd.exitCode == 0, qPrintable(atTheEnd.all()));
    QCOMPARE(atTheEnd.lines().last()[u"prompt_tokens"_s].toInt(), 3 + 3);
}

void TestCliHybrid::refusesAMemoryBeforeItAnswers()
{
    const QString file = m_home.path(u"talk.memory"_s);
    const EngineAnswer answer =
        m_home.run({u"generate"_s, m_run, u"--prompt"_s, u"the"_s, u"--max-tokens"_s, u"2"_s, u"--memory"_s, file});
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.out.isEmpty() && answer.err.contains(u"Cannot use a memory: the model has none."_s),
             qPrintable(answer.all()));
    QVERIFY(!QFile::exists(file));
}

void TestCliHybrid::fillsAHoleThatBeginsWithADash()
{
    for (const QStringList &given :
         {QStringList{u"--infill=--json"_s}, QStringList{u"--infill"_s, u"- x"_s}}) {
        const EngineAnswer answer =
            m_home.run(QStringList{u"generate"_s, m_run, u"--max-tokens"_s, u"2"_s} + given);
        QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
        QVERIFY(!answer.out.contains(u"\"event\""_s));
    }
}

void TestCliHybrid::readsAPromptAsAPrefix()
{
    const QStringList asked{u"generate"_s,    m_run,         u"--prompt"_s, u"the quick"_s,  u"--temperature"_s,
                            u"0"_s,           u"--json"_s,   u"--threads"_s, u"1"_s,         u"--max-tokens"_s,
                            u"5"_s,           u"--mask"_s};
    const EngineAnswer prefix = m_home.run(asked + QStringList{u"prefix"_s}),
                       causal = m_home.run(asked + QStringList{u"causal"_s});
    QVERIFY2(prefix.exitCode == 0, qPrintable(prefix.all()));
    QVERIFY2(causal.exitCode == 0, qPrintable(causal.all()));
    QCOMPARE(prefix.lines().last()[u"mask"_s].toString(), u"prefix"_s);
    QVERIFY(!causal.lines().last().contains(u"mask"_s));
    const EngineAnswer refused = m_home.run({u"generate"_s, m_plain, u"--prompt"_s, u"a"_s, u"--mask"_s, u"prefix"_s});
    QCOMPARE(refused.exitCode, 3);
    QVERIFY2(refused.err.contains(u"its training had no prefixes (objective.name is next_token)"_s), qPrintable(refused.err));
}

void TestCliHybrid::plainRunsSayWhatIsMissing()
{
    const EngineAnswer refused =
        m_home.run({u"generate"_s, m_plain, u"--prompt"_s, u"a"_s, u"--infill"_s, u"b"_s});
    QCOMPARE(refused.exitCode, 3);
    QVERIFY2(refused.err.contains(u"objective.name is next_token"_s), qPrintable(refused.err));
    QVERIFY(refused.err.contains(u"objective.name=hybrid"_s));
}

void TestCliHybrid::embedsTextsAndFiles()
{
    const QString file = m_home.write(u"short.txt"_s, "the lazy dog");
    const EngineAnswer answer = m_home.run({u"embed"_s, m_run, u"--text"_s, u"the lazy dog"_s, u"--text"_s,
                                            u"a"_s, u"--file"_s, file, u"--json"_s});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const auto lines = answer.lines();
    QCOMPARE(lines.size(), 3);
    QCOMPARE(lines[0][u"mask"_s].toString(), u"bidirectional"_s);
    QCOMPARE(lines[0][u"tokens"_s].toInt(), 12);
    QCOMPARE(lines[0][u"embedding"_s].toArray().size(), 32);
    QCOMPARE(lines[2][u"embedding"_s].toArray(), lines[0][u"embedding"_s].toArray());
    QVERIFY(lines[1][u"embedding"_s].toArray() != lines[0][u"embedding"_s].toArray());
    const EngineAnswer text = m_home.run({u"embed"_s, m_plain, u"--text"_s, u"a"_s});
    QCOMPARE(text.exitCode, 0);
    QCOMPARE(text.out.split(u' ').size(), 32);
    QVERIFY2(text.err.contains(u"had no prefixes"_s), qPrintable(text.err));
}

void TestCliHybrid::writesEmbeddings_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("begin");
    QTest::newRow("npz") << u"out.npz"_s << QByteArray("PK\x03\x04");
    QTest::newRow("json") << u"out.json"_s << QByteArray("[{\"model\":");
}

void TestCliHybrid::writesEmbeddings()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, begin);
    const QString path = m_home.path(name);
    const EngineAnswer answer =
        m_home.run({u"embed"_s, m_run, u"--text"_s, u"a"_s, u"--text"_s, u"b"_s, u"--out"_s, path});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    QVERIFY(answer.out.isEmpty());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(file.readAll().startsWith(begin));
}

void TestCliHybrid::namesWhatIsWrong_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("part");
    QTest::newRow("no text") << QStringList{u"embed"_s, u"RUN"_s} << 3 << u"--text TEXT or --file"_s;
    QTest::newRow("empty text") << QStringList{u"embed"_s, u"RUN"_s, u"--text"_s, u""_s} << 3
                                << u"the text is empty"_s;
    QTest::newRow("missing file") << QStringList{u"embed"_s, u"RUN"_s, u"--file"_s, u"/no/such"_s} << 3
                                  << u"/no/such"_s;
    QTest::newRow("ending") << QStringList{u"embed"_s, u"RUN"_s, u"--text"_s, u"a"_s, u"--out"_s, u"x.csv"_s}
                            << 3 << u"expected .npz or .json"_s;
    QTest::newRow("unknown run") << QStringList{u"embed"_s, u"nope"_s, u"--text"_s, u"a"_s} << 3 << u"nope"_s;
    const auto train = [](const QString &setting) {
        return QStringList{u"train"_s, u"--data"_s, u"TEXT"_s, u"--set"_s, u"objective.name=hybrid"_s,
                           u"--set"_s, setting};
    };
    QTest::newRow("no marks") << train(u"data.special_tokens=none"_s) << 3 << u"data.special_tokens"_s;
    QTest::newRow("negative weight") << train(u"objective.mix=1,-1,1"_s) << 3 << u"found -1"_s;
    QTest::newRow("weights of nothing") << train(u"objective.mix=0,0,0"_s) << 3 << u"one above 0"_s;
    QTest::newRow("long holes") << train(u"objective.span_mean=500"_s) << 3 << u"at most 63"_s;
    QTest::newRow("unknown objective") << train(u"objective.name=masked"_s) << 3 << u"next_token, hybrid"_s;
}

void TestCliHybrid::namesWhatIsWrong()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, exitCode);
    QFETCH(QString, part);
    arguments.replaceInStrings(u"RUN"_s, m_run).replaceInStrings(u"TEXT"_s, m_text);
    const EngineAnswer answer = m_home.run(arguments);
    QVERIFY2(answer.exitCode == exitCode, qPrintable(answer.all()));
    QVERIFY2(answer.err.contains(part), qPrintable(answer.err));
}

QTEST_GUILESS_MAIN(TestCliHybrid)
#include "tst_cli_hybrid.moc"
