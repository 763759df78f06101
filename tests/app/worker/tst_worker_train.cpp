// SPDX-License-Identifier: Apache-2.0
#include "worker_fixture.h"

#include "core/store/attention_frame_codec.h"
#include "core/store/run_store.h"
#include "core/tensorfile/checkpoint_files.h"
#include "core/tensorfile/safetensors.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace orrery;
namespace fs = std::filesystem;

namespace {

std::vector<QJsonObject> jsonLines(const std::string &text)
{
    std::vector<QJsonObject> lines;
    for (const QByteArray &line : QByteArray::fromStdString(text).split('\n'))
        if (!line.isEmpty()) {
            QJsonParseError problem;
            const auto document = QJsonDocument::fromJson(line, &problem);
            if (problem.error != QJsonParseError::NoError) qFatal("no JSON: %s", line.constData());
            lines.push_back(document.object());
        }
    return lines;
}

bool isNumberOrNull(const QJsonValue &value) { return value.isDouble() || value.isNull(); }

/// The tensor that a byte of a file belongs to.
std::string tensorAt(const fs::path &file, uint64_t place)
{
    const auto reader = SafetensorsReader::open(file);
    if (!reader) qFatal("%s", reader.error().text().c_str());
    uint64_t dataBytes = 0;
    for (const TensorInfo &tensor : reader->tensors()) dataBytes += tensor.numBytes;
    const uint64_t dataStart = fs::file_size(file) - dataBytes;
    for (const TensorInfo &tensor : reader->tensors())
        if (place >= dataStart + tensor.offset && place < dataStart + tensor.offset + tensor.numBytes)
            return tensor.name;
    return {};
}

/// A worker whose stdout is a pipe of one page that nobody reads.
struct BlockedWorker {
    pid_t pid = -1;
    int readEnd = -1;

    BlockedWorker(const test::WorkerFixture &fixture, const fs::path &run)
    {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[1], F_SETPIPE_SZ, 4096) < 0) qFatal("no pipe");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
        std::vector<std::string> arguments = {ORRERY_BIN_DIR "/orrery-worker", "train", run.string(),
                                              "--display", "json"};
        std::vector<char *> argv;
        for (std::string &argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        std::vector<std::string> variables;
        for (const QString &variable : fixture.environment().toStringList())
            variables.push_back(variable.toStdString());
        std::vector<char *> environment;
        for (std::string &variable : variables) environment.push_back(variable.data());
        environment.push_back(nullptr);
        if (posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environment.data()) != 0)
            qFatal("no worker");
        posix_spawn_file_actions_destroy(&actions);
        close(ends[1]);
        readEnd = ends[0];
    }

    [[nodiscard]] std::string readAll() const
    {
        std::string text;
        char buffer[4096];
        for (ssize_t n = 0; (n = read(readEnd, buffer, sizeof buffer)) > 0;)
            text.append(buffer, static_cast<size_t>(n));
        return text;
    }

    /// @return exit code, -1 for a signal
    [[nodiscard]] int wait() const
    {
        int status = 0;
        waitpid(pid, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
};

} // namespace

class TestWorkerTrain : public QObject {
    Q_OBJECT

    test::WorkerFixture m_fixture;

private Q_SLOTS:
    void printsOneJsonLinePerReportAndDone()
    {
        const fs::path run = m_fixture.makeRun("json");
        std::string output;
        QCOMPARE(m_fixture.runWorker({"train", run.string(), "--display", "json"}, &output), 0);
        const auto lines = jsonLines(output);
        const auto curve = test::readCurve(run);
        QCOMPARE(curve.current.size(), size_t(60));
        QCOMPARE(lines.size(), size_t(61));
        int numValidated = 0;
        for (size_t i = 0; i + 1 < lines.size(); ++i) {
            QCOMPARE(lines[i].keys(),
                     (QStringList{"grad_norm", "loss", "lr", "step", "tokens_per_s", "val_loss"}));
            for (const QString &key : lines[i].keys()) QVERIFY(isNumberOrNull(lines[i][key]));
            QCOMPARE(lines[i]["step"].toInteger(), qint64(i + 1));
            QCOMPARE(lines[i]["loss"].toDouble(), curve.current.at(static_cast<int64_t>(i + 1)));
            numValidated += lines[i]["val_loss"].isDouble() ? 1 : 0;
        }
        QCOMPARE(numValidated, 6); // every checkpoint is measured, to know the best
        const QJsonObject done = lines.back();
        QCOMPARE(done["event"].toString(), QStringLiteral("done"));
        QCOMPARE(done["directory"].toString().toStdString(), run.string());
        QVERIFY(done["best_val_loss"].isDouble());
        QCOMPARE(test::readStatus(run).state, RunState::Finished);
    }

    void framesAreKeptBesideTheCurves()
    {
        const fs::path run =
            m_fixture.makeRun("framed", {"probes.frames_every=10", "probes.budget_percent=100",
                                         "probes.starred=[\"0.0\"]", "train.report_every=7"});
        std::string output;
        QCOMPARE(m_fixture.runWorker({"train", run.string(), "--display", "json"}, &output), 0);
        auto reader = RunReader::open(run);
        QVERIFY2(reader.ok(), reader ? "" : reader.error().text().c_str());
        for (const FrameKind kind : {FrameKind::Overview, FrameKind::Heads}) {
            const auto frames = (*reader)->frames({.kind = kind});
            QVERIFY2(frames.ok(), frames ? "" : frames.error().text().c_str());
            // 0, 1, 10 … 60 of the starred head; of all heads 0, 1, 50, 60
            QCOMPARE(frames->size(), size_t(kind == FrameKind::Heads ? 8 : 4));
            for (const FrameInfo &frame : *frames) {
                const auto bytes = (*reader)->frameBytes(frame.id);
                QVERIFY2(bytes.ok(), bytes ? "" : bytes.error().text().c_str());
                const auto unpacked = unpackFrame(*bytes);
                QVERIFY2(unpacked.ok(), unpacked ? "" : unpacked.error().text().c_str());
                QCOMPARE(unpacked->step, frame.step);
            }
            QCOMPARE(frames->back().step, int64_t(60));
        }
        QCOMPARE(test::readStatus(run).lastFrameId,
                 (*reader)->frames({.kind = FrameKind::Heads, .prompt = 2})->back().id);
        // Reports of frames alone are no lines of their own.
        for (const QJsonObject &line : jsonLines(output))
            QVERIFY2(line.contains("event") || !line["loss"].isNull() || !line["val_loss"].isNull(),
                     output.c_str());
    }

    void trainingAgainChangesNothing()
    {
        const fs::path run = m_fixture.makeRun("again", {"train.steps=20"});
        QCOMPARE(m_fixture.runWorker({"train", run.string()}), 0);
        const auto before = test::readCurve(run);
        std::string output;
        QCOMPARE(m_fixture.runWorker({"train", run.string(), "--display", "json"}, &output), 0);
        QCOMPARE(jsonLines(output).size(), size_t(1));
        const auto after = test::readCurve(run);
        QCOMPARE(after.current, before.current);
        QVERIFY(after.superseded.empty());
        QCOMPARE(test::readStatus(run).state, RunState::Finished);
    }

    void moreStepsGoOnFromTheLast()
    {
        const fs::path whole = m_fixture.makeRun("more-whole", {"train.steps=20"});
        QCOMPARE(m_fixture.runWorker({"train", whole.string(), "--steps", "30"}), 0);
        const fs::path parts = m_fixture.makeRun("more-parts", {"train.steps=20"});
        QCOMPARE(m_fixture.runWorker({"train", parts.string()}), 0);
        QCOMPARE(m_fixture.runWorker({"train", parts.string(), "--steps", "30"}), 0);
        QCOMPARE(test::readCurve(parts).current, test::readCurve(whole).current);
        QCOMPARE(test::readCurve(parts).current.size(), size_t(30));
    }

    void theNewTotalSurvivesAKill()
    {
        constexpr size_t kNumSteps = 1500;
        const std::string total = std::to_string(kNumSteps);
        const fs::path whole = m_fixture.makeRun("total-whole", {"train.steps=30"});
        QCOMPARE(m_fixture.runWorker({"train", whole.string()}), 0);
        QCOMPARE(m_fixture.runWorker({"train", whole.string(), "--steps", total}), 0);
        fs::path run;
        for (int i = 0; i < 3; ++i) { // on a busy machine the kill may come after the end
            run = m_fixture.makeRun("total-" + std::to_string(i), {"train.steps=30"});
            QCOMPARE(m_fixture.runWorker({"train", run.string()}), 0);
            const auto process = test::startAndWaitForStep(m_fixture, run, 33, {"--steps", total});
            process->kill();
            QVERIFY(process->waitForFinished(test::kPatienceMs));
            if (test::readStatus(run).step < static_cast<int64_t>(kNumSteps)) break;
        }
        QCOMPARE(test::readStatus(run).totalSteps, static_cast<int64_t>(kNumSteps));
        QVERIFY(test::readStatus(run).step < static_cast<int64_t>(kNumSteps));
        // Nobody says it again.
        QCOMPARE(m_fixture.runWorker({"train", run.string()}), 0);
        const auto curve = test::readCurve(run);
        QCOMPARE(curve.current.size(), kNumSteps);
        QCOMPARE(curve.current, test::readCurve(whole).current);
    }

    void fewerStepsThanAreDoneChangeNothing()
    {
        const fs::path run = m_fixture.makeRun("fewer", {"train.steps=20"});
        QCOMPARE(m_fixture.runWorker({"train", run.string()}), 0);
        std::string errors;
        QCOMPARE(m_fixture.runWorker({"train", run.string(), "--steps", "15"}, nullptr, &errors), 3);
        QVERIFY2(errors.find("to 15 steps") != std::string::npos &&
                     errors.find("20 or more") != std::string::npos,
                 errors.c_str());
        QCOMPARE(test::readStatus(run).state, RunState::Finished);
        QCOMPARE(test::readStatus(run).totalSteps, int64_t(20));
        QVERIFY(test::readStatus(run).error.empty());
    }

    void aSecondWorkerIsRefused()
    {
        const fs::path run = m_fixture.makeRun("owned", {"train.steps=1000000"});
        const auto owner = test::startAndWaitForStep(m_fixture, run, 1);
        std::string errors;
        QCOMPARE(m_fixture.runWorker({"train", run.string()}, nullptr, &errors), 3);
        QVERIFY2(errors.find(std::to_string(owner->processId())) != std::string::npos, errors.c_str());
        QVERIFY(test::isOwned(run));
        owner->terminate();
        QVERIFY(owner->waitForFinished(test::kPatienceMs));
        QVERIFY(!test::isOwned(run));
    }

    void aSignalStopsAtAStepWithACheckpoint_data()
    {
        QTest::addColumn<int>("signal");
        QTest::newRow("SIGINT") << SIGINT;
        QTest::newRow("SIGTERM") << SIGTERM;
    }

    void aSignalStopsAtAStepWithACheckpoint()
    {
        QFETCH(int, signal);
        const fs::path run = m_fixture.makeRun("signal-" + std::to_string(signal), {"train.steps=1000000"});
        const auto process = test::startAndWaitForStep(m_fixture, run, 3);
        kill(static_cast<pid_t>(process->processId()), signal);
        QVERIFY(process->waitForFinished(test::kPatienceMs));
        QCOMPARE(process->exitStatus(), QProcess::NormalExit);
        QCOMPARE(process->exitCode(), 5);
        const RunStatus status = test::readStatus(run);
        QCOMPARE(status.state, RunState::Stopped);
        const auto steps = listCheckpoints(run / "checkpoints");
        QVERIFY(!steps.empty());
        QCOMPARE(steps.back(), status.step);
        QVERIFY(verifyCheckpoint(checkpointPath(run / "checkpoints", status.step)).ok());
        const auto last = jsonLines(process->readAllStandardOutput().toStdString()).back();
        QCOMPARE(last["event"].toString(), QStringLiteral("error"));
        QCOMPARE(last["code"].toString(), QStringLiteral("cancelled"));
    }

    void aSignalEndsAPausedTraining()
    {
        const fs::path run = m_fixture.makeRun("paused");
        const auto process = m_fixture.worker({"train", run.string(), "--paused"});
        process->start();
        QTRY_COMPARE_WITH_TIMEOUT(test::readStatus(run).state, RunState::Paused, test::kPatienceMs);
        process->terminate();
        QVERIFY(process->waitForFinished(test::kPatienceMs));
        QCOMPARE(process->exitCode(), 5);
        QCOMPARE(test::readStatus(run).state, RunState::Stopped);
        QCOMPARE(m_fixture.runWorker({"train", run.string()}), 0);
        QCOMPARE(test::readCurve(run).current.size(), size_t(60));
    }

    void aReaderThatDoesNotReadStopsNothing()
    {
        const fs::path run = m_fixture.makeRun("blocked", {"train.steps=400"});
        const BlockedWorker worker(m_fixture, run);
        QTRY_COMPARE_WITH_TIMEOUT(test::readStatus(run).state, RunState::Finished, test::kPatienceMs);
        QTRY_VERIFY_WITH_TIMEOUT(!test::isOwned(run), test::kPatienceMs);
        QCOMPARE(kill(worker.pid, 0), 0); // it still has lines for us
        const auto lines = jsonLines(worker.readAll());
        QCOMPARE(lines.size(), size_t(401));
        QCOMPARE(lines.back()["event"].toString(), QStringLiteral("done"));
        QCOMPARE(worker.wait(), 0);
        close(worker.readEnd);
        QCOMPARE(test::readStatus(run).trainerWaits, uint64_t(0));
    }

    void aSignalEndsTheWaitForAReader()
    {
        const fs::path run = m_fixture.makeRun("blocked-signal", {"train.steps=400"});
        const BlockedWorker worker(m_fixture, run);
        QTRY_COMPARE_WITH_TIMEOUT(test::readStatus(run).state, RunState::Finished, test::kPatienceMs);
        QTRY_VERIFY_WITH_TIMEOUT(!test::isOwned(run), test::kPatienceMs);
        kill(worker.pid, SIGINT);
        QCOMPARE(worker.wait(), 0);
        close(worker.readEnd);
    }

    void aReaderThatGoesAwayStopsNothing()
    {
        const fs::path run = m_fixture.makeRun("closed");
        const BlockedWorker worker(m_fixture, run);
        close(worker.readEnd);
        QCOMPARE(worker.wait(), 0);
        QCOMPARE(test::readStatus(run).state, RunState::Finished);
        QCOMPARE(test::readCurve(run).current.size(), size_t(60));
    }

    void aDamagedCheckpointIsPassedOverAndNamed()
    {
        const fs::path whole = m_fixture.makeRun("damaged-whole", {"train.steps=40"});
        QCOMPARE(m_fixture.runWorker({"train", whole.string(), "--steps", "60"}), 0);
        const fs::path run = m_fixture.makeRun("damaged", {"train.steps=40"});
        QCOMPARE(m_fixture.runWorker({"train", run.string()}), 0);
        const auto steps = listCheckpoints(run / "checkpoints");
        QVERIFY(steps.size() >= 2);
        const fs::path weights = checkpointPath(run / "checkpoints", steps.back()) / "model.safetensors";
        const auto middle = static_cast<std::streamoff>(fs::file_size(weights) / 2);
        const std::string tensor = tensorAt(weights, static_cast<uint64_t>(middle));
        QVERIFY(!tensor.empty());
        std::fstream file(weights, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(middle);
        const char byte = static_cast<char>(file.get() ^ 1);
        file.seekp(middle);
        file.put(byte);
        file.close();

        QCOMPARE(m_fixture.runWorker({"train", run.string(), "--steps", "60"}), 0);
        std::string told;
        for (const RunEvent &event : test::readEvents(run))
            if (event.text.find("model.safetensors") != std::string::npos) told += event.text;
        // The file, the tensor that was hit, and the step it goes on from.
        QVERIFY2(told.find("tensor \"" + tensor + "\"") != std::string::npos, (tensor + ": " + told).c_str());
        QVERIFY2(told.find(std::to_string(steps[steps.size() - 2])) != std::string::npos, told.c_str());
        const auto curve = test::readCurve(run);
        QCOMPARE(curve.current, test::readCurve(whole).current);
        for (const auto &[step, loss] : curve.superseded) QCOMPARE(loss, curve.current.at(step));
        QVERIFY(!curve.superseded.empty());
    }

    void refusesWhatCannotBeTrained_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("exitCode");
        QTest::newRow("no such run") << QStringList{"train", "/nonexistent/run"} << 3;
        QTest::newRow("no run named") << QStringList{"train"} << 2;
        QTest::newRow("unknown option") << QStringList{"train", "x", "--stepz", "3"} << 2;
        QTest::newRow("unknown display") << QStringList{"train", "x", "--display", "smoke"} << 2;
        QTest::newRow("no command") << QStringList{} << 2;
    }

    void refusesWhatCannotBeTrained()
    {
        QFETCH(QStringList, arguments);
        std::vector<std::string> all;
        for (const QString &argument : arguments) all.push_back(argument.toStdString());
        std::string errors;
        QTEST(m_fixture.runWorker(all, nullptr, &errors), "exitCode");
        QVERIFY(!errors.empty());
    }

    void keepsTheReasonOfAFailure()
    {
        const fs::path run =
            m_fixture.makeRun("no-data", {"data.path=" + (m_fixture.folder() / "missing.txt").string()});
        std::string output;
        QCOMPARE(m_fixture.runWorker({"train", run.string(), "--display", "json"}, &output), 3);
        const RunStatus status = test::readStatus(run);
        QCOMPARE(status.state, RunState::Failed);
        QVERIFY(status.error.find("missing.txt") != std::string::npos);
        const auto lines = jsonLines(output);
        QCOMPARE(lines.size(), size_t(1));
        QCOMPARE(lines[0]["event"].toString(), QStringLiteral("error"));
        QCOMPARE(lines[0]["code"].toString(), QStringLiteral("not_found"));
        QVERIFY(lines[0]["message"].toString().contains("missing.txt"));
    }

    void showsProgressWithoutATerminal()
    {
        const fs::path run = m_fixture.makeRun("bar", {"train.steps=20"});
        std::string output;
        std::string errors;
        QCOMPARE(m_fixture.runWorker({"train", run.string(), "--display", "bar"}, &output, &errors), 0);
        QVERIFY(output.empty());
        QVERIFY2(errors.find("20/20") != std::string::npos, errors.c_str());
        QVERIFY(errors.find('\r') == std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestWorkerTrain)
#include "tst_worker_train.moc"
