// SPDX-License-Identifier: Apache-2.0
// `orrery-engine watch` on runs that train: whenever it begins, each step and each event is printed once, to
// the end.
#include "engine_process.h"

#include "core/spec/field_table.h"
#include "core/store/run_directory.h"

#include <cmath>
#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <sys/prctl.h>
#include <vector>

using namespace orrery;

namespace {

/// The longest wait for what must come; no test waits so long when all is well.
constexpr int kPatienceMs = 60'000;
constexpr int kLongPatienceMs = 120'000;

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
    /// @param lingerMs how long the worker lives on and owns the run after its socket is closed
    bool train(int numSteps, int stepMs, int eventEvery = 0, int lingerMs = 0)
    {
        QProcessEnvironment environment = m_home.environment();
        environment.insert(QStringLiteral("FAKE_STEP_MS"), QString::number(stepMs));
        environment.insert(QStringLiteral("FAKE_EVENT_EVERY"), QString::number(eventEvery));
        environment.insert(QStringLiteral("FAKE_LINGER_MS"), QString::number(lingerMs));
        m_worker.setProcessEnvironment(environment);
        m_worker.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }); // ends with this test
        m_worker.start(
            QStringLiteral(ORRERY_FAKE_WORKER),
            {QStringLiteral("train"), path(), QStringLiteral("--steps"), QString::number(numSteps)});
        return QTest::qWaitFor([this] { return step() > 0; }, kPatienceMs);
    }
    [[nodiscard]] std::optional<WorkerInfo> worker() const
    {
        const auto run = RunDirectory::open(path().toStdString());
        return run.ok() ? run->liveWorker() : std::nullopt;
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
    /// All whole lines so far.
    [[nodiscard]] const QList<QJsonObject> &lines()
    {
        QFile output(folder.filePath(QStringLiteral("out")));
        if (!output.open(QIODevice::ReadOnly) || !output.seek(m_numRead)) return m_lines;
        QByteArray fresh = output.readAll();
        fresh.truncate(fresh.lastIndexOf('\n') + 1);
        m_numRead += fresh.size();
        m_lines += EngineAnswer{0, QString::fromUtf8(fresh), {}}.lines();
        return m_lines;
    }

    QTemporaryDir folder;
    QProcess process;

private:
    qint64 m_numRead = 0; ///< bytes of whole lines
    QList<QJsonObject> m_lines;
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
    void aWorkerThatEndsIsAwaited();
    void aLookIsOfOneStep_data();
    void aLookIsOfOneStep();
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
        QVERIFY(watch->process.waitForFinished(kLongPatienceMs));
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
    QVERIFY(QTest::qWaitFor([&] { return watch.lines().size() > 10; }, kPatienceMs));
    ::kill(static_cast<pid_t>(watch.process.processId()), SIGSTOP);
    const int64_t before = run.step();
    // Beyond what its ring, the socket and the transport hold.
    QVERIFY(QTest::qWaitFor([&] { return run.step() > before + 60'000; }, kLongPatienceMs));
    ::kill(static_cast<pid_t>(watch.process.processId()), SIGCONT);
    const auto hasDrop = [&, seen = qsizetype{0}]() mutable {
        for (const QList<QJsonObject> &lines = watch.lines(); seen < lines.size(); ++seen)
            if (lines[seen][QStringLiteral("event")] == QStringLiteral("dropped"))
                return lines[seen][QStringLiteral("count")].toInteger() > 0;
        return false;
    };
    QVERIFY(QTest::qWaitFor(hasDrop, kLongPatienceMs));
    run.kill();
    QVERIFY(watch.process.waitForFinished(kLongPatienceMs));
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
    QVERIFY(QTest::qWaitFor([&] { return watch.lines().size() > 10; }, kPatienceMs));
    run.kill();
    QVERIFY(watch.process.waitForFinished(kPatienceMs));
    QCOMPARE(watch.process.exitCode(), 0);
    QCOMPARE(valueText(watch.lines().last(), "state"), QStringLiteral("crashed"));
}

/// One that has closed its socket and still writes its last words: nothing is wrong with the run.
void TestCliWatch::aWorkerThatEndsIsAwaited()
{
    const EngineHome home;
    LiveRun run(home);
    QVERIFY(run.train(20, 1, 0, 3'000));
    QVERIFY(QTest::qWaitFor(
        [&] {
            const auto worker = run.worker();
            return !worker ||
                   (!worker->socket.empty() && !QFile::exists(QString::fromStdString(worker->socket)));
        },
        kPatienceMs));
    Watch watch(home, run);
    QVERIFY(watch.process.waitForFinished(kPatienceMs));
    QCOMPARE(watch.process.exitCode(), 0);
    QCOMPARE(valueText(watch.lines().last(), "event"), QStringLiteral("ended"));
    QCOMPARE(valueText(watch.lines().last(), "state"), QStringLiteral("finished"));
    QVERIFY(!run.worker().has_value());
}

void TestCliWatch::aLookIsOfOneStep_data()
{
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<int>("numMaps");
    QTest::newRow("a layer") << QStringList{QStringLiteral("--layer"), QStringLiteral("1")} << 2;
    QTest::newRow("a head") << QStringList{QStringLiteral("--head"), QStringLiteral("1")} << 2;
    QTest::newRow("both") << QStringList{QStringLiteral("--layer"), QStringLiteral("1"), QStringLiteral("--head"), QStringLiteral("0")} << 1;
    QTest::newRow("neither") << QStringList{} << 0;
}

/// While a run trains, each look finds the weights of another step: the maps must not be of another one than the step that is
/// told, the tokens and the summaries.
void TestCliWatch::aLookIsOfOneStep()
{
    QFETCH(QStringList, options);
    QFETCH(int, numMaps);
    const EngineHome home;
    LiveRun run(home);
    QVERIFY(run.train(1'000'000, 20));
    const EngineAnswer answer = home.run(QStringList{QStringLiteral("inspect"), QStringLiteral("attention"), run.path() + QStringLiteral("@live"),
                                                     QStringLiteral("--prompt"), QStringLiteral("fox"), QStringLiteral("--json")} + options);
    QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    const QJsonObject look = answer.lines().last();
    const double step = look[QStringLiteral("step")].toDouble();
    const QJsonArray summaries = look[QStringLiteral("summaries")].toArray(), maps = look[QStringLiteral("maps")].toArray();
    QCOMPARE(summaries.size(), 4);
    QCOMPARE(maps.size(), numMaps);
    for (const QJsonValue &summary : summaries) QCOMPARE(summary[QStringLiteral("entropy")].toDouble(), step);
    for (const QJsonValue &map : maps) {
        const double first = map[QStringLiteral("mean")][0][0].toDouble();
        QVERIFY2(std::abs(first * step - 1) < 1e-5, qPrintable(answer.out));
    }
}

QTEST_GUILESS_MAIN(TestCliWatch)
#include "tst_cli_watch.moc"
