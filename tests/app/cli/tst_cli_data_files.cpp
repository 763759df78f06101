// SPDX-License-Identifier: Apache-2.0
// Files on the command line that are not what their names or their places say: a manifest of another name, a
// picture where a text is asked for, and data that went away behind a run.
#include "engine_process.h"

using namespace Qt::StringLiterals;

class TestCliDataFiles : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void trainsOnAManifestOfAnyName();
    void readsNoPictureAsText_data();
    void readsNoPictureAsText();
    void choosesNoFolderOfAManifest();
    void describesASinglePicture();
    void goesOnWhereTheDataWent();

private:
    [[nodiscard]] QString file(const QString &name) const { return m_home.path(u"world/"_s + name); }
    [[nodiscard]] QStringList trainArguments(const QString &data) const;

    EngineHome m_home;
    QString m_run = m_home.path(u"seer"_s);
};

void TestCliDataFiles::initTestCase()
{
    const EngineAnswer exported =
        m_home.run({u"data"_s, u"describe"_s, u"gen:shapes?n=40&val=4&test=1&tasks=caption"_s, u"--export"_s,
                    m_home.path(u"world"_s)});
    QVERIFY2(exported.exitCode == 0, qPrintable(exported.all()));
    QVERIFY(QFile::copy(file(u"train.jsonl"_s), file(u"pairs.json"_s)));
}

QStringList TestCliDataFiles::trainArguments(const QString &data) const
{
    QStringList arguments{u"train"_s, u"--data"_s,  data,   u"--out"_s,
                          m_run,      u"--steps"_s, u"2"_s, u"--json"_s};
    for (const QString &setting :
         {u"model.layers=1"_s, u"model.width=32"_s, u"model.heads=2"_s, u"train.batch_size=2"_s,
          u"train.eval_every=2"_s, u"train.eval_tokens=256"_s, u"probes.every=0"_s, u"threads=1"_s})
        arguments << u"--set"_s << setting;
    return arguments;
}

/// As text it would give a fine curve, over the names of its pictures.
void TestCliDataFiles::trainsOnAManifestOfAnyName()
{
    const EngineAnswer described = m_home.run({u"data"_s, u"describe"_s, file(u"pairs.json"_s)});
    QVERIFY2(described.exitCode == 0 && described.out.startsWith(u"format      manifest\n"_s),
             qPrintable(described.all()));
    const EngineAnswer refused = m_home.run(trainArguments(file(u"pairs.json"_s)));
    QVERIFY2(
        refused.exitCode == 3 &&
            refused.all().contains(u"it has pictures or recordings, and attention.num_modalities is 1"_s),
        qPrintable(refused.all()));
    QVERIFY(!QFileInfo::exists(m_run));
    const EngineAnswer trained = m_home.run(trainArguments(file(u"pairs.json"_s)) +
                                            QStringList{u"--set"_s, u"attention.num_modalities=2"_s});
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    const EngineAnswer evaluated = m_home.run(
        {u"evaluate"_s, m_run, u"--data"_s, file(u"pairs.json"_s), u"--json"_s, u"--threads"_s, u"1"_s});
    QVERIFY2(evaluated.exitCode == 0, qPrintable(evaluated.all()));
}

void TestCliDataFiles::readsNoPictureAsText_data()
{
    QTest::addColumn<QStringList>("command");
    QTest::addColumn<QString>("remedy");
    const QString picture = file(u"sheet.png"_s);
    QTest::newRow("generate") << QStringList{u"generate"_s, m_run, u"--prompt-file"_s, picture}
                              << u"Give it with --image."_s;
    QTest::newRow("inspect attention")
        << QStringList{u"inspect"_s, u"attention"_s, m_run, u"--prompt-file"_s, picture}
        << u"Give it with --image."_s;
    QTest::newRow("inspect tokens") << QStringList{u"inspect"_s, u"tokens"_s, m_run, u"--prompt-file"_s,
                                                   picture}
                                    << u"only texts are read here"_s;
    QTest::newRow("embed") << QStringList{u"embed"_s, m_run, u"--file"_s, picture}
                           << u"only texts are read here"_s;
    QTest::newRow("evaluate") << QStringList{u"evaluate"_s, m_run, u"--data"_s, picture}
                              << uR"(Name it in a manifest: {"image": "…"})"_s;
    QTest::newRow("train") << QStringList{u"train"_s, u"--data"_s, picture}
                           << uR"(Name it in a manifest: {"image": "…"})"_s;
    QTest::newRow("train a model of pictures")
        << QStringList{u"train"_s, u"--data"_s, picture, u"--set"_s, u"attention.num_modalities=2"_s}
        << uR"(Name it in a manifest: {"image": "…"})"_s;
}

void TestCliDataFiles::readsNoPictureAsText()
{
    QFETCH(const QStringList, command);
    QFETCH(const QString, remedy);
    const EngineAnswer refused = m_home.run(command);
    QVERIFY2(refused.exitCode == 3 && refused.err.contains(u"it is a picture (PNG), expected text"_s) &&
                 refused.err.contains(remedy),
             qPrintable(refused.all()));
}

void TestCliDataFiles::choosesNoFolderOfAManifest()
{
    const EngineAnswer whole = m_home.run({u"train"_s, u"--data"_s, m_home.path(u"world"_s)});
    QVERIFY2(whole.exitCode == 3 && whole.err.contains(u"most of its text is the manifest \"pairs.json\""_s),
             qPrintable(whole.all()));
    const EngineAnswer pictures = m_home.run({u"train"_s, u"--data"_s, file(u"images"_s)});
    QVERIFY2(pictures.exitCode == 3 &&
                 pictures.err.contains(u"the folder holds no text file, but 45 pictures"_s) &&
                 pictures.err.contains(u"A manifest lists pictures and recordings"_s),
             qPrintable(pictures.all()));
}

void TestCliDataFiles::describesASinglePicture()
{
    const EngineAnswer described = m_home.run({u"data"_s, u"describe"_s, file(u"sheet.png"_s)});
    QVERIFY2(described.exitCode == 0 && described.out.startsWith(u"format      png\n"_s),
             qPrintable(described.all()));
    const EngineAnswer help = m_home.run({u"data"_s, u"describe"_s, u"--help"_s});
    QVERIFY2(help.out.simplified().contains(u"of a single picture, recording or unknown file what it is"_s),
             qPrintable(help.all()));
    const EngineAnswer evaluate = m_home.run({u"evaluate"_s, u"--help"_s});
    QVERIFY2(evaluate.out.simplified().contains(u"a manifest of pictures and recordings; or gen:shapes"_s),
             qPrintable(evaluate.all()));
}

/// Both remedies of the message are possible.
void TestCliDataFiles::goesOnWhereTheDataWent()
{
    const QString moved = file(u"moved.json"_s);
    QVERIFY(QFile::rename(file(u"pairs.json"_s), moved));
    const QStringList resume{u"resume"_s, m_run, u"--steps"_s, u"4"_s, u"--json"_s};
    const EngineAnswer gone = m_home.run(resume);
    QVERIFY2(gone.exitCode == 3 && gone.all().contains(u"there is no such file or folder"_s) &&
                 gone.all().contains(
                     u"Put it back, or branch the run from a checkpoint with another data.path."_s),
             qPrintable(gone.all()));
    const EngineAnswer branched =
        m_home.run({u"branch"_s, m_run, u"--step"_s, u"2"_s, u"--set"_s, u"data.path="_s + moved, u"--set"_s,
                    u"train.steps=4"_s, u"--out"_s, m_home.path(u"branch"_s), u"--start"_s, u"--quiet"_s});
    QVERIFY2(branched.exitCode == 0, qPrintable(branched.all()));
    QVERIFY(QFile::rename(moved, file(u"pairs.json"_s)));
    const EngineAnswer back = m_home.run(resume);
    QVERIFY2(back.exitCode == 0, qPrintable(back.all()));
}

QTEST_GUILESS_MAIN(TestCliDataFiles)
#include "tst_cli_data_files.moc"
