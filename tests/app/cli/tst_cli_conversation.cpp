// SPDX-License-Identifier: Apache-2.0
// A conversation on the command line: from a file, from a pipe, and what is said of one that is wrong.
#include "engine_process.h"

using namespace Qt::StringLiterals;

class TestCliConversation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void answersAFile();
    void answersAPipe();
    void goesOnFromTokens();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();

private:
    EngineHome m_home;
    QString m_run;
};

void TestCliConversation::initTestCase()
{
    QByteArray text;
    for (int i = 0; i < 3000; ++i) text += "line " + QByteArray::number(i % 97) + ": the quick brown fox\n";
    m_run = m_home.path(u"talk"_s);
    QStringList arguments{u"train"_s,   u"--data"_s, m_home.write(u"fox.txt"_s, text), u"--out"_s, m_run,
                          u"--steps"_s, u"4"_s};
    for (const QString &setting :
         {u"model.layers=1"_s, u"model.width=32"_s, u"model.heads=2"_s, u"model.context=64"_s,
          u"train.eval_every=4"_s, u"train.eval_tokens=1024"_s, u"probes.every=0"_s, u"threads=1"_s})
        arguments << u"--set"_s << setting;
    const EngineAnswer trained = m_home.run(arguments, 120'000);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
}

void TestCliConversation::answersAFile()
{
    const QString file = m_home.write(
        u"chat.json"_s, R"({"messages":[{"role":"system","content":"abc"},{"role":"user","content":"hi"}]})");
    const QStringList arguments{u"generate"_s, m_run,       u"--messages"_s, file,       u"--max-tokens"_s,
                                u"5"_s,        u"--seed"_s, u"3"_s,          u"--json"_s};
    const EngineAnswer answer = m_home.run(arguments);
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QJsonObject done = answer.lines().last();
    QCOMPARE(done[u"event"_s].toString(), u"done"_s);
    QCOMPARE(done[u"prompt_tokens"_s].toInt(),
             (1 + 3 + 1) + (1 + 2 + 1) + 1); // role, text, end; the assistant's role
    QCOMPARE(done[u"generated_tokens"_s].toInt(), int(answer.lines().size()) - 1);
    QVERIFY(QStringList({u"end_of_turn"_s, u"max_tokens"_s, u"end_of_text"_s})
                .contains(done[u"reason"_s].toString()));
}

void TestCliConversation::answersAPipe()
{
    // As the window copies it: the list or the object, whatever a shell would make of its characters.
    const QString json = uR"({"messages":[{"content":"it'\''s \"$HOME\" `x` \\n é","role":"user"}]})"_s;
    QProcess shell;
    auto environment = m_home.environment();
    environment.insert(u"PATH"_s, QStringLiteral(ORRERY_BIN_DIR) + u':' + environment.value(u"PATH"_s));
    shell.setProcessEnvironment(environment);
    shell.start(u"sh"_s, {u"-c"_s, u"printf '%s' '"_s + json + u"' | orrery-engine generate "_s + m_run +
                                       u" --messages - --max-tokens 2 --json"_s});
    QVERIFY(shell.waitForFinished(240'000));
    const QByteArray out = shell.readAllStandardOutput();
    QVERIFY2(shell.exitCode() == 0, out + shell.readAllStandardError());
    const QJsonObject done = QJsonDocument::fromJson(out.trimmed().split('\n').last()).object();
    QCOMPARE(done[u"prompt_tokens"_s].toInt(),
             1 + int(QByteArray("it's \"$HOME\" `x` \\n é").size()) + 1 + 1);
}

void TestCliConversation::goesOnFromTokens()
{
    const auto say = [this](const QStringList &more) {
        const EngineAnswer answer = m_home.run(
            QStringList{u"generate"_s, m_run, u"--seed"_s, u"3"_s, u"--json"_s, u"--threads"_s, u"1"_s} + more);
        QStringList ids;
        for (const QJsonObject &line : answer.lines())
            if (line.contains(u"id"_s)) ids << QString::number(line[u"id"_s].toInt());
        if (ids.isEmpty()) qFatal("%s", qPrintable(answer.all()));
        return ids;
    };
    const QStringList whole = say({u"--prompt"_s, u"fox"_s, u"--max-tokens"_s, u"8"_s});
    const qsizetype half = whole.size() / 2;
    QVERIFY(half > 0);
    const QStringList rest = say({u"--prompt-ids"_s, u"102,111,120"_s, u"--answer-ids"_s,
                                  whole.first(half).join(u','), u"--max-tokens"_s, QString::number(8 - half)});
    QCOMPARE(rest, whole.sliced(half));
}

void TestCliConversation::namesWhatIsWrong_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("part");
    const auto file = [this](const char *name, const QByteArray &json) {
        return QStringList{u"--messages"_s, m_home.write(QLatin1String(name), json)};
    };
    QTest::newRow("no such file") << QStringList{u"--messages"_s, u"/no/such"_s} << 3 << u"/no/such"_s;
    QTest::newRow("broken") << file("broken.json", "[{") << 3 << u"broken JSON"_s;
    QTest::newRow("turn") << file("turn.json",
                                  R"([{"role":"user","content":"a"},{"role":"bot","content":"b"}])")
                          << 3 << u"the role of turn 1 is \"bot\""_s;
    QTest::newRow("last turn") << file("last.json", R"([{"role":"assistant","content":"a"}])") << 3
                               << u"the last turn is the assistant's"_s;
    const QStringList good = file("good.json", R"([{"role":"user","content":"a"}])");
    QTest::newRow("with a prompt") << QStringList(good + QStringList{u"--prompt"_s, u"a"_s}) << 2
                                   << u"--prompt"_s;
    QTest::newRow("with a prompt file")
        << QStringList(good + QStringList{u"--prompt-file"_s, u"a"_s}) << 2 << u"--prompt-file"_s;
    QTest::newRow("with tokens") << QStringList(good + QStringList{u"--prompt-ids"_s, u"97"_s}) << 2
                                 << u"--prompt-ids"_s;
    QTest::newRow("no tokens") << QStringList{u"--prompt"_s, u"a"_s, u"--answer-ids"_s, u"1,,2"_s} << 3
                               << u"Cannot read --answer-ids \"1,,2\": what begins at character 2"_s;
    QTest::newRow("a token that is none") << QStringList{u"--prompt-ids"_s, u"999"_s} << 3 << u"token 999"_s;
    QTest::newRow("with a hole") << QStringList(good + QStringList{u"--infill"_s, u"a"_s}) << 2
                                 << u"--infill"_s;
}

void TestCliConversation::namesWhatIsWrong()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, exitCode);
    QFETCH(QString, part);
    const EngineAnswer answer =
        m_home.run(QStringList{u"generate"_s, m_run, u"--max-tokens"_s, u"2"_s} + arguments);
    QVERIFY2(answer.exitCode == exitCode, qPrintable(answer.all()));
    QVERIFY2(answer.err.contains(part), qPrintable(answer.err));
}

QTEST_GUILESS_MAIN(TestCliConversation)
#include "tst_cli_conversation.moc"
