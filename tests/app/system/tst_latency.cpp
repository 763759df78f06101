// SPDX-License-Identifier: Apache-2.0
// How long after the trainer's stamp a report is on the screen, and how soon a window paints: prints the figures that
// docs/benchmarks.md keeps. It fails only when nothing is measured: times are targets, never assertions.
#include "run_fixture.h"

#include "bench/many_runs.h"
#include "core/base/platform.h"
#include "core/rpc/access_tokens.h"
#include "core/rpc/connections.h"
#include "tests/support/shaped_proxy.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSettings>
#include <QTest>

#include <algorithm>

using namespace orrery;
using namespace orrery::test;

class TestLatency : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void firstPaint();
    void manyRuns();
    void logToPaint();
    void logToPaintFarAway();
};

/// Milliseconds from a report to its paint, as a window wrote them.
static void tellPaints(const char *where, const QString &file)
{
    QFile painted(file);
    QVERIFY(painted.open(QIODevice::ReadOnly));
    std::vector<double> times;
    for (const QByteArray &line : painted.readAll().split('\n'))
        if (!line.isEmpty() && !line.startsWith("first-paint")) times.push_back(line.toDouble());
    // The first second holds the history that was painted at once; it is old by nature.
    QVERIFY2(times.size() > 30, "no more than 30 reports were painted");
    times.erase(times.begin(), times.begin() + 30);
    std::sort(times.begin(), times.end());
    qInfo("log-to-paint%s over %zu paints: median %.1f ms, p95 %.1f ms, worst %.1f ms", where, times.size(), times[times.size() / 2],
          times[times.size() * 95 / 100], times.back());
}

/// From the start of the program to the first frame, with a host that runs and lists one run, warm.
void TestLatency::firstPaint()
{
    System system;
    auto host = system.startHost();
    auto created = system.client()->createRun(system.specJson(10).toStdString(), {}, false);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    std::vector<double> times;
    for (int i = 0; i < 11; ++i) {
        const QString file = system.path(QStringLiteral("first-%1.txt").arg(i));
        const double before = wallSeconds();
        auto window = system.start(QStringLiteral("orrery"), {QStringLiteral("--socket"), system.hostSocket(),
                                                              QStringLiteral("--latency"), file});
        double paintedAt = 0;
        QVERIFY(QTest::qWaitFor(
            [&] {
                QFile said(file);
                const QByteArray line = said.open(QIODevice::ReadOnly) ? said.readLine() : QByteArray();
                if (line.startsWith("first-paint ") && line.endsWith('\n'))
                    paintedAt = line.mid(12).toDouble();
                return paintedAt > 0;
            },
            30'000));
        window->kill();
        window->waitForFinished();
        if (i > 0)
            times.push_back((paintedAt - before) * 1e3); // the first one reads the program from the disk
    }
    std::sort(times.begin(), times.end());
    QVERIFY(times.front() > 0);
    qInfo("window to first paint over %zu starts: median %.0f ms, longest %.0f ms", times.size(),
          times[times.size() / 2], times.back());
    host->kill();
    host->waitForFinished();
}

/// MiB of a process: "VmRSS" now, "VmHWM" at most so far.
static double memoryOf(qint64 pid, const QByteArray &key)
{
    QFile status(QStringLiteral("/proc/%1/status").arg(pid));
    if (!status.open(QIODevice::ReadOnly)) return 0;
    for (const QByteArray &line : status.readAll().split('\n'))
        if (line.startsWith(key)) return line.simplified().split(' ').value(1).toDouble() / 1024;
    return 0;
}

/// A home with many runs, of which 50 are drawn beside the chosen one. ORRERY_MANY_RUNS names a folder that is made once with 500
/// runs of 20 series x 20,000 points and used again; without it they are few and small.
void TestLatency::manyRuns()
{
    System system;
    const QString kept = qEnvironmentVariable("ORRERY_MANY_RUNS");
    const ManyRuns many = kept.isEmpty() ? ManyRuns{60, 20, 1000} : ManyRuns{};
    if (!kept.isEmpty()) QVERIFY(QDir().mkpath(kept) && QFile::link(QDir(kept).absolutePath(), system.path(QStringLiteral("home"))));
    const QString home = system.path(QStringLiteral("home"));
    const auto made = makeManyRuns(home.toStdString(), many);
    QVERIFY2(made.ok(), made.ok() ? "" : made.error().text().c_str());
    QJsonArray beside;
    for (const QString &run : QDir(home + QStringLiteral("/runs")).entryList(QDir::Dirs | QDir::NoDotAndDotDot).mid(0, 50)) beside.append(run);
    {
        QSettings settings(home + QStringLiteral("/state/workbench.ini"), QSettings::IniFormat);
        settings.setValue(QStringLiteral("runs/place"), QString::fromUtf8(QJsonDocument(QJsonObject{{QStringLiteral("beside"), beside}}).toJson(QJsonDocument::Compact)));
    }
    const double before = wallSeconds();
    auto host = system.startHost();
    const auto listed = system.client()->listRuns();
    QVERIFY2(listed.ok(), listed.ok() ? "" : listed.error().text().c_str());
    QCOMPARE(std::ssize(*listed), std::ptrdiff_t{many.numRuns});
    qInfo("a host that starts has listed %zu runs after %.2f s", listed->size(), wallSeconds() - before);
    const QString file = system.path(QStringLiteral("many.txt"));
    const double opened = wallSeconds();
    auto window = system.start(QStringLiteral("orrery"), {QStringLiteral("--socket"), system.hostSocket(), QStringLiteral("--latency"), file});
    double shownAt = 0;
    QVERIFY(QTest::qWaitFor(
        [&] {
            QFile said(file);
            if (!said.open(QIODevice::ReadOnly)) return false;
            for (const QByteArray &line : said.readAll().split('\n')) {
                const QList<QByteArray> words = line.split(' ');
                if (words.size() == 3 && words[0] == "runs" && words[1].toInt() == many.numRuns) shownAt = words[2].toDouble();
            }
            return shownAt > 0;
        },
        kPatienceMs));
    qInfo("the window shows them after %.2f s", shownAt - opened);
    QTest::qWait(kept.isEmpty() ? 3'000 : 30'000); // 50 runs are read and drawn meanwhile
    QVERIFY(memoryOf(window->processId(), "VmHWM") > 0);
    qInfo("with 50 of them beside each other the window takes %.0f MiB, at most %.0f; the host %.0f, at most %.0f", memoryOf(window->processId(), "VmRSS"),
          memoryOf(window->processId(), "VmHWM"), memoryOf(host->processId(), "VmRSS"), memoryOf(host->processId(), "VmHWM"));
    for (QProcess *process : {window.get(), host.get()}) {
        process->kill();
        process->waitForFinished();
    }
}

void TestLatency::logToPaint()
{
    System system;
    auto host = system.startHost();
    QByteArray spec = system.specJson(20'000);
    auto created = system.client()->createRun(spec.toStdString(), system.path(QStringLiteral("watched")).toStdString(), true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const QString file = system.path(QStringLiteral("latency.txt"));
    auto window = system.start(QStringLiteral("orrery"), {QStringLiteral("--socket"), system.hostSocket(), QStringLiteral("--latency"), file,
                                                          QStringLiteral("--quit-after"), QStringLiteral("15000")});
    QVERIFY(window->waitForFinished(kPatienceMs));
    tellPaints("", file);
    host->kill();
    host->waitForFinished();
}

/// The same with the host behind 50 ms and 10 Mbit/s, over TLS.
void TestLatency::logToPaintFarAway()
{
    System system;
    const std::string home = system.path(QStringLiteral("home")).toStdString();
    const std::string token = AccessTokens(home + "/remote/tokens.json").create("far").value();
    auto host = system.start(QStringLiteral("orrery-engine"), {QStringLiteral("host"), QStringLiteral("--socket"), system.hostSocket(),
                                                               QStringLiteral("--listen"), QStringLiteral("127.0.0.1:0"), QStringLiteral("--json")});
    QJsonObject listening;
    QVERIFY(QTest::qWaitFor(
        [&] {
            QFile said(system.path(QStringLiteral("orrery-engine.out")));
            if (said.open(QIODevice::ReadOnly)) listening = QJsonDocument::fromJson(said.readLine()).object();
            return !listening.isEmpty();
        },
        kPatienceMs));
    const auto port = static_cast<uint16_t>(listening.value(QStringLiteral("port")).toInt());
    const ShapedProxy proxy(port, ShapedProxy::farAway());
    ConnectionBook book(home + "/state/connections.json");
    QVERIFY(book.put({"far", "tcp://127.0.0.1:" + std::to_string(proxy.port()), listening.value(QStringLiteral("fingerprint")).toString().toStdString(), token, {}, {}}).ok());
    auto created = system.client()->createRun(system.specJson(20'000).toStdString(), system.path(QStringLiteral("watched")).toStdString(), true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const QString file = system.path(QStringLiteral("latency.txt"));
    auto window = system.start(QStringLiteral("orrery"), {QStringLiteral("--host"), QStringLiteral("far"), QStringLiteral("--latency"), file,
                                                          QStringLiteral("--quit-after"), QStringLiteral("15000")});
    QVERIFY(window->waitForFinished(kPatienceMs));
    tellPaints(" behind 50 ms and 10 Mbit/s", file);
    host->kill();
    host->waitForFinished();
}

QTEST_GUILESS_MAIN(TestLatency)
#include "tst_latency.moc"
