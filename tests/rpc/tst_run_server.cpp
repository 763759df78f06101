// SPDX-License-Identifier: Apache-2.0
// The server of a worker's run, spoken to through the public client over a real socket.
#include "core/rpc/client.h"
#include "core/rpc/unix_server.h"
#include "core/rpc/viewers.h"
#include "core/rpc/worker_server.h"
#include "core/store/attention_frame_codec.h"
#include "core/store/run_store.h"

#include "tests/rpc/fakes.h"

#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <cmath>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace orrery;
using orrery::test::reportOf;
using orrery::test::waitFor;

namespace {

/// A viewer on a thread of its own that keeps what it saw.
class Watcher {
public:
    explicit Watcher(const std::string &socket)
    {
        auto connected = test::connectTo(socket);
        if (!connected.ok()) {
            result = connected.error();
            isDone = true;
            return;
        }
        client = std::make_unique<EngineClient>(std::move(connected).value());
        m_thread = std::thread([this] {
            result = client->watch(
                "",
                [this](const WatchBatch &batch) {
                    const std::lock_guard lock(mutex);
                    batches.push_back(batch);
                    return true;
                },
                token);
            isDone = true;
        });
    }
    ~Watcher()
    {
        token.cancel();
        join();
    }
    void join()
    {
        if (m_thread.joinable()) m_thread.join();
    }
    size_t numBatches()
    {
        const std::lock_guard lock(mutex);
        return batches.size();
    }
    int64_t numReports()
    {
        const std::lock_guard lock(mutex);
        size_t count = 0;
        for (const WatchBatch &batch : batches) count += batch.reports.size();
        return static_cast<int64_t>(count);
    }

    CancelToken token;
    std::unique_ptr<EngineClient> client;
    std::mutex mutex;
    std::vector<WatchBatch> batches;
    Result<void> result;
    std::atomic<bool> isDone{false};

private:
    std::thread m_thread;
};

} // namespace

class TestRunServer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void answersStatusAndSpec();
    void passesCommandsOn();
    void passesTypedErrorsOn();
    void answersFromTheStore();
    void sendsKeptFrames();
    void looksInsideTheTraining();
    void givesAnInspectionUp();
    void tellsHowFarALookIs();
    void sendsTheFirstUpdateAtOnce();
    void sendsEverythingInBatches();
    void beatsWhileNothingHappens();
    void cancelsFromAnotherThread();
    void endsWhenTheViewerSaysSo();
    void sendsTheLastBatchWhenItEnds();
    void tellsADroppedConnection();
    void neverWaitsForAStoppedViewer();
    void limitsViewers();
    void measuresItsCpu();
    void rejectsServicesItDoesNotOffer();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::optional<RunDirectory> m_run;
    std::string m_socket;
    test::FakeTrainer m_trainer;
    std::unique_ptr<RunServer> m_server;
};

void TestRunServer::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_socket = m_folder->filePath(QStringLiteral("w")).toStdString();
    auto run = RunDirectory::create(m_folder->filePath(QStringLiteral("run-a")).toStdString(),
                                    test::frozenSpec("run-a"));
    QVERIFY2(run.ok(), run.ok() ? "" : run.error().text().c_str());
    m_run = std::move(run).value();
    RunStatus status;
    status.state = RunState::Running;
    status.step = 7;
    m_trainer.setStatus(status);
    auto server = RunServer::start(m_socket, *m_run, m_trainer);
    QVERIFY2(server.ok(), server.ok() ? "" : server.error().text().c_str());
    m_server = std::move(server).value();
}

void TestRunServer::cleanup()
{
    m_server.reset();
    QCOMPARE(probeSocket(m_socket), SocketProbe::Missing);
}

void TestRunServer::answersStatusAndSpec()
{
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    const auto status = client->status("whatever");
    QVERIFY(status.ok());
    QCOMPARE(status->state, RunState::Running);
    QCOMPARE(status->step, int64_t{7});
    QCOMPARE(status->id, std::string("run-a"));
    QCOMPARE(status->directory, m_run->path().string());
    QVERIFY(std::isnan(status->loss));
    const auto spec = client->specJson("");
    QVERIFY(spec.ok());
    QVERIFY(spec->find("\"run-a\"") != std::string::npos);
}

void TestRunServer::passesCommandsOn()
{
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    ControlCommand step{ControlVerb::StepN, 25, {}};
    QVERIFY(client->control("", step).ok());
    const auto paused = client->control("", {ControlVerb::Pause, 1, {}});
    QVERIFY(paused.ok());
    QCOMPARE(paused->state, RunState::Paused);
    QVERIFY(client->control("", {ControlVerb::Set, 1, {"lr_factor", "0.5"}}).ok());
    const auto commands = m_trainer.commands();
    QVERIFY(commands.size() >= 3);
    const ControlCommand &first = commands[commands.size() - 3];
    QCOMPARE(first.verb, ControlVerb::StepN);
    QCOMPARE(first.steps, int64_t{25});
    QCOMPARE(commands.back().setting.key, std::string("lr_factor"));
    QCOMPARE(commands.back().setting.value, std::string("0.5"));
}

void TestRunServer::passesTypedErrorsOn()
{
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    const auto refused = client->control("", {ControlVerb::Set, 1, {"model.width", "3"}});
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
    QCOMPARE(refused.error().message,
             std::string("Cannot set \"model.width\": it is frozen, expected another key."));
    QCOMPARE(refused.error().hint, std::string("Change it in a new run."));
    const auto unknown = client->control("", {ControlVerb::Unknown, 1, {}});
    QVERIFY(!unknown.ok());
    QCOMPARE(unknown.error().code, ErrorCode::InvalidInput);
}

void TestRunServer::sendsKeptFrames()
{
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    QVERIFY(client->listFrames("", {}).ok()); // no run.db yet
    QCOMPARE(client->frame("", 1).error().code, ErrorCode::NotFound);
    AttentionFrame frame;
    frame.step = 3;
    frame.tokens = {{.id = 5, .bytes = "\xff"}, {.id = 6, .bytes = "b"}};
    frame.heads = {{0, 1}};
    frame.summaries = {{{0, 1}, 0.5, 1.5, 0.25, 0.75}};
    frame.mean = {255, 0, 128, 127};
    {
        const auto writer = RunWriter::open(m_run->path());
        QVERIFY(writer.ok());
        QVERIFY((*writer)->beginAttempt(0).ok());
        (*writer)->addFrame({.step = 3, .wallTime = 9, .kind = FrameKind::Overview, .prompt = 1}, packFrame(frame).value(),
                            1 << 20);
        QVERIFY((*writer)->flush().ok());
    }
    QVERIFY(client->listFrames("", {}).value().empty()); // of another prompt
    const auto frames = client->listFrames("", {.kind = FrameKind::Overview, .prompt = 1});
    QVERIFY2(frames.ok(), frames.ok() ? "" : frames.error().text().c_str());
    QCOMPARE(frames->size(), size_t{1});
    QCOMPARE(frames->front().step, int64_t{3});
    const auto back = client->frame("", frames->front().id);
    QVERIFY2(back.ok(), back.ok() ? "" : back.error().text().c_str());
    QCOMPARE(back->mean, frame.mean);
    QCOMPARE(back->tokens.at(0).bytes, std::string("\xff"));
    QCOMPARE(client->frame("", frames->front().id + 1).error().code, ErrorCode::NotFound);
}

void TestRunServer::looksInsideTheTraining()
{
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    InspectRequest request;
    request.input.prompt = "\xffprompt";
    request.heads = {{0, 0}};
    const auto report = client->inspectLive("", request);
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
    QCOMPARE(report->tokens.at(0).bytes, request.input.prompt);
    QCOMPARE(report->maps.at(0).mean.at(3), 0.75F);
    request.input.prompt = "error";
    QCOMPARE(client->inspectLive("", request).error().hint, std::string("Mend it."));
    request.input.prompt = "ended";
    QCOMPARE(client->inspectLive("", request).error().code, ErrorCode::Conflict);
}

void TestRunServer::givesAnInspectionUp()
{
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    InspectRequest request;
    request.input.prompt = "never";
    const CancelToken token;
    std::thread canceller([&] {
        waitFor([&] {
            const auto all = m_trainer.inspections();
            return !all.empty() && all.back()->request.input.prompt == "never";
        });
        token.cancel();
    });
    const auto ended = client->inspectLive("", request, token);
    canceller.join();
    QCOMPARE(ended.error().code, ErrorCode::Cancelled);
    QVERIFY(waitFor([&] { return m_trainer.inspections().back()->isCancelled.load(); })); // the trainer is told
}

/// The trainer sets a number; who waits for it tells the client.
void TestRunServer::tellsHowFarALookIs()
{
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    InspectRequest request;
    request.input.prompt = "never"; // until this test answers
    std::atomic<int> numTold{0};
    std::vector<InspectPassAmount> told;
    const auto onAmount = [&](const InspectAmount &amount) {
        if (amount.reading == InspectPassAmount{}) return;
        told.push_back(amount.reading);
        ++numTold;
    };
    const size_t before = m_trainer.inspections().size();
    std::thread trainer([&] {
        waitFor([&] { return m_trainer.inspections().size() > before; });
        const auto inspection = m_trainer.inspections().back();
        inspection->progress.set({.layer = 2, .layers = 300, .pass = 1, .passes = 2});
        waitFor([&] { return numTold > 0; });
        inspection->progress.set({.pass = 2, .passes = 2});
        waitFor([&] { return numTold > 1; });
        inspection->answer = test::inspectionOf(inspection->request);
        inspection->isAnswered.store(true, std::memory_order_release);
    });
    const auto report = client->inspectLive("", request, {}, onAmount);
    trainer.join();
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
    const std::vector<InspectPassAmount> expected = {{2, 300, 1, 2}, {0, 0, 2, 2}};
    QVERIFY(told == expected);
}

void TestRunServer::answersFromTheStore()
{
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    const auto nothing = client->querySeries({});
    QVERIFY2(nothing.ok(), nothing.ok() ? "" : nothing.error().text().c_str()); // no run.db yet
    QVERIFY(nothing->empty());
    {
        const auto writer = RunWriter::open(m_run->path());
        QVERIFY(writer.ok());
        QVERIFY((*writer)->beginAttempt(0).ok());
        for (int64_t step = 1; step <= 500; ++step) (*writer)->addReport(reportOf(step));
        RunEvent event;
        event.kind = EventKind::Started;
        event.text = "started";
        (*writer)->addEvent(event);
        CheckpointInfo checkpoint;
        checkpoint.step = 400;
        (*writer)->addCheckpoint(checkpoint);
        QVERIFY((*writer)->flush().ok());
    }
    SeriesRequest request;
    request.maxBuckets = 100;
    const auto series = client->querySeries(request);
    QVERIFY2(series.ok(), series.ok() ? "" : series.error().text().c_str());
    QCOMPARE(series->size(), size_t{1});
    QCOMPARE(series->front().name, std::string("loss"));
    QCOMPARE(series->front().totalPoints, uint64_t{500});
    QVERIFY(series->front().buckets.size() <= 100);
    uint64_t numPoints = 0;
    for (const SeriesBucket &bucket : series->front().buckets) numPoints += bucket.numPoints;
    QCOMPARE(numPoints, uint64_t{500});
    request.series = {"val_loss", "loss"}; // before the first evaluation there is no validation loss
    const auto named = client->querySeries(request);
    QVERIFY2(named.ok(), named.ok() ? "" : named.error().text().c_str());
    QCOMPARE(named->size(), size_t{2});
    QCOMPARE((*named)[0].name, std::string("val_loss"));
    QVERIFY((*named)[0].buckets.empty());
    QCOMPARE((*named)[0].totalPoints, uint64_t{0});
    QCOMPARE((*named)[1].totalPoints, uint64_t{500});
    request.series.clear();
    const auto events = client->listEvents("", 0);
    QVERIFY(events.ok());
    QCOMPARE(events->back().text, std::string("started"));
    const auto checkpoints = client->listCheckpoints("");
    QVERIFY(checkpoints.ok());
    QCOMPARE(checkpoints->back().step, int64_t{400});

    request.maxBuckets = 0;
    const auto refused = client->querySeries(request);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
}

void TestRunServer::sendsTheFirstUpdateAtOnce()
{
    // A server that waited for its first heartbeat would need 900 ms each time; on a busy machine one of ten
    // is sooner.
    auto soonest = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 10 && soonest > std::chrono::milliseconds(700); ++i) {
        const auto begin = std::chrono::steady_clock::now();
        Watcher watcher(m_socket);
        QVERIFY(waitFor([&] { return watcher.numBatches() >= 1; }));
        soonest = std::min(soonest, std::chrono::steady_clock::now() - begin);
        const std::lock_guard lock(watcher.mutex);
        QCOMPARE(watcher.batches.front().status.step, int64_t{7});
        if (i == 0) QCOMPARE(watcher.batches.front().status.numViewers, 1);
        QVERIFY(watcher.batches.front().mustReplay); // attached: ask for what came before
    }
    QVERIFY(soonest <= std::chrono::milliseconds(700));
}

void TestRunServer::sendsEverythingInBatches()
{
    const auto begin = std::chrono::steady_clock::now();
    Watcher watcher(m_socket);
    QVERIFY(waitFor([&] { return m_server->numViewers() == 1 && watcher.numBatches() >= 1; }));
    for (int64_t step = 1; step <= 2000; ++step) {
        RunEvent event;
        event.step = step;
        m_server->publish({reportOf(step)},
                          step % 100 == 0 ? std::vector<RunEvent>{event} : std::vector<RunEvent>{});
        if (step % 20 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    QVERIFY(waitFor([&] { return watcher.numReports() == 2000; }));
    const std::lock_guard lock(watcher.mutex);
    for (size_t i = 1; i < watcher.batches.size(); ++i) QVERIFY(!watcher.batches[i].mustReplay);
    int64_t expected = 1;
    size_t numEvents = 0;
    for (const WatchBatch &batch : watcher.batches) {
        QCOMPARE(batch.numDropped, uint64_t{0});
        for (const StepReport &report : batch.reports) QCOMPARE(report.step, expected++);
        numEvents += batch.events.size();
    }
    QCOMPARE(numEvents, size_t{20});
    // 16 ms apart: so many batches fit into the time and no more (one for either end).
    const auto spent = std::chrono::steady_clock::now() - begin;
    QVERIFY(static_cast<int64_t>(watcher.batches.size()) <= spent / std::chrono::milliseconds(16) + 2);
}

void TestRunServer::beatsWhileNothingHappens()
{
    Watcher watcher(m_socket);
    QVERIFY(waitFor([&] { return watcher.numBatches() >= 1; }));
    RunStatus status = m_trainer.status();
    status.state = RunState::Paused;
    m_trainer.setStatus(status);
    QVERIFY(waitFor([&] { // some may have been under way
        const std::lock_guard lock(watcher.mutex);
        const WatchBatch &last = watcher.batches.back();
        return last.status.state == RunState::Paused && last.reports.empty();
    }));
}

void TestRunServer::cancelsFromAnotherThread()
{
    Watcher byToken(m_socket);
    Watcher byAll(m_socket);
    QVERIFY(waitFor([&] { return m_server->numViewers() == 2; }));
    byToken.token.cancel();
    byAll.client->cancelAll();
    QVERIFY(waitFor([&] { return byToken.isDone && byAll.isDone; }));
    QCOMPARE(byToken.result.error().code, ErrorCode::Cancelled);
    QCOMPARE(byAll.result.error().code, ErrorCode::Cancelled);
    // The client goes on after cancelAll, but not with a token that was cancelled.
    QVERIFY(byAll.client->status("").ok());
    const auto again = byToken.client->watch(
        "", [](const WatchBatch &) { return true; }, byToken.token);
    QCOMPARE(again.error().code, ErrorCode::Cancelled);
    QVERIFY(waitFor([&] { return m_server->numViewers() == 0; }));
}

void TestRunServer::endsWhenTheViewerSaysSo()
{
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    int numBatches = 0;
    QVERIFY(client->watch("", [&](const WatchBatch &) { return ++numBatches < 2; }).ok());
    QCOMPARE(numBatches, 2);
    int numQuiet = 0;
    QVERIFY(client
                ->watch(
                    "", [](const WatchBatch &) { return true; }, {}, [&] { return ++numQuiet < 1; })
                .ok());
    QCOMPARE(numQuiet, 1);
}

void TestRunServer::sendsTheLastBatchWhenItEnds()
{
    // A server waits a bounded time with its farewell; a viewer may have no core for longer than that.
    constexpr int kMaxTries = 3;
    for (int i = 0; i < kMaxTries; ++i) {
        cleanup();
        init();
        Watcher watcher(m_socket);
        QVERIFY(waitFor([&] { return watcher.numBatches() >= 1; }));
        m_server->publish({reportOf(99)}, {});
        QVERIFY(waitFor([&] { return watcher.numReports() == 1; }));
        // Nothing is published any more: only the farewell can carry the last state.
        RunStatus status = m_trainer.status();
        status.state = RunState::Finished;
        m_trainer.setStatus(status);
        m_server.reset();
        watcher.join();
        if (watcher.result.ok() && watcher.batches.back().status.state == RunState::Finished) return;
    }
    QFAIL("no last batch of any server had the last state");
}

void TestRunServer::tellsADroppedConnection()
{
    // A proxy that can cut the line, as a kill of the worker does.
    const std::string front = m_socket + "p";
    int back = -1;
    std::vector<std::thread> pumps;
    std::vector<int> ends;
    std::mutex mutex;
    UnixAcceptorOptions options;
    options.path = front;
    options.onConnection = [&](int descriptor) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        m_socket.copy(address.sun_path, sizeof(address.sun_path) - 1);
        back = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(back, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0) return;
        ::fcntl(descriptor, F_SETFL, 0);
        const std::lock_guard lock(mutex);
        ends.insert(ends.end(), {descriptor, back});
        const auto pump = [](int from, int to) {
            char bytes[4096];
            for (ssize_t got; (got = ::read(from, bytes, sizeof(bytes))) > 0;)
                if (::send(to, bytes, static_cast<size_t>(got), MSG_NOSIGNAL) != got) break;
        };
        pumps.emplace_back(pump, descriptor, back);
        pumps.emplace_back(pump, back, descriptor);
    };
    auto proxy = UnixAcceptor::start(std::move(options));
    QVERIFY(proxy.ok());
    Watcher watcher(front);
    QVERIFY(waitFor([&] { return watcher.numBatches() >= 1; }));
    {
        const std::lock_guard lock(mutex);
        for (const int end : ends) ::shutdown(end, SHUT_RDWR);
    }
    QVERIFY(waitFor([&] { return watcher.isDone.load(); }));
    QCOMPARE(watcher.result.error().code, ErrorCode::Unavailable);
    QVERIFY(waitFor([&] { return m_server->numViewers() == 0; }));
    watcher.join();
    watcher.client.reset();
    *proxy = nullptr;
    for (std::thread &pump : pumps) pump.join();
    for (const int end : ends) ::close(end);
}

void TestRunServer::neverWaitsForAStoppedViewer()
{
    // The viewer that stops is a callback that does not return: its transport fills up, as with SIGSTOP.
    std::atomic<bool> mayGoOn{false};
    std::atomic<uint64_t> numDropped{0};
    std::atomic<int64_t> firstDropped{-1};
    std::atomic<int64_t> numSlow{0};
    const auto slowClient = test::connectTo(m_socket);
    QVERIFY(slowClient.ok());
    const CancelToken token;
    std::thread slow([&] {
        (void)slowClient->watch(
            "",
            [&](const WatchBatch &batch) {
                numSlow += static_cast<int64_t>(batch.reports.size());
                if (batch.numDropped > 0 && numDropped == 0) firstDropped = batch.firstDroppedStep;
                numDropped += batch.numDropped;
                while (!mayGoOn && !token.isCancelled())
                    std::this_thread::sleep_for(std::chrono::milliseconds(5));
                return true;
            },
            token);
    });
    Watcher quick(m_socket);
    QVERIFY(waitFor([&] { return m_server->numViewers() == 2 && quick.numBatches() >= 1; }));

    // Enough to fill the ring and the transport many times over.
    constexpr int64_t kReports = 60'000;
    std::vector<MetricValue> many(20, {"a_series_with_a_rather_long_name", 1.5});
    int64_t published = 0;
    const auto publish = [&](int count) {
        std::vector<StepReport> reports;
        for (int i = 0; i < count; ++i) reports.push_back({++published, 0, 0, many});
        m_server->publish(reports, {});
    };
    // The viewer goes on only after this loop: a publish that waited for it would wait for good.
    while (published < kReports) {
        publish(100);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    // The quick one may have missed some where it had no core for long, but what is new still reaches it.
    QVERIFY(waitFor([&] {
        publish(1);
        const std::lock_guard lock(quick.mutex);
        for (auto batch = quick.batches.rbegin(); batch != quick.batches.rend(); ++batch)
            if (!batch->reports.empty()) return batch->reports.back().step > kReports;
        return false;
    }));
    mayGoOn = true;
    QVERIFY(waitFor([&] { return numSlow + static_cast<int64_t>(numDropped) == published; }));
    QVERIFY(numDropped > 0);
    QVERIFY(firstDropped > 0);
    token.cancel();
    slow.join();
}

void TestRunServer::limitsViewers()
{
    std::vector<std::unique_ptr<Watcher>> watchers;
    for (int i = 0; i < ViewerHub::kMaxViewers; ++i) watchers.push_back(std::make_unique<Watcher>(m_socket));
    QVERIFY(waitFor([&] { return m_server->numViewers() == ViewerHub::kMaxViewers; }));
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    const auto refused = client->watch("", [](const WatchBatch &) { return true; });
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::Unavailable);
    QVERIFY(refused.error().message.find("32") != std::string::npos);
    QVERIFY(client->status("").ok()); // short calls still find a thread
    watchers.pop_back();
    QVERIFY(waitFor([&] { return m_server->numViewers() == ViewerHub::kMaxViewers - 1; }));
    // The viewer has left the hub, perhaps not yet the server's streams.
    QVERIFY(waitFor([&] { return client->watch("", [](const WatchBatch &) { return false; }).ok(); }));
}

void TestRunServer::measuresItsCpu()
{
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    const double before = m_server->viewerCpuSeconds();
    for (int i = 0; i < 50; ++i) QVERIFY(client->status("").ok());
    const double after = m_server->viewerCpuSeconds();
    QVERIFY(after > before);
    QVERIFY(after < before + 5);
}

void TestRunServer::rejectsServicesItDoesNotOffer()
{
    const auto client = test::connectTo(m_socket);
    QVERIFY(client.ok());
    const auto list = client->listRuns();
    QVERIFY(!list.ok());
    QCOMPARE(list.error().code, ErrorCode::Unavailable);
    QVERIFY(list.error().hint.find("host") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestRunServer)
#include "tst_run_server.moc"
