// SPDX-License-Identifier: Apache-2.0
// Whole trainings on a GPU: next token, the hybrid objective, several texts in turn, pictures and recordings, and the memory
// plugin give the losses of the CPU, and a resume goes on from a checkpoint. Skips itself where there is no GPU.
#include "core/nn/device.h"
#include "core/nn/plugin_loader.h"
#include "tests/train/run_fixture.h"
#include "tests/train/token_memory.h"

#include <QtTest>

#include <cmath>
#include <functional>
#include <optional>

using namespace orrery;
using namespace orrery::test;

class TestTrainingCuda : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    PluginCatalogue m_catalogue = PluginCatalogue::scan({{ORRERY_PLUGIN_DIR, DirectoryNeed::Named}});

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
        nn::EnginePlugins plugins; // outlives the training
        const RunData data = must(prepareRunData(spec, folder() / "shards"));
        const auto run = newRunDirectory(folder(), spec, "run" + std::to_string(++number));
        Recorder recorder;
        bool isStopping = false;
        TrainingOptions options;
        options.stopRequested = [&] { return isStopping; };
        if (!spec.plugins.use.empty())
            options.preparePlugins = [&](const RunSpec &used) { return plugins.load(m_catalogue, used); };
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
    /// Losses at all steps, also behind a resume. @param bound relative
    void compareDevices(const RunSpec &spec, const std::function<double(int64_t)> &bound) const
    {
        Recorder onCpu = train(spec, "cpu", 0), onGpu = train(spec, "cuda", 0), resumed = train(spec, "cuda", 6);
        QCOMPARE(onGpu.series["loss"].size(), size_t(8));
        for (const auto &[step, expected] : onCpu.series["loss"]) {
            const double found = onGpu.series["loss"][step], again = resumed.series["loss"][step];
            QVERIFY2(std::abs(found - expected) < bound(step) * expected,
                     qPrintable(QString("step %1: %2, not %3").arg(step).arg(found).arg(expected)));
            QVERIFY2(std::abs(again - found) < bound(step) * expected,
                     qPrintable(QString("step %1: %2 after a resume, not %3").arg(step).arg(again).arg(found)));
        }
    }
    static RunSpec eightSteps()
    {
        RunSpec spec = smallRun();
        spec.train.steps = spec.schedule.totalSteps = 8;
        spec.train.checkpointEvery = 2;
        spec.train.keepLast = 100;
        spec.train.reportEvery = 1;
        return spec;
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
    void partsGiveTheLossesOfTheCpu_data()
    {
        QTest::addColumn<QString>("parts");
        QTest::addColumn<QString>("dtype");
        for (const char *dtype : {"fp32", "bf16"}) {
            QTest::addRow("pictures and recordings, %s", dtype) << "gen:shapes" << dtype;
            QTest::addRow("memory, %s", dtype) << "memory" << dtype;
        }
    }
    /// Pictures go over all modalities at once there, and one after the other on a CPU.
    void partsGiveTheLossesOfTheCpu()
    {
        QFETCH(QString, parts);
        QFETCH(QString, dtype);
        if (const auto device = nn::openDevice("cuda"); !device) QSKIP(device.error().message.c_str());
        RunSpec spec = eightSteps();
        spec.train.dtype = dtype.toStdString();
        spec.train.accumulation = 2;
        if (parts == "memory") {
            spec.data.path = write("remembered", 'a');
            spec.model.window = 4;
            spec.plugins.use = {"memory"};
            spec.plugins.settings["plugins.memory.episodic_size"] = int64_t{64};
            spec.plugins.settings["plugins.memory.semantic_size"] = int64_t{64};
            spec.plugins.settings["plugins.memory.semantic_top_k"] = int64_t{4};
            spec.plugins.settings["plugins.memory.registers"] = int64_t{4};
        } else {
            spec.data.path = "gen:shapes?n=40&val=12&test=8&size=16&cells=2&max_shapes=3&colors=3&shapes=3&tasks=count";
            spec.data.specialTokens = "default";
            spec.model.context = 64;
            spec.model.attention.numModalities = 3;
            spec.model.media.imageSize = 16;
        }
        compareDevices(spec, [&](int64_t) { return dtype == "bf16" ? 3e-2 : 2e-3; });
    }
    void lossesAreThoseOfTheCpu()
    {
        QFETCH(QString, objective);
        QFETCH(QString, strategy);
        if (const auto device = nn::openDevice("cuda"); !device) QSKIP(device.error().message.c_str());
        std::optional<WithTokenMemory> memory;
        if (strategy == "sparse_memory") memory.emplace(256);
        RunSpec spec = eightSteps();
        spec.objective.name = objective.toStdString();
        if (objective == "hybrid") spec.data.specialTokens = "default";
        spec.data.path = write("first", 'a');
        if (!strategy.isEmpty()) {
            spec.continual.strategy = strategy.toStdString();
            spec.continual.stages = {write("second", 'q')};
            spec.continual.bufferPercent = 5;
        }
        // Made-up texts are drawn from the model: a tie may fall the other way.
        compareDevices(spec, [&](int64_t step) { return strategy == "rehearsal" && step > 4 ? 0.2 : 2e-3; });
    }
};

QTEST_GUILESS_MAIN(TestTrainingCuda)
#include "tst_training_cuda.moc"
