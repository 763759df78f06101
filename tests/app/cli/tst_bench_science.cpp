// SPDX-License-Identifier: Apache-2.0
// orrery-engine bench science: every task runs, its last line is whole and its verdict is what its thresholds
// say. With ORRERY_SLOW=1 the tasks run with --quick, and their thresholds decide.
#include "engine_process.h"

namespace {

bool isSlow() { return qEnvironmentVariableIntValue("ORRERY_SLOW") == 1; }

} // namespace

class TestBenchScience : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyTaskRuns_data();
    void everyTaskRuns();
    void finishedResultsAreUsedAgain();
    void tellsWhatIsWrong_data();
    void tellsWhatIsWrong();

private:
    EngineAnswer bench(const QStringList &options) const
    {
        return m_home.run(QStringList{QStringLiteral("bench"), QStringLiteral("science")} + options,
                          1'200'000);
    }
    EngineHome m_home;
};

void TestBenchScience::everyTaskRuns_data()
{
    QTest::addColumn<QString>("task");
    const EngineAnswer answer = bench({QStringLiteral("--json")});
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    for (const QJsonObject &line : answer.lines()) {
        const QString task = line[QStringLiteral("task")].toString();
        QTest::newRow(qPrintable(task)) << task;
    }
}

void TestBenchScience::everyTaskRuns()
{
    QFETCH(QString, task);
    const EngineAnswer answer = bench(
        {task, QStringLiteral("--json"), isSlow() ? QStringLiteral("--quick") : QStringLiteral("--smoke")});
    qInfo("%s", qPrintable(answer.all()));
    if (answer.exitCode == 3 &&
        answer.lines().last()[QStringLiteral("code")].toString() == QStringLiteral("not_found"))
        QSKIP(qPrintable(answer.lines().last()[QStringLiteral("message")].toString()));
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QJsonObject figures = answer.lines().last();
    QCOMPARE(figures[QStringLiteral("task")].toString(), task);
    QCOMPARE(figures[QStringLiteral("mode")].toString(),
             isSlow() ? QStringLiteral("quick") : QStringLiteral("smoke"));
    QVERIFY(!figures[QStringLiteral("data")].toString().isEmpty());
    QVERIFY(!figures[QStringLiteral("cpu")].toString().isEmpty());
    bool areMet = true;
    for (const QJsonValue &check : figures[QStringLiteral("checks")].toArray())
        areMet = areMet &&
                 (check[QStringLiteral("passed")].toBool() || !check[QStringLiteral("decides")].toBool());
    // Without thresholds nobody can say.
    QCOMPARE(figures[QStringLiteral("passed")], isSlow() ? QJsonValue(areMet) : QJsonValue());
    QCOMPARE(figures[QStringLiteral("checks")].toArray().isEmpty(), !isSlow());
    const QJsonArray results = figures[QStringLiteral("results")].toArray();
    QVERIFY(!results.isEmpty());
    for (const QJsonValue &result : results) {
        QVERIFY(!result[QStringLiteral("arm")].toString().isEmpty());
        QVERIFY(result[QStringLiteral("parameters")].toInt() > 0);
        QVERIFY(result[QStringLiteral("steps")].toInt(-1) >= 0); // 0: what is measured was there already
        QVERIFY(result[QStringLiteral("seconds")].toDouble() > 0);
        QVERIFY(!result[QStringLiteral("metrics")].toObject().isEmpty());
    }
}

void TestBenchScience::finishedResultsAreUsedAgain()
{
    if (isSlow()) QSKIP("The quick suite has it.");
    const QStringList command = {QStringLiteral("infill"), QStringLiteral("--smoke"),
                                 QStringLiteral("--json")};
    const EngineAnswer first = bench(command), again = bench(command);
    QVERIFY2(first.exitCode == 0 && again.exitCode == 0, qPrintable(first.all() + again.all()));
    const QJsonObject figures = again.lines().last();
    const QJsonArray results = figures[QStringLiteral("results")].toArray();
    QCOMPARE(figures[QStringLiteral("reused")].toInt(), int(results.size()));
    QCOMPARE(results, first.lines().last()[QStringLiteral("results")].toArray());
}

void TestBenchScience::tellsWhatIsWrong_data()
{
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("word");
    QTest::newRow("unknown task") << QStringList{QStringLiteral("infil")}
                                  << QStringLiteral("Did you mean \"infill\"");
    QTest::newRow("no seed") << QStringList{QStringLiteral("infill"), QStringLiteral("--seeds"),
                                            QStringLiteral("0")}
                             << QStringLiteral("0 seeds");
    QTest::newRow("both modes") << QStringList{QStringLiteral("infill"), QStringLiteral("--smoke"),
                                               QStringLiteral("--quick")}
                                << QStringLiteral("both --smoke and --quick");
    QTest::newRow("no such share") << QStringList{QStringLiteral("infill"), QStringLiteral("--share"),
                                                  QStringLiteral("4/3")}
                                   << QStringLiteral("\"4/3\"");
    QTest::newRow("unknown device") << QStringList{QStringLiteral("mqar"), QStringLiteral("--smoke"),
                                                   QStringLiteral("--device"), QStringLiteral("gpu")}
                                    << QStringLiteral("\"gpu\"");
}

void TestBenchScience::tellsWhatIsWrong()
{
    QFETCH(QStringList, options);
    QFETCH(QString, word);
    const EngineAnswer answer = bench(options + QStringList{QStringLiteral("--json")});
    QCOMPARE(answer.exitCode, 3);
    const QJsonObject error = answer.lines().last();
    QCOMPARE(error[QStringLiteral("code")].toString(), QStringLiteral("invalid_input"));
    const QString text =
        error[QStringLiteral("message")].toString() + error[QStringLiteral("hint")].toString();
    QVERIFY2(text.contains(word), qPrintable(text));
}

QTEST_GUILESS_MAIN(TestBenchScience)
#include "tst_bench_science.moc"
