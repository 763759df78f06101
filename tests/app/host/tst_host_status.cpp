// SPDX-License-Identifier: Apache-2.0
// A run's status is the same whoever tells it: the list of runs, an answer about one run, and a stream.
#include "app/engine/host/run_monitor.h"
#include "tests/app/host/host_fixture.h"
#include "tests/base/check_result.h"
#include "tests/spec/full_status.h"

#include <tuple>

using namespace orrery;
using namespace orrery::test;

namespace {

RunStatus asked(const EngineClient &client, const std::string &run)
{
    const auto status = client.status(run);
    return status.ok() ? *status : RunStatus{};
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

QTEST_GUILESS_MAIN(TestHostStatus)
#include "tst_host_status.moc"
