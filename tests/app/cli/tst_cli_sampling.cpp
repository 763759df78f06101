// SPDX-License-Identifier: Apache-2.0
// How generate draws and where it stops, and inspect tokens, on the command line.
#include "engine_process.h"

using namespace Qt::StringLiterals;

class TestCliSampling : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void stopsBeforeTheFirstText();
    void takesStopTextsThatLookLikeOptions();
    void showsChances();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();
    void showsTheTokensOfAText();
    void showsTheTokensOfAFile();
    void tokensNeedAText();

private:
    [[nodiscard]] EngineAnswer generate(const QStringList &more) const
    {
        return m_home.run(QStringList{u"generate"_s, m_run, u"--prompt"_s, u"line"_s, u"--max-tokens"_s,
                                      u"30"_s, u"--seed"_s, u"4"_s, u"--temperature"_s, u"1"_s,
                                      u"--threads"_s, u"1"_s, u"--json"_s} +
                          more);
    }
    [[nodiscard]] EngineAnswer tokens(const QStringList &more) const
    {
        return m_home.run(QStringList{u"inspect"_s, u"tokens"_s, m_run} + more);
    }

    EngineHome m_home;
    QString m_run;
};

void TestCliSampling::initTestCase()
{
    QByteArray text;
    for (int i = 0; i < 2000; ++i) text += "line " + QByteArray::number(i % 97) + ": the quick brown fox\n";
    m_run = m_home.path(u"run"_s);
    QStringList arguments{u"train"_s,   u"--data"_s, m_home.write(u"fox.txt"_s, text), u"--out"_s, m_run,
                          u"--steps"_s, u"20"_s};
    for (const QString &setting :
         {u"model.layers=1"_s, u"model.width=32"_s, u"model.heads=2"_s, u"model.context=32"_s,
          u"train.eval_tokens=512"_s, u"probes.every=0"_s, u"threads=1"_s})
        arguments << u"--set"_s << setting;
    const EngineAnswer trained = m_home.run(arguments);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
}

void TestCliSampling::stopsBeforeTheFirstText()
{
    const EngineAnswer whole = generate({u"--top-k"_s, u"8"_s});
    QVERIFY2(whole.exitCode == 0, qPrintable(whole.all()));
    const QList<QJsonObject> lines = whole.lines();
    // Bytes of longer characters are no text by themselves.
    const auto isAscii = [&lines](qsizetype i) {
        const QString text = lines[i][u"text"_s].toString();
        return text.size() == 1 && text[0].unicode() < 128;
    };
    qsizetype at = 2;
    while (at + 2 < lines.size() && !(isAscii(at) && isAscii(at + 1))) ++at;
    QVERIFY(at + 2 < lines.size());
    const QString second = lines[at][u"text"_s].toString() + lines[at + 1][u"text"_s].toString();
    const EngineAnswer stopped =
        generate({u"--top-k"_s, u"8"_s, u"--stop"_s, u"never said"_s, u"--stop"_s, second});
    QVERIFY2(stopped.exitCode == 0, qPrintable(stopped.all()));
    const QJsonObject done = stopped.lines().last();
    QCOMPARE(done[u"reason"_s].toString(), u"stop_text"_s);
    const QString text = lines.last()[u"text"_s].toString();
    QCOMPARE(done[u"text"_s].toString(), text.left(text.indexOf(second)));
    QCOMPARE(done[u"generated_tokens"_s].toInteger(), stopped.lines().size() - 1);
}

void TestCliSampling::takesStopTextsThatLookLikeOptions()
{
    const EngineAnswer stopped = generate({u"--stop=---"_s, u"--stop=\n\n--json"_s});
    QVERIFY2(stopped.exitCode == 0, qPrintable(stopped.all()));
    QVERIFY(!stopped.lines().last()[u"text"_s].toString().contains(u"---"_s));
}

void TestCliSampling::showsChances()
{
    const EngineAnswer answer = generate({u"--top-k"_s, u"5"_s, u"--min-p"_s, u"0.01"_s, u"--typical"_s,
                                          u"0.95"_s, u"--repetition-penalty"_s, u"1.2"_s,
                                          u"--penalty-window"_s, u"8"_s, u"--alternatives"_s, u"50"_s});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QList<QJsonObject> lines = answer.lines();
    for (const QJsonObject &line : lines.first(lines.size() - 1)) {
        QVERIFY(line[u"chance"_s].toDouble() > 0);
        int numLeft = 0;
        for (const QJsonValue &one : line[u"alternatives"_s].toArray())
            numLeft += one[u"chance"_s].toDouble() > 0 ? 1 : 0;
        QVERIFY(numLeft <= 5);
    }
}

void TestCliSampling::namesWhatIsWrong_data()
{
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("message");
    QTest::newRow("min-p") << QStringList{u"--min-p"_s, u"1.5"_s}
                           << u"min_p is 1.50000, expected 0 … 1 (0 is off)"_s;
    QTest::newRow("typical") << QStringList{u"--typical"_s, u"0"_s}
                             << u"typical_p is 0, expected above 0 … 1 (1 is off)"_s;
    QTest::newRow("penalty") << QStringList{u"--repetition-penalty"_s, u"11"_s}
                             << u"repetition_penalty is 11.0000, expected 0.1 … 10 (1 is off)"_s;
    QTest::newRow("window") << QStringList{u"--penalty-window=-1"_s}
                            << u"penalty_window is -1, expected 0 or more tokens (0 is all)"_s;
    QTest::newRow("empty stop") << QStringList{u"--stop"_s, u""_s}
                                << u"stop text 1 is empty, expected 1 … 256 bytes"_s;
    QTest::newRow("long stop") << QStringList{u"--stop"_s, QString(257, u'x')}
                               << u"has 257 bytes, expected 1 … 256"_s;
    QStringList many;
    for (int i = 0; i < 17; ++i) many << u"--stop"_s << u"x"_s;
    QTest::newRow("many stops") << many << u"there are 17 stop texts, expected at most 16"_s;
}

void TestCliSampling::namesWhatIsWrong()
{
    QFETCH(QStringList, options);
    QFETCH(QString, message);
    const EngineAnswer answer = generate(options);
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.all().contains(message), qPrintable(answer.all()));
}

void TestCliSampling::showsTheTokensOfAText()
{
    const EngineAnswer table = tokens({u"--prompt"_s, u"a\n<|user|>ü"_s});
    QVERIFY2(table.exitCode == 0, qPrintable(table.all()));
    QVERIFY2(table.out.contains(u"12 tokens, 12 bytes, 1.00 bytes/token"_s), qPrintable(table.out));
    QVERIFY2(table.out.contains(u"\"\\n\""_s), qPrintable(table.out));
    const EngineAnswer answer = tokens({u"--prompt"_s, u"aü"_s, u"--json"_s});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QJsonObject json = answer.lines().last();
    QCOMPARE(json[u"num_tokens"_s].toInt(), 3);
    QCOMPARE(json[u"num_bytes"_s].toInt(), 3);
    const QJsonArray list = json[u"tokens"_s].toArray();
    QCOMPARE(list[0][u"id"_s].toInt(), int('a'));
    QCOMPARE(list[0][u"text"_s].toString(), u"a"_s);
    QCOMPARE(list[1][u"bytes"_s].toString(), u"c3"_s); // half a character
    QCOMPARE(list[2][u"bytes"_s].toString(), u"bc"_s);
}

void TestCliSampling::showsTheTokensOfAFile()
{
    const QString file = m_home.write(u"text.txt"_s, QByteArray("\xff\x00z", 3));
    const QJsonObject json = tokens({u"--prompt-file"_s, file, u"--json"_s}).lines().last();
    QCOMPARE(json[u"num_tokens"_s].toInt(), 3);
    QCOMPARE(json[u"tokens"_s].toArray()[1][u"bytes"_s].toString(), u"00"_s);
    QCOMPARE(tokens({u"--prompt"_s, u""_s, u"--json"_s}).lines().last()[u"num_tokens"_s].toInt(-1), 0);
}

void TestCliSampling::tokensNeedAText()
{
    const EngineAnswer answer = tokens({});
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.err.contains(u"there is no text, expected one"_s), qPrintable(answer.all()));
    const EngineAnswer missing = tokens({u"--prompt-file"_s, u"/not/there"_s});
    QCOMPARE(missing.exitCode, 3);
}

QTEST_GUILESS_MAIN(TestCliSampling)
#include "tst_cli_sampling.moc"
