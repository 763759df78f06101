// SPDX-License-Identifier: Apache-2.0
// The life of a run through the host: made, started, watched, controlled, crashed, resumed, deleted.
#include "tests/app/host/host_fixture.h"

#include "core/base/lock_file.h"
#include "core/base/platform.h"
#include "core/base/program_build.h"
#include "core/rpc/host_connection.h"

#include <QElapsedTimer>

#include <algorithm>
#include <sys/stat.h>

using namespace orrery;
using namespace orrery::test;

class TestHostRuns : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_host = std::make_unique<HostFixture>(); }
    void cleanup() { m_host.reset(); }
    void createsWithoutStarting();
    void runsThroughItsWholeLife();
    void showsACrash();
    void livesWithAStoppedWorker();
    void listsWhatChanges();
    void listsWhatCannotBeRead();
    void beatsForARunAtRest();
    void finishesAWatchedRun();
    void saysWhenToReplay();
    void stopsAWorkerThatPrepares();
    void addsARunElsewhere();
    void listsACopyBesideItsOriginal();
    void tellsCopiesByHandApart();
    void deletesARun();
    void leavesWorkersAliveWhenItStops();
    void endsWhenIdle();
    void retiresAndLeavesTrainingsAlone();
    void carriesManyViewers();
    void describesItself();
    void describesData();
    void cancelledDescriptionsFreeTheirPlaces();
    void endsWithOneHostWhenManyStart();

private:
    std::unique_ptr<HostFixture> m_host;
};

void TestHostRuns::createsWithoutStarting()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(50), "", false);
    VERIFY_OK(created);
    QCOMPARE(created->state, RunState::Created);
    QCOMPARE(created->totalSteps, int64_t{50});
    QVERIFY(std::filesystem::exists(created->directory + "/spec.json"));
    // Nothing has happened yet, which is no error.
    const auto series = client.querySeries({created->id, {}, 0, 0, 100});
    VERIFY_OK(series);
    QVERIFY(series->empty());
    VERIFY_OK(client.listEvents(created->id, 0));
    VERIFY_OK(client.listCheckpoints(created->id));
    const auto spec = client.specJson(created->id);
    VERIFY_OK(spec);
    QVERIFY(spec->find("\"cpu_model\"") != std::string::npos);
    QVERIFY(spec->find("\"total_steps\": 50") != std::string::npos);
}

void TestHostRuns::runsThroughItsWholeLife()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", true);
    VERIFY_OK(created);
    const std::string id = created->id;
    HostWatcher watcher(m_host->client(), id);
    QVERIFY(watcher.reaches(RunState::Running));
    QVERIFY(waitFor([&] { return watcher.steps().size() > 20; }));

    QVERIFY(control(client, id, ControlVerb::Pause));
    QVERIFY(watcher.reaches(RunState::Paused));
    const int64_t pausedAt = watcher.status().step;
    VERIFY_OK(client.control(id, {ControlVerb::StepN, 3, {}}));
    QVERIFY(waitFor([&] { return client.status(id)->step == pausedAt + 3; }));
    QVERIFY(control(client, id, ControlVerb::Continue));
    QVERIFY(watcher.reaches(RunState::Running));
    QVERIFY(waitFor([&] { // the worker's own error comes through
        const auto unknown = client.control(id, {ControlVerb::Set, 1, {"a", "b"}});
        return !unknown.ok() && unknown.error().code == ErrorCode::InvalidInput;
    }));

    InspectRequest look;
    look.input.prompt = "abc";
    const auto seen = client.inspect(id + "@live", look); // the run's own worker, not one that loads a model
    VERIFY_OK(seen);
    QCOMPARE(seen->model, std::string("fake@live"));
    VERIFY_OK(client.inspectLive(id, look));

    QVERIFY(control(client, id, ControlVerb::Stop));
    QVERIFY(watcher.reaches(RunState::Stopped));
    const int64_t stoppedAt = watcher.status().step;
    QVERIFY(waitFor([&] { return !m_host->worker(*created).has_value(); }));
    const auto refused = client.control(id, {ControlVerb::Pause, 1, {}});
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::Conflict);
    QVERIFY(refused.error().hint.find("Start it") != std::string::npos);
    const auto unseen = client.inspect(id + "@live", look);
    QVERIFY(!unseen.ok());
    QCOMPARE(unseen.error().code, ErrorCode::Conflict);
    QVERIFY(unseen.error().message.find("Cannot look into run") != std::string::npos);
    QCOMPARE(unseen.error().hint, "Look into its newest checkpoint: " + id + "@latest.");
    QVERIFY(client.listFrames(id, {}).value().empty());

    // The same stream goes on with the next worker.
    VERIFY_OK(client.startRun(id, 0));
    QVERIFY(watcher.reaches(RunState::Running));
    QVERIFY(waitFor([&] { return watcher.status().step > stoppedAt + 5; }));
    QCOMPARE(watcher.status().attempt, 1);
    const auto again = client.startRun(id, 0);
    QVERIFY(!again.ok());
    QCOMPARE(again.error().code, ErrorCode::Conflict);

    // Replay and tail together are the whole run; the store is behind the tail by a commit.
    QVERIFY(waitFor([&] {
        const auto series = client.querySeries({id, {"loss"}, 0, 0, 100'000});
        return series.ok() && !series->empty() &&
               static_cast<int64_t>(series->front().totalPoints) > stoppedAt;
    }));
}

void TestHostRuns::showsACrash()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", true);
    VERIFY_OK(created);
    HostWatcher watcher(m_host->client(), created->id);
    QVERIFY(watcher.reaches(RunState::Running));
    for (int attempt = 0; attempt < 3; ++attempt) {
        const auto worker = m_host->worker(*created);
        QVERIFY(worker.has_value());
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(::kill(static_cast<pid_t>(worker->pid), SIGKILL), 0);
        QVERIFY(watcher.reaches(RunState::Crashed));
        qInfo("the crash was shown after %lld ms (target: 1 s)", static_cast<long long>(timer.elapsed()));
        QVERIFY(!watcher.status().error.empty());
        QCOMPARE(client.status(created->id)->state, RunState::Crashed);
        // The host saw how its child ended.
        QVERIFY(waitFor([&] {
            return client.status(created->id)->error.find("killed by signal 9 (SIGKILL)") !=
                   std::string::npos;
        }));
        VERIFY_OK(client.startRun(created->id, 0));
        QVERIFY(watcher.reaches(RunState::Running));
    }
}

void TestHostRuns::livesWithAStoppedWorker()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto stopped = client.createRun(m_host->specJson(1'000'000, "stopped"), "", true);
    VERIFY_OK(stopped);
    const auto other = client.createRun(m_host->specJson(1'000'000, "other"), "", true);
    VERIFY_OK(other);
    const auto worker = m_host->worker(*stopped);
    QVERIFY(worker.has_value());
    QCOMPARE(::kill(static_cast<pid_t>(worker->pid), SIGSTOP), 0);
    // The store answers for it, the link stays alive, and a command says that nobody took it.
    VERIFY_OK(client.status(stopped->id));
    int numBatches = 0;
    VERIFY_OK(client.watch(stopped->id, [&](const WatchBatch &) { return ++numBatches < 3; }));
    QCOMPARE(client.control(stopped->id, {ControlVerb::Pause, 1, {}}).error().code, ErrorCode::Unavailable);
    QVERIFY(control(client, other->id, ControlVerb::Pause));
    QCOMPARE(::kill(static_cast<pid_t>(worker->pid), SIGCONT), 0);
    QVERIFY(control(client, stopped->id, ControlVerb::Pause));
}

void TestHostRuns::listsWhatChanges()
{
    m_host->start();
    const EngineClient client = m_host->client();
    std::mutex mutex;
    std::vector<RunStatus> latest;
    std::atomic<int> numLists{0};
    const CancelToken token;
    const EngineClient watching = m_host->client();
    std::thread watcher([&] {
        (void)watching.watchRuns(
            [&](const std::vector<RunStatus> &runs) {
                const std::lock_guard lock(mutex);
                latest = runs;
                ++numLists;
                return true;
            },
            token);
    });
    const auto showsState = [&](RunState state) {
        return waitFor([&] {
            const std::lock_guard lock(mutex);
            return latest.size() == 1 && latest.front().state == state;
        });
    };
    const bool isFirstEmpty = waitFor([&] {
        const std::lock_guard lock(mutex);
        return numLists >= 1 && latest.empty();
    });
    const auto created = client.createRun(m_host->specJson(), "", false);
    const bool showsCreated = showsState(RunState::Created);
    const bool isStarted = created.ok() && client.startRun(created->id, 0).ok();
    const bool showsRunning = showsState(RunState::Running);
    const bool isStopped = isStarted && control(client, created->id, ControlVerb::Stop);
    const bool showsStopped = showsState(RunState::Stopped);
    waitFor([&] { return !m_host->worker(*created).has_value(); });
    // Six looks at the disk: one was perhaps under way, and one sees what the worker did last.
    const int numBefore = numLists;
    std::this_thread::sleep_for(std::chrono::milliseconds(1600));
    const bool isQuietAtRest = numLists - numBefore <= 2;
    const bool isDeleted = client.deleteRun(created->id).ok();
    const bool showsNone = waitFor([&] {
        const std::lock_guard lock(mutex);
        return latest.empty();
    });
    token.cancel();
    watcher.join();
    QVERIFY(isFirstEmpty);
    VERIFY_OK(created);
    QVERIFY(showsCreated);
    QVERIFY(isStarted);
    QVERIFY(showsRunning);
    QVERIFY(isStopped);
    QVERIFY(showsStopped);
    QVERIFY(isQuietAtRest);
    QVERIFY(isDeleted);
    QVERIFY(showsNone);
}

void TestHostRuns::listsWhatCannotBeRead()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", false);
    VERIFY_OK(created);
    const std::filesystem::path spec = std::filesystem::path(created->directory) / "spec.json";
    const std::string text = readFile(spec, 1 << 20).value();
    VERIFY_OK(writeFileAtomically(spec, R"({"spec_version":999,"id":"x","spec":{}})"));
    const auto runs = client.listRuns();
    VERIFY_OK(runs);
    QCOMPARE(runs->size(), size_t{1});
    QCOMPARE(runs->front().state, RunState::Unreadable);
    QCOMPARE(runs->front().id, created->id); // its folder's name
    QVERIFY2(runs->front().error.find("spec_version is 999") != std::string::npos,
             runs->front().error.c_str());
    QVERIFY2(runs->front().error.find("update this one") != std::string::npos, runs->front().error.c_str());
    QCOMPARE(client.status(created->id).error().code, ErrorCode::InvalidInput);
    VERIFY_OK(writeFileAtomically(spec, text));
    QCOMPARE(client.listRuns()->front().state, RunState::Created);
    QVERIFY(client.listRuns()->front().error.empty());
}

void TestHostRuns::beatsForARunAtRest()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", false);
    VERIFY_OK(created);
    int numBatches = 0;
    VERIFY_OK(client.watch(created->id, [&](const WatchBatch &) { return ++numBatches < 3; }));
    QCOMPARE(numBatches, 3);
}

void TestHostRuns::finishesAWatchedRun()
{
    m_host->start();
    const EngineClient client = m_host->client();
    ::setenv("FAKE_PAUSED", "1", 1); // until the watcher is there
    const auto created = client.createRun(m_host->specJson(300), "", true);
    VERIFY_OK(created);
    HostWatcher watcher(m_host->client(), created->id);
    QVERIFY(waitFor([&] { return client.status(created->id)->numViewers == 1; }));
    QVERIFY(control(client, created->id, ControlVerb::Continue));
    QVERIFY(watcher.reaches(RunState::Finished));
    QCOMPARE(watcher.status().step, int64_t{300});
    // The tail came through in order and each once, to its end; or, where the viewer had no core for longer
    // than a worker waits with its farewell, to a call for a replay.
    QVERIFY(waitFor([&] { return watcher.steps().size() >= 300 || watcher.hasReplayedLast(); }));
    const std::vector<int64_t> steps = watcher.steps();
    QVERIFY(!steps.empty() && steps.size() <= 300);
    for (size_t i = 0; i < steps.size(); ++i) QCOMPARE(steps[i], static_cast<int64_t>(i + 1));
    const auto series = client.querySeries({created->id, {"loss"}, 0, 0, 1000});
    VERIFY_OK(series);
    QCOMPARE(series->front().totalPoints, uint64_t{300});
    QVERIFY(!watcher.isDone); // goes on with heartbeats
}

void TestHostRuns::saysWhenToReplay()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", false);
    VERIFY_OK(created);
    HostWatcher watcher(m_host->client(), created->id);
    QVERIFY(waitFor([&] { return watcher.numReplays() == 1; })); // the stream is open
    VERIFY_OK(client.startRun(created->id, 0));
    QVERIFY(waitFor([&] { return watcher.steps().size() > 20; }));
    const int numAttached = watcher.numReplays();
    QVERIFY(numAttached >= 2); // the worker was found later: it may have reported before
    QCOMPARE(::kill(static_cast<pid_t>(m_host->worker(*created)->pid), SIGKILL), 0);
    QVERIFY(watcher.reaches(RunState::Crashed));
    // Once when its stream broke, and once more when its lock was free.
    QVERIFY(waitFor([&] { return watcher.numReplays() >= numAttached + 2 && watcher.hasReplayedLast(); }));
    int numAtRest = 0;
    QVERIFY(waitFor([&] { // heartbeats ask for nothing
        numAtRest = watcher.numReplays();
        const size_t numBefore = watcher.numBatches();
        return waitFor([&] { return watcher.numBatches() >= numBefore + 2; }) &&
               watcher.numReplays() == numAtRest;
    }));
    VERIFY_OK(client.startRun(created->id, 0));
    QVERIFY(waitFor([&] { return watcher.numReplays() > numAtRest && !watcher.hasReplayedLast(); }));
    QVERIFY(control(client, created->id, ControlVerb::Stop));
    QVERIFY(watcher.reaches(RunState::Stopped));
    QVERIFY(waitFor([&] { return watcher.hasReplayedLast(); }));
}

void TestHostRuns::stopsAWorkerThatPrepares()
{
    ::setenv("FAKE_SILENT_MS", "600000", 1);
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", true);
    VERIFY_OK(created); // it owns the run, which is enough
    QVERIFY(waitFor([&] { return client.status(created->id)->state == RunState::Starting; }));
    const auto pause = client.control(created->id, {ControlVerb::Pause, 1, {}});
    QCOMPARE(pause.error().code, ErrorCode::Unavailable);
    QVERIFY(control(client, created->id, ControlVerb::Stop));
    QVERIFY(waitFor([&] { return !m_host->worker(*created).has_value(); }));
}

void TestHostRuns::addsARunElsewhere()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const std::string elsewhere = m_host->home().parent_path().string() + "/elsewhere";
    VERIFY_OK(RunDirectory::create(elsewhere, frozenSpec("far-away")));
    QCOMPARE(client.listRuns()->size(), size_t{0});
    const auto added = client.addRun(elsewhere);
    VERIFY_OK(added);
    QCOMPARE(added->id, std::string("far-away"));
    QCOMPARE(client.listRuns()->size(), size_t{1});
    VERIFY_OK(client.status("far"));
    const auto missing = client.addRun(elsewhere + "-not");
    QCOMPARE(missing.error().code, ErrorCode::NotFound);
}

void TestHostRuns::listsACopyBesideItsOriginal()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", false);
    VERIFY_OK(created);
    const std::string target = m_host->home().parent_path().string() + "/copies/" + created->id;
    VERIFY_OK(RunDirectory::open(created->directory)->copyTo(target));
    const auto added = client.addRun(target);
    VERIFY_OK(added);
    QCOMPARE(added->id, created->id + "-copy");
    const auto runs = client.listRuns();
    VERIFY_OK(runs);
    QCOMPARE(runs->size(), size_t{2});
    QVERIFY(runs->front().id != runs->back().id);
    for (const RunStatus &run : *runs) QCOMPARE(client.status(run.id)->directory, run.directory);
    VERIFY_OK(client.startRun(added->id, 0));
    QCOMPARE(client.status(created->id)->state, RunState::Created);
}

void TestHostRuns::tellsCopiesByHandApart()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", false);
    VERIFY_OK(created);
    const std::string target = m_host->home().parent_path().string() + "/by-hand";
    std::filesystem::copy(created->directory, target, std::filesystem::copy_options::recursive);
    const auto added = client.addRun(target);
    VERIFY_OK(added);
    QCOMPARE(added->id, target); // ids are the same, paths are not
    const auto runs = client.listRuns();
    QCOMPARE(runs->size(), size_t{2});
    for (const RunStatus &run : *runs) {
        const auto status = client.status(run.id);
        VERIFY_OK(status);
        QCOMPARE(status->id, run.id);
        QCOMPARE(status->directory, run.directory);
    }
    // Whatever comes for it comes under the name that it is listed by.
    VERIFY_OK(client.startRun(added->id, 0));
    HostWatcher watcher(m_host->client(), added->id);
    QVERIFY(watcher.reaches(RunState::Running));
    QCOMPARE(watcher.status().id, target);
    QVERIFY(waitFor([&] {
        const auto paused = client.control(added->id, {ControlVerb::Pause, 1, {}});
        return paused.ok() && paused->id == target;
    }));
    QCOMPARE(client.status(runs->front().id == target ? runs->back().id : runs->front().id)->state,
             RunState::Created);
}

void TestHostRuns::deletesARun()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", true);
    VERIFY_OK(created);
    const auto refused = client.deleteRun(created->id);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::Conflict);
    QVERIFY(refused.error().message.find(created->id) != std::string::npos);
    QVERIFY(std::filesystem::exists(created->directory));

    HostWatcher watcher(m_host->client(), created->id);
    QVERIFY(watcher.reaches(RunState::Running));
    QVERIFY(control(client, created->id, ControlVerb::Stop));
    QVERIFY(waitFor([&] { return !m_host->worker(*created).has_value(); }));
    VERIFY_OK(client.deleteRun(created->id));
    QVERIFY(!std::filesystem::exists(created->directory));
    QVERIFY(waitFor([&] { return watcher.isDone.load(); }));
    QCOMPARE(watcher.result.error().code, ErrorCode::NotFound);
    QCOMPARE(client.status(created->id).error().code, ErrorCode::NotFound);
}

void TestHostRuns::leavesWorkersAliveWhenItStops()
{
    m_host->start();
    const auto created = m_host->client().createRun(m_host->specJson(), "", true);
    VERIFY_OK(created);
    const auto before = m_host->worker(*created);
    QVERIFY(before.has_value());
    m_host->stop();
    VERIFY_OK(m_host->result);
    const int64_t step = RunDirectory::open(created->directory)->status().step;
    QVERIFY(waitFor([&] { return RunDirectory::open(created->directory)->status().step > step + 10; }));
    m_host->start();
    const EngineClient client = m_host->client();
    QVERIFY(waitFor([&] { return client.status(created->id)->state == RunState::Running; }));
    QCOMPARE(m_host->worker(*created)->pid, before->pid);
    QVERIFY(control(client, created->id, ControlVerb::Pause));
}

void TestHostRuns::endsWhenIdle()
{
    m_host->start(0.5);
    // On a busy machine it may have ended before the call.
    if (const auto client = connectTo(m_host->socket); client.ok()) (void)client->host();
    QVERIFY(waitFor([&] { return m_host->isDone(); }));
    m_host->stop();
    VERIFY_OK(m_host->result);
}

void TestHostRuns::retiresAndLeavesTrainingsAlone()
{
    m_host->start();
    const auto created = m_host->client().createRun(m_host->specJson(), "", true);
    VERIFY_OK(created);
    const auto before = m_host->worker(*created);
    QVERIFY(before.has_value());
    const auto described = m_host->client().host();
    QCOMPARE(described->program, programPath().string());
    QCOMPARE(described->build, *programBuild(programPath()));
    VERIFY_OK(m_host->client().retire());
    QVERIFY(waitFor([&] { return m_host->isDone(); }));
    VERIFY_OK(m_host->result);
    QCOMPARE(m_host->worker(*created)->pid, before->pid);
    m_host->stop();
    m_host->start();
    const EngineClient client = m_host->client();
    QVERIFY(waitFor([&] { return client.status(created->id)->state == RunState::Running; }));
}

void TestHostRuns::carriesManyViewers()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto created = client.createRun(m_host->specJson(), "", true);
    VERIFY_OK(created);
    // One that stops reading, as a stopped window does, and ten that read.
    std::atomic<bool> mayGoOn{false};
    const CancelToken token;
    const EngineClient stoppedClient = m_host->client();
    std::thread stopped([&] {
        (void)stoppedClient.watch(
            created->id,
            [&](const WatchBatch &) {
                while (!mayGoOn) std::this_thread::sleep_for(std::chrono::milliseconds(5));
                return true;
            },
            token);
    });
    std::vector<std::unique_ptr<HostWatcher>> watchers;
    for (int i = 0; i < 10; ++i)
        watchers.push_back(std::make_unique<HostWatcher>(m_host->client(), created->id));
    bool all = true;
    for (const auto &watcher : watchers) all = all && waitFor([&] { return watcher->steps().size() > 50; });
    const bool hasAll = waitFor([&] { return client.status(created->id)->numViewers == 11; });
    mayGoOn = true;
    token.cancel();
    stopped.join();
    QVERIFY(all);
    QVERIFY(hasAll);
    watchers.clear();
    QVERIFY(waitFor([&] { return client.status(created->id)->numViewers == 0; }));
}

void TestHostRuns::describesItself()
{
    m_host->start();
    const auto host = m_host->client().host();
    VERIFY_OK(host);
    QCOMPARE(host->home, m_host->home().string());
    QCOMPARE(host->pid, static_cast<int64_t>(::getpid()));
    QVERIFY(host->version.starts_with("orrery "));
    QVERIFY(host->numCores > 0);
    QVERIFY(host->numCudaDevices > 0 || !host->cudaNote.empty());
}

void TestHostRuns::describesData()
{
    m_host->start();
    const EngineClient client = m_host->client();
    DataRequest request;
    request.path = m_host->data;
    const auto described = client.describeData(request);
    VERIFY_OK(described);
    QVERIFY(described->find("\"train_tokens\"") != std::string::npos);
    QVERIFY2(described->find("\"vocab_size\":272") != std::string::npos, described->c_str()); // what an estimate counts
    request.specialTokens = "none";
    QVERIFY(client.describeData(request)->find("\"vocab_size\":256") != std::string::npos);
    request.specialTokens.clear();
    request.path = "gen:shapes?n=20";
    const auto world = client.describeData(request);
    VERIFY_OK(world);
    QVERIFY2(world->find("[image: 16 patches]") != std::string::npos, world->c_str());
    request.imageSize = 24;
    const auto smaller = client.describeData(request);
    VERIFY_OK(smaller);
    QVERIFY2(smaller->find("[image: 9 patches]") != std::string::npos, smaller->c_str());
    // And whether the model that is asked for can read it.
    QVERIFY(smaller->find("mismatch") == std::string::npos);
    request.numModalities = 1;
    const auto deaf = client.describeData(request);
    VERIFY_OK(deaf);
    QVERIFY2(deaf->find(R"("mismatch":{"key":"attention.num_modalities","value":3)") != std::string::npos,
             deaf->c_str());
    request.numModalities = 3;
    request.audioTokens = 8;
    const auto brief = client.describeData(request);
    VERIFY_OK(brief);
    QVERIFY2(brief->find(R"("mismatch":{"key":"media.audio_tokens","value":20)") != std::string::npos,
             brief->c_str());
    request.path = m_host->data;
    const auto text = client.describeData(request);
    VERIFY_OK(text);
    QVERIFY2(text->find(R"("mismatch":{"key":"attention.num_modalities","value":1)") != std::string::npos,
             text->c_str());
    request.path = "gen:shapes?nn=20";
    QCOMPARE(client.describeData(request).error().code, ErrorCode::InvalidInput);
    request.path = m_host->data + ".not";
    QCOMPARE(client.describeData(request).error().code, ErrorCode::NotFound);
    request.path = "relative.txt";
    QCOMPARE(client.describeData(request).error().code, ErrorCode::InvalidInput);
    const CancelToken token;
    token.cancel();
    request.path = m_host->data;
    QCOMPARE(client.describeData(request, token).error().code, ErrorCode::Cancelled);
}

void TestHostRuns::cancelledDescriptionsFreeTheirPlaces()
{
    m_host->start();
    DataRequest slow;
    slow.path = m_host->data;
    VERIFY_OK(m_host->client().describeData(slow));
    // The prepared data go, and another process seems to prepare them: descriptions wait for its lock.
    const std::filesystem::path cache = userCacheDir() / "shards";
    std::string key;
    for (const auto &entry : std::filesystem::directory_iterator(cache))
        if (entry.path().filename().string().size() == 64) key = entry.path().filename().string();
    QVERIFY(!key.empty());
    std::filesystem::remove_all(cache / key);
    const auto lock = LockFile::acquire(cache / (key + ".lock"), "a test");
    VERIFY_OK(lock);

    struct Asker {
        EngineClient client;
        CancelToken token;
        Result<std::string> answer = std::string();
        std::atomic<bool> isDone{false};
        std::thread thread;
        Asker(EngineClient connected, const DataRequest &request) : client(std::move(connected))
        {
            thread = std::thread([this, request] {
                answer = client.describeData(request, token);
                isDone = true;
            });
        }
        ~Asker()
        {
            token.cancel();
            thread.join();
        }
    };
    std::vector<std::unique_ptr<Asker>> askers;
    for (int i = 0; i < 2; ++i) askers.push_back(std::make_unique<Asker>(m_host->client(), slow));
    DataRequest quick = slow;
    quick.context = 64; // another key, whose lock is free
    std::unique_ptr<Asker> third;
    // Once the first two are under way it waits for its turn; one that came before them is served and tried again.
    QVERIFY(waitFor([&] {
        third = std::make_unique<Asker>(m_host->client(), quick);
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        return !third->isDone;
    }));
    askers.front()->token.cancel();
    QVERIFY(waitFor([&] { return askers.front()->isDone && third->isDone; }));
    QVERIFY(!askers.front()->answer.ok());
    QCOMPARE(askers.front()->answer.error().code, ErrorCode::Cancelled);
    VERIFY_OK(third->answer);

    // Beyond those that run and those that may wait (10 in all) there is no place: the 11th that holds on is refused,
    // whichever of them that is.
    const auto isRefused = [](const auto &asker) {
        return asker->isDone && !asker->answer.ok() && asker->answer.error().code == ErrorCode::Unavailable;
    };
    while (askers.size() < 12) askers.push_back(std::make_unique<Asker>(m_host->client(), slow));
    QVERIFY(waitFor([&] { return std::any_of(askers.begin(), askers.end(), isRefused); }));
    // One that waits is cancelled, too, and all leave no trace.
    for (const auto &asker : askers) asker->token.cancel();
    QVERIFY(waitFor([&] {
        return std::all_of(askers.begin(), askers.end(),
                           [](const auto &asker) { return asker->isDone.load(); });
    }));
    // A client hears of its end before the host has cleared the last place.
    Result<std::string> after = std::string();
    waitFor([&] {
        after = m_host->client().describeData(quick);
        return after.ok() || after.error().code != ErrorCode::Unavailable;
    });
    VERIFY_OK(after);
}

void TestHostRuns::endsWithOneHostWhenManyStart()
{
    HostConnectOptions options;
    options.socketPath = m_host->socket;
    options.engineProgram = ORRERY_HOST_PROGRAM;
    // One that starts so late that the winner has ended already becomes a host itself: it must not stay.
    options.arguments = {m_host->home().string(), m_host->socket, "10"};
    options.wait = std::chrono::minutes(1);
    std::vector<int64_t> pids(4, -1);
    std::vector<std::thread> threads;
    std::atomic<size_t> numAsked{0};
    const CancelToken allAsked;
    for (size_t i = 0; i < pids.size(); ++i)
        threads.emplace_back([&, i] {
            const auto client = connectOrStartHost(options);
            if (client.ok()) pids[i] = client->host.pid;
            ++numAsked;
            // The winner stays until the last one has found it, however late that one is.
            if (client.ok()) (void)client->client.watchRuns([](const auto &) { return true; }, allAsked);
        });
    waitFor([&] { return numAsked == pids.size(); });
    allAsked.cancel();
    for (std::thread &thread : threads) thread.join();
    QVERIFY(pids[0] > 0);
    for (const int64_t pid : pids) QCOMPARE(pid, pids[0]);
    ::kill(static_cast<pid_t>(pids[0]), SIGTERM);
}

QTEST_GUILESS_MAIN(TestHostRuns)
#include "tst_host_runs.moc"
