// SPDX-License-Identifier: Apache-2.0
// Several texts in turn on the command line: trained, resumed, its series, generated with, evaluated and exported; and
// what is refused before there is a run.
#include "engine_process.h"

#include "core/store/run_store.h"

#include <map>

using namespace Qt::StringLiterals;

class TestCliContinual : public QObject {
    Q_OBJECT

    EngineHome m_home;

    /// @param stages as typed, behind the first text
    [[nodiscard]] EngineAnswer train(const QString &out, const QStringList &stages, const QStringList &more) const
    {
        QStringList arguments{u"train"_s, u"--data"_s,  u"first.txt"_s, u"--out"_s,
                              m_home.path(out), u"--steps"_s, u"9"_s, u"--json"_s};
        const QStringList settings{u"model.layers=1"_s,      u"model.width=32"_s,
                                   u"model.heads=2"_s,       u"model.context=16"_s,
                                   u"train.batch_size=4"_s,  u"train.eval_every=3"_s,
                                   u"train.eval_tokens=64"_s, u"probes.every=0"_s,
                                   u"schedule.preset=constant"_s, u"threads=1"_s,
                                   u"continual.buffer_percent=10"_s,
                                   u"continual.stages=[\"%1\"]"_s.arg(stages.join(u"\",\""_s))};
        for (const QString &setting : settings + more) arguments << u"--set"_s << setting;
        return m_home.run(arguments);
    }
    /// Points of a series by step; a resume's hide those that they take the place of.
    [[nodiscard]] std::map<int64_t, double> points(const QString &run, const std::string &name) const
    {
        const auto reader = orrery::RunReader::open(m_home.path(run).toStdString());
        if (!reader) qFatal("%s", reader.error().text().c_str());
        std::map<int64_t, double> found;
        const auto read = (*reader)->query({.series = name});
        if (!read) qFatal("%s", read.error().text().c_str());
        for (const orrery::SeriesBucket &bucket : *read)
            if (!bucket.isSuperseded) found[bucket.lastStep] = bucket.last; // few points: one each
        return found;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_home.write(u"first.txt"_s, QByteArray("the quick brown fox jumps over the lazy dog\n").repeated(200));
        m_home.write(u"second.txt"_s, QByteArray("0123456789 9876543210 0246813579\n").repeated(200));
        m_home.write(u"third.txt"_s, QByteArray("SPHINX OF BLACK QUARTZ, JUDGE MY VOW\n").repeated(200));
        m_home.write(u"parts.jsonl"_s, "[{\"text\":\"a\"}]\n[{\"text\":\"b\"}]\n");
        m_home.write(u"asked.jsonl"_s,
                     QByteArray("{\"messages\":[{\"role\":\"user\",\"content\":\"how many are there?\"}]}\n").repeated(40));
        QVERIFY(QDir::setCurrent(m_home.path())); // names are those of the folder of who asks
    }

    void trainsAndGoesOn_data()
    {
        QTest::addColumn<QString>("strategy");
        QTest::addColumn<QStringList>("more");
        QTest::newRow("rehearsal") << u"rehearsal"_s << QStringList();
        QTest::newRow("ewc") << u"ewc"_s << QStringList();
        QTest::newRow("sparse_memory")
            << u"sparse_memory"_s
            << QStringList{u"plugins.use=[\"memory\"]"_s, u"plugins.memory.semantic_size=64"_s,
                           u"plugins.memory.semantic_top_k=4"_s};
    }
    void trainsAndGoesOn()
    {
        QFETCH(const QString, strategy);
        QFETCH(const QStringList, more);
        const QString run = m_home.path(strategy);
        const EngineAnswer trained = train(strategy, {u"second.txt"_s, u"third.txt"_s},
                                           more + QStringList{u"continual.strategy="_s + strategy});
        QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
        int numEnds = 0;
        for (const QJsonObject &line : trained.lines()) {
            if (line.contains(u"event"_s)) continue;
            const bool isOfEnd = line.contains(u"stage_loss/1"_s);
            numEnds += isOfEnd;
            QVERIFY2(isOfEnd != line.contains(u"loss"_s) &&
                         !line[isOfEnd ? u"stage_loss/3"_s : u"lr"_s].isNull(),
                     qPrintable(trained.out));
        }
        QCOMPARE(numEnds, 3);
        QFile file(run + u"/spec.json"_s);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonObject spec = QJsonDocument::fromJson(file.readAll()).object()[u"spec"_s].toObject();
        const QJsonArray stages = spec[u"continual"_s][u"stages"_s].toArray();
        QCOMPARE(stages.size(), 2);
        QVERIFY2(QFileInfo(stages[0].toString()).isAbsolute() && QFile::exists(stages[0].toString()),
                 qPrintable(stages[0].toString()));

        QCOMPARE(points(strategy, "stage"), (std::map<int64_t, double>{{1, 1}, {2, 1}, {3, 1}, {4, 2}, {5, 2}, {6, 2},
                                                                      {7, 3}, {8, 3}, {9, 3}}));
        for (const char *name : {"stage_loss/1", "stage_loss/2", "stage_loss/3", "forgetting", "backward_transfer"})
            QVERIFY2(points(strategy, name).contains(9), name);
        QVERIFY(points(strategy, "stage_loss/1").contains(3) && points(strategy, "stage_loss/1").contains(6));

        // More steps belong to the last text.
        const EngineAnswer resumed = m_home.run({u"resume"_s, run, u"--steps"_s, u"11"_s, u"--json"_s});
        QVERIFY2(resumed.exitCode == 0, qPrintable(resumed.all()));
        const auto after = points(strategy, "stage");
        QVERIFY(after.contains(11));
        QCOMPARE(after.at(11), 3.0);
        QCOMPARE(after.at(4), 2.0);
        for (const char *name : {"stage_loss/1", "stage_loss/3", "forgetting", "backward_transfer"})
            QVERIFY2(points(strategy, name).contains(11), name);
        // One that is refused shows no progress.
        const EngineAnswer refused = m_home.run({u"resume"_s, run, u"--steps"_s, u"4"_s});
        QVERIFY2(refused.exitCode != 0 && refused.all().contains(u"expected a total of 11 or more"_s) &&
                     !refused.all().contains(u'%'),
                 qPrintable(refused.all()));

        const QStringList ask{u"--prompt"_s, u"the"_s, u"--max-tokens"_s, u"6"_s, u"--seed"_s, u"3"_s,
                              u"--threads"_s, u"1"_s, u"--json"_s};
        const auto said = [&](const QString &model) {
            const EngineAnswer answer = m_home.run(QStringList{u"generate"_s, model} + ask);
            return answer.exitCode == 0 ? answer.lines().last()[u"text"_s].toString() : answer.all();
        };
        const QString exported = m_home.path(strategy + u"-model"_s);
        const EngineAnswer made = m_home.run({u"runs"_s, u"export"_s, run, u"--out"_s, exported});
        QVERIFY2(made.exitCode == 0, qPrintable(made.all()));
        QVERIFY(!said(run).isEmpty());
        QCOMPARE(said(exported), said(run));
        const EngineAnswer evaluated =
            m_home.run({u"evaluate"_s, run, u"--data"_s, u"third.txt"_s, u"--json"_s, u"--threads"_s, u"1"_s});
        QVERIFY2(evaluated.exitCode == 0, qPrintable(evaluated.all()));
        QVERIFY(evaluated.lines().last()[u"loss"_s].toDouble() > 0);
    }

    void refusesBeforeThereIsARun_data()
    {
        QTest::addColumn<QStringList>("stages");
        QTest::addColumn<QString>("setting");
        QTest::addColumn<QString>("part");
        QTest::newRow("no such text") << QStringList{u"none.txt"_s} << u"continual.strategy=er"_s << u"none.txt"_s;
        QTest::newRow("a manifest") << QStringList{u"parts.jsonl"_s} << u"continual.strategy=er"_s
                                    << u"which is a manifest of text alone, expected texts"_s;
        QTest::newRow("nothing to learn") << QStringList{u"asked.jsonl"_s} << u"continual.strategy=er"_s
                                          << u"no token of its training part carries loss"_s;
        QTest::newRow("patience") << QStringList{u"second.txt"_s} << u"train.patience=2"_s
                                  << u"expected 0, as each text has other losses"_s;
        QTest::newRow("no semantic memory") << QStringList{u"second.txt"_s} << u"continual.strategy=sparse_memory"_s
                                            << u"beside a model without a semantic memory"_s;
        QTest::newRow("a buffer without room") << QStringList{u"second.txt"_s}
                                               << u"continual.strategy=er continual.buffer_percent=0.001"_s
                                               << u"Cannot replay stage 1: its buffer holds 0 of "_s;
        QTest::newRow("no such strategy")
            << QStringList{u"second.txt"_s} << u"continual.strategy=hope"_s << u"expected one of naive, er"_s;
    }
    void refusesBeforeThereIsARun()
    {
        QFETCH(const QStringList, stages);
        QFETCH(const QString, setting);
        QFETCH(const QString, part);
        const EngineAnswer answer = train(u"refused"_s, stages, setting.split(u' '));
        QVERIFY2(answer.exitCode != 0 && answer.all().contains(part), qPrintable(answer.all()));
        QVERIFY(!QFile::exists(m_home.path(u"refused"_s)));
    }
};

QTEST_GUILESS_MAIN(TestCliContinual)
#include "tst_cli_continual.moc"
