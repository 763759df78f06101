// SPDX-License-Identifier: Apache-2.0
// Whole trainings on a GPU: next token, the hybrid objective and several texts in turn give the losses of the CPU, and a
// resume goes on from a checkpoint. Skips itself where there is no GPU.
#include "core/nn/device.h"
#include "tests/train/run_fixture.h"
#include "tests/train/token_memory.h"

#include <QtTest>

#include <cmath>
#include <optional>

using namespace orrery;
using namespace orrery::test;

class TestTrainingCuda : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    [[nodiscard]] std::filesystem::path folder() const { return m_folder.path().toStdString(); }
    [[nodiscard]] std::string write(const std::string &name, int letter) const
    {
        std::ofstream out(folder() / name);
        for (int i = 0; i < 4000; ++i) out << static_cast<char>(letter + (i * i / 7) % 8);
        return (folder() / name).string();
    }
    /// @param stoppedAt 0: never; else stops there and goes on from the checkpoint
    Recorder train(RunSpec spec, const std::string &device, int64_t stoppedAt) const
    {
        static int number = 0;
        spec.device = device;
        const RunData data = must(prepareRunData(spec, folder() / "shards"));
        const auto run = newRunDirectory(folder(), spec, "run" + std::to_string(++number));
        Recorder recorder;
        bool isStopping = false;
        TrainingOptions options;
        options.stopRequested = [&] { return isStopping; };
        recorder.afterReport = [&](int64_t step) { isStopping = stoppedAt > 0 && step == stoppedAt; };
        const int numAttempts = stoppedAt > 0 ? 2 : 1;
        for (int attempt = 0; attempt < numAttempts; ++attempt) {
            isStopping = false;
            const auto trainer =
                must(createTrainer(*run, data, recorder, must(findTrainingStart(*run)), attempt, options));
            must(trainer->run());
        }
        return recorder;
    }

private Q_SLOTS:
    void lossesAreThoseOfTheCpu_data()
    {
        QTest::addColumn<QString>("objective");
        QTest::addColumn<QString>("strategy"); // empty: one text
        QTest::newRow("next token") << "next_token" << "";
        QTest::newRow("hybrid") << "hybrid" << "";
        for (const char *strategy : {"er", "derpp", "rehearsal", "ewc", "sparse_memory"})
            QTest::newRow(strategy) << "next_token" << strategy;
    }
    void lossesAreThoseOfTheCpu()
    {
        QFETCH(QString, objective);
        QFETCH(QString, strategy);
        if (const auto device = nn::openDevice("cuda"); !device) QSKIP(device.error().message.c_str());
        std::optional<WithTokenMemory> memory;
        if (strategy == "sparse_memory") memory.emplace(256);
        RunSpec spec = smallRun();
        spec.objective.name = objective.toStdString();
        if (objective == "hybrid") spec.data.specialTokens = "default";
        spec.train.steps = spec.schedule.totalSteps = 8;
        spec.train.checkpointEvery = 2;
        spec.train.keepLast = 100;
        spec.train.reportEvery = 1;
        spec.data.path = write("first", 'a');
        if (!strategy.isEmpty()) {
            spec.continual.strategy = strategy.toStdString();
            spec.continual.stages = {write("second", 'q')};
            spec.continual.bufferPercent = 5;
        }
        Recorder onCpu = train(spec, "cpu", 0), onGpu = train(spec, "cuda", 0), resumed = train(spec, "cuda", 6);
        QCOMPARE(onGpu.series["loss"].size(), size_t(8));
        for (const auto &[step, expected] : onCpu.series["loss"]) {
            const double found = onGpu.series["loss"][step], again = resumed.series["loss"][step];
            // Made-up texts are drawn from the model: a tie may fall the other way.
            const double bound = strategy == "rehearsal" && step > 4 ? 0.2 : 2e-3;
            QVERIFY2(std::abs(found - expected) < bound * expected,
                     qPrintable(QString("step %1: %2, not %3").arg(step).arg(found).arg(expected)));
            QVERIFY2(std::abs(again - found) < bound * expected,
                     qPrintable(QString("step %1: %2 after a resume, not %3").arg(step).arg(again).arg(found)));
        }
    }
};

QTEST_GUILESS_MAIN(TestTrainingCuda)
#include "tst_training_cuda.moc"
