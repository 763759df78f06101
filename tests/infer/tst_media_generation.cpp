// SPDX-License-Identifier: Apache-2.0
// Prompts with pictures and recordings: what the model reads, and what is refused.
#include "core/base/log.h"
#include "core/data/data_paths.h"
#include "core/infer/model_directory.h"
#include "core/infer/model_loader.h"
#include "core/infer/prompt_media.h"
#include "core/infer/text_generator.h"
#include "core/nn/modality_input.h"
#include "tests/base/check_result.h"
#include "tests/data/media_fixture.h"
#include "tests/infer/letter_tokenizer.h"
#include "tests/infer/media_model.h"

#include <QTemporaryDir>
#include <QtTest>

#include <torch/types.h>

#include <cmath>
#include <fstream>

using namespace orrery;
using namespace orrery::test;

namespace {

GenerateRequest requestWith(std::vector<PromptMedia> media, const std::string &prompt = "how many?")
{
    GenerateRequest request;
    request.prompt = prompt;
    request.media = std::move(media);
    request.sampling.maxTokens = 5;
    request.sampling.temperature = 0;
    return request;
}

struct Answer {
    std::vector<int32_t> ids;
    std::vector<double> probabilities;
    GenerateSummary summary;
    bool operator==(const Answer &other) const
    {
        return ids == other.ids && probabilities == other.probabilities;
    }
};

Answer answerTo(TextGenerator &generator, const GenerateRequest &request)
{
    Answer answer;
    const std::atomic<bool> cancel{false};
    const auto summary = generator.generate(
        request,
        [&](const GeneratedToken &token) {
            answer.ids.push_back(token.id);
            answer.probabilities.push_back(token.probability);
            return true;
        },
        cancel);
    if (!summary) qFatal("%s", summary.error().text().c_str());
    answer.summary = *summary;
    return answer;
}

} // namespace

class TestMediaGeneration : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        if (!encodePng(Image{1, 1, {0, 0, 0}})) QSKIP("built without picture files");
    }

    /// The same positions in one pass of the model, without a cache.
    void saysWhatTheModelSays()
    {
        TextGenerator generator(mediaModel());
        const GenerateRequest request =
            requestWith({{pictureOf(90), "a.png", 0}, {recordingOf(0.2), "b.wav", 4}}, "see and hear");
        const Answer answer = answerTo(generator, request);
        const LoadedModel twin = mediaModel();
        DecodedMedia decoded;
        const MultiModalRecord record = readPromptMedia(twin, request, decoded).value();
        // start, 4 patches, "see ", start, 4 tokens of sound, "and hear"
        QCOMPARE(record.size(), size_t{1 + 4 + 4 + 1 + 4 + 8});
        QCOMPARE(answer.summary.promptTokens, int64_t(record.size()));
        std::vector<int64_t> ids(record.ids_L.begin(), record.ids_L.end());
        MultiModalRecord grown = record;
        for (size_t i = 0; i < answer.ids.size(); ++i) {
            const nn::ModalityInput input = nn::makeModalityInput(
                modalitiesOf(grown, frontEndOf(twin.model->spec().media), 3), 1, at::kCPU);
            nn::ForwardContext context;
            context.modalities = &input;
            const at::NoGradGuard guard;
            const at::Tensor p = twin.model->logits(at::tensor(ids).unsqueeze(0), context)[0][-1].softmax(-1);
            QCOMPARE(p.argmax().item<int64_t>(), int64_t(answer.ids[i]));
            QVERIFY(std::abs(p[answer.ids[i]].item<double>() - answer.probabilities[i]) < 1e-5);
            ids.push_back(answer.ids[i]);
            grown.ids_L.push_back(answer.ids[i]);
            grown.modality_L.push_back(Modality::Text);
            grown.places_L.push_back(0);
            grown.loss_L.push_back(0);
        }
    }

    void theFileCountsAndNotItsName()
    {
        TextGenerator generator(mediaModel());
        const Answer answer = answerTo(generator, requestWith({{pictureOf(90), "a.png", 0}}));
        QVERIFY(answerTo(generator, requestWith({{pictureOf(90), "lies.wav", 0}})) == answer);
        QVERIFY(!(answerTo(generator, requestWith({{pictureOf(200), "a.png", 0}})) == answer));
        QVERIFY(!(answerTo(generator, requestWith({{pictureOf(90), "a.png", 9}})) == answer));
        QVERIFY(!(answerTo(generator, requestWith({})) == answer));
        // And nothing of a picture stays behind.
        const Answer text = answerTo(generator, requestWith({}));
        answerTo(generator, requestWith({{pictureOf(90), "a.png", 0}}));
        QVERIFY(answerTo(generator, requestWith({})) == text);
    }

    /// However much stands in front of it, pictures of a cover among it.
    void readsFlacBehindATag()
    {
        const LoadedModel model = mediaModel();
        const std::string flac = fixtureBytes("stereo.flac");
        DecodedMedia decoded;
        const auto plain = readPromptMedia(model, requestWith({{flac, "a.flac", 0}}), decoded);
        const auto tagged =
            readPromptMedia(model, requestWith({{id3TagOf(100'000) + flac, "a.flac", 0}}), decoded);
        QVERIFY(plain.ok() && tagged.ok());
        QVERIFY(*plain == *tagged);
    }

    /// A single file has no description in which it could be read.
    void tellsOfARecordingThatWasCut()
    {
        const QTemporaryDir folder;
        const std::filesystem::path log = std::filesystem::path(folder.path().toStdString()) / "log.jsonl";
        QVERIFY(initLog(log).ok());
        std::vector<float> samples(400, 0.1f);
        samples[7] = -3.5f;
        const std::string hot = wavOf({3, 1, 8000, 32, samplesOf(samples)});
        samples[7] = -1;
        const std::string fine = wavOf({3, 1, 8000, 32, samplesOf(samples)});
        DecodedMedia decoded;
        QVERIFY(
            readPromptMedia(mediaModel(), requestWith({{fine, "fine.wav", 0}, {hot, "hot.wav", 0}}), decoded)
                .ok());
        flushLog();
        std::ifstream file(log);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        QVERIFY2(text.find("A recording goes beyond full scale and was cut: hot.wav, peak 3.50.") !=
                     std::string::npos,
                 text.c_str());
        QVERIFY(text.find("fine.wav") == std::string::npos);
    }

    void endsWithTheContext()
    {
        TextGenerator generator(mediaModel());
        GenerateRequest request = requestWith({{pictureOf(90), "a.png", 0}});
        request.sampling.maxTokens = 500;
        const Answer answer = answerTo(generator, request);
        QVERIFY(std::ssize(answer.ids) <= 48 - answer.summary.promptTokens + 1);
        QVERIFY(answer.summary.reason == FinishReason::MaxTokens ||
                answer.summary.reason == FinishReason::EndOfText);
    }

    void refuses_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("place");
        QTest::addColumn<int>("modalities");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const std::string &bytes, int place, int modalities,
                            const char *text) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << place << modalities << text;
        };
        const std::string picture = pictureOf(90);
        row("a model of text", picture, 0, 1, "\"seer\" reads text only, expected text");
        row("a recording for a model of pictures", recordingOf(0.2), 0, 2,
            "it is a recording, and \"seer\" knows text and pictures, expected a picture");
        row("a recording that is too long", recordingOf(0.5), 0, 3,
            "it has 10 tokens, 20 a second, expected at most 6");
        row("nothing", "", 0, 3, "it is empty");
        row("text", "the quick brown fox jumps over the lazy dog", 0, 3, "it is text, expected a picture");
        std::string raw;
        for (int i = 0; i < 4000; ++i) {
            const auto sample = int16_t(9000 * std::sin(i * 0.2));
            raw += littleEndian(sample);
        }
        row("a bitmap", std::string("BM\x36\x10\0\0\0\0\0\0", 10), 0, 3, "it is BMP, expected PNG or JPEG. Save it as PNG.");
        row("an MP3", std::string("ID3\x03\0\0", 6), 0, 3, "it is MP3, expected WAV or FLAC. Save it as WAV.");
        row("FLAC or MP3 behind the front of a tag", id3TagOf(5'000).substr(0, 900), 0, 3,
            "it is MP3 or FLAC behind an ID3 tag, expected WAV or FLAC.");
        row("RF64", std::string("RF64\xff\xff\xff\xffWAVEds64", 16), 0, 3,
            "it is RF64, expected WAV or FLAC. Save it as WAV.");
        row("whole numbers as floats", wavOf({3, 1, 8000, 32, samplesOf(std::vector<float>(400, 10'000))}), 0,
            3,
            "400 of its 400 samples that are not 0 are beyond full scale, up to 10000, expected samples from "
            "-1 to 1");
        row("raw samples", raw, 0, 3, "it looks like raw samples, expected WAV or FLAC. Save it as WAV.");
        std::string noise;
        const CounterRng rng({.seed = 3, .purpose = RngPurpose::Sampling});
        for (uint64_t i = 0; i < 4000; ++i) noise += char(rng.bits(i) & 0xff);
        row("noise", noise, 0, 3, "its format is not known here, expected PNG, JPEG, WAV or FLAC");
        row("a picture cut off", picture.substr(0, picture.size() / 2), 0, 3, "thing.bin");
        const std::string sound = recordingOf(0.2);
        row("a recording cut off", sound.substr(0, sound.size() / 2), 0, 3, "thing.bin");
        row("a picture of 30,000 × 30,000",
            pngOf({.width = 30'000, .height = 30'000, .rows = std::string(100, '\0')}), 0, 3, "30000");
        row("behind the prompt", picture, 10, 3, "its place is byte 10 of the prompt, expected 0 to 9");
        row("before the prompt", picture, -1, 3, "its place is byte -1 of the prompt");
    }
    void refuses()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(int, place);
        QFETCH(int, modalities);
        QFETCH(QString, text);
        TextGenerator generator(mediaModel(modalities));
        const std::atomic<bool> cancel{false};
        VERIFY_ERROR(generator.generate(requestWith({{bytes.toStdString(), "thing.bin", place}}), {}, cancel),
                     ErrorCode::InvalidInput, text.toUtf8().constData());
    }

    void refusesRequests()
    {
        TextGenerator generator(mediaModel());
        const std::atomic<bool> cancel{false};
        const PromptMedia picture{pictureOf(90), "a.png", 3};
        GenerateRequest hole = requestWith({picture});
        hole.infill = "behind";
        VERIFY_ERROR(generator.generate(hole, {}, cancel), ErrorCode::InvalidInput,
                     "the request has pictures or recordings and a hole, expected a prompt to continue");
        GenerateRequest talk = requestWith({picture}, "");
        talk.messages.push_back({"user", "hello"});
        VERIFY_ERROR(generator.generate(talk, {}, cancel), ErrorCode::InvalidInput,
                     "pictures or recordings beside a conversation, expected them within its turns");
        PromptMedia earlier = picture;
        earlier.place = 2;
        VERIFY_ERROR(generator.generate(requestWith({picture, earlier}), {}, cancel), ErrorCode::InvalidInput,
                     "its place is byte 2 of the prompt, expected 3 to 9, in order");
        VERIFY_ERROR(generator.generate(requestWith({picture}, std::string(60, 'x')), {}, cancel),
                     ErrorCode::InvalidInput,
                     "has 65 tokens, expected fewer than the context of 48. Leave something out");
    }

    /// A model directory from elsewhere may say that it reads pictures and bring any tokenizer.
    void refusesTokenizersOfTexts_data()
    {
        QTest::addColumn<QString>("tokenizer"); ///< the file; empty: bytes without specials
        QTest::addColumn<QString>("text");
        const char *explodes =
            R"("pre_tokenizer":{"type":"Sequence","pretokenizers":[)"
            R"({"type":"Split","pattern":{"Regex":"(?:a|a|aa)+\\d"},"behavior":"Isolated"},)"
            R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]},)";
        QTest::newRow("of another program")
            << QString::fromStdString(letterTokenizer(explodes))
            << u"data.tokenizer is not bytes, expected bytes, as with all pictures and "
               "recordings. Use a model that was trained with data.tokenizer=bytes"_qs;
        QTest::newRow("without specials")
            << QString()
            << u"data.special_tokens is none, expected default: pictures and recordings "
               "begin with special tokens. Use a model that was trained with "
               "data.special_tokens=default"_qs;
    }
    void refusesTokenizersOfTexts()
    {
        QFETCH(QString, tokenizer);
        QFETCH(QString, text);
        LoadedModel loaded = mediaModel();
        DataSpec plain;
        plain.specialTokens = "none";
        loaded.tokenizer = tokenizer.isEmpty()
                               ? Tokenizer::create(plain).value()
                               : Tokenizer::fromJson(tokenizer.toStdString(), "t.json").value();
        TextGenerator generator(std::move(loaded));
        const std::atomic<bool> cancel{false};
        // Its pattern explodes on this.
        GenerateRequest request = requestWith({{pictureOf(90), "a.png", 0}}, std::string(40, 'a') + "c");
        const QString whole = u"Cannot read pictures or recordings with \"seer\": "_qs + text;
        VERIFY_ERROR(generator.generate(request, {}, cancel), ErrorCode::InvalidInput,
                     whole.toUtf8().constData());
        request.messages.push_back(
            {"user", std::exchange(request.prompt, ""), std::exchange(request.media, {})});
        VERIFY_ERROR(generator.generate(request, {}, cancel), ErrorCode::InvalidInput,
                     whole.toUtf8().constData());
    }

    /// However a training would split it: one document, or only equal ones.
    void evaluatesOneDocument()
    {
        QTemporaryDir folder;
        const auto write = [&](const char *name, const std::string &bytes) {
            const std::string path = folder.filePath(QString::fromLatin1(name)).toStdString();
            std::ofstream(path, std::ios::binary) << bytes;
            return path;
        };
        write("a.png", pictureOf(90));
        const std::string record = R"([{"image":"a.png"},{"text":"see "},{"text":"red","loss":true}])"
                                   "\n";
        TextGenerator generator(mediaModel());
        const std::atomic<bool> cancel{false};
        const auto one = generator.evaluate(write("one.jsonl", record), cancel);
        VERIFY_OK(one);
        QCOMPARE(one->tokens, int64_t(8)); // and the end
        QVERIFY(std::abs(one->bitsPerByte - one->loss * 8 / std::log(2.0) / 7) < 1e-9);
        const auto equal = generator.evaluate(write("equal.jsonl", record + record), cancel);
        VERIFY_OK(equal);
        QCOMPARE(equal->tokens, int64_t(16));
        QVERIFY(std::abs(equal->loss - one->loss) < 1e-6);
        const auto two = generator.evaluate(write("two.jsonl", record + "[{\"text\":\"blue\"}]\n"), cancel);
        VERIFY_OK(two);
        QCOMPARE(two->tokens, int64_t(8 + 4)); // "b" is seen first
    }

    /// Nothing but the end of the text is predicted.
    void documentsWithoutTextHaveNoBitsPerByte()
    {
        QTemporaryDir folder;
        const std::string manifest = folder.filePath(QStringLiteral("m.jsonl")).toStdString();
        std::ofstream(folder.filePath(QStringLiteral("a.png")).toStdString(), std::ios::binary)
            << pictureOf(90);
        std::ofstream(manifest) << R"([{"image":"a.png"},{"text":""}])"
                                   "\n";
        TextGenerator generator(mediaModel());
        const std::atomic<bool> cancel{false};
        const auto summary = generator.evaluate(manifest, cancel);
        VERIFY_OK(summary);
        QCOMPARE(summary->tokens, int64_t(1));
        QVERIFY(std::isfinite(summary->loss));
        QVERIFY2(std::isnan(summary->bitsPerByte), qPrintable(QString::number(summary->bitsPerByte)));
    }

    void evaluatesDocuments()
    {
        const std::string world =
            "gen:shapes?n=8&val=8&test=8&size=16&cells=2&max_shapes=3&colors=3&shapes=3&tasks=count";
        TextGenerator generator(mediaModel());
        const std::atomic<bool> cancel{false};
        const auto summary = generator.evaluate(world, cancel);
        QVERIFY2(summary.ok(), summary ? "" : summary.error().text().c_str());
        QVERIFY(summary->tokens > 8 && summary->loss > 3 && summary->loss < 9);
        TextGenerator reader(mediaModel(1));
        VERIFY_ERROR(reader.evaluate(world, cancel), ErrorCode::InvalidInput, "\"seer\" reads text only");
        TextGenerator deaf(mediaModel(2));
        VERIFY_ERROR(deaf.evaluate(world + ",tones", cancel), ErrorCode::InvalidInput,
                     "it has recordings, and \"seer\" knows text and pictures");
        VERIFY_ERROR(generator.evaluate(world + ",tones", cancel), ErrorCode::InvalidInput,
                     "its longest recording has 15 tokens, expected at most the 6");
        const std::atomic<bool> cancelled{true};
        VERIFY_ERROR(generator.evaluate(world, cancelled), ErrorCode::Cancelled, "cancelled");
    }

    /// Exported and loaded again it is the same model, pictures and all.
    void theModelDirectoryKeepsItsModalities()
    {
        QTemporaryDir folder;
        const std::filesystem::path run = folder.path().toStdString() + "/run";
        makeTinyRun(run, mediaSpec(), {{.step = 5, .valLoss = 1}});
        const std::string target = folder.path().toStdString() + "/model";
        const auto exported = exportModelDirectory({.path = run.string()}, target);
        QVERIFY2(exported.ok(), exported ? "" : exported.error().text().c_str());
        const ModelConfig config = readModelConfig(target).value();
        QCOMPARE(config.model.attention.numModalities, int64_t{3});
        QCOMPARE(config.model.media.audioTokens, int64_t{6});
        const auto loaded = loadGenerator({.path = target}, "cpu", 1, {});
        QVERIFY2(loaded.ok(), loaded ? "" : loaded.error().text().c_str());
        const std::atomic<bool> cancel{false};
        const auto answered = (*loaded)->generate(requestWith({{pictureOf(1), "a.png", 0}}), {}, cancel);
        QVERIFY2(answered.ok(), answered ? "" : answered.error().text().c_str());
    }
};

QTEST_GUILESS_MAIN(TestMediaGeneration)
#include "tst_media_generation.moc"
