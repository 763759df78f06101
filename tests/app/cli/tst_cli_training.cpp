// SPDX-License-Identifier: Apache-2.0
// The whole way on the command line: describe, train, list, resume, generate, evaluate, copy, delete.
#include "engine_process.h"

#include "core/base/platform.h"

class TestCliTraining : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void describesData();
    void trainsAndReportsJsonLines();
    void listsAndShowsTheRun();
    void resumeContinuesAtTheSavedStep();
    void generatesTheSameForTheSameSeed();
    void generateStreamsJsonTokens();
    void generateUsesTheThreadsItIsGiven();
    void evaluatePassesThreadsToTheWorker();
    void rejectsBadSampling();
    void offersSavedStepsForAMissingOne();
    void evaluatesAText();
    void watchReplaysAFinishedRun();
    void controlOfAnEndedRunSaysHowToResume();
    void liveWeightsAreLookedAt();
    void copyIsARunOfItsOwn();

private:
    [[nodiscard]] QStringList trainArguments(const QString &out, int steps) const;

    EngineHome m_home;
    QString m_text;
    QString m_run;
};

void TestCliTraining::initTestCase()
{
    QByteArray text;
    for (int i = 0; i < 6000; ++i) text += "line " + QByteArray::number(i % 97) + ": the quick brown fox jumps over the lazy dog\n";
    m_text = m_home.write(QStringLiteral("fox.txt"), text);
    m_run = m_home.path(QStringLiteral("fox-run"));
}

QStringList TestCliTraining::trainArguments(const QString &out, int steps) const
{
    return {QStringLiteral("train"), QStringLiteral("--data"), m_text, QStringLiteral("--out"), out, QStringLiteral("--steps"), QString::number(steps),
            QStringLiteral("--json"), QStringLiteral("--set"), QStringLiteral("model.layers=2"), QStringLiteral("--set"), QStringLiteral("model.width=64"),
            QStringLiteral("--set"), QStringLiteral("model.context=32"), QStringLiteral("--set"), QStringLiteral("train.eval_every=10"),
            QStringLiteral("--set"), QStringLiteral("train.eval_tokens=2048"), QStringLiteral("--set"), QStringLiteral("train.checkpoint_every=10"),
            QStringLiteral("--set"), QStringLiteral("probes.every=0"), QStringLiteral("--set"), QStringLiteral("threads=2"),
            QStringLiteral("--set"), QStringLiteral("optimizer.lr=0.003")};
}

void TestCliTraining::describesData()
{
    const EngineAnswer answer = m_home.run({QStringLiteral("data"), QStringLiteral("describe"), m_text, QStringLiteral("--json")});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    QCOMPARE(answer.lines().size(), 1);
    QVERIFY(answer.out.contains(QStringLiteral("token")));
}

void TestCliTraining::trainsAndReportsJsonLines()
{
    const EngineAnswer answer = m_home.run(trainArguments(m_run, 30));
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QList<QJsonObject> lines = answer.lines();
    int numReports = 0;
    double firstLoss = 0;
    double lastLoss = 0;
    for (const QJsonObject &line : lines) {
        if (!line.contains(QStringLiteral("step")) || line.contains(QStringLiteral("event"))) continue;
        for (const char *key : {"loss", "val_loss", "lr", "grad_norm", "tokens_per_s"}) QVERIFY2(line.contains(QLatin1String(key)), key);
        lastLoss = line[QStringLiteral("loss")].toDouble();
        if (numReports++ == 0) firstLoss = lastLoss;
    }
    QCOMPARE(numReports, 30);
    QVERIFY2(lastLoss < firstLoss - 0.5, qPrintable(QStringLiteral("%1 -> %2").arg(firstLoss).arg(lastLoss)));
    QCOMPARE(lines.last()[QStringLiteral("event")].toString(), QStringLiteral("done"));
    QVERIFY(lines.last()[QStringLiteral("best_val_loss")].toDouble() > 0);
}

void TestCliTraining::listsAndShowsTheRun()
{
    const EngineAnswer list = m_home.run({QStringLiteral("runs"), QStringLiteral("list"), QStringLiteral("--json")});
    QCOMPARE(list.exitCode, 0);
    QCOMPARE(list.lines().size(), 1);
    QCOMPARE(list.lines().first()[QStringLiteral("state")].toString(), QStringLiteral("finished"));
    QCOMPARE(list.lines().first()[QStringLiteral("step")].toInt(), 30);
    const EngineAnswer show = m_home.run({QStringLiteral("runs"), QStringLiteral("show"), QStringLiteral("fox-run"), QStringLiteral("--json")});
    QVERIFY2(show.exitCode == 0, qPrintable(show.all()));
    QVERIFY(show.lines().first().contains(QStringLiteral("spec")));
}

void TestCliTraining::resumeContinuesAtTheSavedStep()
{
    const EngineAnswer answer = m_home.run({QStringLiteral("resume"), m_run, QStringLiteral("--steps"), QStringLiteral("35"), QStringLiteral("--json")});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    QList<int> steps;
    for (const QJsonObject &line : answer.lines())
        if (line.contains(QStringLiteral("loss"))) steps.append(line[QStringLiteral("step")].toInt());
    QCOMPARE(steps, (QList<int>{31, 32, 33, 34, 35}));
}

void TestCliTraining::generatesTheSameForTheSameSeed()
{
    const QStringList arguments{QStringLiteral("generate"), m_run, QStringLiteral("--prompt"), QStringLiteral("line 1"), QStringLiteral("--max-tokens"),
                                QStringLiteral("40"), QStringLiteral("--seed"), QStringLiteral("7")};
    const EngineAnswer first = m_home.run(arguments);
    QVERIFY2(first.exitCode == 0, qPrintable(first.all()));
    QVERIFY(first.out.size() >= 20);
    QCOMPARE(m_home.run(arguments).out, first.out);
    QStringList other = arguments;
    other.last() = QStringLiteral("8");
    QVERIFY(m_home.run(other).out != first.out);
}

void TestCliTraining::generateStreamsJsonTokens()
{
    const EngineAnswer answer = m_home.run({QStringLiteral("generate"), m_run + QStringLiteral("@30"), QStringLiteral("--prompt"), QStringLiteral("the"),
                                            QStringLiteral("--max-tokens"), QStringLiteral("5"), QStringLiteral("--temperature"), QStringLiteral("0"),
                                            QStringLiteral("--json")});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QList<QJsonObject> lines = answer.lines();
    QCOMPARE(lines.size(), 6);
    QVERIFY(lines.first().contains(QStringLiteral("p")));
    QCOMPARE(lines.last()[QStringLiteral("event")].toString(), QStringLiteral("done"));
}

void TestCliTraining::generateUsesTheThreadsItIsGiven()
{
    const auto threadsOf = [this](const QStringList &options) {
        const EngineAnswer answer = m_home.run(QStringList{QStringLiteral("generate"), m_run, QStringLiteral("--prompt"), QStringLiteral("the"),
                                                           QStringLiteral("--max-tokens"), QStringLiteral("1"), QStringLiteral("--json")} + options);
        return answer.exitCode == 0 ? answer.lines().last()[QStringLiteral("threads")].toInt() : -1;
    };
    QCOMPARE(threadsOf({QStringLiteral("--threads"), QStringLiteral("1")}), 1);
    QCOMPARE(threadsOf({QStringLiteral("--threads"), QStringLiteral("3")}), 3);
    QCOMPARE(threadsOf({QStringLiteral("--threads"), QStringLiteral("0")}), orrery::cpuInfo().numLogical);
    QCOMPARE(threadsOf({}), orrery::cpuInfo().numLogical);
}

void TestCliTraining::evaluatePassesThreadsToTheWorker()
{
    const QString worker = m_home.write(QStringLiteral("worker"), "#!/bin/sh\necho \"$OMP_NUM_THREADS:\" \"$@\"\n");
    QVERIFY(QFile::setPermissions(worker, QFile::ReadOwner | QFile::ExeOwner));
    const QStringList command{QStringLiteral("evaluate"), m_run, QStringLiteral("--data"), m_text, QStringLiteral("--threads"), QStringLiteral("3")};
    const EngineAnswer answer = m_home.run(command, 240'000, {QStringLiteral("ORRERY_WORKER=") + worker});
    QCOMPARE(answer.exitCode, 0);
    QVERIFY2(answer.out.startsWith(QStringLiteral("3: evaluate ")), qPrintable(answer.out));
    QVERIFY2(answer.out.contains(QStringLiteral(" --threads 3")), qPrintable(answer.out));
}

void TestCliTraining::rejectsBadSampling()
{
    const EngineAnswer answer = m_home.run({QStringLiteral("generate"), m_run, QStringLiteral("--prompt"), QStringLiteral("a"), QStringLiteral("--top-p"), QStringLiteral("1.5")});
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.err.contains(QStringLiteral("1.5")), qPrintable(answer.err));
}

void TestCliTraining::offersSavedStepsForAMissingOne()
{
    const EngineAnswer answer = m_home.run({QStringLiteral("generate"), m_run + QStringLiteral("@17"), QStringLiteral("--prompt"), QStringLiteral("a")});
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.err.contains(QStringLiteral("17")) && answer.err.contains(QStringLiteral("20")), qPrintable(answer.err));
}

void TestCliTraining::evaluatesAText()
{
    const EngineAnswer answer = m_home.run({QStringLiteral("evaluate"), m_run, QStringLiteral("--data"), m_text, QStringLiteral("--json")});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QJsonObject result = answer.lines().last();
    QVERIFY(result[QStringLiteral("loss")].toDouble() > 0);
    // Bytes are tokens here, so nats per token and bits per byte say the same.
    QVERIFY(qAbs(result[QStringLiteral("bits_per_byte")].toDouble() - result[QStringLiteral("loss")].toDouble() / std::log(2.0)) < 0.02);
    QVERIFY(result[QStringLiteral("tokens")].toInteger() > 200'000);
}

void TestCliTraining::watchReplaysAFinishedRun()
{
    const EngineAnswer answer = m_home.run({QStringLiteral("watch"), m_run, QStringLiteral("--json")});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    int numReports = 0;
    for (const QJsonObject &line : answer.lines()) numReports += line.contains(QStringLiteral("loss")) ? 1 : 0;
    QCOMPARE(numReports, 35);
}

void TestCliTraining::controlOfAnEndedRunSaysHowToResume()
{
    const EngineAnswer answer = m_home.run({QStringLiteral("control"), m_run, QStringLiteral("pause")});
    QCOMPARE(answer.exitCode, 3);
    QVERIFY2(answer.err.contains(QStringLiteral("resume")), qPrintable(answer.err));
}

/// The weights of a running training are looked at, and its breakpoints outlive it.
void TestCliTraining::liveWeightsAreLookedAt()
{
    const QString directory = m_home.path(QStringLiteral("live-run"));
    QProcess training;
    training.setProcessEnvironment(m_home.environment());
    training.start(QStringLiteral(ORRERY_BIN_DIR "/orrery-engine"), trainArguments(directory, 1'000'000) + QStringList{QStringLiteral("--break"), QStringLiteral("lr>8")});
    QVERIFY(training.waitForStarted());
    const QStringList look{QStringLiteral("inspect"), QStringLiteral("attention"), directory + QStringLiteral("@live"),
                           QStringLiteral("--prompt"), QStringLiteral("the fox"), QStringLiteral("--json")};
    EngineAnswer answer;
    const bool isLive = QTest::qWaitFor(
        [&] {
            answer = m_home.run(look);
            return answer.exitCode == 0;
        },
        60'000);
    QVERIFY2(isLive, qPrintable(answer.all()));
    const QJsonObject report = answer.lines().last();
    QVERIFY2(report[QStringLiteral("model")].toString().endsWith(QStringLiteral("@live")), qPrintable(answer.out));
    QCOMPARE(report[QStringLiteral("tokens")].toArray().size(), 7);
    const auto control = [&](const QStringList &more) {
        return m_home.run(QStringList{QStringLiteral("control"), directory} + more);
    };
    QVERIFY(control({QStringLiteral("break"), QStringLiteral("lr > 9")}).exitCode == 0);
    QVERIFY(control({QStringLiteral("stop")}).exitCode == 0);
    QVERIFY(training.waitForFinished(60'000));
    // Nobody trains it now: set for the next start.
    const EngineAnswer set = control({QStringLiteral("break"), QStringLiteral("loss > 99")});
    QVERIFY2(set.exitCode == 0, qPrintable(set.all()));
    QCOMPARE(control({QStringLiteral("break"), QStringLiteral("loss > much")}).exitCode, 3);
    QFile kept(directory + QStringLiteral("/breakpoints.json"));
    QVERIFY(kept.open(QIODevice::ReadOnly));
    QCOMPARE(kept.readAll(), QByteArray("[\"lr > 8\",\"lr > 9\",\"loss > 99\"]\n"));
    const QString unread = m_home.path(QStringLiteral("never"));
    const EngineAnswer refused =
        m_home.run(trainArguments(unread, 1) + QStringList{QStringLiteral("--break"), QStringLiteral("loss >")});
    QVERIFY2(refused.exitCode == 3 && refused.all().contains(QStringLiteral("no number stands behind")), qPrintable(refused.all()));
    QVERIFY(!QFile::exists(unread));
    const EngineAnswer gone = m_home.run(look);
    QVERIFY2(gone.exitCode != 0 && gone.all().contains(QStringLiteral("no worker trains it now")), qPrintable(gone.all()));
}

void TestCliTraining::copyIsARunOfItsOwn()
{
    const QString target = m_home.path(QStringLiteral("fox-copy"));
    const EngineAnswer copied = m_home.run({QStringLiteral("runs"), QStringLiteral("copy"), m_run, target});
    QVERIFY2(copied.exitCode == 0, qPrintable(copied.all()));
    QVERIFY2(copied.out.contains(QStringLiteral("as run fox-copy")), qPrintable(copied.out));
    const EngineAnswer shown = m_home.run({QStringLiteral("runs"), QStringLiteral("show"), target, QStringLiteral("--json")});
    QVERIFY2(shown.exitCode == 0, qPrintable(shown.all()));
    QCOMPARE(shown.lines().first()[QStringLiteral("run")].toString(), QStringLiteral("fox-copy"));
    const QJsonObject parent = shown.lines().first()[QStringLiteral("parent")].toObject();
    QCOMPARE(parent[QStringLiteral("run")].toString(), QStringLiteral("fox-run"));
    QCOMPARE(parent[QStringLiteral("step")].toInt(), 35);
    QCOMPARE(m_home.run({QStringLiteral("runs"), QStringLiteral("copy"), m_run, target}).exitCode, 3);
}

QTEST_GUILESS_MAIN(TestCliTraining)
#include "tst_cli_training.moc"
