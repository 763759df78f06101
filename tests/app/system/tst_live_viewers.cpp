// SPDX-License-Identifier: Apache-2.0
// Viewers are stopped, killed and attached again: the training does not notice, and the history is all there, fast.
#include "run_fixture.h"

#include "core/base/platform.h"
#include "core/spec/field_table.h"
#include "core/spec/run_records.h"
#include "core/store/run_directory.h"
#include "core/store/run_store.h"
#include "tests/support/shaped_relay.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTest>

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

using namespace orrery;
using namespace orrery::test;

namespace {

/// Somebody who watches a training, and looks inside and at its frames as long as it trains.
class LiveViewer {
public:
    /// @param numMaps that each answer has
    LiveViewer(const std::string &socket, const std::string &run, int numMaps) : m_numMaps(numMaps)
    {
        auto connected = EngineClient::connect(socket, std::chrono::minutes(1));
        if (!connected) qFatal("%s", connected.error().text().c_str());
        m_client = std::make_unique<EngineClient>(std::move(*connected));
        m_client->setDeadline(std::chrono::minutes(2));
        m_watching = std::thread([this, run] {
            // A host goes on for as long as the run exists.
            (void)m_client->watch(run, [this](const WatchBatch &batch) {
                numReports += static_cast<int>(batch.reports.size());
                lastStep = batch.status.step;
                return isLiveState(batch.status.state) || batch.status.state == RunState::Created;
            });
        });
        m_asking = std::thread([this, run] {
            while (ask(run) && look(run)) std::this_thread::sleep_for(std::chrono::milliseconds(50));
        });
    }
    ~LiveViewer() { join(); }
    LiveViewer(const LiveViewer &) = delete;
    LiveViewer &operator=(const LiveViewer &) = delete;
    void join()
    {
        if (m_watching.joinable()) m_watching.join();
        if (m_asking.joinable()) m_asking.join();
    }

    std::atomic<int> numReports{0}, numAnswers{0}, numFrames{0};
    std::atomic<int64_t> lastStep{0};
    std::atomic<double> fastest{1e9}; ///< answer, seconds
    std::string problem;              ///< of the asking thread; behind join()

private:
    /// False: the training has ended, or a problem.
    bool ask(const std::string &run)
    {
        InspectRequest request;
        request.input.prompt = "line 4: the quick brown";
        for (int i = 0; i < m_numMaps; ++i) request.heads.push_back({0, i % 2}); // looked at once, sent as often as asked
        const double begin = monotonicSeconds();
        const auto report = m_client->inspectLive(run, request);
        if (!report && report.error().code == ErrorCode::Unavailable) return true; // it is just ending
        if (!report) {
            if (report.error().code != ErrorCode::Conflict) problem = report.error().text();
            return false;
        }
        fastest = std::min(fastest.load(), monotonicSeconds() - begin);
        if (report->model.ends_with("@live") && report->maps.size() == size_t(m_numMaps)) ++numAnswers;
        return true;
    }
    bool look(const std::string &run)
    {
        const auto frames = m_client->listFrames(run, {.kind = FrameKind::Overview, .prompt = 0});
        if (!frames) problem = frames.error().text();
        if (!frames || frames->empty()) return frames.ok();
        const auto frame = m_client->frame(run, frames->back().id);
        // It may have been thinned out since.
        if (!frame && frame.error().code != ErrorCode::NotFound) problem = frame.error().text();
        numFrames += frame.ok() && frame->step == frames->back().step;
        return frame.ok() || problem.empty();
    }

    const int m_numMaps;
    std::unique_ptr<EngineClient> m_client;
    std::thread m_watching, m_asking;
};

} // namespace

class TestViewers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void stoppedAndKilledViewersLeaveTheLossesAlone();
    void twoLookInsideOneFromFarAway();
    void breakpointsAreInTheStatus();
    void wholeHistoryComesBack();
};

void TestViewers::stoppedAndKilledViewersLeaveTheLossesAlone()
{
    const int numSteps = isSlow() ? 20'000 : 4'000;
    System system;
    const Losses expected = system.trainAlone(QStringLiteral("alone"), numSteps);
    auto host = system.startHost();
    auto created = system.client()->createRun(system.specJson(numSteps).toStdString(), system.path(QStringLiteral("watched")).toStdString(), true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const QStringList watch{QStringLiteral("watch"), system.path(QStringLiteral("watched")), QStringLiteral("--json")};
    auto stopped = system.start(QStringLiteral("orrery-engine"), watch);
    auto killed = system.start(QStringLiteral("orrery-engine"), watch);
    QVERIFY(QTest::qWaitFor(
        [&] {
            auto status = system.client()->status(created->id);
            return status.ok() && (status->numViewers >= 2 || !isLiveState(status->state));
        },
        kPatienceMs));
    ::kill(static_cast<pid_t>(stopped->processId()), SIGSTOP);
    killed->kill();
    killed->waitForFinished();
    for (int i = 0; i < 3; ++i) {
        auto again = system.start(QStringLiteral("orrery-engine"), watch);
        QTest::qWait(300);
        again->kill();
        again->waitForFinished();
    }
    QVERIFY(QTest::qWaitFor(
        [&] {
            auto status = system.client()->status(created->id);
            return status.ok() && status->state == RunState::Finished;
        },
        kPatienceMs));
    ::kill(static_cast<pid_t>(stopped->processId()), SIGCONT);
    stopped->kill();
    stopped->waitForFinished();
    auto status = system.client()->status(created->id);
    QCOMPARE(status->trainerWaits, 0u);
    QCOMPARE(countDifferences(expected, System::readLosses(system.path(QStringLiteral("watched")))), 0);
    host->kill();
    host->waitForFinished();
}

void TestViewers::twoLookInsideOneFromFarAway()
{
    const int numSteps = isSlow() ? 20'000 : 2'000;
    System system;
    const Losses expected = system.trainAlone(QStringLiteral("alone"), numSteps);
    auto host = system.startHost();
    const std::string farSocket = system.path(QStringLiteral("far.sock")).toStdString();
    const ShapedRelay relay(farSocket, system.hostSocket().toStdString(),
                            {.delay = std::chrono::milliseconds(50), .bytesPerSecond = 10e6 / 8});
    QVERIFY(relay.isListening());
    auto created = system.client()->createRun(system.specJson(numSteps).toStdString(),
                                              system.path(QStringLiteral("watched")).toStdString(), true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    // Of 23 tokens, 64 maps are 135 kB: it is the line that holds such an answer up.
    constexpr int kFarMaps = 64;
    constexpr double kAnswerBytes = kFarMaps * 23 * 23 * sizeof(float);
    LiveViewer near(system.hostSocket().toStdString(), created->id, 2), far(farSocket, created->id, kFarMaps);
    near.join();
    far.join();
    qInfo("near: %d answers, %d frames, %d reports; far: %d answers, %d frames, %d reports, %llu KiB, fastest answer %.0f ms",
          near.numAnswers.load(), near.numFrames.load(), near.numReports.load(), far.numAnswers.load(), far.numFrames.load(),
          far.numReports.load(), static_cast<unsigned long long>(relay.numBytes() / 1024), far.fastest * 1e3);
    for (const LiveViewer *viewer : {&near, &far}) {
        QCOMPARE(viewer->problem, std::string());
        QVERIFY(viewer->numAnswers >= 3);
        QVERIFY(viewer->numFrames >= 1);
        QVERIFY(viewer->numReports > 0);
        QCOMPARE(viewer->lastStep.load(), int64_t{numSteps});
    }
    QVERIFY2(far.fastest >= 0.1 + 0.9 * kAnswerBytes / (10e6 / 8), qPrintable(QString::number(far.fastest))); // there, back, and the line
    QVERIFY(static_cast<double>(relay.numBytes()) > far.numAnswers * kAnswerBytes);
    auto status = system.client()->status(created->id);
    QVERIFY(status.ok());
    QCOMPARE(status->state, RunState::Finished);
    QCOMPARE(status->trainerWaits, 0u);
    QCOMPARE(countDifferences(expected, System::readLosses(system.path(QStringLiteral("watched")))), 0);
    host->kill();
    host->waitForFinished();
}

void TestViewers::breakpointsAreInTheStatus()
{
    System system;
    auto host = system.startHost();
    auto client = system.client();
    auto created = client->createRun(system.specJson(1'000'000).toStdString(),
                                     system.path(QStringLiteral("paused")).toStdString(), true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const std::string run = created->id;
    RunStatus now;
    const auto becomes = [&](const std::function<bool()> &condition) {
        return QTest::qWaitFor(
            [&] {
                auto status = client->status(run);
                if (status) now = *status;
                return status.ok() && condition();
            },
            kPatienceMs);
    };
    const auto control = [&](ControlVerb verb, const std::string &condition = {}) {
        const auto status = client->control(run, {.verb = verb, .steps = 1, .setting = {"", condition}});
        return status.ok() ? std::string() : status.error().text();
    };
    QCOMPARE(control(ControlVerb::Break, "lr < 0"), std::string());
    QCOMPARE(control(ControlVerb::Break, "loss>0"), std::string());
    QVERIFY(becomes([&] { return now.state == RunState::Paused; }));
    const std::vector<std::string> both = {"lr < 0", "loss > 0"};
    QCOMPARE(now.breakpoints, both);
    QVERIFY2(now.pauseReason.starts_with("loss > 0: loss was "), now.pauseReason.c_str());
    QCOMPARE(now.pauseSeries, std::string("loss"));
    RunStatus watched; // what a viewer hears who comes now
    const auto heard = client->watch(run, [&](const WatchBatch &batch) {
        watched = batch.status;
        return false;
    });
    QVERIFY(heard.ok());
    QCOMPARE(watched.breakpoints, both);
    QCOMPARE(watched.pauseReason, now.pauseReason);
    QCOMPARE(control(ControlVerb::Continue), std::string());
    QVERIFY(becomes([&] { return now.state == RunState::Running; }));
    QCOMPARE(now.pauseReason, std::string());
    QCOMPARE(now.pauseSeries, std::string());
    QCOMPARE(now.breakpoints, both);
    QCOMPARE(control(ControlVerb::Unbreak, "lr < 0"), std::string());
    QVERIFY(becomes([&] { return now.breakpoints == std::vector<std::string>{"loss > 0"}; }));
    QCOMPARE(control(ControlVerb::Stop), std::string());
    // Without a worker they are kept for the next start, and can be changed for it.
    QVERIFY(becomes([&] { return now.state == RunState::Stopped; }));
    QCOMPARE(now.breakpoints, std::vector<std::string>{"loss > 0"});
    const bool isKept = QTest::qWaitFor( // as soon as its worker is gone
        [&] { return control(ControlVerb::Break, "lr > 9").empty(); }, kPatienceMs);
    QVERIFY(isKept);
    QCOMPARE(control(ControlVerb::Unbreak, "loss > 0"), std::string());
    QVERIFY(becomes([&] { return now.breakpoints == std::vector<std::string>{"lr > 9"}; }));
    const bool isStarted = QTest::qWaitFor([&] { return client->startRun(run, 0).ok(); }, kPatienceMs);
    QVERIFY(isStarted);
    QVERIFY(becomes([&] { return now.state == RunState::Running; }));
    QCOMPARE(now.breakpoints, std::vector<std::string>{"lr > 9"});
    host->kill();
    host->waitForFinished();
}

/// 20 series × 20,000 points through host and RPC. The time is printed; docs/benchmarks.md keeps it (target: 2 s).
void TestViewers::wholeHistoryComesBack()
{
    System system;
    const QString directory = system.path(QStringLiteral("long"));
    RunSpec spec;
    spec.data.path = system.path(QStringLiteral("text.txt")).toStdString();
    spec.threads = 1;
    FrozenSpec frozen{spec, specDigest(spec), "test", cpuInfo().model, wallSeconds(), "long"};
    QVERIFY(RunDirectory::create(directory.toStdString(), frozen).ok());
    {
        auto writer = RunWriter::open(directory.toStdString());
        QVERIFY(writer.ok());
        QVERIFY((*writer)->beginAttempt(0).ok());
        for (int step = 1; step <= 20'000; ++step) {
            StepReport report{step, 1e9 + step, 0, {}};
            for (int i = 0; i < 20; ++i) report.values.push_back({"series_" + std::to_string(i), static_cast<double>(step * (i + 1))});
            (*writer)->addReport(report);
        }
        QVERIFY((*writer)->flush().ok());
    }
    auto host = system.startHost();
    auto client = system.client();
    auto added = client->addRun(directory.toStdString());
    QVERIFY2(added.ok(), added.ok() ? "" : added.error().text().c_str());
    QElapsedTimer timer;
    timer.start();
    auto reply = client->querySeries({.run = added->id, .maxBuckets = 20'000});
    const qint64 elapsed = timer.elapsed();
    QVERIFY2(reply.ok(), reply.ok() ? "" : reply.error().text().c_str());
    QCOMPARE(reply->size(), 20u);
    for (const SeriesReply &one : *reply) {
        QCOMPARE(one.totalPoints, 20'000u);
        QCOMPARE(one.buckets.size(), 20'000u);
        QCOMPARE(one.buckets.back().lastStep, 20'000);
    }
    qInfo("20 series x 20,000 points came back in %lld ms", static_cast<long long>(elapsed));
    host->kill();
    host->waitForFinished();
}

QTEST_GUILESS_MAIN(TestViewers)
#include "tst_live_viewers.moc"
