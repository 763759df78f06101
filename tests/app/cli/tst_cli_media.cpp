// SPDX-License-Identifier: Apache-2.0
// Pictures and recordings on the command line, with the settings that hold when nobody says anything: the
// built-in world, its files as a user's own data, and a conversation about them.
#include "engine_process.h"

#include <QDirIterator>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

class TestCliMedia : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void trainsOnTheBuiltInWorld();
    void trainsOnItsFiles();
    void tellsABrokenManifestByItsLine_data();
    void tellsABrokenManifestByItsLine();
    void tellsAFileThatIsNotWhatItsNameSays();
    void tellsWhatModelsDoNotGetOfFiles();
    void answersAboutPictures();
    void looksInsidePrompts();
    void looksInsideKeptDocuments();
    void consolidatesWhatWasRead();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();

private:
    [[nodiscard]] QStringList trainArguments(const QString &data, const QString &out) const;
    [[nodiscard]] EngineAnswer ask(const QString &messages);

    EngineHome m_home;
    QString m_run, m_files;
};

QStringList TestCliMedia::trainArguments(const QString &data, const QString &out) const
{
    QStringList arguments{u"train"_s, u"--data"_s, data, u"--out"_s, out, u"--steps"_s, u"2"_s};
    // A smaller model; nothing of data, modalities and media.
    for (const QString &setting :
         {u"model.layers=1"_s, u"model.width=32"_s, u"model.heads=2"_s, u"train.batch_size=2"_s,
          u"train.eval_every=2"_s, u"train.eval_tokens=256"_s, u"probes.every=0"_s, u"threads=1"_s})
        arguments << u"--set"_s << setting;
    return arguments;
}

void TestCliMedia::initTestCase()
{
    m_run = m_home.path(u"seer"_s);
    m_files = m_home.path(u"world"_s);
    const EngineAnswer trained = m_home.run(trainArguments(u"gen:shapes"_s, m_run), 240'000);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    const EngineAnswer exported =
        m_home.run({u"data"_s, u"describe"_s, u"gen:shapes?n=40&val=4&test=1&tasks=caption,both"_s,
                    u"--export"_s, m_files});
    QVERIFY2(exported.exitCode == 0, qPrintable(exported.all()));
}

void TestCliMedia::trainsOnTheBuiltInWorld()
{
    QFile file(m_run + u"/spec.json"_s);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    QVERIFY2(text.contains("\"num_modalities\": 3"), text);
    const EngineAnswer refused = m_home.run(trainArguments(u"gen:shapes"_s, m_home.path(u"deaf"_s)) +
                                            QStringList{u"--set"_s, u"attention.num_modalities=2"_s});
    QVERIFY2(refused.err.contains(u"it has recordings, and attention.num_modalities is 2, expected 3"_s),
             qPrintable(refused.all()));
}

void TestCliMedia::trainsOnItsFiles()
{
    const EngineAnswer refused =
        m_home.run(trainArguments(m_files + u"/train.jsonl"_s, m_home.path(u"text-only"_s)));
    QVERIFY2(refused.exitCode == 3 && refused.err.contains(u"Set attention.num_modalities to 3."_s),
             qPrintable(refused.all()));
    const EngineAnswer trained =
        m_home.run(trainArguments(m_files + u"/train.jsonl"_s, m_home.path(u"own"_s)) +
                       QStringList{u"--set"_s, u"attention.num_modalities=3"_s},
                   240'000);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    QVERIFY2(!trained.all().contains(u"of another kind"_s), qPrintable(trained.all()));
}

void TestCliMedia::tellsABrokenManifestByItsLine_data()
{
    QTest::addColumn<QByteArray>("record");
    QTest::addColumn<QString>("part");
    QTest::newRow("no such file") << QByteArray(R"([{"image":"images/gone.png"},{"text":"a"}])") << u"gone.png"_s;
    QTest::newRow("unknown modality") << QByteArray(R"([{"video":"a.mp4"},{"text":"a"}])") << u"\"video\""_s;
    QTest::newRow("no parts") << QByteArray("[]") << u"part"_s;
}

void TestCliMedia::tellsABrokenManifestByItsLine()
{
    QFETCH(const QByteArray, record);
    QFETCH(const QString, part);
    QFile good(m_files + u"/train.jsonl"_s);
    QVERIFY(good.open(QIODevice::ReadOnly));
    QFile bad(m_files + u"/bad.jsonl"_s);
    QVERIFY(bad.open(QIODevice::WriteOnly | QIODevice::Truncate));
    bad.write(good.readLine() + record + '\n');
    bad.close();
    const EngineAnswer refused = m_home.run(trainArguments(bad.fileName(), m_home.path(u"bad"_s)) +
                                            QStringList{u"--set"_s, u"attention.num_modalities=3"_s});
    QVERIFY(!QFileInfo::exists(m_home.path(u"bad"_s))); // no run that failed is left behind
    QCOMPARE(refused.exitCode, 3);
    QVERIFY2(refused.err.contains(u"line 2"_s) && refused.err.contains(part), qPrintable(refused.all()));
}

/// It is read as what it is; who trains on it learns that, and not only who has the data described.
void TestCliMedia::tellsAFileThatIsNotWhatItsNameSays()
{
    QFile good(m_files + u"/train.jsonl"_s);
    QVERIFY(good.open(QIODevice::ReadOnly));
    QByteArray text = good.readAll();
    static const QRegularExpression picture(u"[a-z0-9/_-]+\\.png"_s);
    const QString name = picture.match(QString::fromUtf8(text)).captured();
    QVERIFY2(QFile::copy(m_files + u'/' + name, m_files + u"/lying.jpg"_s), qPrintable(name));
    QFile lying(m_files + u"/lying.jsonl"_s);
    QVERIFY(lying.open(QIODevice::WriteOnly));
    lying.write(text.replace(name.toUtf8(), "lying.jpg"));
    lying.close();
    const EngineAnswer trained = m_home.run(trainArguments(lying.fileName(), m_home.path(u"deceived"_s)) +
                                                QStringList{u"--set"_s, u"attention.num_modalities=3"_s},
                                            240'000);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    QVERIFY2(trained.all().contains(u"1 file is of another kind than the name says: lying.jpg is PNG"_s),
             qPrintable(trained.all()));
}

/// As `data describe` says it, in the run's events and log, once.
void TestCliMedia::tellsWhatModelsDoNotGetOfFiles()
{
    QVERIFY(QDir(m_files).mkpath(u"cut"_s));
    QVERIFY(QFile::copy(QStringLiteral(ORRERY_TEST_DATA "/media/corners.jpg"), m_files + u"/cut/wide.jpg"_s));
    QFile hot(m_files + u"/cut/hot.wav"_s);
    QVERIFY(hot.open(QIODevice::WriteOnly));
    QByteArray samples; // one of 2.0, the others 0.25
    for (int i = 0; i < 4000; ++i) samples += i == 7 ? QByteArray("\0\0\0\x40", 4) : QByteArray("\0\0\x80\x3e", 4);
    hot.write(QByteArray("RIFF\xa4\x3e\0\0WAVEfmt \x10\0\0\0\x03\0\x01\0\x40\x1f\0\0\0\x7d\0\0\x04\0\x20\0", 36) +
              QByteArray("data\x80\x3e\0\0", 8) + samples);
    hot.close();
    QFile manifest(m_files + u"/cut/cut.jsonl"_s);
    QVERIFY(manifest.open(QIODevice::WriteOnly));
    manifest.write("[{\"image\":\"wide.jpg\"},{\"text\":\"four corners\"}]\n"
                   "[{\"audio\":\"hot.wav\"},{\"text\":\"a click\"}]\n"
                   "[{\"text\":\"nothing but words\"}]\n[{\"text\":\"and some more of them\"}]\n");
    manifest.close();
    const QString cropped = u"1 picture loses more than 20 % of the area, as the middle square is cut out; the most: "
                            "wide.jpg, 33 %."_s;
    const QString beyond = u"1 recording goes beyond full scale, where samples are cut; the loudest: hot.wav, peak 2.00."_s;
    const EngineAnswer described = m_home.run({u"data"_s, u"describe"_s, manifest.fileName()});
    const QString run = m_home.path(u"cut"_s);
    const EngineAnswer trained =
        m_home.run(trainArguments(manifest.fileName(), run) + QStringList{u"--set"_s, u"attention.num_modalities=3"_s},
                   240'000);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    QFile log(run + u"/log.jsonl"_s);
    QVERIFY(log.open(QIODevice::ReadOnly));
    const QString logged = QString::fromUtf8(log.readAll());
    for (const QString &sentence : {cropped, beyond}) {
        QVERIFY2(described.all().contains(sentence), qPrintable(described.all()));
        QVERIFY2(trained.all().count(sentence) == 1, qPrintable(trained.all()));
        QVERIFY2(logged.count(u"warning at step 0: "_s + sentence) == 1, qPrintable(logged));
    }
}

EngineAnswer TestCliMedia::ask(const QString &messages)
{
    const QString file = m_files + u"/chat.json"_s;
    QFile out(file);
    if (!out.open(QIODevice::WriteOnly)) qFatal("cannot write the conversation");
    out.write(messages.toUtf8());
    out.close();
    return m_home.run({u"generate"_s, m_run, u"--messages"_s, file, u"--max-tokens"_s, u"2"_s, u"--json"_s});
}

void TestCliMedia::answersAboutPictures()
{
    const QDir folder(m_files);
    QDirIterator files(m_files, {u"*.png"_s, u"*.wav"_s}, QDir::Files, QDirIterator::Subdirectories);
    QString picture, recording;
    while (files.hasNext()) {
        const QString name = folder.relativeFilePath(files.next());
        if (name.endsWith(u".wav"_s)) recording = name;
        if (name.endsWith(u".png"_s) && name != u"sheet.png"_s) picture = name;
    }
    QVERIFY2(!picture.isEmpty() && !recording.isEmpty(), "the world has no files");
    const EngineAnswer plain = ask(uR"([{"role":"user","content":"hi"}])"_s);
    QVERIFY2(plain.exitCode == 0, qPrintable(plain.all()));
    const EngineAnswer answer =
        ask(uR"([{"role":"user","content":"hi","images":["%1"]},{"role":"assistant","content":"ok"},
                 {"role":"user","content":[{"text":"and "},{"audio":"%2"},{"text":"?"}]}])"_s.arg(picture,
                                                                                                  recording));
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const int numTokens = answer.lines().last()[u"prompt_tokens"_s].toInt();
    // Turns of 4, 4 and 7, the assistant's token, a picture of 16 patches, two to four tones, and their
    // starts.
    const int numTones = numTokens - (4 + 4 + 7 + 1 + 17 + 1);
    QVERIFY2(numTones >= 10 && numTones <= 20, qPrintable(QString::number(numTokens)));
}

/// A prompt with a picture and a recording in it, in the order in which they were given.
void TestCliMedia::looksInsidePrompts()
{
    QDirIterator files(m_files, {u"*.png"_s, u"*.wav"_s}, QDir::Files, QDirIterator::Subdirectories);
    QString picture, recording;
    while (files.hasNext()) {
        const QString name = files.next();
        if (name.endsWith(u".wav"_s)) recording = name;
        if (name.endsWith(u".png"_s) && !name.endsWith(u"/sheet.png"_s)) picture = name;
    }
    const QStringList look{u"inspect"_s, u"attention"_s, m_run, u"--threads"_s, u"1"_s, u"--json"_s};
    const EngineAnswer answer =
        m_home.run(look + QStringList{u"--audio"_s, recording, u"--prompt"_s, u"ab"_s, u"--image"_s, picture,
                                      u"--prompt"_s, u"c"_s});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QJsonObject report = answer.lines().last();
    QStringList kinds; // each once, in the order of the text
    for (const QJsonValue &token : report[u"tokens"_s].toArray()) {
        const QString kind = token.toObject()[u"modality"_s].toString();
        if (kinds.isEmpty() || kinds.last() != kind) kinds << kind;
    }
    QVERIFY2(kinds.removeAll(QString()) >= 2, qPrintable(kinds.join(u' ')));
    QCOMPARE(kinds, (QStringList{u"audio"_s, u"image"_s}));
    QVERIFY(!report[u"flows"_s].toArray().isEmpty());
    const EngineAnswer wrong = m_home.run(look + QStringList{u"--audio"_s, picture});
    QVERIFY2(wrong.all().contains(u"it is a picture, expected a recording."_s), qPrintable(wrong.all()));
    const EngineAnswer both = m_home.run(look + QStringList{u"--image"_s, picture, u"--prompt-ids"_s, u"1"_s});
    QVERIFY2(both.exitCode != 0 && both.all().contains(u"--image"_s), qPrintable(both.all()));
}

/// The run's documents by their numbers, long after it has ended: the built-in world needs no file for them.
void TestCliMedia::looksInsideKeptDocuments()
{
    const QStringList look{u"inspect"_s, u"attention"_s, m_run, u"--threads"_s, u"1"_s, u"--json"_s};
    const EngineAnswer answer = m_home.run(look + QStringList{u"--probe"_s, u"0"_s});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QJsonArray tokens = answer.lines().last()[u"tokens"_s].toArray();
    QVERIFY(!answer.lines().last()[u"flows"_s].toArray().isEmpty());
    const EngineAnswer more = m_home.run(look + QStringList{u"--probe"_s, u"0"_s, u"--answer-ids"_s, u"50,32"_s});
    QVERIFY2(more.exitCode == 0, qPrintable(more.all()));
    QCOMPARE(more.lines().last()[u"tokens"_s].toArray().size(), tokens.size() + 2);
    const EngineAnswer below = m_home.run(look + QStringList{u"--probe=-1"_s});
    QVERIFY2(below.exitCode == 3 && below.all().contains(u"expected a number from 0"_s), qPrintable(below.all()));
    const EngineAnswer both = m_home.run(look + QStringList{u"--probe"_s, u"0"_s, u"--prompt"_s, u"a"_s});
    QVERIFY2(both.exitCode == 2 && both.all().contains(u"--probe"_s), qPrintable(both.all()));
}

/// Beside the texts that the run was trained on: those of the world, and those of a manifest.
void TestCliMedia::consolidatesWhatWasRead()
{
    const QString run = m_home.path(u"keeper"_s), memory = m_home.path(u"keeper.memory"_s);
    QStringList arguments = trainArguments(u"gen:shapes"_s, run);
    for (const QString &setting :
         {u"plugins.use=[\"memory\"]"_s, u"model.window=8"_s, u"plugins.memory.episodic_size=64"_s,
          u"plugins.memory.semantic_size=64"_s, u"plugins.memory.semantic_top_k=4"_s})
        arguments << u"--set"_s << setting;
    const EngineAnswer trained = m_home.run(arguments, 240'000);
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    const EngineAnswer read =
        m_home.run({u"generate"_s, run, u"--prompt"_s, u"the red circle is left of it"_s, u"--memory"_s, memory,
                    u"--max-tokens"_s, u"1"_s, u"--threads"_s, u"1"_s});
    QVERIFY2(read.exitCode == 0, qPrintable(read.all()));
    for (const QString &data : {QString(), m_files + u"/train.jsonl"_s}) {
        QStringList learn{u"memory"_s, u"consolidate"_s, run, u"--memory"_s, memory, u"--passes"_s, u"2"_s,
                          u"--threads"_s, u"1"_s, u"--json"_s, u"--out"_s,
                          m_home.path(data.isEmpty() ? u"of-world"_s : u"of-manifest"_s)};
        if (!data.isEmpty()) learn << u"--data"_s << data;
        const EngineAnswer done = m_home.run(learn);
        QVERIFY2(done.exitCode == 0, qPrintable(done.all()));
        QCOMPARE(done.lines().last()[u"texts"_s].toInt(), 1);
    }
    const EngineAnswer without = m_home.run({u"memory"_s, u"consolidate"_s, m_run, u"--memory"_s, memory, u"--out"_s,
                                             m_home.path(u"never"_s)});
    QVERIFY2(without.exitCode == 3 && !without.err.contains(u"gen:shapes"_s), qPrintable(without.all()));
}

void TestCliMedia::namesWhatIsWrong_data()
{
    QTest::addColumn<QString>("files");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("part");
    QTest::newRow("missing") << u"\"images\":[\"none.png\"]"_s << 3
                             << u" of turn 0 is not there"_s;
    QTest::newRow("wrong kind") << u"\"audio\":[\"sheet.png\"]"_s << 3
                                << u" of turn 0 is a picture, expected a recording"_s;
    QTest::newRow("text") << u"\"images\":[\"origin.txt\"]"_s << 3
                          << u" of turn 0 is text, expected a picture"_s;
}

void TestCliMedia::namesWhatIsWrong()
{
    QFETCH(QString, files);
    QFETCH(int, exitCode);
    QFETCH(QString, part);
    const EngineAnswer answer = ask(uR"([{"role":"user","content":"hi",%1}])"_s.arg(files));
    QVERIFY2(answer.exitCode == exitCode, qPrintable(answer.all()));
    QVERIFY2(answer.all().contains(part), qPrintable(answer.all()));
}

QTEST_GUILESS_MAIN(TestCliMedia)
#include "tst_cli_media.moc"
