// SPDX-License-Identifier: Apache-2.0
// A host that others reach over TCP: the same runs behind 50 ms and 10 Mbit/s, and how long one waits for them there.
#include "tests/app/host/host_fixture.h"

#include "core/base/platform.h"
#include "core/rpc/access_tokens.h"
#include "core/store/run_store.h"
#include "tests/support/shaped_proxy.h"
#include "tests/support/shaped_relay.h"

#include <QProcess>

#include <algorithm>
#include <cstdlib>

using namespace orrery;
using namespace orrery::test;

namespace {

bool isSlow() { return qEnvironmentVariableIntValue("ORRERY_SLOW") == 1; }

/// Milliseconds of `count` calls, sorted. @param call false: it failed
std::vector<double> timesOf(int count, const std::function<bool()> &call)
{
    std::vector<double> times;
    for (int i = 0; i < count; ++i) {
        const double begin = monotonicSeconds();
        if (!call()) return {};
        times.push_back((monotonicSeconds() - begin) * 1e3);
    }
    std::sort(times.begin(), times.end());
    return times;
}

void report(const char *what, const std::vector<double> &times, double kilobytes)
{
    QVERIFY2(!times.empty(), what);
    qInfo("%s: median %.0f ms, p95 %.0f ms, %.1f kB each", what, times[times.size() / 2], times[times.size() * 95 / 100], kilobytes);
}

/// Milliseconds from when a training made a report until a viewer has it, sorted.
std::vector<double> reportDelays(const EngineClient &client, const std::string &run, size_t count)
{
    std::vector<double> delays;
    (void)client.watch(run, [&](const WatchBatch &batch) {
        const double now = wallSeconds();
        for (const StepReport &one : batch.reports) delays.push_back((now - one.wallTime) * 1e3);
        return delays.size() < count;
    });
    std::sort(delays.begin(), delays.end());
    return delays;
}

/// Milliseconds from the question until the first token is here, sorted.
std::vector<double> firstTokens(const EngineClient &client, const std::string &model, int count)
{
    std::vector<double> times;
    GenerateRequest request;
    request.prompt = "xyz";
    request.sampling.maxTokens = 5;
    for (int i = 0; i < count; ++i) {
        const double begin = monotonicSeconds();
        double first = 0;
        const auto summary = client.generate(model, request, {}, [&](const std::vector<GeneratedToken> &) {
            if (first == 0) first = monotonicSeconds();
            return true;
        });
        if (!summary.ok()) return {};
        times.push_back((first - begin) * 1e3);
    }
    std::sort(times.begin(), times.end());
    return times;
}

/// Five series of 20,000 points that look like those of a training.
void fillRun(const std::filesystem::path &folder)
{
    const auto writer = RunWriter::open(folder);
    QVERIFY2(writer.ok(), writer.ok() ? "" : writer.error().text().c_str());
    uint64_t noise = 1;
    const auto next = [&noise] {
        noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<double>(noise >> 40) / 16777216.0;
    };
    for (int64_t step = 0; step < 20'000; ++step) {
        const double x = static_cast<double>(step);
        StepReport one{step, 1000 + x * 0.05, 0, {}};
        for (const char *series : {"loss", "val_loss", "lr", "grad_norm", "tokens_per_s"})
            one.values.push_back({series, 5.0 / (1 + x / 2000) + 0.1 * next()});
        (*writer)->addReport(one);
    }
    QVERIFY((*writer)->flush().ok());
}

} // namespace

class TestHostRemote : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_host = std::make_unique<HostFixture>(); }
    void cleanup() { m_host.reset(); }
    void servesTheSameRunsOverTcp();
    void keepsItsCertificate();
    void refusesToListen_data();
    void refusesToListen();
    void staysForThoseWhoListen();
    void takesThePlaceOfOneThatListensForNobody();
    void leavesOneThatIsBusy();
    void leavesOneWhereItWouldBeRefused();
    void anAnswerEndsWhereTheHostFallsSilent();
    void showsALiveTrainingToTwoViewersFarAway();
    void measuresTheFarLink();
    void measuresARealModelFarAway();

private:
    [[nodiscard]] std::string tokensFile() const { return (hostRemoteFolder(m_host->home()) / "tokens.json").string(); }
    void listen()
    {
        m_token = AccessTokens(tokensFile()).create("laptop").value();
        m_host->listen.address = "127.0.0.1:0";
        m_host->start();
        QVERIFY2(!m_host->isDone(), m_host->result.ok() ? "it ended" : m_host->result.error().text().c_str());
    }
    void listenAndFail(const std::string &why, const std::string &remedy)
    {
        m_host->listen.address = "127.0.0.1:0";
        m_host->start();
        QVERIFY(m_host->isDone() && !m_host->result.ok());
        QCOMPARE(m_host->result.error().code, ErrorCode::Conflict);
        for (const std::string &part : {why, remedy})
            QVERIFY2(m_host->result.error().hint.find(part) != std::string::npos, m_host->result.error().text().c_str());
    }
    [[nodiscard]] EngineClient remote(uint16_t port) const
    {
        auto connected = EngineClient::connectRemote({"tcp://127.0.0.1:" + std::to_string(port), m_token, m_host->fingerprint, "far"},
                                                     std::chrono::minutes(1));
        if (!connected.ok()) qFatal("%s", connected.error().text().c_str());
        connected->setDeadline(std::chrono::minutes(1));
        return std::move(connected).value();
    }

    /// One as a window starts it, in a process of its own.
    void startLocal(QProcess &local)
    {
        local.start(QStringLiteral(ORRERY_HOST_PROGRAM), {QString::fromStdString(m_host->home().string()), QString::fromStdString(m_host->socket)});
        QVERIFY(local.waitForStarted(60'000));
        QVERIFY(waitFor([&] { return EngineClient::connect(m_host->socket).ok(); }));
    }

    std::unique_ptr<HostFixture> m_host;
    std::string m_token;
};

void TestHostRemote::servesTheSameRunsOverTcp()
{
    listen();
    const EngineClient near = m_host->client();
    const EngineClient far = remote(m_host->port);
    const auto created = far.createRun(m_host->specJson(50), "", false);
    VERIFY_OK(created);
    QCOMPARE(near.listRuns()->size(), size_t{1});
    QCOMPARE(far.listRuns()->front().id, created->id);
    const auto host = far.host();
    VERIFY_OK(host);
    QCOMPARE(host->pid, static_cast<int64_t>(::getpid()));
    QVERIFY(host->protocolMajor > 0 && !host->machine.empty());
    // Errors are the host's own words.
    const auto missing = far.status("nobody");
    QCOMPARE(missing.error().code, ErrorCode::NotFound);
    QCOMPARE(missing.error().message, near.status("nobody").error().message);
    // And a token that is taken away is out with the next call, whoever took it away.
    QVERIFY(AccessTokens(tokensFile()).revoke("laptop").ok());
    QCOMPARE(far.listRuns().error().code, ErrorCode::Io);
    VERIFY_OK(near.listRuns());
}

void TestHostRemote::keepsItsCertificate()
{
    listen();
    const std::string first = m_host->fingerprint;
    QVERIFY(first.starts_with("SHA256:"));
    m_host->stop();
    m_host->start();
    QCOMPARE(m_host->fingerprint, first);
    VERIFY_OK(remote(m_host->port).host()); // with the same token
}

void TestHostRemote::refusesToListen_data()
{
    QTest::addColumn<QString>("address");
    QTest::addColumn<QString>("certificate");
    QTest::addColumn<bool>("isPlain");
    QTest::addColumn<QString>("part");
    const auto row = [](const char *title, const char *address, const char *certificate, bool isPlain, const char *part) {
        QTest::newRow(title) << QString::fromLatin1(address) << QString::fromLatin1(certificate) << isPlain << QString::fromLatin1(part);
    };
    row("everybody, no token", "0.0.0.0:0", "", false, "there is no token, expected at least one");
    row("everybody, no TLS", "0.0.0.0:0", "", true, "expected TLS or a loopback address");
    row("no port", "127.0.0.1", "", false, "it has no port");
    row("a certificate without its key", "127.0.0.1:0", "/tmp/x.crt", false, "only the certificate was given");
}

void TestHostRemote::refusesToListen()
{
    QFETCH(QString, address);
    QFETCH(QString, certificate);
    QFETCH(bool, isPlain);
    QFETCH(QString, part);
    m_host->listen = {address.toStdString(), certificate.toStdString(), {}, isPlain};
    m_host->start();
    QVERIFY(m_host->isDone() && !m_host->result.ok());
    QCOMPARE(m_host->result.error().code, ErrorCode::InvalidInput);
    QVERIFY2(m_host->result.error().text().find(part.toStdString()) != std::string::npos, m_host->result.error().text().c_str());
    QVERIFY(m_host->port == 0);
}

void TestHostRemote::staysForThoseWhoListen()
{
    listen();
    // A window of another build asks it to make room: then the others would be cut off.
    const auto retired = m_host->client().retire();
    QVERIFY(!retired.ok());
    QCOMPARE(retired.error().code, ErrorCode::Conflict);
    QVERIFY2(retired.error().message.find("serves other machines") != std::string::npos, retired.error().message.c_str());
}

void TestHostRemote::takesThePlaceOfOneThatListensForNobody()
{
    QProcess local;
    startLocal(local);
    ::setenv("FAKE_STEP_MS", "5", 1);
    const auto run = m_host->client().createRun(m_host->specJson(), "", true);
    VERIFY_OK(run);
    listen();
    QVERIFY(m_host->port > 0);
    QVERIFY(local.waitForFinished(60'000));
    QCOMPARE(local.exitCode(), 0);
    // Its training went on, and is this one's now.
    const auto status = remote(m_host->port).status(run->id);
    VERIFY_OK(status);
    QCOMPARE(status->state, RunState::Running);
    // One that listens stays: who comes second says why, and what to do.
    HostOptions second;
    second.home = m_host->home();
    second.socketPath = m_host->socket;
    second.listen.address = "127.0.0.1:0";
    const auto refused = runHost(second);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::Conflict);
    QVERIFY2(refused.error().message.find("host (pid " + std::to_string(::getpid()) + ")") != std::string::npos, refused.error().message.c_str());
    QVERIFY2(refused.error().hint.find("serves other machines") != std::string::npos, refused.error().hint.c_str());
    QVERIFY2(refused.error().hint.find("Stop it first") != std::string::npos, refused.error().hint.c_str());
    // On its own port, too: there is a host already.
    second.listen.address = "127.0.0.1:" + std::to_string(m_host->port);
    const auto taken = runHost(second);
    QCOMPARE(taken.error().code, ErrorCode::Conflict);
    QVERIFY2(taken.error().hint.find("host (pid ") != std::string::npos, taken.error().hint.c_str());
}

void TestHostRemote::leavesOneThatIsBusy()
{
    ::setenv("FAKE_TOKEN_MS", "100", 1);
    QProcess local;
    startLocal(local);
    const std::filesystem::path model = m_host->home().parent_path() / "model";
    std::filesystem::create_directories(model);
    QVERIFY(writeFileAtomically(model / "config.json", "{}").ok() && writeFileAtomically(model / "model.safetensors", "{}").ok());
    std::atomic<bool> hasBegun{false};
    CancelToken token;
    std::thread asking([&] {
        GenerateRequest request;
        request.prompt = "xyz";
        request.sampling.maxTokens = 1000;
        (void)m_host->client().generate(model.string(), request, {}, [&](const auto &) { return hasBegun = true; }, token);
    });
    const bool isBusy = waitFor([&] { return hasBegun.load(); });
    listenAndFail("a model is generating", "try again when that is done");
    token.cancel();
    asking.join();
    QVERIFY(isBusy);
    QCOMPARE(local.state(), QProcess::Running);
    local.terminate();
    QVERIFY(local.waitForFinished(60'000));
}

void TestHostRemote::leavesOneWhereItWouldBeRefused()
{
    QProcess local;
    startLocal(local);
    m_host->listen.address = "0.0.0.0:0"; // and there is no token
    m_host->start();
    QVERIFY(m_host->isDone() && !m_host->result.ok());
    QVERIFY2(m_host->result.error().text().find("there is no token") != std::string::npos, m_host->result.error().text().c_str());
    VERIFY_OK(m_host->client().host());
    QCOMPARE(local.state(), QProcess::Running);
    // Nor does one of another home take its place.
    HostOptions other;
    other.home = m_host->home().parent_path() / "other";
    std::filesystem::create_directories(other.home);
    other.socketPath = m_host->socket;
    other.listen.address = "127.0.0.1:0";
    const auto refused = runHost(other);
    QCOMPARE(refused.error().code, ErrorCode::Conflict);
    QVERIFY2(refused.error().hint.find("serves another home") != std::string::npos, refused.error().hint.c_str());
    local.terminate();
    QVERIFY(local.waitForFinished(60'000));
}

void TestHostRemote::anAnswerEndsWhereTheHostFallsSilent()
{
    ::setenv("FAKE_TOKEN_MS", "50", 1);
    listen();
    ShapedProxy proxy(m_host->port, {});
    const std::filesystem::path model = m_host->home().parent_path() / "model";
    std::filesystem::create_directories(model);
    QVERIFY(writeFileAtomically(model / "config.json", "{}").ok() && writeFileAtomically(model / "model.safetensors", "{}").ok());
    const EngineClient far = remote(proxy.port());
    GenerateRequest request;
    request.prompt = "xyz";
    request.sampling.maxTokens = 100'000;
    std::string text;
    const double begin = monotonicSeconds();
    const auto answer = far.generate(model.string(), request, {}, [&](const std::vector<GeneratedToken> &tokens) {
        for (const GeneratedToken &token : tokens) text += token.bytes;
        if (text.size() >= 3) proxy.freeze(true); // nobody says that the line is dead
        return true;
    });
    QVERIFY(!answer.ok());
    QCOMPARE(answer.error().code, ErrorCode::Unavailable);
    QVERIFY2(!answer.error().hint.empty(), answer.error().text().c_str()); // and what to do
    QVERIFY(text.starts_with("xyz")); // what had come is there
    QVERIFY2(monotonicSeconds() - begin < 60, "it is noticed while somebody still waits");
    // A question without a deadline of its own ends, too.
    const auto cut = far.describeData({.path = m_host->data});
    QVERIFY(!cut.ok());
    QCOMPARE(cut.error().code, ErrorCode::Unavailable);
    proxy.freeze(false);
    VERIFY_OK(remote(proxy.port()).host());
}

void TestHostRemote::showsALiveTrainingToTwoViewersFarAway()
{
    listen();
    ShapedProxy proxy(m_host->port, ShapedProxy::farAway());
    ::setenv("FAKE_STEP_MS", "5", 1);
    const EngineClient far = remote(proxy.port());
    const auto created = far.createRun(m_host->specJson(), "", true);
    VERIFY_OK(created);
    HostWatcher one(remote(proxy.port()), created->id);
    HostWatcher two(remote(proxy.port()), created->id);
    QVERIFY(waitFor([&] { return one.steps().size() > 200 && two.steps().size() > 200; }));
    QVERIFY(control(far, created->id, ControlVerb::Pause));
    QVERIFY(one.reaches(RunState::Paused) && two.reaches(RunState::Paused));
    // Each has every step since it came, in order.
    for (HostWatcher *watcher : {&one, &two}) {
        const std::vector<int64_t> steps = watcher->steps();
        for (size_t i = 1; i < steps.size(); ++i) QCOMPARE(steps[i], steps[i - 1] + 1);
    }
    // A cable that is pulled: the link is known to be dead by itself, and the training goes on.
    QVERIFY(control(far, created->id, ControlVerb::Continue));
    proxy.cut();
    QVERIFY(waitFor([&] { return one.isDone && two.isDone; }));
    QCOMPARE(one.result.error().code, ErrorCode::Unavailable);
    const int64_t before = m_host->client().status(created->id)->step;
    QVERIFY(waitFor([&] { return m_host->client().status(created->id)->step > before; }));
    proxy.mend();
    HostWatcher back(remote(proxy.port()), created->id);
    QVERIFY(waitFor([&] { return back.numReplays() > 0; }));
    QVERIFY(control(m_host->client(), created->id, ControlVerb::Stop));
}

void TestHostRemote::measuresTheFarLink()
{
    if (!isSlow()) QSKIP("figures: ORRERY_SLOW=1");
    listen();
    const EngineClient near = m_host->client();
    for (int i = 0; i < 500; ++i) VERIFY_OK(near.createRun(m_host->specJson(100, "run " + std::to_string(i)), "", false));
    const auto runs = near.listRuns();
    VERIFY_OK(runs);
    QCOMPARE(runs->size(), size_t{500});
    fillRun(runs->front().directory);
    ::setenv("FAKE_STEP_MS", "20", 1);
    const auto live = near.createRun(m_host->specJson(), "", true);
    VERIFY_OK(live);
    ShapedProxy proxy(m_host->port, ShapedProxy::farAway());
    const double begin = monotonicSeconds();
    const EngineClient far = remote(proxy.port());
    qInfo("connect, TLS and certificate: %.0f ms", (monotonicSeconds() - begin) * 1e3);
    uint64_t bytes = proxy.numBytes();
    const auto measure = [&](const char *what, int count, const std::function<bool()> &call) {
        const std::vector<double> times = timesOf(count, call);
        report(what, times, static_cast<double>(proxy.numBytes() - bytes) / count / 1e3);
        bytes = proxy.numBytes();
    };
    measure("a round trip", 40, [&] { return far.ping().ok(); });
    bool isPausing = true;
    const auto pauseOrContinue = [&](const EngineClient &client) {
        isPausing = !isPausing;
        return client.control(live->id, {isPausing ? ControlVerb::Continue : ControlVerb::Pause, 1, {}}).ok();
    };
    report("pause or continue, this machine", timesOf(40, [&] { return pauseOrContinue(near); }), 0);
    measure("pause or continue", 40, [&] { return pauseOrContinue(far); });
    measure("a list of 500 runs", 20, [&] { return far.listRuns()->size() == 501; });
    const SeriesRequest request{runs->front().id, {}, 0, 0, 2000};
    const auto readCurves = [&request](const EngineClient &client) {
        const auto series = client.querySeries(request);
        return series.ok() && series->size() == 5 && series->front().buckets.size() >= 1900;
    };
    measure("5 curves of 20,000 points in 2,000 buckets", 20, [&] { return readCurves(far); });
    // The same line without gzip: the host's socket, as ssh forwards it (which may pack by itself, -C).
    const std::string forwarded = m_host->socket + ".far";
    const ShapedRelay relay(forwarded, m_host->socket, ShapedRelay::farAway());
    const auto unpacked = connectTo(forwarded);
    VERIFY_OK(unpacked);
    const auto measureUnpacked = [&](const char *what, int count, const std::function<bool()> &call) {
        const uint64_t before = relay.numBytes();
        const std::vector<double> times = timesOf(count, call);
        report(what, times, static_cast<double>(relay.numBytes() - before) / count / 1e3);
    };
    measureUnpacked("a list of 500 runs, not packed", 20, [&] { return unpacked->listRuns()->size() == 501; });
    measureUnpacked("5 curves, not packed", 20, [&] { return readCurves(*unpacked); });
    QVERIFY(control(near, live->id, ControlVerb::Continue));
    report("from a training's report to a viewer on this machine", reportDelays(near, live->id, 300), 0);
    report("from a training's report to a viewer far away", reportDelays(far, live->id, 300), 0);
    const std::string model = (m_host->home() / "model").string();
    std::filesystem::create_directories(model);
    QVERIFY(!firstTokens(near, model, 1).empty()); // its worker is there
    report("first token of an answer, this machine", firstTokens(near, model, 20), 0);
    report("first token of an answer, far away", firstTokens(far, model, 20), 0);
    QVERIFY(control(near, live->id, ControlVerb::Stop));
}

/// ORRERY_FAR_WORKER: the real worker; ORRERY_FAR_MODEL: what it loads, a run or model directory by its whole path.
void TestHostRemote::measuresARealModelFarAway()
{
    const char *worker = std::getenv("ORRERY_FAR_WORKER"), *model = std::getenv("ORRERY_FAR_MODEL");
    if (!worker || !model) QSKIP("figures: ORRERY_FAR_WORKER and ORRERY_FAR_MODEL");
    ::setenv("ORRERY_WORKER", worker, 1);
    listen();
    const EngineClient near = m_host->client();
    ShapedProxy proxy(m_host->port, ShapedProxy::farAway());
    const EngineClient far = remote(proxy.port());
    QVERIFY(!firstTokens(near, model, 3).empty()); // it is loaded
    for (int i = 0; i < 3; ++i) { // in turn, as a busy machine is busy for both
        report("first token of a real model, this machine", firstTokens(near, model, 20), 0);
        report("first token of a real model, far away", firstTokens(far, model, 20), 0);
    }
}

QTEST_GUILESS_MAIN(TestHostRemote)
#include "tst_host_remote.moc"
