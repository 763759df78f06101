// SPDX-License-Identifier: Apache-2.0
// `orrery-engine watch` on runs that train: whenever it begins, each step and each event is printed once, to
// the end.
#include "engine_process.h"

#include "core/spec/field_table.h"
#include "core/store/run_directory.h"

#include <csignal>
#include <memory>
#include <set>
#include <vector>

using namespace orrery;

namespace {

/// A run whose worker, a stand-in, steps as fast as told.
class LiveRun {
public:
    explicit LiveRun(const EngineHome &home) : m_home(home)
    {
        FrozenSpec frozen;
        frozen.id = frozen.spec.name = "live";
        frozen.spec.data.path = "/usr/include";
        frozen.digest = specDigest(frozen.spec);
        const auto made = RunDirectory::create(path().toStdString(), frozen);
        if (!made) qFatal("%s", made.error().text().c_str());
    }
    ~LiveRun()
    {
        m_worker.kill();
        m_worker.waitForFinished();
    }
    [[nodiscard]] QString path() const { return m_home.path(QStringLiteral("live")); }
    bool train(int numSteps, int stepMs, int eventEvery = 0)
    {
        QProcessEnvironment environment = m_home.environment();
        environment.insert(QStringLiteral("FAKE_STEP_MS"), QString::number(stepMs));
        environment.insert(QStringLiteral("FAKE_EVENT_EVERY"), QString::number(eventEvery));
        m_worker.setProcessEnvironment(environment);
        m_worker.start(
            QStringLiteral(ORRERY_FAKE_WORKER),
            {QStringLiteral("train"), path(), QStringLiteral("--steps"), QString::number(numSteps)});
        return QTest::qWaitFor([this] { return step() > 0; }, 20'000);
    }
    void kill()
    {
        m_worker.kill();
        m_worker.waitForFinished();
    }
    [[nodiscard]] int64_t step() const
    {
        const auto run = RunDirectory::open(path().toStdString());
        return run.ok() ? run->status().step : 0;
    }

private:
    const EngineHome &m_home;
    QProcess m_worker;
};

/// A watch under way, and what it printed.
struct Watch {
    explicit Watch(const EngineHome &home, const LiveRun &run)
    {
        process.setProcessEnvironment(home.environment());
        process.setStandardOutputFile(
            folder.filePath(QStringLiteral("out"))); // a pipe that nobody reads would hold it up
        process.start(QStringLiteral(ORRERY_BIN_DIR "/orrery-engine"),
                      {QStringLiteral("watch"), run.path(), QStringLiteral("--json")});
    }
    [[nodiscard]] QList<QJsonObject> lines()
    {
        QFile output(folder.filePath(QStringLiteral("out")));
        EngineAnswer answer;
        if (output.open(QIODevice::ReadOnly)) answer.out = QString::fromUtf8(output.readAll());
        return answer.lines();
    }

    QTemporaryDir folder;
    QProcess process;
};

QString valueText(const QJsonObject &line, const char *key)
{
    return line[QLatin1String(key)].toVariant().toString();
}

} // namespace

class TestCliWatch : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyStepAndEventIsPrintedOnce();
    void fastReportsAreReadAgain();
    void aKilledWorkerEndsIt();
};

void TestCliWatch::everyStepAndEventIsPrintedOnce()
{
    constexpr int kSteps = 1'900; // below 2,000, so that the store's answer has a bucket per step
    const EngineHome home;
    LiveRun run(home);
    QVERIFY(run.train(kSteps, 1, 10));
    std::vector<std::unique_ptr<Watch>> watches;
    for (int i = 0; i < 5; ++i) {
        watches.push_back(std::make_unique<Watch>(home, run));
        QTest::qWait(170);
    }
    for (const auto &watch : watches) {
        QVERIFY(watch->process.waitForFinished(60'000));
        QCOMPARE(watch->process.exitCode(), 0);
        std::vector<qint64> steps, events;
        const QList<QJsonObject> lines = watch->lines();
        for (const QJsonObject &line : lines) {
            if (line.contains(QStringLiteral("loss")))
                steps.push_back(line[QStringLiteral("step")].toInteger());
            if (line[QStringLiteral("event")] == QStringLiteral("note")) {
                events.push_back(line[QStringLiteral("step")].toInteger());
                QCOMPARE(valueText(line, "text"), QStringLiteral("step %1").arg(events.back()));
                QVERIFY(line[QStringLiteral("payload")].toObject()[QStringLiteral("fake")].toBool());
            }
            QVERIFY(line[QStringLiteral("event")] != QStringLiteral("dropped"));
        }
        QCOMPARE(steps.size(), size_t(kSteps));
        for (size_t i = 0; i < steps.size(); ++i) QCOMPARE(steps[i], qint64(i) + 1);
        QCOMPARE(events.size(), size_t(kSteps / 10));
        for (size_t i = 0; i < events.size(); ++i) QCOMPARE(events[i], 10 * (qint64(i) + 1));
        QCOMPARE(valueText(lines.last(), "event"), QStringLiteral("ended"));
        QCOMPARE(valueText(lines.last(), "state"), QStringLiteral("finished"));
        QCOMPARE(lines.last()[QStringLiteral("step")].toInteger(), kSteps);
    }
}

void TestCliWatch::fastReportsAreReadAgain()
{
    const EngineHome home;
    LiveRun run(home);
    QVERIFY(run.train(1'000'000'000, 0, 1'000));
    Watch watch(home, run);
    QVERIFY(QTest::qWaitFor([&] { return watch.lines().size() > 10; }, 20'000));
    ::kill(static_cast<pid_t>(watch.process.processId()), SIGSTOP);
    const int64_t before = run.step();
    // Beyond what its ring, the socket and the transport hold.
    QVERIFY(QTest::qWaitFor([&] { return run.step() > before + 60'000; }, 60'000));
    ::kill(static_cast<pid_t>(watch.process.processId()), SIGCONT);
    const auto hasDrop = [&] {
        for (const QJsonObject &line : watch.lines())
            if (line[QStringLiteral("event")] == QStringLiteral("dropped"))
                return line[QStringLiteral("count")].toInteger() > 0;
        return false;
    };
    QVERIFY(QTest::qWaitFor(hasDrop, 30'000));
    run.kill();
    QVERIFY(watch.process.waitForFinished(60'000));
    const QList<QJsonObject> lines = watch.lines();
    qint64 lastStep = 0;
    std::set<qint64> events;
    for (const QJsonObject &line : lines) {
        const qint64 step = line[QStringLiteral("step")].toInteger();
        if (line.contains(QStringLiteral("loss"))) {
            QVERIFY2(step > lastStep, qPrintable(QStringLiteral("%1 after %2").arg(step).arg(lastStep)));
            lastStep = step;
        } else if (line[QStringLiteral("event")] == QStringLiteral("note")) {
            QVERIFY(events.insert(step).second);
        }
    }
    QVERIFY(!events.empty());
    // No event is missing, and the curve goes on to the last stored step.
    QCOMPARE(qint64(events.size()), *events.rbegin() / 1'000);
    QVERIFY(lastStep >= *events.rbegin());
    QCOMPARE(valueText(lines.last(), "event"), QStringLiteral("ended"));
}

void TestCliWatch::aKilledWorkerEndsIt()
{
    const EngineHome home;
    LiveRun run(home);
    QVERIFY(run.train(1'000'000, 5));
    Watch watch(home, run);
    QVERIFY(QTest::qWaitFor([&] { return watch.lines().size() > 10; }, 20'000));
    run.kill();
    QVERIFY(watch.process.waitForFinished(20'000));
    QCOMPARE(watch.process.exitCode(), 0);
    QCOMPARE(valueText(watch.lines().last(), "state"), QStringLiteral("crashed"));
}

QTEST_GUILESS_MAIN(TestCliWatch)
#include "tst_cli_watch.moc"
