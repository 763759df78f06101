// SPDX-License-Identifier: Apache-2.0
// Models of transformers read here: the same logits, and what is said of folders that cannot be read.
#include "core/infer/model_directory.h"
#include "core/infer/model_loader.h"
#include "core/tensorfile/tensor_folder.h"
#include "golden_models.h"
#include "tests/base/check_result.h"

#include <QTemporaryDir>

#include <torch/types.h>

#include <fstream>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Q_DECLARE_METATYPE(std::function<void(nlohmann::ordered_json &)>)

namespace {

using Change = std::function<void(Json &)>;

constexpr double kTolerance = 1e-4;

double distance(const at::Tensor &a, const at::Tensor &b) { return (a - b).abs().max().item<double>(); }

/// One tensor of a model's file in another form; all others as they are.
void changeTensor(const fs::path &model, const std::string &name,
                  const std::function<void(TensorSource &)> &change)
{
    const fs::path file = model / kWeightsFile, other = model / "other";
    {
        const auto reader = SafetensorsReader::open(file);
        QVERIFY(reader.ok());
        std::vector<TensorSource> tensors;
        for (const TensorInfo &info : reader->tensors()) {
            TensorSource source{info.name, info.type, info.shape, reader->bytes(info)};
            if (info.name == name) change(source);
            if (!source.name.empty()) tensors.push_back(source);
        }
        VERIFY_OK(writeSafetensors(other, tensors));
    }
    fs::rename(other, file);
}

} // namespace

class TestInterchange : public QObject {
    Q_OBJECT

    QTemporaryDir m_temporary;
    fs::path m_copy;

private Q_SLOTS:
    void init()
    {
        static int number = 0;
        m_copy = fs::path(m_temporary.path().toStdString()) / ("model-" + std::to_string(++number));
    }

    void givesTheLogitsOfTransformers_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("isTied");
        QTest::newRow("llama") << "llama" << true;
        QTest::newRow("llama, bf16, in shards, stretched positions") << "llama3-sharded" << false;
        QTest::newRow("llama with biases of attention") << "llama-bias" << true;
        QTest::newRow("qwen3") << "qwen3" << true;
        QTest::newRow("gpt2") << "gpt2" << true;
        QTest::newRow("gpt2, fp16, exact gelu") << "gpt2-untied" << false;
    }
    void givesTheLogitsOfTransformers()
    {
        QFETCH(QString, name);
        QFETCH(bool, isTied);
        const at::NoGradGuard noGradients;
        const fs::path model = goldenModel(name.toStdString());
        const auto loaded = loadInsides(model);
        VERIFY_OK(loaded);
        QCOMPARE(loaded->model->spec().tied, isTied);
        QCOMPARE(loaded->model->vocabSize(), int64_t(320));
        const Expected expected = expectedOf(model);
        const double whole =
            distance(loaded->model->logits(expected.ids_T.unsqueeze(0), {})[0], expected.logits_TV);
        QVERIFY2(whole <= kTolerance, qPrintable(QString::number(whole)));
        // Token by token, as it generates.
        nn::KvCache cache = loaded->model->makeCache(1, expected.ids_T.size(0));
        nn::ForwardContext context;
        context.cache = &cache;
        double stepwise = 0;
        for (int64_t i = 0; i < expected.ids_T.size(0); ++i)
            stepwise = std::max(
                stepwise,
                distance(loaded->model->logits(expected.ids_T.narrow(0, i, 1).unsqueeze(0), context)[0][0],
                         expected.logits_TV[i]));
        QVERIFY2(stepwise <= kTolerance, qPrintable(QString::number(stepwise)));
        qInfo("%s: logits differ by %.2g in one pass, %.2g token by token", qPrintable(name), whole,
              stepwise);
    }

    void generatesFromExactTokens()
    {
        const fs::path model = goldenModel("qwen3");
        const Expected expected = expectedOf(model);
        const auto generator = loadGenerator({.path = model.string()}, "cpu", 1);
        VERIFY_OK(generator);
        QCOMPARE((*generator)->info().context, int64_t(64));
        QCOMPARE((*generator)->info().vocabSize, int64_t(320));
        GenerateRequest request;
        for (int64_t i = 0; i < expected.ids_T.size(0); ++i)
            request.promptIds.push_back(expected.ids_T[i].item<int32_t>());
        request.sampling = {.maxTokens = 3, .temperature = 0};
        std::vector<int32_t> ids;
        const std::atomic<bool> cancel{false};
        const auto summary = (*generator)
                                 ->generate(
                                     request,
                                     [&](const GeneratedToken &token) {
                                         ids.push_back(token.id);
                                         return true;
                                     },
                                     cancel);
        VERIFY_OK(summary);
        QCOMPARE(ids.size(), size_t(3));
        QCOMPARE(int64_t(ids[0]), expected.logits_TV[expected.ids_T.size(0) - 1].argmax().item<int64_t>());
    }
    void withoutATokenizerThereIsNoText()
    {
        const auto generator = loadGenerator({.path = goldenModel("llama").string()}, "cpu", 1);
        VERIFY_OK(generator);
        const std::atomic<bool> cancel{false};
        const auto summary =
            (*generator)
                ->generate(
                    {.prompt = "x", .sampling = {}}, [](const GeneratedToken &) { return true; }, cancel);
        VERIFY_ERROR(summary, ErrorCode::NotFound, "there is no tokenizer.json");
        VERIFY_ERROR(summary, ErrorCode::NotFound, "--prompt-ids");
    }

    /// Files of transformers before version 5 say positions in two fields.
    void readsOlderConfigs()
    {
        copyModel(goldenModel("llama3-sharded"), m_copy, [](Json &config) {
            Json rope = config["rope_parameters"];
            config.erase("rope_parameters");
            config["rope_theta"] = rope["rope_theta"];
            rope.erase("rope_theta");
            rope["type"] = rope["rope_type"];
            rope.erase("rope_type");
            config["rope_scaling"] = rope;
            config.erase("head_dim");
        });
        const auto now = readModelConfig(goldenModel("llama3-sharded")), before = readModelConfig(m_copy);
        VERIFY_OK(now);
        VERIFY_OK(before);
        QCOMPARE(before->model.ropeTheta, 500.0);
        QCOMPARE(before->model.ropeScaling.factor, 8.0);
        QCOMPARE(before->model.ropeScaling.originalContext, int64_t(16));
        QCOMPARE(before->model.headDim, now->model.headDim);
        QCOMPARE(now->model.ropeScaling.factor, 8.0);
    }
    void readsNamesWithoutThePrefixOfTheHead()
    {
        copyModel(goldenModel("gpt2"), m_copy);
        const at::NoGradGuard noGradients;
        const auto with = loadInsides(goldenModel("gpt2"));
        const auto names = TensorFolder::open(m_copy)->names();
        for (const std::string &name : names)
            changeTensor(m_copy, name, [](TensorSource &tensor) {
                if (tensor.name.rfind("transformer.", 0) == 0) tensor.name.erase(0, 12);
            });
        const auto without = loadInsides(m_copy);
        VERIFY_OK(without);
        const at::Tensor ids = expectedOf(m_copy).ids_T.unsqueeze(0);
        QVERIFY(at::equal(without->model->logits(ids, {}), with->model->logits(ids, {})));
    }
    void followsTheLinksOfACache()
    {
        const fs::path repository = m_copy / "models--us--tiny", snapshot = repository / "snapshots" / "abc";
        fs::create_directories(snapshot);
        fs::create_directories(repository / "blobs");
        for (const auto &entry : fs::directory_iterator(goldenModel("llama"))) {
            fs::copy_file(entry.path(), repository / "blobs" / entry.path().filename());
            fs::create_symlink(fs::path("../../blobs") / entry.path().filename(),
                               snapshot / entry.path().filename());
        }
        VERIFY_OK(loadGenerator({.path = snapshot.string()}, "cpu", 1));
    }
    void refusesLinksThatLeadOutside_data()
    {
        QTest::addColumn<QString>("file");
        for (const char *file : {"config.json", "model.safetensors", "tokenizer.json"})
            QTest::newRow(file) << file;
    }
    void refusesLinksThatLeadOutside()
    {
        QFETCH(QString, file);
        copyModel(goldenModel("llama"), m_copy);
        const fs::path link = m_copy / file.toStdString(), outside = m_copy.string() + "-outside";
        if (fs::exists(link))
            fs::rename(link, outside);
        else
            std::ofstream(outside) << "{}";
        fs::create_symlink(outside, link);
        VERIFY_ERROR(loadGenerator({.path = m_copy.string()}, "cpu", 1), ErrorCode::InvalidInput,
                     "it is a link to");
    }

    void refusesWhatItCannotCompute_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<Change>("change");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const char *model, const Change &change, const char *text) {
            QTest::newRow(name) << QString(model) << change << QString::fromUtf8(text);
        };
        const auto set = [](const char *key, const Json &value) -> Change {
            return [key, value](Json &config) { config[key] = value; };
        };
        row("architecture", "llama", set("architectures", {"MambaForCausalLM"}),
            "the architecture is \"MambaForCausalLM\", expected a model of this program, or one of "
            "LlamaForCausalLM, "
            "Qwen3ForCausalLM and GPT2LMHeadModel");
        row("head of another kind", "llama", set("architectures", {"LlamaForSequenceClassification"}),
            "LlamaForSequenceClassification");
        row(
            "type only", "llama",
            [](Json &config) {
                config.erase("architectures");
                config["model_type"] = "mamba";
            },
            "the model type is \"mamba\"");
        row(
            "nothing", "llama",
            [](Json &config) {
                config.erase("architectures");
                config.erase("model_type");
            },
            "neither \"architectures\" nor \"model_type\"");
        row(
            "rope scaling", "llama3-sharded",
            [](Json &config) { config["rope_parameters"]["rope_type"] = "yarn"; },
            "the positions are scaled by \"yarn\", expected \"default\" or \"llama3\"");
        row(
            "half a head", "llama",
            [](Json &config) { config["rope_parameters"]["partial_rotary_factor"] = 0.5; },
            "\"partial_rotary_factor\" is 0.5");
        row("rope is a text", "llama", set("rope_parameters", "x"),
            "\"rope_parameters\" is \"x\", expected an object");
        row("quantized", "llama", set("quantization_config", {{"quant_method", "gptq"}}),
            "its weights are quantized (gptq)");
        row("activation", "llama", set("hidden_act", "gelu"),
            "\"hidden_act\" is \"gelu\", expected \"silu\"");
        row("gpt2 activation", "gpt2", set("activation_function", "relu"),
            "\"activation_function\" is \"relu\"");
        row("scaling of gpt2", "gpt2", set("scale_attn_by_inverse_layer_idx", true),
            "\"scale_attn_by_inverse_layer_idx\" is true, expected false");
        row("unscaled", "gpt2", set("scale_attn_weights", false), "\"scale_attn_weights\" is false");
        row("cross attention", "gpt2", set("add_cross_attention", true), "\"add_cross_attention\" is true");
        row("windows", "qwen3", set("layer_types", {"full_attention", "sliding_attention"}),
            "a layer has the type \"sliding_attention\"");
        row("one window", "qwen3", set("use_sliding_window", true), "\"use_sliding_window\" is true");
        row(
            "no width", "llama", [](Json &config) { config.erase("hidden_size"); },
            "\"hidden_size\" is missing, expected a whole number from 1");
        row("width is a text", "llama", set("hidden_size", "32"), "\"hidden_size\" is \"32\"");
        row("width of 0", "llama", set("hidden_size", 0), "\"hidden_size\" is 0");
        row("width below 0", "llama", set("hidden_size", -32), "\"hidden_size\" is -32");
        row("huge width", "llama", set("hidden_size", int64_t{1} << 40), "\"hidden_size\" is 1099511627776");
        row("too wide", "llama", set("hidden_size", 1 << 20), "model.width");
        row("layers", "llama", set("num_hidden_layers", 1'000'000), "model.layers");
        row("heads", "llama", set("num_key_value_heads", 3), "3 heads of keys and values for 4 of queries");
        row("epsilon", "llama", set("rms_norm_eps", -1), "\"rms_norm_eps\" is -1");
        row("tied is a number", "llama", set("tie_word_embeddings", 1), "\"tie_word_embeddings\" is 1");
    }
    void refusesWhatItCannotCompute()
    {
        QFETCH(QString, model);
        QFETCH(Change, change);
        QFETCH(QString, text);
        copyModel(goldenModel(model.toStdString()), m_copy, change);
        const auto loaded = loadGenerator({.path = m_copy.string()}, "cpu", 1);
        VERIFY_ERROR(loaded, ErrorCode::InvalidInput, text.toUtf8().constData());
        QVERIFY2(!loaded.error().hint.empty(), loaded.error().text().c_str());
    }

    void comparesAllShapesBeforeItAllocates_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<int>("value");
        QTest::addColumn<QString>("text");
        QTest::newRow("vocabulary") << "vocab_size" << 2'000'000'000
                                    << "tensor \"model.embed_tokens.weight\" has shape [320, 32], expected "
                                       "[2000000000, 32] by config.json";
        QTest::newRow("feed-forward")
            << "intermediate_size" << 64
            << "tensor \"model.layers.0.mlp.gate_proj.weight\" has shape [48, 32], expected "
               "[64, 32]";
        QTest::newRow("keys")
            << "num_key_value_heads" << 4
            << "tensor \"model.layers.0.self_attn.k_proj.weight\" has shape [16, 32], expected [32, 32]";
        QTest::newRow("more layers") << "num_hidden_layers" << 4
                                     << "18 tensors are missing (\"model.layers.2.input_layernorm.weight\", ";
        QTest::newRow("fewer layers")
            << "num_hidden_layers" << 1
            << "9 tensors are not known (\"model.layers.1.input_layernorm.weight\", ";
    }
    void comparesAllShapesBeforeItAllocates()
    {
        QFETCH(QString, key);
        QFETCH(int, value);
        QFETCH(QString, text);
        copyModel(goldenModel("llama"), m_copy, [&](Json &config) { config[key.toStdString()] = value; });
        VERIFY_ERROR(loadGenerator({.path = m_copy.string()}, "cpu", 1), ErrorCode::InvalidInput,
                     text.toUtf8().constData());
    }
    void refusesWholeNumbersForWeights()
    {
        static const std::vector<int8_t> kNumbers(32 * 32);
        copyModel(goldenModel("llama"), m_copy);
        changeTensor(m_copy, "model.layers.0.self_attn.q_proj.weight", [](TensorSource &tensor) {
            tensor.type = TensorType::I8;
            tensor.data = std::as_bytes(std::span(kNumbers));
        });
        VERIFY_ERROR(
            loadGenerator({.path = m_copy.string()}, "cpu", 1), ErrorCode::InvalidInput,
            "tensor \"model.layers.0.self_attn.q_proj.weight\" has type I8, expected F32, BF16 or F16");
    }
    void refusesTypesThatItDoesNotKnow()
    {
        copyModel(goldenModel("llama"), m_copy);
        std::fstream file(m_copy / kWeightsFile, std::ios::in | std::ios::out | std::ios::binary);
        std::string head(400, '\0');
        file.read(head.data(), 400);
        const size_t at = head.find("\"F32\"");
        QVERIFY(at != std::string::npos);
        file.seekp(static_cast<std::streamoff>(at));
        file << "\"F8X\"";
        file.close();
        VERIFY_ERROR(loadGenerator({.path = m_copy.string()}, "cpu", 1), ErrorCode::InvalidInput,
                     "has dtype \"F8X\"");
    }
    void aTiedHeadInTheFileIsTheEmbedding()
    {
        static const std::vector<float> kNumbers(320 * 32, 1.0f);
        copyModel(goldenModel("llama"), m_copy);
        changeTensor(m_copy, "model.norm.weight", [&](TensorSource &) {});
        const fs::path file = m_copy / kWeightsFile, other = m_copy / "other";
        {
            const auto reader = SafetensorsReader::open(file);
            std::vector<TensorSource> tensors;
            for (const TensorInfo &info : reader->tensors())
                tensors.push_back({info.name, info.type, info.shape, reader->bytes(info)});
            tensors.push_back(
                {"lm_head.weight", TensorType::F32, {320, 32}, std::as_bytes(std::span(kNumbers))});
            tensors.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq",
                               TensorType::F32,
                               {32},
                               std::as_bytes(std::span(kNumbers)).first(128)});
            VERIFY_OK(writeSafetensors(other, tensors));
        }
        fs::rename(other, file);
        VERIFY_OK(loadGenerator({.path = m_copy.string()}, "cpu", 1));
    }
    void namesMissingShards()
    {
        copyModel(goldenModel("llama3-sharded"), m_copy);
        fs::remove(m_copy / "model-00003-of-00004.safetensors");
        VERIFY_ERROR(loadGenerator({.path = m_copy.string()}, "cpu", 1), ErrorCode::NotFound,
                     "1 of 4 weight files are missing (\"model-00003-of-00004.safetensors\")");
    }
};

QTEST_GUILESS_MAIN(TestInterchange)
#include "tst_interchange.moc"
