// SPDX-License-Identifier: Apache-2.0
// How long after the trainer's stamp a report is on the screen, and how soon a window paints: prints the figures that
// docs/benchmarks.md keeps. It fails only when nothing is measured: times are targets, never assertions.
#include "run_fixture.h"

#include "core/base/platform.h"
#include "core/rpc/access_tokens.h"
#include "core/rpc/connections.h"
#include "tests/support/shaped_proxy.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <algorithm>

using namespace orrery;
using namespace orrery::test;

class TestLatency : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void firstPaint();
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
