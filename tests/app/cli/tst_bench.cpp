// SPDX-License-Identifier: Apache-2.0
// orrery-engine bench: that its figures are whole and its verdict is what they say. With ORRERY_SLOW=1 the same benches run
// in full, and their own thresholds decide.
#include "engine_process.h"

namespace {

bool isSlow() { return qEnvironmentVariableIntValue("ORRERY_SLOW") == 1; }

/// A Python with PyTorch. Only one that is named, so that no test depends on what somebody has installed.
QString peerPython() { return qEnvironmentVariable("ORRERY_PEER_PYTHON"); }

QStringList benchCommand(const QString &name, const QStringList &options = {})
{
    QStringList command{QStringLiteral("bench"), name, QStringLiteral("--json")};
    if (!isSlow()) command.append(QStringLiteral("--smoke"));
    return command + options;
}

} // namespace

class TestBench : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void storeHoldsWhatItPromises();
    void inspectTellsHowLongPeopleWait();
    void parityAgreesWithPython();
    void parityTellsDifferentLosses();
    void parityTellsWhyThePeerFailed_data();
    void parityTellsWhyThePeerFailed();

private:
    /// A program in place of Python, made of lines of a shell script.
    QString fakePeer(const QByteArray &script)
    {
        const QString path = m_home.write(QStringLiteral("peer"), "#!/bin/sh\n" + script);
        if (!QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner)) qFatal("no program");
        return path;
    }

    EngineHome m_home;
};

void TestBench::storeHoldsWhatItPromises()
{
    const EngineAnswer answer = m_home.run(benchCommand(QStringLiteral("store")), 600'000);
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QJsonObject figures = answer.lines().last();
    qInfo("%s", qPrintable(answer.out));
    QCOMPARE(figures[QStringLiteral("bench")].toString(), QStringLiteral("store"));
    QCOMPARE(figures[QStringLiteral("smoke")].toBool(), !isSlow());
    QCOMPARE(figures[QStringLiteral("passed")].toBool(), true);
    QVERIFY(!figures.contains(QStringLiteral("error")));
    QCOMPARE(figures[QStringLiteral("num_commits")].toInt(), isSlow() ? 10'000 : 1000);
    QCOMPARE(figures[QStringLiteral("num_points")].toInt(), isSlow() ? 10'000'000 : 1'000'000);
    for (const char *name : {"commit_p99_ms", "largest_wal_mib", "long_query_p95_ms", "history_ms"}) {
        QVERIFY2(figures[QLatin1String(name)].toDouble() > 0, name);
        QVERIFY2(figures[QStringLiteral("limits")].toObject()[QLatin1String(name)].toDouble() > 0, name);
    }
    QVERIFY(figures[QStringLiteral("num_reader_queries")].toInt() > 0); // somebody did read meanwhile
    const int numBuckets = figures[QStringLiteral("num_buckets")].toInt();
    QVERIFY2(numBuckets > 1000 && numBuckets <= 2000, qPrintable(QString::number(numBuckets)));
    const double bytes = figures[QStringLiteral("bytes_per_point")].toDouble();
    QVERIFY2(bytes > 1 && bytes < 24, qPrintable(QString::number(bytes)));
}

void TestBench::inspectTellsHowLongPeopleWait()
{
    const EngineAnswer answer = m_home.run(benchCommand(QStringLiteral("inspect")), 600'000);
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QJsonObject figures = answer.lines().last();
    qInfo("%s", qPrintable(answer.out));
    QCOMPARE(figures[QStringLiteral("bench")].toString(), QStringLiteral("inspect"));
    QCOMPARE(figures[QStringLiteral("passed")].toBool(), true);
    const auto countOf = [&](const char *section, const char *times) {
        return figures[QLatin1String(section)].toObject()[QLatin1String(times)].toObject()[QStringLiteral("count")].toInt();
    };
    QCOMPARE(countOf("branch", "first_token"), isSlow() ? 20 : 4);
    const QJsonObject memory = figures[QStringLiteral("branch")].toObject()[QStringLiteral("memory")].toObject();
    for (const char *times : {"first_token", "first_token_anew"})
        QCOMPARE(memory[QLatin1String(times)].toObject()[QStringLiteral("count")].toInt(), isSlow() ? 20 : 4);
    QCOMPARE(countOf("what_if", "head_ablated"), isSlow() ? 20 : 2);
    QCOMPARE(countOf("question", "four_heads"), isSlow() ? 30 : 2);
    if (isSlow()) {
        QVERIFY(figures[QStringLiteral("branch")].toObject()[QStringLiteral("parameters")].toDouble() > 29e6);
        QVERIFY(figures[QStringLiteral("what_if")].toObject()[QStringLiteral("parameters")].toDouble() > 9e6);
    }
}

void TestBench::parityAgreesWithPython()
{
    const QString python = peerPython();
    if (python.isEmpty())
        QSKIP("No Python with PyTorch is named: ORRERY_PEER_PYTHON=$(scripts/setup/python_peer.sh), 3 GB.");
    const EngineAnswer answer = m_home.run(benchCommand(QStringLiteral("parity"), {QStringLiteral("--python"), python}), 2'400'000);
    qInfo("%s", qPrintable(answer.all()));
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QJsonObject figures = answer.lines().last();
    QCOMPARE(figures[QStringLiteral("bench")].toString(), QStringLiteral("parity"));
    QCOMPARE(figures[QStringLiteral("passed")].toBool(), true);
    const QJsonObject loss = figures[QStringLiteral("loss")].toObject();
    QCOMPARE(loss[QStringLiteral("compared_steps")].toInt(), 50);
    QVERIFY(loss[QStringLiteral("largest_difference")].toDouble(1) <= 1e-4);
    QVERIFY(figures[QStringLiteral("val_loss")].toObject()[QStringLiteral("relative_difference")].toDouble(1) <= 0.02);
    QVERIFY(figures[QStringLiteral("speed")].toObject()[QStringLiteral("median_ratio")].toDouble() > 0);
}

void TestBench::parityTellsDifferentLosses()
{
    if (isSlow()) QSKIP("The quick suite has it.");
    const QString python = fakePeer(R"(
losses=
while [ $# -gt 0 ]; do
  if [ "$1" = --losses ]; then losses=$2; fi
  shift
done
if [ -n "$losses" ]; then i=0; while [ $i -lt 60 ]; do echo 9.5; i=$((i + 1)); done >"$losses"; fi
echo "parameters 1 tok/s 1000.0 loss 9.5 val_loss 9.5"
)");
    const EngineAnswer answer =
        m_home.run(benchCommand(QStringLiteral("parity"), {QStringLiteral("--python"), python}), 600'000);
    QVERIFY2(answer.exitCode == 4, qPrintable(answer.all()));
    const QJsonObject figures = answer.lines().last();
    QCOMPARE(figures[QStringLiteral("passed")].toBool(true), false);
    const QJsonObject loss = figures[QStringLiteral("loss")].toObject();
    QCOMPARE(loss[QStringLiteral("compared_steps")].toInt(), 50);
    QCOMPARE(loss[QStringLiteral("passed")].toBool(true), false);
    QVERIFY(loss[QStringLiteral("largest_difference")].toDouble() > 1);
    QCOMPARE(figures[QStringLiteral("val_loss")].toObject()[QStringLiteral("passed")].toBool(true), false);
    const QJsonObject speed = figures[QStringLiteral("speed")].toObject();
    QCOMPARE(speed[QStringLiteral("pairs")].toInt(), 2);
    QCOMPARE(speed[QStringLiteral("peer_tokens_per_s")].toDouble(), 1000.0);
}

void TestBench::parityTellsWhyThePeerFailed_data()
{
    QTest::addColumn<QByteArray>("script");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("word");
    QTest::newRow("no such program") << QByteArray() << 3 << QStringLiteral("not_found") << QStringLiteral("python_peer.sh");
    QTest::newRow("no torch") << QByteArray("echo 'No module named torch' >&2; exit 1\n") << 4 << QStringLiteral("unavailable")
                              << QStringLiteral("No module named torch");
    QTest::newRow("says nothing") << QByteArray("exit 0\n") << 4 << QStringLiteral("unavailable") << QStringLiteral("tok/s");
}

void TestBench::parityTellsWhyThePeerFailed()
{
    if (isSlow()) QSKIP("The quick suite has it.");
    QFETCH(QByteArray, script);
    QFETCH(int, exitCode);
    const QString python = script.isEmpty() ? QStringLiteral("/no/such/python") : fakePeer(script);
    const EngineAnswer answer =
        m_home.run(benchCommand(QStringLiteral("parity"), {QStringLiteral("--python"), python}), 600'000);
    QVERIFY2(answer.exitCode == exitCode, qPrintable(answer.all()));
    const QJsonObject error = answer.lines().last();
    QTEST(error[QStringLiteral("code")].toString(), "code");
    QFETCH(QString, word);
    const QString text = error[QStringLiteral("message")].toString() + error[QStringLiteral("hint")].toString();
    QVERIFY2(text.contains(word), qPrintable(text));
}

QTEST_GUILESS_MAIN(TestBench)
#include "tst_bench.moc"
