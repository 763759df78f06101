// SPDX-License-Identifier: Apache-2.0
// A killed host changes nothing: workers go on, the next host lists the run, its state and its whole curve.
#include "tests/app/host/host_fixture.h"

#include "core/rpc/unix_server.h"

#include <QProcess>

using namespace orrery;
using namespace orrery::test;

class TestHostKills : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void adoptsWhatAKilledHostLeft();
};

void TestHostKills::adoptsWhatAKilledHostLeft()
{
    const int numKills = qEnvironmentVariableIntValue("ORRERY_HOST_KILLS") > 0
                             ? qEnvironmentVariableIntValue("ORRERY_HOST_KILLS")
                             : 5;
    HostFixture fixture;
    RunStatus run;
    int64_t workerPid = 0;
    for (int kill = 0; kill < numKills; ++kill) {
        QProcess host;
        host.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        host.start(QStringLiteral(ORRERY_HOST_PROGRAM),
                   {QString::fromStdString(fixture.home().string()), QString::fromStdString(fixture.socket)});
        QVERIFY(host.waitForStarted());
        QVERIFY(waitFor([&] { return probeSocket(fixture.socket) == SocketProbe::Listening; }));
        {
            const EngineClient client = fixture.client();
            if (kill == 0) {
                const auto created = client.createRun(fixture.specJson(), "", true);
                VERIFY_OK(created);
                run = *created;
                workerPid = fixture.worker(run)->pid;
            }
            const auto runs = client.listRuns();
            VERIFY_OK(runs);
            QCOMPARE(runs->size(), size_t{1});
            QCOMPARE(runs->front().id, run.id);
            QVERIFY(waitFor([&] { return client.listRuns()->front().state == RunState::Running; }));
            HostWatcher watcher(fixture.client(), run.id);
            QVERIFY(waitFor([&] { return watcher.steps().size() > 10; }));
            host.kill();
            QVERIFY(host.waitForFinished());
            // The viewer learns of it at once and is not left hanging.
            QVERIFY(waitFor([&] { return watcher.isDone.load(); }));
            QCOMPARE(watcher.result.error().code, ErrorCode::Unavailable);
        }
        QCOMPARE(fixture.worker(run)->pid, workerPid);
    }

    fixture.start();
    const EngineClient client = fixture.client();
    QVERIFY(control(client, run.id, ControlVerb::Stop));
    QVERIFY(waitFor([&] { return client.status(run.id)->state == RunState::Stopped; }));
    QVERIFY(waitFor([&] { return !fixture.worker(run).has_value(); })); // then its store is whole
    const int64_t last = client.status(run.id)->step;
    const auto series = client.querySeries({run.id, {"loss"}, 0, 0, 100'000});
    VERIFY_OK(series);
    const std::vector<SeriesBucket> &buckets = series->front().buckets;
    QCOMPARE(static_cast<int64_t>(series->front().totalPoints), last);
    int64_t next = 1;
    for (const SeriesBucket &bucket : buckets) {
        QCOMPARE(bucket.firstStep, next);
        if (bucket.numPoints == 1) QCOMPARE(bucket.last, 1.0 / static_cast<double>(bucket.firstStep));
        next = bucket.lastStep + 1;
    }
    QCOMPARE(next, last + 1);
}

QTEST_GUILESS_MAIN(TestHostKills)
#include "tst_host_kills.moc"
