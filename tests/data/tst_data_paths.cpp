// SPDX-License-Identifier: Apache-2.0
#include "core/data/data_paths.h"
#include "core/data/media/detect.h"
#include "core/data/multimodal/manifest.h"
#include "core/data/multimodal/sampler.h"
#include "core/data/world/shapes_export.h"
#include "data_fixture.h"
#include "media_fixture.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <cmath>

using namespace orrery;

namespace fs = std::filesystem;

namespace {

std::string greyPng(uint32_t width, uint32_t height, char level)
{
    PngParts parts{width, height, 8, 0, 0, "", ""};
    for (uint32_t y = 0; y < height; ++y) parts.rows += std::string(1, '\0') + std::string(width, level);
    return pngOf(parts);
}

std::string toneBytes(size_t count)
{
    std::vector<int16_t> samples;
    for (size_t i = 0; i < count; ++i)
        samples.push_back(static_cast<int16_t>(9000 * std::sin(double(i) * 0.3)));
    return samplesOf(samples);
}

Result<OpenedMultiModal> open(const DataFixture &data, const std::string &path)
{
    OpenMultiModalOptions options;
    options.data.path = path;
    options.cacheDirectory = data.cache();
    return openMultiModal(options);
}

Result<ShapesSource> shapes(const std::string &settings)
{
    ORRERY_ASSIGN(const GeneratorPath path, parseGeneratorPath("gen:shapes" + settings));
    ORRERY_ASSIGN(const ShapesSpec spec, parseShapesSpec(path));
    ORRERY_ASSIGN(auto tokenizer, Tokenizer::create({}));
    return ShapesSource::create(spec, {}, std::move(tokenizer));
}

QJsonObject reportOf(const fs::path &path)
{
    const auto report = describeMediaFile(path, {});
    return report.ok() ? QJsonDocument::fromJson(QByteArray::fromStdString(report->json)).object()
                       : QJsonObject();
}

} // namespace

class TestDataPaths : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void knowsKinds()
    {
        const DataFixture data;
        QCOMPARE(dataPathKind("gen:shapes?n=3"), DataPathKind::Generator);
        QCOMPARE(dataPathKind("gen:nothing"), DataPathKind::Generator);
        QCOMPARE(dataPathKind(data.write("a.txt", "hello").string()), DataPathKind::Text);
        QCOMPARE(dataPathKind(data.write("latin.txt", "gr\xfc\xdf").string()), DataPathKind::Text);
        QCOMPARE(dataPathKind(data.write("a.jsonl", "{\"text\":\"a\"}").string()), DataPathKind::Text);
        QCOMPARE(dataPathKind(data.write("m.jsonl", "[{\"text\":\"a\"}]").string()), DataPathKind::Manifest);
        QCOMPARE(dataPathKind(data.write("m.json", "[{\"image\":\"a\"}]").string()), DataPathKind::Manifest);
        QCOMPARE(dataPathKind(data.write("a.json", "[{\"text\":\"a\"}]").string()), DataPathKind::Text);
        QCOMPARE(dataPathKind(data.write("a.png", greyPng(1, 1, 1)).string()), DataPathKind::Media);
        QCOMPARE(dataPathKind(data.write("noname", fixtureBytes("stereo.flac")).string()),
                 DataPathKind::Media);
        QCOMPARE(dataPathKind(data.write("x.bin", std::string("a\0b", 3)).string()), DataPathKind::Media);
        QCOMPARE(dataPathKind(data.write("empty", "").string()), DataPathKind::Text);
        QCOMPARE(dataPathKind(data.path("").string()), DataPathKind::Text);
        QCOMPARE(dataPathKind(data.path("none").string()), DataPathKind::Text);
        QCOMPARE(dataPathKind(""), DataPathKind::Text);
    }

    void opensAGenerator()
    {
        const DataFixture data;
        const auto opened = open(data, "gen:shapes?n=100&val=10&test=20&tasks=both");
        VERIFY_OK(opened);
        QVERIFY(opened->folder.empty());
        const MultiModalDescription &d = opened->description;
        QCOMPARE(d.format, std::string("generated"));
        QCOMPARE(d.splits[0].numDocuments, uint64_t(100));
        QCOMPARE(d.splits[2].numDocuments, uint64_t(20));
        QCOMPARE(d.splits[0].positionsOf[1], uint64_t(3600));
        QCOMPARE(d.samples.size(), size_t(5));
        QVERIFY2(d.samples[0].find("[image: 36 patches] [audio: ") == 0, d.samples[0].c_str());
        VERIFY_OK(MultiModalSampler::create(*opened->source, 128, 1));
        // A large world is described from a part of it.
        const auto large = open(data, "gen:shapes?n=1000000&tasks=caption");
        QCOMPARE(large->description.splits[0].numDocuments, uint64_t(1'000'000));
        QCOMPARE(large->description.splits[0].positionsOf[1], uint64_t(36'000'000));
        QVERIFY(describeMultiModalText(large->description, 128).find("1000000 documents, about") !=
                std::string::npos);
    }

    void opensAManifest()
    {
        const DataFixture data;
        data.write("a.png", greyPng(8, 8, 1));
        data.write("b.png", greyPng(8, 8, 2));
        const auto opened = open(data, data.write("m.jsonl", R"([{"image":"a.png"},{"text":"a"}])"
                                                             "\n"
                                                             R"([{"image":"b.png"},{"text":"b"}])")
                                           .string());
        VERIFY_OK(opened);
        QVERIFY(fs::exists(opened->folder / "meta.json"));
        QCOMPARE(opened->source->numRecords(Split::Train) + opened->source->numRecords(Split::Validation),
                 uint64_t(2));
    }

    void sayWhichSettingFits_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<int>("modalities");
        QTest::addColumn<int>("audioTokens");
        QTest::addColumn<QString>("fix");
        QTest::addColumn<QString>("text");
        QTest::newRow("all is well") << "gen:shapes" << 3 << 32 << ""
                                     << "";
        QTest::newRow("pictures for text")
            << "gen:shapes?tasks=count" << 1 << 32 << "attention.num_modalities=2"
            << "it has pictures, and attention.num_modalities is 1, expected 2";
        QTest::newRow("tones for text") << "gen:shapes?tasks=tones" << 1 << 32 << "attention.num_modalities=3"
                                        << "it has recordings, and attention.num_modalities is 1, expected 3";
        QTest::newRow("tones for pictures")
            << "gen:shapes" << 2 << 32 << "attention.num_modalities=3"
            << "it has recordings, and attention.num_modalities is 2, expected 3";
        QTest::newRow("long tones") << "gen:shapes" << 3 << 16 << "media.audio_tokens=20"
                                    << "its longest recording has 20 tokens, and media.audio_tokens is 16";
        QTest::newRow("no tones") << "gen:shapes?tasks=count" << 3 << 16 << ""
                                  << "";
    }
    void sayWhichSettingFits()
    {
        QFETCH(QString, path);
        QFETCH(int, modalities);
        QFETCH(int, audioTokens);
        QFETCH(QString, fix);
        QFETCH(QString, text);
        const DataFixture data;
        RunSpec spec;
        spec.data.path = path.toStdString();
        spec.model.attention.numModalities = modalities;
        spec.model.media.audioTokens = audioTokens;
        const auto opened = open(data, spec.data.path);
        VERIFY_OK(opened);
        const auto mismatch = modalityMismatch(spec, opened->description);
        QCOMPARE(mismatch.has_value(), !fix.isEmpty());
        QCOMPARE(checkDataModalities(spec, opened->description).ok(), fix.isEmpty());
        if (!mismatch) return;
        QCOMPARE(QString::fromStdString(mismatch->key) + '=' + QString::number(mismatch->value), fix);
        const QString message = QString::fromStdString(mismatch->error.message);
        QVERIFY2(message.contains(text), qPrintable(message));
        const QJsonObject json =
            QJsonDocument::fromJson(QByteArray::fromStdString(withMismatch(R"({"format":"x"})", *mismatch)))
                .object();
        QCOMPARE(json["format"].toString(), QString("x"));
        QCOMPARE(json["mismatch"].toObject()["value"].toInt(), int(mismatch->value));
        QCOMPARE(json["mismatch"].toObject()["message"].toString(), message);
    }

    /// Losses of nothing are no losses: such a training would end well and have learned nothing.
    void refusesDataThatTeachNothing()
    {
        const DataFixture data;
        std::string given, answered;
        for (int i = 0; i < 40; ++i) {
            const std::string turn = "{\"messages\":[{\"role\":\"user\",\"content\":\"what is " + std::to_string(i) + "\"}";
            given += turn + "]}\n";
            answered += turn + R"(,{"role":"assistant","content":"a number"}]})" + "\n";
        }
        const auto check = [&](const char *name, const std::string &lines) {
            const std::string path = data.write(name, lines).string();
            const auto shards = data.prepare(DataFixture::spec(path));
            return shards ? checkCarriesLoss(path, *shards) : Result<void>(shards.error());
        };
        VERIFY_OK(check("answered.jsonl", answered));
        VERIFY_OK(check("plain.txt", numberedLines(40)));
        const auto refused = check("given.jsonl", given);
        VERIFY_ERROR(refused, ErrorCode::InvalidInput, "no token of its training part carries loss");
        QVERIFY(refused.error().hint.find("add turns with the role assistant") != std::string::npos);

        data.write("a.png", greyPng(8, 8, 1));
        data.write("b.png", greyPng(8, 8, 2));
        RunSpec spec;
        spec.model.attention.numModalities = 2;
        const auto documents = [&](const char *name, const char *loss) {
            std::string lines;
            for (const char *picture : {"a.png", "b.png"})
                lines += std::string("[{\"image\":\"") + picture + "\"},{\"text\":\"a\",\"loss\":" + loss + "}]\n";
            spec.data.path = data.write(name, lines).string();
            return openDocuments(spec, data.cache());
        };
        VERIFY_OK(documents("learned.jsonl", "true"));
        VERIFY_ERROR(documents("shown.jsonl", "false"), ErrorCode::InvalidInput,
                     "no text of its training part carries loss");
        const auto opened = open(data, spec.data.path);
        VERIFY_OK(opened);
        QVERIFY(describeMultiModalText(opened->description, 128).find("there is nothing to learn") !=
                std::string::npos);
    }

    void captionsBesidePicturesAreNoManifest()
    {
        const DataFixture data;
        RunSpec spec;
        spec.data.path = data.write("flat.jsonl", R"({"image":"a.png","text":"a"})").string();
        spec.model.attention.numModalities = 2;
        VERIFY_ERROR(checkDataModalities(spec, dataPathKind(spec.data.path)), ErrorCode::InvalidInput,
                     "its records have \"image\" beside their text, and no parts");
        QVERIFY(checkDataModalities(spec, dataPathKind(spec.data.path)).error().hint.find("Write the records as lists of parts") !=
                std::string::npos);
    }

    /// What is true of a manifest, and the number with which it is read.
    void tellsManifestsOfTextAlone()
    {
        const DataFixture data;
        RunSpec spec;
        const auto mismatchOf = [&](const char *name, const std::string &lines) {
            spec.data.path = data.write(name, lines).string();
            return modalityMismatch(spec, dataPathKind(spec.data.path));
        };
        const std::string lines = R"([{"text":"a? ","loss":false},{"text":"b"}])"
                                  "\n"
                                  R"([{"text":"c? ","loss":false},{"text":"d"}])";
        const auto alone = mismatchOf("alone.jsonl", lines);
        QVERIFY(alone.has_value());
        const std::string expected =
            "it is a manifest of text alone, and attention.num_modalities is 1, expected 2, "
            "with which manifests are read. Set attention.num_modalities to 2, or write";
        QVERIFY2(alone->error.text().find(expected) != std::string::npos, alone->error.text().c_str());
        QCOMPARE(alone->value, int64_t{2});
        const auto opened = open(data, spec.data.path);
        VERIFY_OK(opened);
        const auto described = modalityMismatch(spec, opened->description); // the New-run form
        QVERIFY(described.has_value());
        QCOMPARE(described->error.text(), alone->error.text());
        spec.model.attention.numModalities = 2;
        VERIFY_OK(openDocuments(spec, data.cache()));
        spec.model.attention.numModalities = 1;

        const auto mixed = mismatchOf("mixed.jsonl", lines + "\n[{\"image\":\"a.png\"}]");
        QVERIFY(mixed.has_value() && mixed->value == 3);
        QVERIFY2(mixed->error.message.find("it has pictures or recordings, and") != std::string::npos,
                 mixed->error.message.c_str());
        const auto broken = mismatchOf("broken.jsonl", "[broken");
        QVERIFY(broken.has_value());
        QVERIFY2(broken->error.message.find("it is a manifest, and") != std::string::npos,
                 broken->error.message.c_str());
    }

    /// No number of modalities fits what is no data, or not there.
    void tellsWhatIsNoDataAtAll()
    {
        const DataFixture data;
        for (const int64_t count : {2, 3}) {
            RunSpec spec;
            spec.model.attention.numModalities = count;
            const auto check = [&](const std::filesystem::path &path) {
                spec.data.path = path.string();
                return checkDataModalities(spec, dataPathKind(spec.data.path));
            };
            VERIFY_ERROR(check(data.path("gone.jsonl")), ErrorCode::NotFound,
                         "there is no such file or folder");
            VERIFY_ERROR(check(data.write("a.png", greyPng(1, 1, 1))), ErrorCode::InvalidInput,
                         "it is a picture (PNG), expected text, JSONL, or a manifest that names it");
            VERIFY_ERROR(check(data.write("x.bin", std::string("a\0b", 3))), ErrorCode::InvalidInput,
                         "the file is binary (NUL at byte 1)");
            VERIFY_ERROR(check(data.write("a.txt", "hello")), ErrorCode::InvalidInput, "it is text, and");
        }
    }

    void stagesAreTexts()
    {
        const DataFixture data;
        VERIFY_OK(checkStageIsText(data.write("a.txt", "hello").string()));
        VERIFY_ERROR(checkStageIsText(data.write("m.jsonl", "[{\"image\":\"a\"}]").string()),
                     ErrorCode::InvalidInput, "m.jsonl\", which has pictures or recordings, expected texts");
        VERIFY_ERROR(checkStageIsText(data.write("t.jsonl", "[{\"text\":\"a\"}]").string()),
                     ErrorCode::InvalidInput, "t.jsonl\", which is a manifest of text alone, expected texts");
        VERIFY_ERROR(checkStageIsText("gen:shapes"), ErrorCode::InvalidInput, "which has pictures or recordings");
        QVERIFY(checkStageIsText("gen:shapes").error().hint.find("Take it out of continual.stages") != std::string::npos);
        VERIFY_ERROR(checkStageIsText(data.write("a.png", greyPng(1, 1, 1)).string()), ErrorCode::InvalidInput,
                     "which is no text");
    }

    void refusesWhatIsNeither()
    {
        const DataFixture data;
        VERIFY_ERROR(open(data, data.write("a.txt", "hello").string()), ErrorCode::InvalidInput,
                     "no documents of several modalities");
        VERIFY_ERROR(open(data, "gen:shape"), ErrorCode::InvalidInput, "no such generator");
        VERIFY_ERROR(open(data, "gen:shapes?colour=3"), ErrorCode::InvalidInput, "no setting \"colour\"");
    }

    /// What the generator makes, written as files and read as a user's own data, is the same.
    void exportedFilesGiveTheSameRecords()
    {
        const DataFixture data;
        const auto source = shapes("?n=45&val=3&test=4&tasks=caption,count,both,tones");
        VERIFY_OK(source);
        uint64_t last = 0;
        VERIFY_OK(exportShapes(*source, data.path("out"), [&](uint64_t done, uint64_t total) {
            QVERIFY(done == last + 1 && total == 52);
            last = done;
        }));
        QCOMPARE(last, uint64_t(52));
        const auto tokenizer = Tokenizer::create({});
        for (auto [split, name] :
             {std::pair{Split::Train, "train"}, {Split::Validation, "val"}, {Split::Test, "test"}}) {
            ManifestOptions options;
            options.tokenizer = tokenizer->get();
            auto reader =
                ManifestReader::open(data.path(std::string("out/") + name + ".jsonl"), std::move(options));
            VERIFY_OK(reader);
            MultiModalRecord read;
            MultiModalRecord made;
            for (uint64_t i = 0; i < source->numRecords(split); ++i) {
                const auto next = reader->next(read);
                VERIFY_OK(next);
                QVERIFY(*next);
                source->readWhole(split, i, made);
                QVERIFY(read == made);
            }
            QVERIFY(!*reader->next(read));
            QCOMPARE(reader->counts().numMisnamed, uint64_t(0));
        }
        const auto sheet = readImage(data.path("out/sheet.png"));
        VERIFY_OK(sheet);
        QCOMPARE(sheet->width, int64_t(8 * 150 + 6));
        QCOMPARE(readRaw(data.path("out/origin.txt")), source->name() + "\n");
        QVERIFY(isManifest(data.path("out/train.jsonl")));
    }

    void exportsWholeOrNotAtAll()
    {
        const DataFixture data;
        const auto source = shapes("?n=5&val=1&test=1");
        data.write("full/file", "x");
        VERIFY_ERROR(exportShapes(*source, data.path("full")), ErrorCode::Conflict, "it is there already");
        fs::create_directory(data.path("empty"));
        VERIFY_OK(exportShapes(*source, data.path("empty")));
        QVERIFY(fs::exists(data.path("empty/train.jsonl")));
        const std::atomic<bool> cancel = true;
        VERIFY_ERROR(exportShapes(*source, data.path("cancelled"), {}, &cancel), ErrorCode::Cancelled,
                     "cancelled");
        setWriteFault([](WriteOperation, const fs::path &path, size_t) {
            return path.filename() == "val.jsonl" ? ENOSPC : 0;
        });
        const auto failed = exportShapes(*source, data.path("disk"));
        setWriteFault(nullptr);
        VERIFY_ERROR(failed, ErrorCode::Io, "val.jsonl");
        VERIFY_ERROR(exportShapes(*shapes("?n=200000"), data.path("many")), ErrorCode::InvalidInput,
                     "202000 documents, expected at most 100000");
        size_t numEntries = 0;
        for (const auto &entry : fs::directory_iterator(data.path(""))) numEntries += !entry.path().empty();
        QCOMPARE(numEntries, size_t(2)); // full and empty
    }

    void sheetsHoldEveryPicture()
    {
        std::vector<Image> images(5, Image{2, 1, {1, 2, 3, 4, 5, 6}});
        images[4].rgb = {9, 9, 9, 8, 8, 8};
        const Image sheet = contactSheet(images, 3, 2);
        QCOMPARE(sheet.width, int64_t(3 * 10 + 6));
        QCOMPARE(sheet.height, int64_t(2 * 8 + 6));
        auto at = [&sheet](int64_t x, int64_t y) {
            return int(sheet.rgb[size_t((y * sheet.width + x) * 3)]);
        };
        QCOMPARE(at(0, 0), 255);
        QCOMPARE(at(6, 6), 1);
        QCOMPARE(at(9, 7), 4);
        QCOMPARE(at(16, 14), 9);
        QCOMPARE(at(26, 14), 255);
    }

    void describesMediaFiles()
    {
        const DataFixture data;
        const QJsonObject png = reportOf(data.write("a.png", greyPng(60, 40, 1)));
        QCOMPARE(png["format"].toString(), QString("png"));
        QCOMPARE(png["modality"].toString(), QString("image"));
        QCOMPARE(png["by"].toString(), QString("signature"));
        QCOMPARE(png["confidence"].toDouble(), 1.0);
        QCOMPARE(png["width"].toInt(), 60);
        QCOMPARE(png["tokens"].toInt(), 37);
        const QJsonObject wav = reportOf(data.write("a.wav", wavOf({1, 2, 16000, 16, toneBytes(32000)})));
        QCOMPARE(wav["modality"].toString(), QString("audio"));
        QCOMPARE(wav["channels"].toInt(), 2);
        QCOMPARE(wav["seconds"].toDouble(), 1.0);
        QCOMPARE(wav["tokens"].toInt(), 21);
        const QJsonObject lying = reportOf(data.write("b.png", fixtureBytes("grey.jpg")));
        QCOMPARE(lying["format"].toString(), QString("jpeg"));
        QVERIFY(lying["checks"][0]["text"].toString().contains("The name says PNG, the content is JPEG"));
        QVERIFY(describeMediaFile(data.path("b.png"), {})->text.find("16 × 16 pixels") != std::string::npos);
    }

    void guessesWhatHasNoSignature()
    {
        const DataFixture data;
        const QJsonObject raw = reportOf(data.write("tone.raw", toneBytes(20'000)));
        QCOMPARE(raw["format"].toString(), QString("unknown"));
        QCOMPARE(raw["modality"].toString(), QString("audio"));
        QCOMPARE(raw["by"].toString(), QString("head"));
        QVERIFY(raw["confidence"].toDouble() > 0.8);
        std::string noise;
        const CounterRng rng({.seed = 8, .purpose = RngPurpose::Sampling});
        for (uint64_t i = 0; i < 20'000; ++i) noise += static_cast<char>(rng.bits(i));
        QCOMPARE(reportOf(data.write("noise", noise))["modality"].toString(), QString("unsure"));
        const auto text = detectFile(data.write("a.txt", "hello"));
        QCOMPARE(text->modality, Modality::Text);
        QCOMPARE(text->confidence, 1.0);
    }

    void refusesToDescribe()
    {
        const DataFixture data;
        VERIFY_ERROR(describeMediaFile(data.path("none.png"), {}), ErrorCode::NotFound, "none.png");
        VERIFY_ERROR(describeMediaFile(data.write("empty.png", ""), {}), ErrorCode::InvalidInput,
                     "the file is empty");
        VERIFY_ERROR(describeMediaFile(data.path(""), {}), ErrorCode::InvalidInput, "not a regular file");
        VERIFY_ERROR(describeMediaFile(data.write("cut.png", greyPng(9, 9, 1).substr(0, 60)), {}),
                     ErrorCode::InvalidInput, "cut off");
    }
};

QTEST_APPLESS_MAIN(TestDataPaths)
#include "tst_data_paths.moc"
