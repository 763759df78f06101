// SPDX-License-Identifier: Apache-2.0
// The built plugin as a worker loads it: its settings reach its parts, all of them off is the plain model,
// and what cannot be is refused with the plugin's name.
#include "tests/base/check_result.h"
#include "tests/nn/model_fixtures.h"

#include "core/nn/extension_points.h"
#include "core/nn/plugin_loader.h"
#include "core/spec/memory_events.h"
#include "core/spec/plugin_cost.h"
#include "core/spec/plugin_use.h"

#include <torch/torch.h>

using namespace orrery;
using namespace orrery::nn::test;

class TestMemoryPlugin : public QObject {
    Q_OBJECT

    PluginCatalogue m_catalogue = PluginCatalogue::scan({{ORRERY_PLUGIN_DIR, DirectoryNeed::Named}});

    static RunSpec specWith(const std::map<std::string, FieldValue> &settings)
    {
        RunSpec spec;
        spec.model = smallSpec();
        spec.model.window = 4;
        spec.plugins.use = {"memory"};
        for (const auto &[key, value] : settings) spec.plugins.settings["plugins.memory." + key] = value;
        return spec;
    }
    static std::map<std::string, FieldValue> everything()
    {
        return {{"episodic_size", int64_t(64)},
                {"semantic_size", int64_t(64)},
                {"semantic_top_k", int64_t(4)},
                {"registers", int64_t(3)}};
    }

    /// Of a few steps on two batches in turn.
    static std::vector<double> trainingLosses(const ModelSpec &spec)
    {
        const auto model = makeModel(spec);
        std::vector<at::Tensor> masters;
        for (const nn::Parameter &parameter : model->parameters()) masters.push_back(parameter.master);
        torch::optim::AdamW optimizer(masters, torch::optim::AdamWOptions(1e-2));
        std::vector<double> losses;
        for (int step = 0; step < 8; ++step) {
            nn::ForwardContext context;
            context.isTraining = true;
            context.seed = 5;
            context.step = static_cast<uint64_t>(step);
            optimizer.zero_grad();
            const at::Tensor loss =
                model->loss(makeIds(2, 12, step % 2), makeIds(2, 12, step % 2 + 1), {}, context);
            loss.backward();
            optimizer.step();
            model->mastersChanged();
            losses.push_back(loss.item<double>());
        }
        return losses;
    }

private Q_SLOTS:
    void isAvailable()
    {
        const PluginRecord *record = m_catalogue.find("memory");
        QVERIFY(record);
        QVERIFY2(record->info.isUsable(), record->info.reason.c_str());
        QCOMPARE(record->info.provides.size(), size_t(3));
    }
    void allOffIsThePlainModel()
    {
        ModelSpec plainSpec = smallSpec();
        plainSpec.window = 4;
        const at::Tensor expected = makeModel(plainSpec)->logits(makeIds(2, 12), {});
        nn::EnginePlugins plugins;
        VERIFY_OK(plugins.load(m_catalogue, specWith({})));
        const auto model = makeModel(plainSpec);
        QVERIFY(at::equal(model->logits(makeIds(2, 12), {}), expected));
        for (const nn::Parameter &parameter : model->parameters())
            QVERIFY(parameter.name.find("memory") == std::string::npos);
    }
    void offTrainsAsThePlainModel_data()
    {
        QTest::addColumn<int>("episodic");
        QTest::addColumn<double>("gateBias");
        QTest::newRow("all off") << 0 << 0.0;
        QTest::newRow("episodic, gate closed") << 64 << -100.0;
    }
    void offTrainsAsThePlainModel()
    {
        QFETCH(int, episodic);
        QFETCH(double, gateBias);
        RunSpec spec = specWith({{"episodic_size", int64_t(episodic)}, {"gate_bias", gateBias}});
        spec.model.dropout = 0.1; // drawn by counters: parts that are off must not move them
        spec.model.stochasticDepth = 0.1;
        const std::vector<double> expected = trainingLosses(spec.model);
        nn::EnginePlugins plugins;
        VERIFY_OK(plugins.load(m_catalogue, spec));
        const std::vector<double> losses = trainingLosses(spec.model);
        // To the bit; a closed gate is 4e-44 and not 0, which its gradients may carry into a last digit.
        if (episodic == 0) QVERIFY(losses == expected);
        QCOMPARE(losses.front(), expected.front());
        for (size_t i = 0; i < losses.size(); ++i) QVERIFY(std::abs(losses[i] - expected[i]) < 1e-5);
        QVERIFY(expected.back() < expected.front());
        spec.plugins.settings["plugins.memory.episodic_size"] = int64_t(64);
        spec.plugins.settings["plugins.memory.gate_bias"] = 0.0;
        VERIFY_OK(plugins.load(m_catalogue, spec));
        QVERIFY(trainingLosses(spec.model) != expected);
    }
    void zeroInitialisedPartsBeginAsThePlainModel()
    {
        // Their first loss is the plain model's to the bit; then they learn.
        const std::vector<double> expected = trainingLosses(specWith({}).model);
        for (const std::string part : {"registers", "semantic_size"}) {
            const RunSpec spec = specWith({{part, int64_t(4)}, {"semantic_top_k", int64_t(2)}});
            nn::EnginePlugins plugins;
            VERIFY_OK(plugins.load(m_catalogue, spec));
            const std::vector<double> found = trainingLosses(spec.model);
            QCOMPARE(found.front(), expected.front());
            QVERIFY2(found.back() != expected.back(), part.c_str());
        }
    }
    void settingsReachTheParts()
    {
        nn::EnginePlugins plugins;
        const RunSpec spec = specWith(everything());
        VERIFY_OK(plugins.load(m_catalogue, spec));
        const auto model = makeModel(spec.model);
        std::map<std::string, std::vector<int64_t>> shapes;
        for (const nn::Parameter &parameter : model->parameters())
            if (parameter.name.find("memory") != std::string::npos)
                shapes[parameter.name] = parameter.master.sizes().vec();
        QCOMPARE(shapes.at("blocks.1.memory.episodic.gate.bias"), (std::vector<int64_t>{2}));
        QCOMPARE(shapes.at("blocks.0.memory.semantic.values"), (std::vector<int64_t>{8, 8, 16}));
        QCOMPARE(shapes.at("blocks.0.memory.registers.start"), (std::vector<int64_t>{1, 3, 16}));
        QVERIFY(model->logits(makeIds(2, 12), {}).isfinite().all().item<bool>());
        RunSpec other = spec;
        other.plugins.settings["plugins.memory.scale"] = 30.0;
        stirWeights(*model);
        VERIFY_OK(plugins.load(m_catalogue, other));
        const auto sharper = makeModel(spec.model);
        for (nn::Parameter &parameter : sharper->parameters())
            if (parameter.name.ends_with("log_scale"))
                QVERIFY(at::allclose(parameter.master, at::full({2}, std::log(30.0f))));
    }
    void theEstimateCountsTheParts_data()
    {
        QTest::addColumn<int>("episodic");
        QTest::addColumn<int>("registers");
        QTest::addColumn<int>("semantic");
        QTest::newRow("off") << 0 << 0 << 0;
        QTest::newRow("episodic") << 64 << 0 << 0;
        QTest::newRow("registers") << 0 << 3 << 0;
        QTest::newRow("semantic") << 0 << 0 << 64;
        QTest::newRow("all") << 64 << 3 << 64;
    }
    void theEstimateCountsTheParts()
    {
        QFETCH(int, episodic);
        QFETCH(int, registers);
        QFETCH(int, semantic);
        const RunSpec spec = specWith({{"episodic_size", int64_t(episodic)},
                                       {"registers", int64_t(registers)},
                                       {"semantic_size", int64_t(semantic)},
                                       {"semantic_top_k", int64_t(4)}});
        const auto table = FieldTable::withPlugins({m_catalogue.find("memory")->info});
        const RunEstimate estimate = estimateRun(spec, kVocab, 1e9, costOfPlugins(spec, *table));
        const RunEstimate plain = estimateRun(spec, kVocab, 1e9);
        nn::EnginePlugins plugins;
        VERIFY_OK(plugins.load(m_catalogue, spec));
        QCOMPARE(makeModel(spec.model)->numParameters(), estimate.numParameters);
        QCOMPARE(estimate.numParameters, plain.numParameters + estimate.numOfPlugins);
        // Keys, values and what is noted of 64 tokens; the table of values costs memory, hardly any time.
        if (episodic > 0 && registers == 0)
            QCOMPARE(estimate.cacheBytes, plain.cacheBytes + 4 * 64 * (2 * 16 + 16));
        if (semantic > 0 && registers == 0)
            QVERIFY(estimate.flopsPerToken <
                    plain.flopsPerToken + 6.0 * static_cast<double>(estimate.numOfPlugins) - 6 * 50 * 16);
        QVERIFY(estimate.activationBytes > plain.activationBytes || estimate.numOfPlugins == 0);
    }
    void theEstimateCountsTheWork_data()
    {
        QTest::addColumn<QString>("part");
        QTest::addColumn<int>("size");
        QTest::addColumn<double>("more"); // FLOPs of a token beside 6 a parameter
        // By hand: width 16, window 4, context 12. Products with 8² / 2 / 12 keys a token, forward and back: 14 · width.
        QTest::newRow("episodic") << "episodic_size" << 64 << 14.0 * 16 * 8 * 8 / 2 / 12;
        // Half of the matrices are passed by 3 registers of 4 tokens; 12 · 3 · width for reading, as much for writing.
        QTest::newRow("registers") << "registers" << 3
                                   << -6.0 * 4 * 16 * 16 + 6.0 * 4 * 16 * 16 * 3 / 4 + 2 * 12.0 * 3 * 16;
        // 64 − 2 · 4 values are not read; about four sums for each of the 2 · 4 that are.
        QTest::newRow("semantic") << "semantic_size" << 64 << -6.0 * 56 * 16 + 3.0 * 2 * 4 * 4;
    }
    void theEstimateCountsTheWork()
    {
        QFETCH(QString, part);
        QFETCH(int, size);
        QFETCH(double, more);
        const RunSpec spec = specWith({{part.toStdString(), int64_t(size)}, {"semantic_top_k", int64_t(4)}});
        QCOMPARE(spec.model.context, int64_t(12));
        const auto table = FieldTable::withPlugins({m_catalogue.find("memory")->info});
        const RunEstimate estimate = estimateRun(spec, kVocab, 1e9, costOfPlugins(spec, *table));
        const RunEstimate plain = estimateRun(spec, kVocab, 1e9);
        QCOMPARE(estimate.flopsPerToken - plain.flopsPerToken,
                 6.0 * static_cast<double>(estimate.numOfPlugins) + more);
    }
    void aCacheShowsItsMemory()
    {
        nn::EnginePlugins plugins;
        const RunSpec spec = specWith(everything());
        VERIFY_OK(plugins.load(m_catalogue, spec));
        const auto model = makeModel(spec.model);
        const at::NoGradGuard noGrad;
        nn::KvCache cache = model->makeCache(1, 12);
        nn::ForwardContext context;
        context.cache = &cache;
        (void)model->logits(makeIds(1, 11), context);
        (void)model->logits(makeIds(1, 1), context);
        int numMemories = 0;
        for (const auto &[name, part] : cache.parts)
            if (MemoryControl *memory = part->memory()) {
                ++numMemories;
                QCOMPARE(memory->status().capacity, int64_t(64));
                QCOMPARE(memory->status().numUsed, int64_t(8)); // 0 … 11 − window
            }
        QCOMPARE(numMemories, 1);
    }

    void refusesWhatCannotBe_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<int>("value");
        QTest::addColumn<QString>("text");
        QTest::newRow("semantic_size") << "semantic_size" << 30 << "expected a square number such as 25";
        QTest::newRow("semantic_top_k") << "semantic_top_k" << 300 << "expected at most ";
        QTest::newRow("semantic_layer")
            << "semantic_layer" << 2 << "semantic_layer\": found 2, expected one of the layers 0 to 1";
        QTest::newRow("register_layer")
            << "register_layer" << 7 << "register_layer\": found 7, expected one of the layers 0 to 1";
        QTest::newRow("episodic_layer")
            << "episodic_layer" << 5 << "episodic_layer\": found 5, expected one of the layers 0 to 1";
        QTest::newRow("block_max") << "block_max" << 1 << "block_max\": found 1, expected at least block_min, ";
    }
    /// Before a run is made, where the library is not loaded; and where it is.
    void refusesWhatCannotBe()
    {
        QFETCH(QString, key);
        QFETCH(int, value);
        QFETCH(QString, text);
        auto settings = everything();
        settings[key.toStdString()] = int64_t(value);
        nn::EnginePlugins plugins;
        const RunSpec spec = specWith(settings);
        const auto problems = findPluginProblems(spec, *m_catalogue.fieldTable());
        QCOMPARE(problems.size(), size_t(1));
        QCOMPARE(problems[0].key, "plugins.memory." + key.toStdString());
        QVERIFY2(problems[0].error.message.find(text.toStdString()) != std::string::npos,
                 problems[0].error.message.c_str());
        VERIFY_ERROR(plugins.load(m_catalogue, spec), ErrorCode::InvalidInput, text.toUtf8().constData());
    }
    void needsAWindow()
    {
        nn::EnginePlugins plugins;
        RunSpec spec = specWith(everything());
        spec.model.window = 0;
        VERIFY_ERROR(plugins.load(m_catalogue, spec), ErrorCode::InvalidInput,
                     "model.window of 1 or more beside it");
        spec.plugins.settings["plugins.memory.episodic_size"] = int64_t(0);
        VERIFY_OK(plugins.load(m_catalogue, spec));
    }
    void isNotLearnedWithoutAPast_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<int>("segment");
        QTest::addColumn<int>("window");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const char *key, int segment, int window, const char *text) {
            QTest::newRow(name) << key << segment << window << text;
        };
        row("window", "episodic_size", 4, 16,
            "found 64, expected 0 beside model.window 16 and model.context 16: no token leaves the window in "
            "training, so nothing learns to read the memory. Set model.window to 4, or episodic_size to 0.");
        row("segment", "register_segment", 16, 4,
            "found 16, expected fewer tokens than model.context, 16: registers that never change in training "
            "learn nothing of the text. Set register_segment to 4, or registers to 0.");
        row("segment of a window", "register_segment", 0, 17,
            "found 0, expected 1 to 15 beside model.window 17 and model.context 16, as 0 stands for the window");
        row("almost", "", 15, 15, "");
        row("window, no segment", "", 0, 15, "");
        row("no window, no segment", "", 0, 0, "");
    }
    /// Of new runs; older ones train, load and generate as they did.
    void isNotLearnedWithoutAPast()
    {
        QFETCH(QString, key);
        QFETCH(int, segment);
        QFETCH(int, window);
        QFETCH(QString, text);
        auto settings = everything();
        settings["register_segment"] = int64_t(segment);
        if (key == "register_segment" || window == 0) settings["episodic_size"] = int64_t(0);
        RunSpec spec = specWith(settings);
        spec.data.path = "text";
        spec.model.context = 16;
        spec.model.window = window;
        const auto problems = findProblems(spec, *m_catalogue.fieldTable());
        QCOMPARE(problems.size(), size_t(text.isEmpty() ? 0 : 1));
        if (!text.isEmpty()) {
            QCOMPARE(problems[0].key, "plugins.memory." + key.toStdString());
            const std::string told = problems[0].error.text();
            QVERIFY2(told.find(text.toStdString()) != std::string::npos, told.c_str());
        }
        nn::EnginePlugins plugins;
        VERIFY_OK(plugins.load(m_catalogue, spec));
        VERIFY_OK(nn::Transformer::create(spec.model, 50, 3, "cpu"));
    }
    void refusesBlocksTheWrongWayRound()
    {
        nn::EnginePlugins plugins;
        VERIFY_ERROR(
            plugins.load(m_catalogue, specWith({{"block_min", int64_t(9)}, {"block_max", int64_t(8)}})),
            ErrorCode::InvalidInput, "found 8, expected at least block_min, 9");
    }
};

QTEST_GUILESS_MAIN(TestMemoryPlugin)
#include "tst_memory_plugin.moc"
