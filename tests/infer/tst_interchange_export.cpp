// SPDX-License-Identifier: Apache-2.0
// Our models under the names of transformers: one folder that both programs read.
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/infer/model_directory.h"
#include "core/infer/model_loader.h"
#include "core/spec/field_table.h"
#include "core/tensorfile/tensor_folder.h"
#include "golden_models.h"
#include "pattern_run.h"
#include "tests/base/check_result.h"
#include "tiny_run.h"

#include <QTemporaryDir>

#include <torch/types.h>

#include <cstring>
#include <fstream>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

/// As `train --set` would make it.
RunSpec specWith(const QString &settings)
{
    SpecBuilder builder;
    for (const QString &setting : settings.split(' ', Qt::SkipEmptyParts)) {
        const QStringList parts = setting.split('=');
        const auto result = builder.setText(parts[0].toStdString(), parts[1].toStdString());
        if (!result.ok()) qFatal("%s", result.error().message.c_str());
    }
    RunSpec spec = builder.preview();
    const RunSpec tiny = tinySpec();
    spec.data.path = tiny.data.path;
    spec.train.steps = spec.schedule.totalSteps = 100;
    spec.threads = 1;
    return spec;
}

constexpr const char *kSmall =
    "model.layers=2 model.width=32 model.heads=4 model.context=16 model.dropout=0 ";

Json configOf(const fs::path &model) { return Json::parse(std::ifstream(model / "config.json")); }

std::map<std::string, std::vector<uint64_t>> shapesOf(const fs::path &model)
{
    const auto folder = TensorFolder::open(model);
    std::map<std::string, std::vector<uint64_t>> shapes;
    for (const std::string &name : folder->names()) shapes[name] = folder->find(name).info->shape;
    return shapes;
}

} // namespace

class TestInterchangeExport : public QObject {
    Q_OBJECT

    QTemporaryDir m_temporary;
    fs::path m_run, m_model;

    [[nodiscard]] Result<ExportedModel> exportHf(const ExportWatch &watch = {}) const
    {
        return exportModelDirectory({.path = m_run.string()}, m_model.string(), watch,
                                    ExportFormat::HuggingFace);
    }

private Q_SLOTS:
    void init()
    {
        static int number = 0;
        const fs::path folder = m_temporary.path().toStdString();
        m_run = folder / ("run-" + std::to_string(++number));
        m_model = folder / ("model-" + std::to_string(number));
    }

    void readsItsExportsBackBitForBit_data()
    {
        QTest::addColumn<QString>("settings");
        QTest::addColumn<QString>("architecture");
        QTest::newRow("default") << "model.preset=tiny"
                                 << "Qwen3ForCausalLM";
        QTest::newRow("default, untied") << "model.tied=false"
                                         << "Qwen3ForCausalLM";
        QTest::newRow("qwen3") << "model.rope_theta=1000000 model.kv_heads=2 model.head_dim=12"
                               << "Qwen3ForCausalLM";
        QTest::newRow("llama") << "model.preset=llama model.kv_heads=2"
                               << "LlamaForCausalLM";
        QTest::newRow("llama, tied, biases, stretched")
            << "model.preset=llama model.kv_heads=1 model.tied=true model.bias=true model.rope_factor=8 "
               "model.rope_original_context=8"
            << "LlamaForCausalLM";
        QTest::newRow("gpt2") << "model.preset=gpt2"
                              << "GPT2LMHeadModel";
        QTest::newRow("gpt2, untied, biases, tanh")
            << "model.preset=gpt2 model.tied=false model.bias=true model.ffn=gelu_tanh"
            << "GPT2LMHeadModel";
        QTest::newRow("256 bytes") << "model.preset=gpt2 data.special_tokens=none"
                                   << "GPT2LMHeadModel";
        QTest::newRow("larger vocabulary") << "data.vocab_size=300"
                                           << "Qwen3ForCausalLM";
    }
    void readsItsExportsBackBitForBit()
    {
        QFETCH(QString, settings);
        QFETCH(QString, architecture);
        const at::NoGradGuard noGradients;
        const RunSpec spec = specWith(kSmall + settings);
        makeTinyRun(m_run, spec, {{10, 1.0}});
        const auto exported = exportHf();
        VERIFY_OK(exported);
        QCOMPARE(QString::fromStdString(exported->architecture), architecture);
        QCOMPARE(QString::fromStdString(configOf(m_model)["architectures"][0]), architecture);
        const auto ours = tinyModel(spec, 10);
        auto loaded = loadInsides(m_model);
        VERIFY_OK(loaded);
        QCOMPARE(loaded->model->parameters().size(), ours->parameters().size());
        for (size_t i = 0; i < ours->parameters().size(); ++i) {
            QCOMPARE(loaded->model->parameters()[i].name, ours->parameters()[i].name);
            QVERIFY2(at::equal(loaded->model->parameters()[i].master, ours->parameters()[i].master),
                     ours->parameters()[i].name.c_str());
        }
        const at::Tensor ids = at::arange(16, at::kLong).unsqueeze(0) * 15;
        QVERIFY(at::equal(loaded->model->logits(ids, {}), ours->logits(ids, {})));
        // And without our own settings in it, by what transformers sees.
        changeConfig(m_model, [](Json &config) { config.erase("orrery"); });
        auto foreign = loadInsides(m_model);
        VERIFY_OK(foreign);
        QVERIFY(at::equal(foreign->model->logits(ids, {}), ours->logits(ids, {})));
    }

    void answersAsTheRunDoes()
    {
        makeTinyRun(m_run, tinySpec(), {{10, 1.0}});
        VERIFY_OK(exportHf());
        const auto answer = [](const fs::path &model) {
            std::string text;
            const std::atomic<bool> cancel{false};
            const auto generator = loadGenerator({.path = model.string()}, "cpu", 1);
            if (!generator.ok()) return generator.error().text();
            (void)(*generator)
                ->generate(
                    {.prompt = "int main", .sampling = {.maxTokens = 8, .temperature = 0}},
                    [&](const GeneratedToken &token) {
                        text += std::to_string(token.id) + ":" + std::to_string(token.probability) + " ";
                        return true;
                    },
                    cancel);
            return text;
        };
        QCOMPARE(answer(m_model), answer(m_run));
        QVERIFY(answer(m_run).find(':') != std::string::npos);
        const auto loaded = loadGenerator({.path = m_model.string()}, "cpu", 1);
        QCOMPARE((*loaded)->info().step, int64_t(10));
    }

    void hasTheNamesAndShapesOfTransformers_data()
    {
        QTest::addColumn<QString>("golden");
        QTest::addColumn<QString>("settings");
        const QString common =
            "model.layers=2 model.width=32 model.heads=4 model.context=64 model.ffn_width=48 "
            "data.vocab_size=320 ";
        QTest::newRow("llama") << "llama" << common + "model.preset=llama model.kv_heads=2 model.tied=true";
        QTest::newRow("llama, untied") << "llama3-sharded" << common + "model.preset=llama model.kv_heads=2";
        QTest::newRow("qwen3") << "qwen3" << common + "model.rope_theta=1000000 model.kv_heads=2 model.head_dim=16";
        QTest::newRow("gpt2") << "gpt2" << common + "model.preset=gpt2";
        QTest::newRow("gpt2, untied") << "gpt2-untied" << common + "model.preset=gpt2 model.tied=false";
    }
    void hasTheNamesAndShapesOfTransformers()
    {
        QFETCH(QString, golden);
        QFETCH(QString, settings);
        makeTinyRun(m_run, specWith(settings), {{10, 1.0}});
        VERIFY_OK(exportHf());
        const fs::path model = goldenModel(golden.toStdString());
        QVERIFY(shapesOf(m_model) == shapesOf(model));
        // Each size that transformers says is said by us, and is the same.
        const Json ours = configOf(m_model), theirs = configOf(model);
        for (const char *key :
             {"vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
              "num_key_value_heads", "head_dim", "max_position_embeddings", "hidden_act", "n_embd", "n_layer",
              "n_head", "n_positions", "n_inner", "model_type", "tie_word_embeddings", "architectures",
              "attention_bias", "mlp_bias"})
            if (theirs.contains(key)) QVERIFY2(ours.contains(key) && ours[key] == theirs[key], key);
    }

    /// transformers read these exports once (golden/make_export_goldens.py): what is written now is the same to the bit, and
    /// what it computed is what we compute.
    void givesTransformersTheSameLogits_data()
    {
        QTest::addColumn<QString>("golden");
        QTest::addColumn<QString>("settings");
        const QString common =
            "model.layers=2 model.width=32 model.heads=4 model.context=32 model.dropout=0 model.ffn_width=48 ";
        QTest::newRow("llama, shared keys, untied, stretched positions")
            << "llama"
            << common + "model.preset=llama model.kv_heads=2 model.rope_factor=8 model.rope_original_context=8";
        QTest::newRow("qwen3, wider heads, tied")
            << "qwen3" << common + "model.rope_theta=1000000 model.kv_heads=2 model.head_dim=12 model.tied=true";
        QTest::newRow("gpt2, biases, tied") << "gpt2" << common + "model.preset=gpt2 model.bias=true";
    }
    void givesTransformersTheSameLogits()
    {
        QFETCH(QString, golden);
        QFETCH(QString, settings);
        const at::NoGradGuard noGradients;
        const RunSpec spec = specWith(settings);
        makePatternRun(m_run, spec);
        VERIFY_OK(exportHf());
        if (const QByteArray kept = qgetenv("ORRERY_KEEP_EXPORTS"); !kept.isEmpty()) {
            fs::copy(m_model, fs::path(kept.toStdString()) / golden.toStdString(), fs::copy_options::recursive);
            QSKIP("kept for make_export_goldens.py, compared with nothing");
        }
        const fs::path model = goldenModel("exports/" + golden.toStdString());
        const auto computed = SafetensorsReader::open(model / "expected.safetensors");
        VERIFY_OK(computed);
        for (const char *file : {"model.safetensors", "tokenizer.json"}) {
            const auto bytes = readFile(m_model / file, uint64_t{1} << 24);
            VERIFY_OK(bytes);
            QVERIFY2(sha256Hex(*bytes) == computed->metadata().at(file), file);
        }
        Json config = configOf(m_model);
        config.erase("orrery");
        QCOMPARE(QString::fromStdString(config.dump()), QString::fromStdString(configOf(model).dump()));
        const Expected expected = expectedOf(model);
        const at::Tensor ids = expected.ids_T.unsqueeze(0);
        const auto read = loadInsides(m_model);
        VERIFY_OK(read);
        const auto ours = patternModel(spec);
        for (nn::Transformer *one : {ours.get(), read->model.get()}) {
            const double apart = (one->logits(ids, {})[0] - expected.logits_TV).abs().max().item<double>();
            QVERIFY2(apart <= 1e-4, qPrintable(QString::number(apart)));
        }
    }

    void writesATokenizerOfTheLibrary()
    {
        makeTinyRun(m_run, tinySpec(), {{10, 1.0}});
        VERIFY_OK(exportHf());
        const Json json = Json::parse(std::ifstream(m_model / "tokenizer.json"));
        QCOMPARE(json["model"]["type"].get<std::string>(), std::string("BPE"));
        QCOMPARE(json["model"]["vocab"].size(), size_t(256));
        QCOMPARE(json["model"]["vocab"]["A"].get<int>(), 65);
        QCOMPARE(json["model"]["vocab"]["\u0120"].get<int>(), 32); // a space
        QCOMPARE(json["model"]["vocab"]["\u010a"].get<int>(), 10); // a line feed
        QCOMPARE(json["model"]["vocab"]["\u0143"].get<int>(), 0xAD);
        QCOMPARE(json["added_tokens"].size(), size_t(16));
        QCOMPARE(json["added_tokens"][0]["content"].get<std::string>(), std::string("<|end_of_text|>"));
        QCOMPARE(json["added_tokens"][0]["id"].get<int>(), 256);
        // Read as any other tokenizer.json it gives the same ids.
        const auto tokenizer = Tokenizer::create({.tokenizer = (m_model / "tokenizer.json").string()});
        VERIFY_OK(tokenizer);
        std::vector<int32_t> ids;
        VERIFY_OK((*tokenizer)->encode("a\xc3\xa9 \n", ids));
        QCOMPARE(ids, (std::vector<int32_t>{97, 0xc3, 0xa9, 32, 10}));
        QCOMPARE(configOf(m_model)["eos_token_id"].get<int>(), 256);
    }

    void refusesWhatTransformersHasNoNamesFor_data()
    {
        QTest::addColumn<QString>("settings");
        QTest::addColumn<QString>("text");
        QTest::newRow("window") << "model.window=8"
                                << "model.window is 8, expected 0";
        QTest::newRow("modalities") << "attention.num_modalities=2 model.context=128"
                                    << "it reads 2 modalities";
        QTest::newRow("learned, rmsnorm") << "model.position=learned"
                                          << "model.norm is rmsnorm beside learned positions";
        QTest::newRow("learned, swiglu") << "model.preset=gpt2 model.ffn=swiglu"
                                         << "model.ffn is swiglu beside learned";
        QTest::newRow("learned, qk-norm") << "model.preset=gpt2 model.qk_norm=true"
                                          << "model.qk_norm is on beside learned";
        QTest::newRow("learned, shared keys") << "model.preset=gpt2 model.kv_heads=2"
                                              << "model.kv_heads or model.head_dim";
        QTest::newRow("rope, layernorm") << "model.norm=layernorm"
                                         << "model.norm is layernorm beside rope";
        QTest::newRow("rope, gelu") << "model.ffn=gelu"
                                    << "model.ffn is gelu beside rope";
        QTest::newRow("qk-norm, bias") << "model.bias=true"
                                       << "model.bias is on beside model.qk_norm";
    }
    void refusesWhatTransformersHasNoNamesFor()
    {
        QFETCH(QString, settings);
        QFETCH(QString, text);
        makeTinyRun(m_run, specWith(kSmall + settings), {{10, 1.0}});
        const auto exported = exportHf();
        VERIFY_ERROR(exported, ErrorCode::InvalidInput, text.toUtf8().constData());
        VERIFY_ERROR(exported, ErrorCode::InvalidInput, "Export it without --format hf");
        QVERIFY(!fs::exists(m_model));
    }
    void refusesAPlugin()
    {
        const auto architecture = architectureFor(tinySpec().model, {.use = {"memory@1.0.0"}}, "m");
        VERIFY_ERROR(architecture, ErrorCode::InvalidInput, "it has parts of the plugin \"memory@1.0.0\"");
    }
    void refusesAModelThatHasThoseNamesAlready()
    {
        const auto exported = exportModelDirectory({.path = goldenModel("llama").string()}, m_model.string(),
                                                   {}, ExportFormat::HuggingFace);
        VERIFY_ERROR(exported, ErrorCode::InvalidInput,
                     "its weights have the names of LlamaForCausalLM already");
    }
    void refusesWeightsOfAnotherModel()
    {
        makeTinyRun(m_run, tinySpec(), {{10, 1.0}});
        const fs::path own = m_model.string() + "-own";
        VERIFY_OK(exportModelDirectory({.path = m_run.string()}, own.string()));
        changeConfig(own, [](Json &config) { config["orrery"]["spec"]["model.layers"] = 2; });
        VERIFY_ERROR(
            exportModelDirectory({.path = own.string()}, m_model.string(), {}, ExportFormat::HuggingFace),
            ErrorCode::InvalidInput, "tensor \"blocks.1.attention_norm.weight\" is missing");
    }
    void stopsAndLeavesNothing()
    {
        makeTinyRun(m_run, tinySpec(), {{10, 1.0}});
        std::atomic<bool> isStopped = false;
        uint64_t last = 0;
        const ExportWatch watch{[&](uint64_t numDone, uint64_t numTotal) {
                                    QVERIFY(numDone >= last && numDone <= numTotal);
                                    last = numDone;
                                    isStopped = numDone > 0;
                                },
                                &isStopped};
        VERIFY_ERROR(exportHf(watch), ErrorCode::Cancelled, "it was stopped");
        QVERIFY(!fs::exists(m_model));
        QVERIFY(!fs::exists(m_model.string() + ".partial"));
    }

    void biasesThatTheSettingsDoNotHaveMustBeZero()
    {
        makeTinyRun(m_run, specWith(QString(kSmall) + "model.preset=gpt2"), {{10, 1.0}});
        VERIFY_OK(exportHf());
        // As after a training by transformers: the object "orrery" is kept, a bias has moved.
        const auto reader = SafetensorsReader::open(m_model / kWeightsFile);
        const uint64_t begin =
            fs::file_size(m_model / kWeightsFile) - TensorFolder::open(m_model)->numBytes();
        std::fstream file(m_model / kWeightsFile, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(
            static_cast<std::streamoff>(begin + reader->find("transformer.h.0.mlp.c_fc.bias")->offset));
        const float moved = 0.5f;
        file.write(reinterpret_cast<const char *>(&moved), sizeof moved);
        file.close();
        VERIFY_ERROR(loadInsides(m_model), ErrorCode::InvalidInput,
                     "tensor \"transformer.h.0.mlp.c_fc.bias\" is not 0, expected 0, as model.bias is off");
        changeConfig(m_model, [](Json &config) { config.erase("orrery"); });
        VERIFY_OK(loadInsides(m_model));
    }
    void refusesOurSettingsBesideAnotherArchitecture()
    {
        makeTinyRun(m_run, tinySpec(), {{10, 1.0}});
        VERIFY_OK(exportHf());
        changeConfig(m_model, [](Json &config) { config["architectures"] = {"LlamaForCausalLM"}; });
        VERIFY_ERROR(readModelConfig(m_model), ErrorCode::InvalidInput,
                     "its \"orrery\" is a model of Qwen3ForCausalLM, expected LlamaForCausalLM");
    }
};

QTEST_GUILESS_MAIN(TestInterchangeExport)
#include "tst_interchange_export.moc"
