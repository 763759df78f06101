// SPDX-License-Identifier: Apache-2.0
// Models in and out as a user does it: export under the names of transformers, use that folder, train on from
// it.
#include "engine_process.h"

using namespace Qt::StringLiterals;

class TestCliInterchange : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void exportsForTransformersAndAnswersTheSame();
    void looksInsideAModelOfOthers();
    void trainsOnFromAModelOfOthers();
    void refusesOtherShapesAndLeavesNoRun();
    void saysWhatTransformersHasNoNameFor();

private:
    static QStringList settings(const QStringList &list)
    {
        QStringList arguments;
        for (const QString &setting : list) arguments << u"--set"_s << setting;
        return arguments;
    }
    [[nodiscard]] EngineAnswer train(const QString &out, const QStringList &more) const
    {
        return m_home.run(QStringList{u"train"_s, u"--data"_s, m_home.path(u"fox.txt"_s), u"--steps"_s,
                                      u"2"_s, u"--json"_s, u"--out"_s, m_home.path(out)} +
                          settings({u"train.batch_size=1"_s, u"train.eval_tokens=64"_s, u"probes.every=0"_s,
                                    u"probes.frames_every=0"_s, u"threads=1"_s}) +
                          more);
    }
    [[nodiscard]] double lossOf(const QString &model) const
    {
        const EngineAnswer answer = m_home.run({u"evaluate"_s, model, u"--data"_s, m_home.path(u"fox.txt"_s),
                                                u"--threads"_s, u"1"_s, u"--json"_s});
        if (answer.exitCode != 0) qFatal("%s", qPrintable(answer.all()));
        return answer.lines().last()[u"loss"_s].toDouble();
    }
    [[nodiscard]] QString golden(const QString &name) const
    {
        return QStringLiteral(ORRERY_TEST_DATA) + u"/../infer/golden/"_s + name;
    }

    EngineHome m_home;
    QString m_model;
};

void TestCliInterchange::initTestCase()
{
    m_home.write(u"fox.txt"_s, QByteArray("the quick brown fox jumps over the lazy dog\n").repeated(50));
    const EngineAnswer trained =
        train(u"run"_s,
              settings({u"model.preset=llama"_s, u"model.layers=1"_s, u"model.width=32"_s, u"model.heads=4"_s,
                        u"model.kv_heads=2"_s, u"model.context=32"_s, u"model.dropout=0"_s}));
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    m_model = m_home.path(u"model"_s);
    const EngineAnswer done = m_home.run({u"runs"_s, u"export"_s, m_home.path(u"run"_s), u"--format"_s,
                                          u"hf"_s, u"--out"_s, m_model, u"--json"_s});
    QVERIFY2(done.exitCode == 0, qPrintable(done.all()));
    QCOMPARE(done.lines().last()[u"architecture"_s].toString(), u"LlamaForCausalLM"_s);
}

void TestCliInterchange::exportsForTransformersAndAnswersTheSame()
{
    QCOMPARE(lossOf(m_model), lossOf(m_home.path(u"run"_s)));
    // Without our own settings it is a model like any other, and says the same.
    QFile file(m_model + u"/config.json"_s);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QJsonObject config = QJsonDocument::fromJson(file.readAll()).object();
    file.close();
    config.remove(u"orrery"_s);
    const QString other = m_home.path(u"other"_s);
    QVERIFY(QDir().mkpath(other));
    for (const QString &name : {u"/model.safetensors"_s, u"/tokenizer.json"_s})
        QVERIFY(QFile::copy(m_model + name, other + name));
    m_home.write(u"other/config.json"_s, QJsonDocument(config).toJson());
    QVERIFY(std::abs(lossOf(other) - lossOf(m_model)) < 1e-9);
}

void TestCliInterchange::looksInsideAModelOfOthers()
{
    const EngineAnswer answer =
        m_home.run({u"generate"_s, golden(u"qwen3"_s), u"--prompt-ids"_s, u"1,2,3"_s, u"--max-tokens"_s,
                    u"2"_s, u"--temperature"_s, u"0"_s, u"--json"_s});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    QCOMPARE(answer.lines().last()[u"event"_s].toString(), u"done"_s);
    const QString array = m_home.path(u"attention.npz"_s);
    const EngineAnswer attention =
        m_home.run({u"inspect"_s, u"attention"_s, m_model, u"--prompt"_s, u"the fox"_s, u"--out"_s, array});
    QVERIFY2(attention.exitCode == 0, qPrintable(attention.all()));
    QVERIFY(QFile::exists(array));
    const EngineAnswer noText = m_home.run({u"generate"_s, golden(u"qwen3"_s), u"--prompt"_s, u"x"_s});
    QCOMPARE(noText.exitCode, 3);
    QVERIFY2(noText.err.contains(u"there is no tokenizer.json"_s), qPrintable(noText.all()));
}

void TestCliInterchange::trainsOnFromAModelOfOthers()
{
    const EngineAnswer trained = train(u"on"_s, {u"--from"_s, m_model});
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    const QString run = m_home.path(u"on"_s);
    QCOMPARE(lossOf(run + u"@0"_s), lossOf(m_model));
    QVERIFY(lossOf(run + u"@2"_s) != lossOf(m_model));
    const QString spec = QString::fromUtf8([&] {
        QFile file(run + u"/spec.json"_s);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }());
    QVERIFY2(spec.contains(u"\"kv_heads\": 2"_s), qPrintable(spec));
    // A run does as well as a folder.
    const EngineAnswer again = train(u"again"_s, {u"--from"_s, m_home.path(u"run"_s)});
    QVERIFY2(again.exitCode == 0, qPrintable(again.all()));
    QCOMPARE(lossOf(m_home.path(u"again"_s) + u"@0"_s), lossOf(m_home.path(u"run"_s)));
}

void TestCliInterchange::refusesOtherShapesAndLeavesNoRun()
{
    const EngineAnswer trained =
        train(u"wider"_s, QStringList{u"--from"_s, m_model} + settings({u"model.ffn_width=64"_s}));
    QCOMPARE(trained.exitCode, 3);
    QVERIFY2(trained.all().contains(u"expected [64, 32] by the run's settings"_s), qPrintable(trained.all()));
    QVERIFY(!QFile::exists(m_home.path(u"wider"_s)));
    const EngineAnswer none = train(u"none"_s, {u"--from"_s, m_home.path(u"nothing"_s)});
    QCOMPARE(none.exitCode, 3);
    QVERIFY(!QFile::exists(m_home.path(u"none"_s)));
}

void TestCliInterchange::saysWhatTransformersHasNoNameFor()
{
    const EngineAnswer trained =
        train(u"window"_s, settings({u"model.layers=1"_s, u"model.width=16"_s, u"model.heads=2"_s,
                                     u"model.context=32"_s, u"model.window=8"_s}));
    QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
    const EngineAnswer done = m_home.run({u"runs"_s, u"export"_s, m_home.path(u"window"_s), u"--format"_s,
                                          u"hf"_s, u"--out"_s, m_home.path(u"window-model"_s)});
    QCOMPARE(done.exitCode, 3);
    QVERIFY2(done.err.contains(u"model.window is 8, expected 0"_s), qPrintable(done.all()));
    QVERIFY(!QFile::exists(m_home.path(u"window-model"_s)));
    const EngineAnswer wrong = m_home.run({u"runs"_s, u"export"_s, m_home.path(u"run"_s), u"--format"_s,
                                           u"gguf"_s, u"--out"_s, m_home.path(u"x"_s)});
    QCOMPARE(wrong.exitCode, 2);
}

QTEST_GUILESS_MAIN(TestCliInterchange)
#include "tst_cli_interchange.moc"
