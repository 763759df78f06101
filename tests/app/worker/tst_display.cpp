// SPDX-License-Identifier: Apache-2.0
#include "app/worker/display.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <cmath>
#include <csignal>
#include <fcntl.h>
#include <limits>
#include <unistd.h>

using namespace orrery;
using namespace orrery::worker;

namespace {

StepReport reportOf(int64_t step) { return {.step = step, .values = {{series::kLoss, 1.0 / double(step)}}}; }

/// A pipe of one page, so that a reader that does not read is felt at once.
struct SmallPipe {
    int readEnd = -1;
    int writeEnd = -1;
    /// A full page takes no second writer, as poll() sees it: give what is written in pieces more than one.
    explicit SmallPipe(int numBytes = 4096)
    {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[1], F_SETPIPE_SZ, numBytes) < 0) qFatal("no pipe");
        readEnd = ends[0];
        writeEnd = ends[1];
    }
    ~SmallPipe()
    {
        close(readEnd);
        if (writeEnd >= 0) close(writeEnd);
    }
    QByteArray readAll()
    {
        close(std::exchange(writeEnd, -1));
        QByteArray text;
        char buffer[4096];
        for (ssize_t n = 0; (n = read(readEnd, buffer, sizeof buffer)) > 0;) text.append(buffer, n);
        return text;
    }
};

QList<QJsonObject> linesOf(const QByteArray &text)
{
    QList<QJsonObject> lines;
    for (const QByteArray &line : text.split('\n'))
        if (!line.isEmpty()) lines << QJsonDocument::fromJson(line).object();
    return lines;
}

} // namespace

class TestDisplay : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { std::signal(SIGPIPE, SIG_IGN); }

    void writesReportsAsDocumented()
    {
        const StepReport report{.step = 7,
                                .values = {{series::kTokensPerSecond, 1234.5},
                                           {series::kLoss, 2.5},
                                           {series::kLearningRate, 0.001},
                                           {series::kGradNorm, 0.75},
                                           {"memory_mib", 3}}};
        QCOMPARE(reportLine(report), std::string("{\"step\":7,\"loss\":2.5,\"val_loss\":null,\"lr\":0.001,"
                                                 "\"grad_norm\":0.75,\"tokens_per_s\":1234.5}"));
    }

    void writesLossesOfAnObjectiveWhereTheyAre()
    {
        const StepReport report{.step = 7,
                                .values = {{series::kValLossInfill, 2.5}, {series::kValLossPrefix, 1.5}}};
        QVERIFY(reportLine(report).ends_with("\"val_loss_prefix\":1.5,\"val_loss_infill\":2.5}"));
    }

    void writesWhatAStageEndedWith()
    {
        const StepReport ended{
            .step = 20,
            .values = {{"stage_loss/1", 2.5}, {"stage_loss/2", std::nan("")}, {"forgetting", 0.25}}};
        QCOMPARE(reportLine(ended),
                 std::string("{\"step\":20,\"stage_loss/1\":2.5,\"stage_loss/2\":null,\"forgetting\":0.25}"));
        // Heads that were measured between two reports are for the window.
        QCOMPARE(reportLine({.step = 3, .values = {{"entropy/0/0", 1.5}}}), std::string());
    }

    void writesWhatIsNotFiniteAsNull()
    {
        for (double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
            const auto line = reportLine({.step = 1, .values = {{series::kLoss, value}}});
            QVERIFY2(line.find("\"loss\":null") != std::string::npos, line.c_str());
        }
        QVERIFY(doneLine({}).find("\"best_val_loss\":null") != std::string::npos);
    }

    void keepsEveryBitOfANumber()
    {
        const double value = 0.1 + 0.2;
        const auto line =
            QByteArray::fromStdString(reportLine({.step = 1, .values = {{series::kLoss, value}}}));
        QCOMPARE(QJsonDocument::fromJson(line).object()["loss"].toDouble(), value);
    }

    void writesErrorsWithCodeMessageAndHint()
    {
        QCOMPARE(errorLine({ErrorCode::NotFound, "Cannot \"x\".", "Do y."}),
                 std::string("{\"event\":\"error\",\"code\":\"not_found\",\"message\":\"Cannot "
                             "\\\"x\\\".\",\"hint\":\"Do y.\"}"));
    }

    void progressShowsWhatIsKnown()
    {
        const double unknown = std::nan("");
        ProgressValues values{.step = 50,
                              .totalSteps = 200,
                              .loss = 1.5,
                              .valLoss = unknown,
                              .tokensPerSecond = unknown,
                              .etaSeconds = unknown};
        const auto line = progressLine(values, 0);
        QVERIFY2(line.find("50/200") != std::string::npos && line.find("25 %") != std::string::npos &&
                     line.find("loss 1.5") != std::string::npos,
                 line.c_str());
        QVERIFY(line.find("val") == std::string::npos && line.find("nan") == std::string::npos);
        values.isPaused = true;
        QVERIFY(progressLine(values, 0).find("paused") != std::string::npos);
        QCOMPARE(progressLine(values, 40).size(), size_t(39));
    }

    void progressSurvivesARunWithoutSteps()
    {
        QVERIFY(progressLine({}, 80).find("0/0") != std::string::npos);
        QVERIFY(progressLine({.isPreparing = true}, 80).find("preparing") != std::string::npos);
    }

    void writesEveryLineToASlowReader()
    {
        SmallPipe pipe;
        Display display({.mode = DisplayMode::Json, .jsonDescriptor = pipe.writeEnd});
        for (int64_t step = 1; step <= 2000; ++step)
            display.report(reportOf(step)); // far more than the pipe holds
        QByteArray text;
        std::thread reader([&] {
            char buffer[4096];
            while (!text.endsWith("\"end\"\n")) {
                const ssize_t n = read(pipe.readEnd, buffer, sizeof buffer);
                if (n <= 0) break;
                text.append(buffer, n);
            }
        });
        display.finish("\"end\"", [] { return false; });
        reader.join();
        const auto lines = linesOf(text);
        QCOMPARE(lines.size(), 2001);
        for (int i = 0; i < 2000; ++i) QCOMPARE(lines[i]["step"].toInteger(), qint64(i + 1));
    }

    void tellingReturnsWhileNobodyReads()
    {
        SmallPipe pipe;
        Display display({.mode = DisplayMode::Json, .jsonDescriptor = pipe.writeEnd});
        for (int64_t step = 1; step <= 5000; ++step) display.report(reportOf(step));
        display.finish("", [] { return true; }); // gives up: nothing was read
        QVERIFY(linesOf(pipe.readAll()).size() < 5000);
    }

    void saysHowManyLinesWereDropped()
    {
        SmallPipe pipe;
        Display display(
            {.mode = DisplayMode::Json, .jsonDescriptor = pipe.writeEnd, .maxQueuedReports = 100});
        for (int64_t step = 1; step <= 5000; ++step) display.report(reportOf(step));
        QByteArray text;
        std::thread reader([&] {
            char buffer[4096];
            while (!text.endsWith("\"end\"\n")) {
                const ssize_t n = read(pipe.readEnd, buffer, sizeof buffer);
                if (n <= 0) break;
                text.append(buffer, n);
            }
        });
        display.finish("\"end\"", [] { return false; });
        reader.join();
        qint64 numShown = 0;
        qint64 numDropped = 0;
        for (const QJsonObject &line : linesOf(text)) {
            numDropped += line["reports"].toInteger();
            numShown += line.contains("step") ? 1 : 0;
        }
        QVERIFY(numDropped > 0);
        QCOMPARE(numShown + numDropped, qint64(5000));
    }

    void aClosedReaderIsForgotten()
    {
        SmallPipe pipe;
        close(std::exchange(pipe.readEnd, -1));
        Display display({.mode = DisplayMode::Json, .jsonDescriptor = pipe.writeEnd});
        for (int64_t step = 1; step <= 100; ++step) display.report(reportOf(step));
        display.finish("\"end\"", [] { return false; }); // returns: nobody is waited for
    }

    void aPipeGetsLinesInsteadOfABar()
    {
        SmallPipe pipe(65536);
        Display display({.mode = DisplayMode::Bar, .barDescriptor = pipe.writeEnd});
        display.status({.state = RunState::Running, .totalSteps = 10});
        display.event({.kind = EventKind::Warning, .text = "Watch out."});
        display.event({.kind = EventKind::Checkpoint, .text = "Saved."});
        display.report(reportOf(10));
        display.finish("ignored", [] { return false; });
        const QByteArray text = pipe.readAll();
        QVERIFY2(text.contains("10/10"), text.constData());
        QVERIFY(text.contains("Watch out.\n"));
        QVERIFY(!text.contains("Saved.") && !text.contains("ignored") && !text.contains('\x1b') &&
                !text.contains('\r'));
    }

    /// What the last step ends with is told in several pieces; and no line comes twice.
    void aPipeGetsOneLineOfTheEnd()
    {
        SmallPipe pipe(65536);
        Display display({.mode = DisplayMode::Bar, .barDescriptor = pipe.writeEnd});
        display.status({.state = RunState::Running, .step = 9, .totalSteps = 10});
        display.report(reportOf(9));
        QTest::qWait(200); // several looks at the mail
        display.status({.state = RunState::Running, .step = 10, .totalSteps = 10});
        QTest::qWait(200);
        display.report(reportOf(10));
        display.event({.kind = EventKind::Note, .text = "Stage 2 of 2 ended."});
        QTest::qWait(200);
        display.report({.step = 10, .values = {{series::kValLoss, 2.5}}});
        display.status({.state = RunState::Finished, .step = 10, .totalSteps = 10});
        QTest::qWait(200);
        display.finish({}, [] { return false; });
        const QByteArray text = pipe.readAll();
        QCOMPARE(text.count("9/10"), 1);
        QVERIFY2(text.count("10/10") == 1 && text.contains("10/10  100 %  loss 0.1000  val 2.500"), text.constData());
    }

    void aPipeGetsNoLineTwice()
    {
        SmallPipe pipe(65536);
        Display display({.mode = DisplayMode::Bar, .barDescriptor = pipe.writeEnd});
        display.status({.state = RunState::Running, .step = 4, .totalSteps = 10});
        display.report(reportOf(4));
        QTest::qWait(200);
        display.status({.state = RunState::Stopped, .step = 4, .totalSteps = 10});
        display.finish({}, [] { return false; });
        const QByteArray text = pipe.readAll();
        QVERIFY2(text.count("4/10") == 1, text.constData());
    }

    void aTrainingThatDoesNotBeginHasNoBar()
    {
        SmallPipe pipe(65536);
        Display display({.mode = DisplayMode::Bar, .barDescriptor = pipe.writeEnd});
        display.status({.state = RunState::Starting, .step = 80, .totalSteps = 80});
        QTest::qWait(200);
        display.status({.state = RunState::Failed, .step = 80, .totalSteps = 90});
        display.finish({}, [] { return false; });
        const QByteArray text = pipe.readAll();
        QVERIFY2(text.isEmpty(), text.constData());
    }

    void silentModeWritesNothing()
    {
        SmallPipe pipe;
        Display display(
            {.mode = DisplayMode::None, .jsonDescriptor = pipe.writeEnd, .barDescriptor = pipe.writeEnd});
        display.preparing(1, 2);
        display.report(reportOf(1));
        display.finish("end", [] { return false; });
        QVERIFY(pipe.readAll().isEmpty());
    }
};

QTEST_APPLESS_MAIN(TestDisplay)
#include "tst_display.moc"
