// SPDX-License-Identifier: Apache-2.0
// A plugin with a part for every extension point (all_points/), through the real programs: trained, resumed,
// generated with, and switched off.
#include "engine_process.h"

#include "core/store/run_store.h"

#include <map>

using namespace Qt::StringLiterals;

class TestCliPoints : public QObject {
    Q_OBJECT

    EngineHome m_home;
    QString m_text, m_run, m_plain;

    [[nodiscard]] QStringList inFolder(const QStringList &arguments) const
    {
        return arguments + QStringList{u"--plugin-dir"_s, QStringLiteral(ORRERY_TEST_PLUGINS)};
    }
    [[nodiscard]] EngineAnswer train(const QString &out, const QStringList &more) const
    {
        QStringList arguments{u"train"_s, u"--data"_s,  m_text, u"--out"_s,
                              out,        u"--steps"_s, u"4"_s, u"--json"_s};
        const QStringList settings{u"model.layers=2"_s,     u"model.width=32"_s,
                                   u"model.heads=2"_s,      u"model.context=16"_s,
                                   u"model.dropout=0"_s,    u"train.batch_size=4"_s,
                                   u"train.eval_every=2"_s, u"train.eval_tokens=64"_s,
                                   u"probes.every=0"_s,     u"train.checkpoint_every=2"_s,
                                   u"threads=1"_s};
        for (const QString &setting : settings + more) arguments << u"--set"_s << setting;
        return m_home.run(inFolder(arguments));
    }
    /// Numbers of points by series.
    static std::map<std::string, uint64_t> seriesOf(const QString &run)
    {
        std::map<std::string, uint64_t> numPoints;
        const auto reader = orrery::RunReader::open(run.toStdString());
        if (!reader) qFatal("%s", reader.error().text().c_str());
        const auto all = (*reader)->listSeries();
        if (!all) qFatal("%s", all.error().text().c_str());
        for (const orrery::SeriesInfo &info : *all) numPoints[info.name] = info.numPoints;
        return numPoints;
    }
    static QJsonArray lossesOf(const EngineAnswer &answer, const QString &key)
    {
        QJsonArray losses;
        for (const QJsonObject &line : answer.lines())
            if (line.contains(key) && line.contains(u"step"_s)) losses.append(line[key]);
        return losses;
    }
    /// What a run says to a prompt, as bytes of the tokens.
    [[nodiscard]] QList<int> generate(const QString &run, const QStringList &more) const
    {
        const EngineAnswer answer =
            m_home.run(inFolder({u"generate"_s, run, u"--prompt"_s, u"the"_s, u"--max-tokens"_s, u"30"_s,
                                 u"--temperature"_s, u"0"_s, u"--json"_s}) +
                       more);
        QList<int> ids;
        if (answer.exitCode != 0) qWarning("%s", qPrintable(answer.all()));
        for (const QJsonObject &line : answer.lines())
            if (line.contains(u"id"_s)) ids.append(line[u"id"_s].toInt());
        return ids;
    }
    static int numDoubles(const QList<int> &ids)
    {
        int number = 0;
        for (qsizetype i = 1; i < ids.size(); ++i) number += ids[i] == ids[i - 1];
        return number;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_text = m_home.write(u"fox.txt"_s,
                              QByteArray("the quick brown fox jumps over the lazy dog\n").repeated(400));
        m_run = m_home.path(u"run"_s);
        m_plain = m_home.path(u"plain"_s);
    }

    void listsEveryPoint()
    {
        const EngineAnswer answer = m_home.run(inFolder({u"plugins"_s, u"list"_s}));
        for (const char *part :
             {"FeedForward twice", "Block wrapped", "MaskPolicy strided", "Objective second_half",
              "Optimizer momentum", "AttentionSource mean_value", "ResidualModule scaled",
              "HeadModule detector", "Probe rms", "Sampler no_doubles"})
            QVERIFY2(answer.out.contains(QLatin1String(part)), qPrintable(answer.all()));
        const QString schema = m_home.run(inFolder({u"schema"_s, u"spec"_s})).out;
        for (const char *choice : {"strided", "second_half", "momentum", "twice", "wrapped"})
            QVERIFY2(schema.contains(QLatin1String(choice)), choice);
    }
    void trainsResumesAndGeneratesWithAllOfThem()
    {
        const EngineAnswer trained = train(
            m_run, {u"model.ffn=twice"_s, u"model.block=wrapped"_s, u"model.mask=strided"_s,
                    u"objective.name=second_half"_s, u"optimizer.name=momentum"_s, u"optimizer.lr=0.01"_s,
                    u"plugins.all_points.gate=0.1"_s, u"plugins.all_points.loss_weight=0.5"_s});
        QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
        QFile file(m_run + u"/spec.json"_s);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonObject spec = QJsonDocument::fromJson(file.readAll()).object()[u"spec"_s].toObject();
        QCOMPARE(spec[u"plugins"_s][u"use"_s].toArray(), QJsonArray{u"all_points@1.0.0"_s});
        QCOMPARE(spec[u"optimizer"_s][u"name"_s].toString(), u"momentum"_s);
        const EngineAnswer resumed =
            m_home.run(inFolder({u"resume"_s, m_run, u"--steps"_s, u"6"_s, u"--json"_s}));
        QVERIFY2(resumed.exitCode == 0, qPrintable(resumed.all()));
        const auto numPoints = seriesOf(m_run);
        for (const char *name : {"probe/rms.layer0", "probe/rms.layer1", "probe/rms.layer2"})
            QVERIFY2(numPoints.contains(name) && numPoints.at(name) == 3, name); // steps 2, 4 and 6
        QCOMPARE(numPoints.at("part/detector"), uint64_t(6));
        QCOMPARE(numPoints.at("val_loss_second_half"), uint64_t(3));
        const QList<int> told = generate(m_run, {u"--sampler"_s, u"no_doubles"_s});
        QVERIFY(told.size() > 1);
        QCOMPARE(numDoubles(told), 0);
    }
    void withoutThePluginTheRunIsRefused()
    {
        const EngineAnswer answer = m_home.run({u"generate"_s, m_run, u"--prompt"_s, u"the"_s});
        QCOMPARE(answer.exitCode, 3);
        QVERIFY2(answer.err.contains(u"Cannot use plugin \"all_points\""_s), qPrintable(answer.all()));
        // So is a model that was taken out of it.
        const QString model = m_home.path(u"model"_s);
        const EngineAnswer exported =
            m_home.run({u"runs"_s, u"export"_s, m_run, u"--out"_s, model}, 240'000,
                       {u"ORRERY_PLUGIN_PATH="_s + QStringLiteral(ORRERY_TEST_PLUGINS)});
        QVERIFY2(exported.exitCode == 0, qPrintable(exported.all()));
        const EngineAnswer taken = m_home.run({u"generate"_s, model, u"--prompt"_s, u"the"_s});
        QCOMPARE(taken.exitCode, 3);
        QVERIFY2(taken.err.contains(u"Cannot use plugin \"all_points\""_s), qPrintable(taken.all()));
        QCOMPARE(generate(model, {u"--sampler"_s, u"no_doubles"_s}), generate(m_run, {u"--sampler"_s, u"no_doubles"_s}));
    }

    void switchedOffItIsThePlainModel()
    {
        const EngineAnswer plain = train(m_plain, {});
        QVERIFY2(plain.exitCode == 0, qPrintable(plain.all()));
        const QString off = m_home.path(u"off"_s), closed = m_home.path(u"closed"_s);
        const EngineAnswer without =
            train(off, {u"plugins.use=all_points"_s, u"plugins.all_points.parts=false"_s});
        QVERIFY2(without.exitCode == 0, qPrintable(without.all()));
        for (const QString &key : {u"loss"_s, u"val_loss"_s, u"grad_norm"_s}) {
            QCOMPARE(lossesOf(without, key), lossesOf(plain, key));
            QVERIFY(!lossesOf(plain, key).isEmpty());
        }
        QVERIFY(!seriesOf(off).contains("part/detector") && !seriesOf(off).contains("probe/rms.layer0"));
        // With gates of zero the first step is the plain model's to the bit.
        const EngineAnswer zero = train(closed, {u"plugins.use=all_points"_s});
        QVERIFY2(zero.exitCode == 0, qPrintable(zero.all()));
        QCOMPARE(lossesOf(zero, u"loss"_s).first(), lossesOf(plain, u"loss"_s).first());
        QVERIFY(lossesOf(zero, u"loss"_s) != lossesOf(plain, u"loss"_s)); // the gates have opened
    }
    void aSamplerComesWithTheModelsPlugin()
    {
        QVERIFY(numDoubles(generate(m_plain, {})) > 0); // four steps: it says what is frequent
        const EngineAnswer answer = m_home.run(
            inFolder({u"generate"_s, m_plain, u"--prompt"_s, u"the"_s, u"--sampler"_s, u"no_doubles"_s}));
        QCOMPARE(answer.exitCode, 3);
        QVERIFY2(answer.err.contains(u"the sampler is \"no_doubles\", expected none"_s),
                 qPrintable(answer.all()));
    }
};

QTEST_GUILESS_MAIN(TestCliPoints)
#include "tst_cli_points.moc"
