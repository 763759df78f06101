// SPDX-License-Identifier: Apache-2.0
// What pictures and recordings lose on their way into a model is said where data are described.
#include "core/data/media/detect.h"
#include "core/data/multimodal/shards.h"
#include "data_fixture.h"
#include "media_fixture.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace orrery;

namespace fs = std::filesystem;

namespace {

std::string pngOfSize(uint32_t width, uint32_t height, char level)
{
    PngParts parts{width, height, 8, 2, 0, "", ""};
    for (uint32_t y = 0; y < height; ++y)
        parts.rows += std::string(1, '\0') + std::string(size_t{3} * width, level);
    return pngOf(parts);
}

std::string floatWav(float loudest)
{
    std::vector<float> samples(400, 0.1f);
    samples[7] = -loudest;
    return wavOf({3, 1, 8000, 32, samplesOf(samples)});
}

fs::path manifestOf(const DataFixture &data, const std::vector<std::pair<const char *, const char *>> &files)
{
    std::string lines;
    for (const auto &[kind, name] : files)
        lines += std::string("[{\"") + kind + "\":\"" + name + "\"},{\"text\":\"" + name + "\"}]\n";
    return data.write("set/m.jsonl", lines);
}

Result<MultiModalShards> prepared(const DataFixture &data, const fs::path &path)
{
    PrepareManifestOptions options;
    options.data.path = path.string();
    options.data.valFraction = 0.25;
    options.seed = 1;
    options.cacheDirectory = data.cache();
    return prepareManifest(options);
}

/// The sentence of a check, with "look: " in front of it where it is not fine; empty: there is none.
QString sentence(const std::string &json, const char *name)
{
    const auto root = QJsonDocument::fromJson(QByteArray::fromStdString(json)).object();
    for (const QJsonValue &check : root["checks"].toArray())
        if (check["name"].toString() == name)
            return (check["ok"].toBool() ? "" : "look: ") + check["text"].toString();
    return {};
}

QString sentenceOf(const fs::path &file, const char *name)
{
    const auto report = describeMediaFile(file, {});
    return report.ok() ? sentence(report->json, name) : QString::fromStdString(report.error().message);
}

} // namespace

class TestMediaCuts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void manifestsSayWhatIsCut()
    {
        const DataFixture data;
        data.write("set/square.png", pngOfSize(20, 20, 1));
        data.write("set/near.png", pngOfSize(20, 16, 2)); // loses 20 %, and no more
        data.write("set/photo.png", pngOfSize(20, 15, 3));
        data.write("set/wide.png", pngOfSize(300, 100, 4));
        data.write("set/tall.png", pngOfSize(10, 20, 5));
        data.write("set/quiet.wav", floatWav(1));
        data.write("set/loud.wav", floatWav(2));
        data.write("set/hot.wav", floatWav(3.5f));
        const auto shards = prepared(data, manifestOf(data, {{"image", "square.png"},
                                                             {"image", "near.png"},
                                                             {"image", "photo.png"},
                                                             {"image", "wide.png"},
                                                             {"image", "tall.png"},
                                                             {"audio", "quiet.wav"},
                                                             {"audio", "loud.wav"},
                                                             {"audio", "hot.wav"}}));
        VERIFY_OK(shards);
        const std::string json = describeMultiModalJson(shards->description(), 128);
        QCOMPARE(sentence(json, "crop"),
                 QString("look: 3 pictures lose more than 20 % of the area, as the middle square is "
                         "cut out; the most: wide.png, 67 %."));
        QCOMPARE(sentence(json, "scale"), QString("look: 2 recordings go beyond full scale, where samples "
                                                  "are cut; the loudest: hot.wav, peak 3.50."));
        const std::string text = describeMultiModalText(shards->description(), 128);
        QVERIFY(text.find("look        3 pictures lose more than 20 %") != std::string::npos);
        QVERIFY(text.find("look        2 recordings go beyond") != std::string::npos);
        // Prepared once, it is still known, and a training says it in the same words.
        const auto again = MultiModalShards::open(shards->folder());
        QVERIFY(again->description() == shards->description());
        const std::vector<std::string> warnings = fileWarnings(again->description());
        QCOMPARE(warnings.size(), size_t{2});
        QCOMPARE("look: " + QString::fromStdString(warnings[0]), sentence(json, "crop"));
        QCOMPARE("look: " + QString::fromStdString(warnings[1]), sentence(json, "scale"));
    }

    void manifestsSayThatNothingIsCut()
    {
        const DataFixture data;
        data.write("set/a.png", pngOfSize(20, 17, 1));
        data.write("set/b.png", pngOfSize(8, 8, 2));
        data.write("set/a.wav", floatWav(1.005f));
        const auto shards =
            prepared(data, manifestOf(data, {{"image", "a.png"}, {"image", "b.png"}, {"audio", "a.wav"}}));
        VERIFY_OK(shards);
        const std::string json = describeMultiModalJson(shards->description(), 128);
        QCOMPARE(sentence(json, "crop"),
                 QString("Every picture keeps 80 % of its area or more, as the middle square is cut out."));
        QCOMPARE(sentence(json, "scale"), QString("No recording goes beyond full scale."));
        QVERIFY(fileWarnings(shards->description()).empty());
        const auto texts =
            prepared(data, data.write("set/t.jsonl", "[{\"text\":\"a\"}]\n[{\"text\":\"b\"}]\n"));
        VERIFY_OK(texts);
        QVERIFY(sentence(describeMultiModalJson(texts->description(), 128), "crop").isEmpty());
        QVERIFY(sentence(describeMultiModalJson(texts->description(), 128), "scale").isEmpty());
    }

    void oneOfThemIsOne()
    {
        const DataFixture data;
        data.write("set/a.png", pngOfSize(20, 10, 1));
        data.write("set/a.wav", floatWav(40));
        const auto shards = prepared(data, manifestOf(data, {{"image", "a.png"}, {"audio", "a.wav"}}));
        VERIFY_OK(shards);
        const std::string json = describeMultiModalJson(shards->description(), 128);
        QVERIFY(sentence(json, "crop").startsWith("look: 1 picture loses more than 20 %"));
        QCOMPARE(sentence(json, "scale"), QString("look: 1 recording goes beyond full scale, where samples "
                                                  "are cut; the loudest: a.wav, peak 40.0."));
    }

    /// Under the same key, so that a run which has learned from them goes on.
    void whatAnOlderProgramPreparedIsMadeAgain()
    {
        const DataFixture data;
        data.write("set/a.png", pngOfSize(20, 10, 1));
        data.write("set/b.png", pngOfSize(8, 8, 2));
        const fs::path path = manifestOf(data, {{"image", "a.png"}, {"image", "b.png"}});
        const auto shards = prepared(data, path);
        VERIFY_OK(shards);
        auto meta =
            QJsonDocument::fromJson(QByteArray::fromStdString(readRaw(shards->folder() / "meta.json")))
                .object();
        for (const char *key : {"cropped", "beyond_scale", "most_cropped", "loudest"}) {
            QVERIFY(meta.contains(key));
            meta.remove(key);
        }
        std::ofstream(shards->folder() / "meta.json") << QJsonDocument(meta).toJson().toStdString();
        const auto again = prepared(data, path);
        VERIFY_OK(again);
        QCOMPARE(again->key(), shards->key());
        QVERIFY(again->description() == shards->description());
        QCOMPARE(again->description().mostCropped, std::string("a.png, 50 %"));
    }

    /// Whole numbers written as floats would be cut to a rectangle.
    void refusesWhatIsNoShareOfFullScale()
    {
        const DataFixture data;
        data.write("set/hot.wav", wavOf({3, 1, 8000, 32, samplesOf(std::vector<float>(400, 10'000))}));
        data.write("set/quiet.wav", floatWav(1));
        const auto shards = prepared(data, manifestOf(data, {{"audio", "hot.wav"}, {"audio", "quiet.wav"}}));
        VERIFY_ERROR(
            shards, ErrorCode::InvalidInput,
            "line 1: cannot read \"hot.wav\": 400 of its 400 samples that are not 0 are beyond full scale");
        QVERIFY(shards.error().hint.find("Divide its samples") == 0);
    }

    void singleFilesSayWhatIsCut()
    {
        const DataFixture data;
        QCOMPARE(sentenceOf(data.write("wide.png", pngOfSize(300, 100, 1)), "crop"),
                 QString("look: 67 % of the picture is cut away: a model sees the middle of it alone."));
        QVERIFY(sentenceOf(data.write("line.png", pngOfSize(4000, 1, 1)), "crop").startsWith("look: 99 %"));
        QVERIFY(sentenceOf(data.write("square.png", pngOfSize(9, 9, 1)), "crop").isEmpty());
        QCOMPARE(sentenceOf(data.write("hot.wav", floatWav(40)), "scale"),
                 QString("look: It goes beyond full scale and was cut: peak 40.0."));
        QVERIFY(sentenceOf(data.write("quiet.wav", floatWav(1)), "scale").isEmpty());
        // No patch fits: there is nothing to say, and nothing to divide by.
        FrontEnd none;
        none.gridWidth = none.gridHeight = 0;
        VERIFY_OK(describeMediaFile(data.path("wide.png"), none));
    }

    void whatValidationHasNoneOfIsSaid()
    {
        MultiModalDescription d;
        d.splits[0] = {.numDocuments = 90, .numPositions = 900, .numTargets = 500, .positionsOf = {500, 300, 100}};
        d.splits[1] = {.numDocuments = 10, .numPositions = 90, .numTargets = 50, .positionsOf = {50, 30, 10}};
        const auto split = [&] { return sentence(describeMultiModalJson(d, 0), "split"); };
        QCOMPARE(split(), QString("Validation is 10.0 % of the documents and shares no file with training."));
        d.splits[1].positionsOf[2] = 0;
        QCOMPARE(split(), QString("look: Training has recordings, validation has not: what is learned of it is not measured."));
        d.splits[1].positionsOf[1] = 0;
        QVERIFY(split().startsWith("look: Training has pictures and recordings, validation"));
        d.splits[0].positionsOf = {900, 0, 0}; // of text alone
        QVERIFY(split().startsWith("Validation is 10.0 %"));
    }

    void singleFilesAreNamedByWhatTheyAre()
    {
        const DataFixture data;
        const std::string flac = fixtureBytes("stereo.flac");
        // The first chunk that is looked at has a mebibyte: a tag with the picture of a cover may have more.
        for (const uint32_t size : {0u, 4'000u, 5'000u, 1u << 20, (1u << 20) - 10, 3'000'000u}) {
            const auto found = detectFile(data.write("a.flac", id3TagOf(size) + flac));
            VERIFY_OK(found);
            QCOMPARE(found->kind, FileKind::Flac);
            VERIFY_OK(describeMediaFile(data.path("a.flac"), {}));
        }
        const auto isNamed = [&](const std::string &bytes, const char *name) {
            const auto found = detectFile(data.write("a.wav", bytes));
            return found.ok() && found->kind == FileKind::Unknown && found->foreign &&
                   QLatin1String(found->foreign) == name;
        };
        QVERIFY(isNamed(id3TagOf(5'000) + "\xff\xfb\x90" + flac, "MP3"));
        QVERIFY(isNamed(id3TagOf(3'000'000).substr(0, 1 << 20), "MP3 or FLAC behind an ID3 tag"));
        QVERIFY(isNamed(std::string("RF64\xff\xff\xff\xffWAVEds64", 16), "RF64"));
        QCOMPARE(sentenceOf(data.path("a.wav"), "format"),
                 QString("look: It is RF64, which nothing here reads; save it as WAV to train on it."));
    }
};

QTEST_APPLESS_MAIN(TestMediaCuts)
#include "tst_media_cuts.moc"
