// SPDX-License-Identifier: Apache-2.0
// A name that is a run of the catalogue and a folder of the working directory.
#include "engine_process.h"

using namespace Qt::StringLiterals;

class TestCliNames : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void aRunIsNearerThanAFolderOfItsName();
    void withASlashItIsTheFolder();
    void aFolderWithAModelIsNearer();
    void twoRunsOfTheNameAreAConflict();
    void aFolderAloneIsSaidToHoldNoModel();

private:
    [[nodiscard]] EngineAnswer generate(const QString &model) const
    {
        return m_home.run(
            {u"generate"_s, model, u"--prompt"_s, u"the"_s, u"--max-tokens"_s, u"1"_s, u"--json"_s});
    }
    void train(const QStringList &more) const
    {
        QStringList arguments{u"train"_s, u"--data"_s, m_home.path(u"fox.txt"_s), u"--steps"_s, u"1"_s};
        for (const QString &setting :
             {u"model.layers=1"_s, u"model.width=16"_s, u"model.heads=2"_s, u"model.context=32"_s,
              u"train.batch_size=1"_s, u"train.eval_tokens=64"_s, u"probes.every=0"_s,
              u"probes.frames_every=0"_s, u"threads=1"_s})
            arguments << u"--set"_s << setting;
        const EngineAnswer trained = m_home.run(arguments + more);
        if (trained.exitCode != 0) qFatal("%s", qPrintable(trained.all()));
    }

    EngineHome m_home;
    QString m_before;
};

void TestCliNames::initTestCase()
{
    m_home.write(u"fox.txt"_s, QByteArray("the quick brown fox jumps over the lazy dog\n").repeated(50));
    train({u"--name"_s, u"shapes"_s});
    train({u"--name"_s, u"twins"_s});
    train({u"--name"_s, u"twins"_s});
}

void TestCliNames::init()
{
    m_before = QDir::currentPath();
    QVERIFY(QDir().mkpath(m_home.path(u"here"_s)));
    QVERIFY(QDir::setCurrent(m_home.path(u"here"_s)));
}

void TestCliNames::cleanup()
{
    QVERIFY(QDir::setCurrent(m_before));
    QVERIFY(QDir(m_home.path(u"here"_s)).removeRecursively());
}

void TestCliNames::aRunIsNearerThanAFolderOfItsName()
{
    EngineAnswer answer = generate(u"shapes"_s);
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    QVERIFY2(!answer.err.contains(u"note:"_s), qPrintable(answer.err)); // nothing else has the name
    QVERIFY(QDir().mkdir(u"shapes"_s));
    for (const QString &model : {u"shapes"_s, u"shapes@best"_s}) {
        answer = generate(model);
        QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
        for (const QString &words :
             {u"note: \"shapes\" is taken for the run \"%1"_s.arg(m_home.path(u"home/runs/shapes-"_s)),
              u"holds no run and no model"_s, u"\"./shapes\" names it"_s})
            QVERIFY2(answer.err.contains(words), qPrintable(words + u'\n' + answer.err));
        QVERIFY(answer.lines().last()[u"event"_s].toString() != u"error"_s);
    }
}

void TestCliNames::withASlashItIsTheFolder()
{
    QVERIFY(QDir().mkdir(u"shapes"_s));
    const EngineAnswer answer = generate(u"./shapes"_s);
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.lines().last()[u"message"_s].toString().contains(m_home.path(u"here/shapes"_s)),
             qPrintable(answer.all()));
    QVERIFY(!answer.err.contains(u"note:"_s));
}

void TestCliNames::aFolderWithAModelIsNearer()
{
    const EngineAnswer written = m_home.run({u"runs"_s, u"export"_s, u"shapes"_s, u"--out"_s, u"shapes"_s});
    QVERIFY2(written.exitCode == 0, qPrintable(written.all()));
    const EngineAnswer answer = generate(u"shapes"_s);
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    for (const QString &words : {u"is taken for the folder \"%1\""_s.arg(m_home.path(u"here/shapes"_s)),
                                 m_home.path(u"home/runs/shapes-"_s), u"whole id"_s})
        QVERIFY2(answer.err.contains(words), qPrintable(words + u'\n' + answer.err));
}

void TestCliNames::twoRunsOfTheNameAreAConflict()
{
    QVERIFY(QDir().mkdir(u"twins"_s));
    const EngineAnswer answer = generate(u"twins"_s);
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.lines().last()[u"message"_s].toString().contains(u"2 runs have this name"_s),
             qPrintable(answer.all()));
}

void TestCliNames::aFolderAloneIsSaidToHoldNoModel()
{
    QVERIFY(QDir().mkdir(u"nobody"_s));
    const EngineAnswer answer = generate(u"nobody"_s);
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.lines().last()[u"message"_s].toString().contains(m_home.path(u"here/nobody"_s)),
             qPrintable(answer.all()));
}

QTEST_GUILESS_MAIN(TestCliNames)
#include "tst_cli_names.moc"
