// SPDX-License-Identifier: Apache-2.0
// A run's status is the same whoever tells it: the list of runs, an answer about one run, and a stream.
#include "app/engine/host/report_watch.h"
#include "app/engine/host/run_monitor.h"
#include "core/base/platform.h"
#include "core/store/run_labels.h"
#include "tests/app/host/host_fixture.h"
#include "tests/base/check_result.h"
#include "tests/spec/full_status.h"

#include <tuple>
#include <utility>

using namespace orrery;
using namespace orrery::test;

namespace {

RunStatus asked(const EngineClient &client, const std::string &run)
{
    const auto status = client.status(run);
    return status.ok() ? *status : RunStatus{};
}

/// It has come to step 100, with 0.1 s for each.
RunStatus runningStatus(double lastReportAt)
{
    RunStatus status;
    status.id = "a";
    status.state = RunState::Running;
    status.step = 100;
    status.elapsedSeconds = 10;
    status.lastReportAt = lastReportAt;
    return status;
}

/// As the list has it.
RunStatus listed(const EngineClient &client, const std::string &run)
{
    const auto runs = client.listRuns();
    if (runs.ok())
        for (const RunStatus &status : *runs)
            if (status.id == run) return status;
    return {};
}

} // namespace

class TestHostStatus : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyFieldComesEveryWay();
    void theListKnowsWhyARunPaused();
    void eachFieldMakesAnotherStatus();
    void aSilentTrainingRaisesAnAlarm_data();
    void aSilentTrainingRaisesAnAlarm();
    void whatWasNoTrainingIsNotSilent();
    void whoWasAsleepIsNotSilent();
    void theListTellsOfAStoppedWorker();
    void ofManyRunsThoseThatRestAreLookedAtInTurn();
};

void TestHostStatus::everyFieldComesEveryWay()
{
    HostFixture host;
    ::setenv("FAKE_FULL", "1", 1);
    host.start();
    const EngineClient client = host.client();
    const auto created = client.createRun(host.specJson(), "", true);
    VERIFY_OK(created);
    RunStatus expected = fullStatus();
    // These are the run's own; the number of viewers is the stream's.
    std::tie(expected.id, expected.name, expected.directory, expected.createdAt, expected.lastFrameId,
             expected.parent, expected.parentStep, expected.labels) =
        std::tie(created->id, created->name, created->directory, created->createdAt, created->lastFrameId,
                 created->parent, created->parentStep, created->labels);
    HostWatcher watcher(host.client(), created->id);
    const auto missing = [&expected](RunStatus status) {
        status.numViewers = expected.numViewers;
        return statusDifferences(status, expected);
    };
    const auto stays = [&](const std::function<RunStatus()> &told) {
        return waitFor([&] { return missing(told()).empty(); }) ? std::string() : missing(told());
    };
    QCOMPARE(qtext(stays([&] { return watcher.status(); })), QString());
    QCOMPARE(qtext(stays([&] { return asked(client, created->id); })), QString());
    QCOMPARE(qtext(stays([&] { return listed(client, created->id); })), QString());
    QCOMPARE(watcher.status().numViewers, 1);
}

void TestHostStatus::theListKnowsWhyARunPaused()
{
    HostFixture host;
    ::setenv("FAKE_FULL", "1", 1);
    host.start();
    const EngineClient client = host.client();
    const auto created = client.createRun(host.specJson(), "", true);
    VERIFY_OK(created);
    QVERIFY(waitFor([&] { return listed(client, created->id).pauseReason == fullStatus().pauseReason; }));
    // Its worker is killed: nothing waits at a breakpoint any more.
    host.endWorkers();
    QVERIFY(waitFor([&] { return listed(client, created->id).state == RunState::Crashed; }));
    QCOMPARE(listed(client, created->id).pauseReason, std::string());
    QVERIFY(listed(client, created->id).breakpoints.empty());
}

void TestHostStatus::eachFieldMakesAnotherStatus()
{
    const RunStatus full = fullStatus(), none;
    QVERIFY(isSameStatus(full, full));
    QVERIFY(isSameStatus(none, none)); // what is not a number is the same as itself
    visitStatus(full, [&](const std::string &name, const auto &value) {
        RunStatus changed; // all as it was but for one field
        visitStatus(changed, [&](const std::string &changedName, auto &field) {
            if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>,
                                         std::remove_reference_t<decltype(field)>>)
                if (name == changedName) field = value;
        });
        QVERIFY2(!isSameStatus(changed, none), name.c_str());
    });
}

void TestHostStatus::aSilentTrainingRaisesAnAlarm_data()
{
    QTest::addColumn<double>("elapsed"); // of 100 steps
    QTest::addColumn<double>("silence");
    QTest::addColumn<bool>("isAlarm");
    QTest::newRow("quick steps, within a minute") << 10.0 << 59.0 << false;
    QTest::newRow("quick steps, above a minute") << 10.0 << 61.0 << true;
    QTest::newRow("20 s each, within ten") << 2'000.0 << 199.0 << false;
    QTest::newRow("20 s each, above ten") << 2'000.0 << 201.0 << true;
}

void TestHostStatus::aSilentTrainingRaisesAnAlarm()
{
    QFETCH(double, elapsed);
    QFETCH(double, silence);
    QFETCH(bool, isAlarm);
    double now = 1'000'000;
    const auto clock = [&now] { return now; };
    ReportWatch reports(clock, clock);
    RunStatus status = runningStatus(now);
    status.elapsedSeconds = elapsed;
    reports.tell("/runs/a", status);
    QVERIFY(status.alarms.empty());
    now += silence;
    reports.tell("/runs/a", status);
    QCOMPARE(status.alarms.size(), size_t(isAlarm));
    if (!isAlarm) return;
    const RunAlarm raised = status.alarms.front();
    QCOMPARE(raised.kind, AlarmKind::NoReport);
    QCOMPARE(raised.wallTime, 1'000'000.0); // since when
    QVERIFY2(qtext(raised.text).contains("since step 100") && qtext(raised.text).contains("resume it"), raised.text.c_str());
    now += 1;
    reports.tell("/runs/a", status);
    QCOMPARE(status.alarms, std::vector<RunAlarm>{raised}); // once, and its text stays
    status.lastReportAt = now;
    reports.tell("/runs/a", status);
    QVERIFY(status.alarms.empty());
}

void TestHostStatus::whatWasNoTrainingIsNotSilent()
{
    double now = 1'000'000;
    const auto clock = [&now] { return now; };
    ReportWatch reports(clock, clock);
    RunStatus status = runningStatus(now);
    status.state = RunState::Paused;
    now += 10'000;
    reports.tell("/runs/a", status);
    QVERIFY(status.alarms.empty());
    status.state = RunState::Running; // it goes on after hours, and has not reported yet
    reports.tell("/runs/a", status);
    QVERIFY(status.alarms.empty());
    now += 61;
    reports.tell("/runs/a", status);
    QCOMPARE(status.alarms.size(), size_t{1});
    QCOMPARE(status.alarms.front().wallTime, now - 61);
    status.state = RunState::Crashed;
    reports.tell("/runs/a", status);
    QVERIFY(status.alarms.empty());
    // Other alarms are not ours.
    status.alarms = {{AlarmKind::Spike, 7, 1.5, "loss", "The loss jumped."}};
    reports.tell("/runs/a", status);
    QCOMPARE(status.alarms.size(), size_t{1});
    // A first step may take as long as it likes.
    RunStatus young = runningStatus(0);
    young.step = 0;
    reports.tell("/runs/b", young);
    QVERIFY(young.alarms.empty());
    // Reports that were seen to be far apart (the setting was changed) are waited for.
    RunStatus slow = runningStatus(now);
    slow.elapsedSeconds = 10;
    reports.tell("/runs/c", slow);
    for (int i = 0; i < 30; ++i) {
        now += 1;
        if (i % 15 == 14) slow.lastReportAt = now;
        reports.tell("/runs/c", slow);
    }
    now += 100;
    reports.tell("/runs/c", slow);
    QVERIFY(slow.alarms.empty());
    now += 100;
    reports.tell("/runs/c", slow);
    QCOMPARE(slow.alarms.size(), size_t{1});
}

void TestHostStatus::whoWasAsleepIsNotSilent()
{
    double now = 1'000'000, awake = 500;
    ReportWatch reports([&now] { return now; }, [&awake] { return awake; });
    RunStatus status = runningStatus(now);
    reports.tell("/runs/a", status);
    now += 8'000; // the lid was shut over night
    awake += 1;
    reports.tell("/runs/a", status);
    QVERIFY(status.alarms.empty());
    now += 61;
    awake += 61;
    reports.tell("/runs/a", status);
    QCOMPARE(status.alarms.size(), size_t{1});
}

void TestHostStatus::theListTellsOfAStoppedWorker()
{
    HostFixture host;
    host.start();
    const EngineClient client = host.client();
    const auto created = client.createRun(host.specJson(), "", true);
    VERIFY_OK(created);
    QVERIFY(waitFor([&] { return listed(client, created->id).lastReportAt > 0; }));
    const Catalogue catalogue(host.home());
    double ahead = 0;
    ReportWatch reports([&ahead] { return wallSeconds() + ahead; }, [&ahead] { return monotonicSeconds() + ahead; });
    RunMonitor monitor(catalogue, reports);
    QVERIFY(monitor.refresh()->runs.front().alarms.empty());
    ::kill(static_cast<pid_t>(host.worker(*created)->pid), SIGSTOP);
    ahead = 1'000;
    QVERIFY(waitFor([&] { return !monitor.refresh()->runs.front().alarms.empty(); }));
    const auto told = monitor.refresh();
    QCOMPARE(told->runs.front().alarms.front().kind, AlarmKind::NoReport);
    QCOMPARE(monitor.refresh()->version, told->version); // nothing that changes with the clock
    ::kill(static_cast<pid_t>(host.worker(*created)->pid), SIGCONT);
    ahead = 0;
    QVERIFY(waitFor([&] { return monitor.refresh()->runs.front().alarms.empty(); }));
    QVERIFY(monitor.refresh()->version > told->version);
}

void TestHostStatus::ofManyRunsThoseThatRestAreLookedAtInTurn()
{
    const QTemporaryDir home;
    const Catalogue catalogue(home.path().toStdString());
    std::vector<std::filesystem::path> runs;
    for (int i = 0; i < 12; ++i) {
        FrozenSpec frozen;
        frozen.id = "run-" + std::to_string(100 + i);
        frozen.spec.name = frozen.id;
        frozen.spec.data.path = "/data";
        frozen.createdAt = 1000 + i;
        VERIFY_OK(RunDirectory::create(catalogue.runsDirectory() / frozen.id, frozen));
        runs.push_back(catalogue.runsDirectory() / frozen.id);
    }
    ReportWatch reports;
    RunMonitor monitor(catalogue, reports, {.fromRuns = 12, .afterSeconds = 0, .rounds = 4});
    auto looks = [&monitor, last = uint64_t{0}]() mutable {
        const uint64_t before = std::exchange(last, monitor.numLooks());
        return last - before;
    };
    const auto follow = [&monitor] { return monitor.refresh(1e-9); };
    QCOMPARE(follow()->runs.size(), size_t{12});
    QCOMPARE(looks(), uint64_t{12}); // none is known yet
    for (int round = 0; round < 4; ++round) {
        QCOMPARE(follow()->runs.size(), size_t{12});
        QCOMPARE(looks(), uint64_t{3});
    }
    // Each has its turn: a change is told within four rounds, and at once to who asks for the list as it is now.
    const auto nameOf = [&runs](const RunListing &listing, size_t run) {
        for (const RunStatus &status : listing.runs)
            if (status.directory == runs[run].string()) return status.name;
        return std::string();
    };
    for (const size_t run : {size_t{0}, size_t{5}, size_t{11}}) {
        RunEdit edit;
        edit.name = "named";
        VERIFY_OK(editRunLabels(runs[run], "x", edit));
        std::string told;
        for (int round = 0; round < 4; ++round) told = nameOf(*follow(), run);
        QCOMPARE(told, std::string("named"));
    }
    RunEdit edit;
    edit.name = "now";
    VERIFY_OK(editRunLabels(runs[7], "x", edit));
    (void)looks();
    QCOMPARE(nameOf(*monitor.refresh(), 7), std::string("now"));
    QCOMPARE(looks(), uint64_t{12});
    // One that somebody trains never rests.
    const auto run = RunDirectory::open(runs[3]);
    VERIFY_OK(run);
    const auto lock = run->lock("training");
    VERIFY_OK(lock);
    (void)monitor.refresh();
    (void)looks();
    uint64_t inFourRounds = 0;
    for (int round = 0; round < 4; ++round) {
        (void)follow();
        inFourRounds += looks();
    }
    QCOMPARE(inFourRounds, uint64_t{11 + 4});
    // A deleted one is gone from the list, rest or not.
    std::filesystem::remove_all(runs[8]);
    QCOMPARE(follow()->runs.size(), size_t{11});
}

QTEST_GUILESS_MAIN(TestHostStatus)
#include "tst_host_status.moc"
