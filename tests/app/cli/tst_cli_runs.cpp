// SPDX-License-Identifier: Apache-2.0
// Many runs on the command line: labels, the trash, branches, notes, TensorBoard's files.
#include "tests/app/cli/engine_process.h"

using namespace Qt::StringLiterals;

class TestCliRuns : public QObject {
    Q_OBJECT
    EngineHome m_home;
    QString m_run; ///< trained for 8 steps, checkpoints at 4 and 8

    EngineAnswer run(const QString &line) const { return m_home.run(line.split(u' ')); }
    QJsonObject object(const QString &line) const
    {
        const EngineAnswer answer = run(line + u" --json"_s);
        if (answer.exitCode != 0) qFatal("%s: %s", qPrintable(line), qPrintable(answer.all()));
        return answer.lines().last();
    }
    QStringList listed(const QString &options = {}) const
    {
        QStringList ids;
        const EngineAnswer answer = run((u"runs list --json "_s + options).trimmed());
        for (const QJsonObject &line : answer.lines()) ids << line[u"run"_s].toString();
        return ids;
    }

private Q_SLOTS:
    void initTestCase()
    {
        const QString text =
            m_home.write(u"fox.txt"_s, QByteArray("the quick brown fox jumps\n").repeated(4000));
        const EngineAnswer trained = run(
            u"train --json --data "_s + text +
            u" --name fox --steps 8 --set model.layers=1 --set model.width=16 --set model.heads=2 "
            "--set model.context=16 --set train.batch_size=2 --set train.checkpoint_every=4 --set train.report_every=1"_s);
        QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
        m_run = trained.lines().first()[u"run"_s].toString();
        QVERIFY(!m_run.isEmpty());
    }

    void labelsAreEdited()
    {
        QCOMPARE(run(u"runs edit fox --name renamed --tag a --tag b --notes why"_s).exitCode, 0);
        const QJsonObject edited = object(u"runs edit renamed --untag a --archive"_s);
        QCOMPARE(edited[u"tags"_s].toArray(), QJsonArray{u"b"_s});
        QCOMPARE(edited[u"notes"_s].toString(), u"why"_s);
        QVERIFY(listed().isEmpty());
        QCOMPARE(listed(u"--all"_s), QStringList{m_run});
        QVERIFY(run(u"runs list"_s).out.contains(u"--all"_s));
        QCOMPARE(listed(u"--all --tag b"_s), QStringList{m_run});
        QVERIFY(listed(u"--all --tag a"_s).isEmpty());
        QCOMPARE(run(u"runs edit renamed --unarchive --name fox"_s).exitCode, 0);
        QVERIFY(run(u"runs list"_s).out.contains(u"[b]"_s));
        QVERIFY(run(u"runs show fox"_s).out.contains(u"notes         why"_s));
        const QString notes = m_home.write(u"notes.md"_s, "# from a file\n");
        QCOMPARE(object(u"runs edit fox --notes-file "_s + notes)[u"notes"_s].toString(),
                 u"# from a file\n"_s);
    }
    void wrongEditsSayWhy()
    {
        const EngineAnswer nothing = run(u"runs edit fox"_s);
        QCOMPARE(nothing.exitCode, 3);
        QVERIFY(nothing.err.contains(u"nothing was given"_s));
        const EngineAnswer tag = run(u"runs edit fox --tag "_s + QString(65, u'x'));
        QCOMPARE(tag.exitCode, 3);
        QVERIFY(tag.err.contains(u"at most 64"_s));
        QCOMPARE(run(u"runs edit fox --archive --unarchive"_s).exitCode, 2);
        QCOMPARE(run(u"runs edit fox --notes-file /no/such"_s).exitCode, 3);
    }
    void notesAreWritten()
    {
        QCOMPARE(run(u"runs note fox --step 3 it jumps here"_s).exitCode, 0);
        const EngineAnswer wrong = run(u"runs note fox --step -3 x"_s);
        QCOMPARE(wrong.exitCode, 3);
        QVERIFY(wrong.err.contains(u"the step is -3"_s));
        const QJsonObject listed = run(u"runs note fox --list --json"_s).lines().last();
        QCOMPARE(listed[u"text"_s].toString(), u"it jumps here"_s);
        const QString id = QString::number(listed[u"id"_s].toInt());
        QVERIFY(run(u"runs note fox --replace "_s + id + u" it jumped"_s).out.contains(u"corrected note "_s + id + u" at step 3"_s));
        QVERIFY(run(u"runs note fox --list"_s).out.contains(u"it jumped"_s));
        QVERIFY(run(u"runs note fox --remove "_s + id).out.contains(u"removed note "_s + id));
        QVERIFY(run(u"runs note fox --list"_s).out.contains(u"has no notes"_s));
        const auto refusal = [this](const QString &line) {
            const EngineAnswer answer = run(line);
            return answer.exitCode == 3 ? answer.err : answer.all();
        };
        QVERIFY(refusal(u"runs note fox --remove "_s + id).contains(u"there is none of this id now"_s));
        QVERIFY(refusal(u"runs note fox --remove "_s + id + u" words"_s).contains(u"--remove came with a text"_s));
        QVERIFY(refusal(u"runs note fox --step 3"_s).contains(u"no text was given"_s));
        QVERIFY(refusal(u"runs note fox words"_s).contains(u"no step was given"_s));
        QVERIFY(refusal(u"runs note fox --step 3 --replace 1 words"_s).contains(u"Cannot correct note 1"_s));
        QCOMPARE(run(u"runs note fox --replace 1 --remove 2 words"_s).exitCode, 2);
        for (const QString &start : {u"runs note fox --step"_s, u"runs note fox --replace"_s, u"runs note fox --remove"_s,
                                     u"branch fox --step"_s, u"resume fox --steps"_s, u"inspect frames fox --from"_s}) {
            const EngineAnswer tooLarge = run(start + u" 99999999999999999999"_s);
            QVERIFY2(tooLarge.exitCode == 2 && tooLarge.err.contains(start.section(u' ', -1) + u": 99999999999999999999 does not fit, "
                                                                              "expected a whole number of at most 19 digits"_s),
                     qPrintable(tooLarge.all()));
        }
    }
    void branchesGoOn()
    {
        const QJsonObject plain = object(u"branch fox --step 4"_s);
        const EngineAnswer resumed = run(u"resume --json "_s + plain[u"run"_s].toString());
        QVERIFY2(resumed.exitCode == 0, qPrintable(resumed.all()));
        const EngineAnswer started =
            run(u"branch fox --step 4 --set optimizer.lr=0.01 --name other --start --json"_s);
        QVERIFY2(started.exitCode == 0, qPrintable(started.all()));
        QVERIFY(started.lines().last()[u"event"_s] == u"done"_s);
        const QJsonObject shown = object(u"runs show other"_s);
        QCOMPARE(shown[u"branched_from"_s].toObject()[u"run"_s].toString(), m_run);
        QCOMPARE(shown[u"branched_from"_s].toObject()[u"step"_s].toInt(), 4);
        QCOMPARE(shown[u"state"_s].toString(), u"finished"_s);
        QVERIFY(run(u"runs show other"_s).out.contains(u"branched from "_s + m_run + u" at step 4"_s));
        // Without a change the losses are the parent's, to the bit.
        const auto losses = [](const EngineAnswer &answer) {
            QMap<int, double> all;
            for (const QJsonObject &line : answer.lines())
                if (line.contains(u"loss"_s)) all[line[u"step"_s].toInt()] = line[u"loss"_s].toDouble();
            return all;
        };
        const QMap<int, double> branch = losses(resumed), changed = losses(started);
        QCOMPARE(branch.firstKey(), 5);
        QCOMPARE(branch.value(5), changed.value(5));
        QVERIFY(branch.value(7) != changed.value(7));
    }
    void branchesThatCannotBeSayWhy()
    {
        const EngineAnswer width = run(u"branch fox --step 4 --set model.width=32"_s);
        QCOMPARE(width.exitCode, 3);
        for (const QString &word : {u"model.width=32"_s, u"16"_s, u"shapes"_s})
            QVERIFY2(width.err.contains(word), qPrintable(width.err));
        const EngineAnswer step = run(u"branch fox --step 5"_s);
        QCOMPARE(step.exitCode, 3);
        QVERIFY2(step.err.contains(u"one of 4, 8"_s), qPrintable(step.err));
        QVERIFY(run(u"branch fox --step 4 --set nonsense"_s).err.contains(u"key=value"_s));
        QVERIFY(run(u"branch fox --step 8"_s).err.contains(u"train.steps is 8"_s));
    }
    void deletingIsUndone()
    {
        const QString id = object(u"branch fox --step 4 --name doomed"_s)[u"run"_s].toString();
        QVERIFY(run(u"runs delete doomed"_s).out.contains(u"runs restore "_s + id));
        QVERIFY(!listed(u"--all"_s).contains(id));
        QVERIFY(run(u"runs trash list"_s).out.contains(id));
        QCOMPARE(run(u"runs restore "_s + id).exitCode, 0);
        QVERIFY(listed().contains(id));
        QCOMPARE(run(u"runs restore "_s + id).exitCode, 3);
        const EngineAnswer forever = run(u"runs delete doomed --forever"_s);
        QCOMPARE(forever.exitCode, 3);
        QVERIFY(forever.err.contains(u"--yes"_s));
        QCOMPARE(run(u"runs delete doomed"_s).exitCode, 0);
        QVERIFY(run(u"runs trash empty"_s).err.contains(u"--yes"_s));
        QVERIFY(run(u"runs trash empty --older 30x --yes"_s).err.contains(u"d, h, m, s"_s));
        QCOMPARE(object(u"runs trash empty --older 1d --yes"_s)[u"runs"_s].toInt(), 0);
        QVERIFY(run(u"runs trash empty nobody --yes"_s).err.contains(u"it is not in the trash"_s));
        QCOMPARE(run(u"runs trash empty doomed --older 1d --yes"_s).exitCode, 2);
        QVERIFY(run(u"runs trash empty "_s + id + u" --yes"_s).out.contains(u"deleted 1 run,"_s));
        QCOMPARE(run(u"branch fox --step 4 --name doomed"_s).exitCode, 0);
        QCOMPARE(run(u"runs delete doomed"_s).exitCode, 0);
        QCOMPARE(object(u"runs trash empty --yes"_s)[u"runs"_s].toInt(), 1);
        QVERIFY(run(u"runs trash list"_s).out.contains(u"empty"_s));
    }
    void logsComeInAndGoOut()
    {
        const QString log = m_home.path(u"logs/one/events.tfevents"_s);
        QDir().mkpath(QFileInfo(log).absolutePath());
        QVERIFY(QFile::copy(
            QStringLiteral(ORRERY_TEST_DATA "/../store/fixtures/events.out.tfevents.1700000000.golden"),
            log));
        const QJsonObject imported = object(u"runs import --tfevents "_s + m_home.path(u"logs"_s));
        QCOMPARE(imported[u"points"_s].toInt(), 28);
        QCOMPARE(imported[u"not_imported"_s].toObject()[u"images"_s].toInt(), 1);
        const QString id = imported[u"runs"_s].toArray().first().toObject()[u"run"_s].toString();
        const QString out = m_home.path(u"out"_s);
        QCOMPARE(object(u"runs export "_s + id + u" "_s + out + u" --tfevents"_s)[u"points"_s].toInt(), 28);
        QCOMPARE(run(u"runs export "_s + id + u" "_s + out + u" --tfevents"_s).exitCode, 3);
        QCOMPARE(object(u"runs import --tfevents "_s + out)[u"points"_s].toInt(), 28);
        const EngineAnswer resumed = run(u"resume "_s + id);
        QCOMPARE(resumed.exitCode, 3);
        QVERIFY2(resumed.err.contains(u"imported from"_s), qPrintable(resumed.all()));
        QCOMPARE(object(u"runs show "_s + id)[u"state"_s].toString(), u"finished"_s);
        QVERIFY(run(u"runs import --tfevents /no/such"_s).err.contains(u"no such folder"_s));
        QVERIFY(run(u"runs export "_s + id).err.contains(u"no folder was given"_s));
    }
    void manyRunsAreMadeOnce()
    {
        const QString home = m_home.path(u"many"_s);
        const QJsonObject made = object(u"bench runs "_s + home + u" --smoke"_s);
        QCOMPARE(made[u"runs"_s].toInt(), 5);
        QVERIFY(made[u"passed"_s].toBool());
        const EngineAnswer listed = m_home.run({u"runs"_s, u"list"_s, u"--json"_s}, 240'000, {u"ORRERY_HOME="_s + home});
        QCOMPARE(listed.lines().size(), 5);
        for (const QJsonObject &line : listed.lines()) QVERIFY(line[u"tags"_s].toArray().contains(u"sweep"_s));
        // Again: they are used as they are.
        const QFileInfo first(home + u"/runs/sweep-00000/run.db"_s);
        const QDateTime madeAt = first.lastModified();
        QVERIFY(madeAt.isValid());
        QCOMPARE(object(u"bench runs "_s + home + u" --smoke"_s)[u"runs"_s].toInt(), 5);
        QCOMPARE(QFileInfo(first.filePath()).lastModified(), madeAt);
        const EngineAnswer wrong = run(u"bench runs "_s + home + u" --runs 0"_s);
        QCOMPARE(wrong.exitCode, 4);
        QVERIFY2(wrong.out.contains(u"expected 1 to 100000 runs"_s), qPrintable(wrong.all()));
    }
};

QTEST_GUILESS_MAIN(TestCliRuns)
#include "tst_cli_runs.moc"
