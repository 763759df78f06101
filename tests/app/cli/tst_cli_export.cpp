// SPDX-License-Identifier: Apache-2.0
// runs export: a model with pictures and recordings, a hybrid one and one that remembers leave their runs and
// answer as they did; what is refused, and what stays as it was then.
#include "engine_process.h"

#include <QDirIterator>

using namespace Qt::StringLiterals;

class TestCliExport : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void aModelOfModalitiesAnswersAlike();
    void aHybridModelFillsAlike();
    void aModelThatRemembersTakesItsMemory();
    void writesTheStepThatIsAsked();
    void keepsWhatIsThere();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();

private:
    void train(const QString &name, const QString &data, const QStringList &settings, int numSteps = 2);
    /// The exported model's directory.
    [[nodiscard]] QString exported(const QString &name, QJsonObject *done = nullptr);
    /// Tokens with their probabilities, and the text: everything but the model's name and the times.
    [[nodiscard]] QString answer(const QString &model, const QStringList &question) const;

    EngineHome m_home;
    QString m_text;
};

void TestCliExport::train(const QString &name, const QString &data, const QStringList &settings, int numSteps)
{
    QStringList arguments{u"train"_s,
                          u"--data"_s,
                          data,
                          u"--out"_s,
                          m_home.path(name),
                          u"--steps"_s,
                          QString::number(numSteps)};
    const QStringList usual = {
        u"model.layers=2"_s,     u"model.width=32"_s,     u"model.heads=2"_s,
        u"train.batch_size=2"_s, u"train.eval_every=2"_s, u"train.eval_tokens=256"_s,
        u"probes.every=0"_s,     u"threads=1"_s,          u"train.checkpoint_every=2"_s};
    for (const QString &setting : usual + settings) arguments << u"--set"_s << setting;
    const EngineAnswer trained = m_home.run(arguments);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
}

QString TestCliExport::exported(const QString &name, QJsonObject *done)
{
    const QString directory = m_home.path(name + u"-model"_s);
    const EngineAnswer answer =
        m_home.run({u"runs"_s, u"export"_s, m_home.path(name), u"--out"_s, directory, u"--json"_s});
    if (answer.exitCode != 0) qFatal("%s", qPrintable(answer.all()));
    const QList<QJsonObject> lines = answer.lines();
    if (lines.size() < 2) qFatal("no progress: %s", qPrintable(answer.out));
    const QJsonObject last = lines.last(), progress = lines[lines.size() - 2];
    if (progress[u"event"_s].toString() != u"progress"_s ||
        progress[u"bytes"_s].toInteger() != progress[u"total_bytes"_s].toInteger() ||
        progress[u"bytes"_s].toInteger() != last[u"bytes"_s].toInteger())
        qFatal("progress: %s", qPrintable(answer.out));
    if (done) *done = last;
    return directory;
}

QString TestCliExport::answer(const QString &model, const QStringList &question) const
{
    const EngineAnswer answer =
        m_home.run(QStringList{u"generate"_s, model, u"--seed"_s, u"7"_s, u"--max-tokens"_s, u"6"_s,
                               u"--threads"_s, u"1"_s, u"--json"_s} +
                   question);
    if (answer.exitCode != 0) qFatal("%s", qPrintable(answer.all()));
    const QStringList lines = answer.out.split(u'\n', Qt::SkipEmptyParts);
    const QJsonObject last = answer.lines().last();
    return lines.mid(0, lines.size() - 1).join(u'\n') + last[u"text"_s].toString() +
           QString::number(last[u"step"_s].toInt());
}

void TestCliExport::initTestCase()
{
    m_text =
        m_home.write(u"fox.txt"_s, QByteArray("the quick brown fox jumps over the lazy dog\n").repeated(400));
    train(u"hybrid"_s, m_text, {u"objective.name=hybrid"_s, u"model.context=32"_s}, 4);
}

void TestCliExport::aModelOfModalitiesAnswersAlike()
{
    train(u"seer"_s, u"gen:shapes"_s, {});
    if (QTest::currentTestFailed()) return;
    const QString world = m_home.path(u"world"_s);
    const EngineAnswer made = m_home.run(
        {u"data"_s, u"describe"_s, u"gen:shapes?n=4&val=1&test=1&tasks=caption"_s, u"--export"_s, world});
    QVERIFY2(made.exitCode == 0, qPrintable(made.all()));
    QString picture;
    for (QDirIterator files(world, {u"*.png"_s}, QDir::Files, QDirIterator::Subdirectories); files.hasNext();)
        if (const QString name = files.next(); !name.endsWith(u"sheet.png"_s)) picture = name;
    QVERIFY(!picture.isEmpty());
    const QStringList question{u"--prompt"_s, u"this is "_s, u"--image"_s, picture};
    QCOMPARE(answer(exported(u"seer"_s), question), answer(m_home.path(u"seer"_s), question));
}

void TestCliExport::aHybridModelFillsAlike()
{
    const QStringList question{u"--prompt"_s, u"the quick"_s, u"--infill"_s, u"lazy dog"_s};
    QJsonObject done;
    const QString model = exported(u"hybrid"_s, &done);
    QCOMPARE(answer(model, question), answer(m_home.path(u"hybrid"_s), question));
    QCOMPARE(done[u"event"_s].toString(), u"done"_s);
    QCOMPARE(done[u"model"_s].toString(), model);
    QCOMPARE(done[u"source"_s].toString(), u"hybrid@4"_s);
    QCOMPARE(done[u"step"_s].toInt(), 4);
    QCOMPARE(done[u"memory"_s].toBool(true), false);
    QCOMPARE(done[u"bytes"_s].toInteger(), QFileInfo(model + u"/model.safetensors"_s).size());
}

void TestCliExport::aModelThatRemembersTakesItsMemory()
{
    const QString run = m_home.path(u"elephant"_s), memory = m_home.path(u"fact.memory"_s);
    train(u"elephant"_s, m_text,
          {u"model.context=64"_s, u"model.window=8"_s, u"plugins.use=[\"memory\"]"_s,
           u"plugins.memory.episodic_size=200"_s, u"plugins.memory.semantic_size=64"_s,
           u"plugins.memory.semantic_top_k=4"_s, u"plugins.memory.registers=2"_s});
    if (QTest::currentTestFailed()) return;
    const EngineAnswer told = m_home.run({u"generate"_s, run, u"--prompt"_s, u"zebras are striped, zebras"_s,
                                          u"--memory"_s, memory, u"--max-tokens"_s, u"2"_s});
    QVERIFY2(told.exitCode == 0, qPrintable(told.all()));
    const EngineAnswer imported = m_home.run({u"memory"_s, u"import"_s, run, memory});
    QVERIFY2(imported.exitCode == 0, qPrintable(imported.all()));
    QJsonObject done;
    const QString model = exported(u"elephant"_s, &done);
    QCOMPARE(done[u"memory"_s].toBool(), true);
    QCOMPARE(done[u"plugins"_s].toArray(), QJsonArray{u"memory@1.0.0"_s});
    const QStringList question{u"--prompt"_s, u"zebras"_s};
    const QString asked = answer(run, question);
    QCOMPARE(answer(model, question), asked);
    // The memory is what makes it so.
    QVERIFY(answer(model, question + QStringList{u"--no-memory"_s}) != asked);
}

void TestCliExport::writesTheStepThatIsAsked()
{
    const QString model = m_home.path(u"early"_s), run = m_home.path(u"hybrid"_s);
    const EngineAnswer done = m_home.run({u"runs"_s, u"export"_s, run + u"@2"_s, u"--out"_s, model});
    QVERIFY2(done.exitCode == 0, qPrintable(done.all()));
    QVERIFY2(done.out.startsWith(u"exported hybrid@2 to "_s + model + u": "_s), qPrintable(done.out));
    const QStringList question{u"--prompt"_s, u"the"_s};
    QCOMPARE(answer(model, question), answer(run + u"@2"_s, question));
    QVERIFY(answer(model, question) != answer(run, question));
}

void TestCliExport::keepsWhatIsThere()
{
    const QString file = m_home.write(u"mine/notes.txt"_s, "mine");
    const EngineAnswer refused = m_home.run(
        {u"runs"_s, u"export"_s, m_home.path(u"hybrid"_s), u"--out"_s, m_home.path(u"mine"_s), u"--json"_s});
    QCOMPARE(refused.exitCode, 3);
    const QJsonObject error = refused.lines().last();
    QCOMPARE(error[u"event"_s].toString(), u"error"_s);
    QCOMPARE(error[u"code"_s].toString(), u"conflict"_s);
    QVERIFY2(error[u"message"_s].toString().contains(u"something is there, expected a free name"_s),
             qPrintable(refused.all()));
    QFile kept(file);
    QVERIFY(kept.open(QIODevice::ReadOnly));
    QCOMPARE(kept.readAll(), QByteArray("mine"));
    QCOMPARE(QDir(m_home.path(u"mine"_s)).entryList(QDir::Files), QStringList{u"notes.txt"_s});
    QVERIFY(!QFileInfo::exists(m_home.path(u"mine.partial"_s)));
}

void TestCliExport::namesWhatIsWrong_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("part");
    const QString run = m_home.path(u"hybrid"_s), free = m_home.path(u"free"_s);
    QTest::newRow("nowhere") << QStringList{run} << 2 << u"--out"_s;
    QTest::newRow("nothing") << QStringList{u"--out"_s, free} << 2 << u"run"_s;
    QTest::newRow("unknown run") << QStringList{u"nope"_s, u"--out"_s, free} << 3 << u"nope"_s;
    QTest::newRow("unknown step") << QStringList{run + u"@3"_s, u"--out"_s, free} << 3
                                  << u"there is no checkpoint of step 3, expected a saved step"_s;
    QTest::newRow("below a file") << QStringList{run, u"--out"_s, m_text + u"/model"_s} << 4
                                  << u"fox.txt/model"_s;
}

void TestCliExport::namesWhatIsWrong()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, exitCode);
    QFETCH(QString, part);
    const EngineAnswer answer = m_home.run(QStringList{u"runs"_s, u"export"_s} + arguments);
    QVERIFY2(answer.exitCode == exitCode, qPrintable(answer.all()));
    QVERIFY2(answer.err.contains(part), qPrintable(answer.all()));
    QVERIFY(!QFileInfo::exists(m_home.path(u"free"_s)));
}

QTEST_GUILESS_MAIN(TestCliExport)
#include "tst_cli_export.moc"
