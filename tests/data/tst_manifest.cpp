// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/image_patches.h"
#include "core/data/media/log_mel.h"
#include "core/data/multimodal/manifest.h"
#include "core/data/multimodal/manifest_line.h"
#include "data_fixture.h"
#include "media_fixture.h"

#include <sys/stat.h>

using namespace orrery;

namespace {

std::string greyPng(uint32_t width, uint32_t height, char level)
{
    PngParts parts{width, height, 8, 0, 0, "", ""};
    for (uint32_t y = 0; y < height; ++y) parts.rows += std::string(1, '\0') + std::string(width, level);
    return pngOf(parts);
}

std::string shortWav(size_t count = 800)
{
    return wavOf({1, 1, 8000, 16, samplesOf(std::vector<int16_t>(count, 1000))});
}

const Tokenizer &bytes()
{
    static const std::unique_ptr<Tokenizer> tokenizer = std::move(Tokenizer::create({})).value();
    return *tokenizer;
}

struct Manifest {
    std::vector<MultiModalRecord> records;
    std::vector<uint64_t> lines;
    ManifestCounts counts;
};

Result<Manifest> readAll(const std::filesystem::path &path, ManifestOptions options = {})
{
    if (!options.tokenizer) options.tokenizer = &bytes();
    ORRERY_ASSIGN(ManifestReader reader, ManifestReader::open(path, std::move(options)));
    Manifest manifest;
    while (true) {
        MultiModalRecord record;
        ORRERY_ASSIGN(const bool isThere, reader.next(record));
        if (!isThere) break;
        manifest.records.push_back(std::move(record));
        manifest.lines.push_back(reader.lineNumber());
    }
    manifest.counts = reader.counts();
    return manifest;
}

std::vector<int32_t> idsOf(std::initializer_list<std::variant<int32_t, const char *>> parts)
{
    std::vector<int32_t> ids;
    for (const auto &part : parts) {
        if (const auto *id = std::get_if<int32_t>(&part))
            ids.push_back(*id);
        else
            for (const char *c = std::get<const char *>(part); *c; ++c)
                ids.push_back(static_cast<unsigned char>(*c));
    }
    return ids;
}

} // namespace

class TestManifest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsPartsInOrder()
    {
        const DataFixture data;
        data.write("set/images/a.png", greyPng(96, 96, char(80)));
        data.write("set/b.wav", shortWav());
        const auto path = data.write(
            "set/m.jsonl", R"([{"text":"see ","loss":false},{"image":"images/a.png"},{"text":"ok"}])"
                           "\n\n"
                           R"({"id":7,"meta":{"x":[1,[]]},"parts":[{"audio":"./b.wav"}],"more":"parts"})"
                           "\n");
        const auto manifest = readAll(path);
        VERIFY_OK(manifest);
        QCOMPARE(manifest->records.size(), size_t(2));
        QCOMPARE(manifest->lines, (std::vector<uint64_t>{1, 3}));
        const MultiModalRecord &first = manifest->records[0];
        QCOMPARE(first.size(), size_t(4 + 1 + 36 + 2 + 1));
        std::vector<int32_t> ids = idsOf({"see ", 264});
        ids.resize(ids.size() + 36, 0);
        for (int32_t id : idsOf({"ok", 256})) ids.push_back(id);
        QCOMPARE(first.ids_L, ids);
        for (size_t i = 0; i < first.size(); ++i) QCOMPARE(first.loss_L[i], uint8_t(i >= 41));
        QCOMPARE(first.patches_PD, std::vector<uint8_t>(36 * 192, 80));
        const MultiModalRecord &second = manifest->records[1];
        QCOMPARE(second.size(), size_t(1 + 2 + 1)); // 800 samples: two tokens
        QCOMPARE(second.ids_L, (std::vector<int32_t>{265, 0, 0, 256}));
        QCOMPARE(second.loss_L, std::vector<uint8_t>(4, 0));
        QCOMPARE(second.frames_NF, logMelTokens(std::vector<float>(800, 1000 / 32768.0f), {}));
        QCOMPARE(manifest->counts.numTexts, uint64_t(2));
        QCOMPARE(manifest->counts.numImages, uint64_t(1));
        QCOMPARE(manifest->counts.numRecordings, uint64_t(1));
        QCOMPARE(manifest->counts.numMisnamed, uint64_t(0));
    }

    void knowsAManifest()
    {
        const DataFixture data;
        QVERIFY(isManifest(data.write("a.jsonl", "[{\"text\":\"a\"}]\n")));
        QVERIFY(isManifest(data.write("a.ndjson", " \n [broken\n")));
        QVERIFY(isManifest(data.write("b.jsonl", "{\"parts\":[{\"text\":\"a\"}]}\n")));
        QVERIFY(isManifest(data.write("c.jsonl", "{\"parts\":5}\n")));
        QVERIFY(!isManifest(data.write("d.jsonl", "{\"text\":\"[parts]\"}\n")));
        QVERIFY(!isManifest(data.write("e.jsonl", "{\"text\":\"\\\"parts\\\"\", \"x\":{\"parts\":[]}}\n")));
        QVERIFY(!isManifest(data.write("f.txt", "[{\"text\":\"a\"}]\n")));
        QVERIFY(!isManifest(data.write("g.jsonl", "")));
        QVERIFY(!isManifest(data.path("none.jsonl")));
    }

    /// As text, a manifest would be learned as the names of its files.
    void knowsManifestsOfAnyName_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<bool>("expected");
        const QByteArray parts = R"({"parts":[{"image":"a.png"},{"text":"a"}],"id":0})",
                         list = R"([{"audio":"a.wav"}])";
        const QByteArray given = R"({"parts":[{"text":"a"}]})";
        QTest::newRow("objects") << parts + '\n' + parts + '\n' << true;
        QTest::newRow("lists, behind a byte order mark") << "\xef\xbb\xbf \n" + list + '\n' + list << true;
        QTest::newRow("one record") << parts << true;
        QTest::newRow("a picture later on") << given + '\n' + given + '\n' + parts << true;
        QTest::newRow("a broken record behind it") << parts + "\n{\"parts\":[{\"image\"\n" << true;
        QTest::newRow("a slip in its part")
            << QByteArray(R"({"parts":[{"image":"a.png","caption":"a"}]})") << true;
        QTest::newRow("prose behind it") << parts + "\nis a record of a manifest.\n" << false;
        QTest::newRow("prose before it") << "A manifest:\n" + parts + '\n' << false;
        QTest::newRow("parts of text alone") << given + '\n' + given << false;
        QTest::newRow("an array of captions")
            << QByteArray(R"([{"image":"a.png","caption":"a dog"}])") << false;
        QTest::newRow("an array of numbers") << QByteArray("[1, 2]\n") << false;
        QTest::newRow("a document") << QByteArray("{\n \"parts\": [{\"image\": \"a.png\"}]\n}\n") << false;
        QTest::newRow("code") << QByteArray("{\"parts\":[{\"image\":\"a.png\"}, next()]}\n") << false;
        QTest::newRow("captions beside pictures") << QByteArray(R"({"image":"a.png","text":"a"})") << false;
        QTest::newRow("a bracket") << QByteArray("[section]\nkey=value\n") << false;
        QTest::newRow("blank") << QByteArray(" \n\n") << false;
        QTest::newRow("nothing") << QByteArray() << false;
    }
    void knowsManifestsOfAnyName()
    {
        QFETCH(const QByteArray, content);
        QFETCH(const bool, expected);
        const DataFixture data;
        for (const char *name : {"m.json", "m.txt", "m", "m.jsonl.bak"})
            QCOMPARE(isManifest(data.write(name, content.toStdString())), expected);
    }

    void knowsWhetherThereIsMedia()
    {
        const DataFixture data;
        const std::string text = "[{\"text\":\"a\"}]\n";
        QVERIFY(*namesMedia(data.write("a.jsonl", text + "{\"parts\":[{\"image\":\"gone.png\"}]}\n[broken")));
        QVERIFY(!*namesMedia(data.write("b.jsonl", text + text)));
        VERIFY_ERROR(namesMedia(data.write("c.jsonl", text + "[broken\n[{\"image\":\"a\"}]")),
                     ErrorCode::InvalidInput, "line 2: broken JSON");
        VERIFY_ERROR(namesMedia(data.path("none")), ErrorCode::NotFound, "none");
    }

    void namesTheBrokenLine_data()
    {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<QString>("names");
        auto row = [](const char *tag, const std::string &line, const char *names) {
            QTest::newRow(tag) << QByteArray::fromStdString(line) << QString::fromUtf8(names);
        };
        row("no JSON", "hello", "broken JSON at byte 1");
        row("cut off", R"([{"text":"a")", "broken JSON");
        row("two lists", R"([{"text":"a"}] [])", "broken JSON");
        row("NUL", std::string("[]\0", 3), "NUL at byte 3");
        row("number", "17", "the line is the number 17, expected a list of parts");
        row("no parts", R"({"text":"a"})", "the record has no \"parts\"");
        row("no part", "[]", "the record has no part, expected one");
        row("no part either", R"({"parts":[]})", "the record has no part, expected one");
        row("parts twice", R"({"parts":[{"text":"a"}],"parts":[{"text":"a"}]})", "parts twice");
        row("parts a number", R"({"parts":5})", "\"parts\" is the number 5");
        row("parts an object", R"({"parts":{"text":"a"}})", "\"parts\" is an object");
        row("a part is a text", R"(["a"])", "part 0 is the text \"a\", expected an object");
        row("a part is a list", R"([{"text":"a"},[]])", "part 1 is a list");
        row("a part is empty", R"([{}])", "part 0 is empty");
        row("only loss", R"([{"loss":true}])", "part 0 is empty");
        row("unknown modality", R"([{"video":"a.mp4"}])",
            "part 0 has \"video\", expected \"text\", \"image\" or \"audio\"");
        row("slip", R"([{"imgae":"a.png"}])", "did you mean \"image\"?");
        row("two modalities", R"([{"text":"a","image":"b.png"}])", "more than one of text, image and audio");
        row("text twice", R"([{"text":"a","text":"b"}])", "more than one of text");
        row("text a number", R"([{"text":5}])", "\"text\" of part 0 is the number 5, expected a text");
        row("image null", R"([{"image":null}])", "\"image\" of part 0 is null, expected the path of a file");
        row("image a list", R"([{"image":["a.png"]}])", "\"image\" of part 0 is a list");
        row("audio an object", R"([{"audio":{"path":"a"}}])", "\"audio\" of part 0 is an object");
        row("loss a number", R"([{"text":"a","loss":1}])",
            "\"loss\" of part 0 is the number 1, expected true or false");
        row("loss twice", R"([{"text":"a","loss":true,"loss":true}])", "loss twice");
        row("loss of an image", R"([{"image":"a.png","loss":true}])", "\"loss\" beside \"image\"");
        row("deep",
            R"({"x":)" + std::string(10'000, '[') + std::string(10'000, ']') + R"(,"parts":[{"text":"a"}]})",
            "nested more than 64");
        row("not UTF-8", "[{\"text\":\"gr\xfc\xdf\"}]",
            "it is not UTF-8 from byte 13 on, expected JSON in UTF-8");
        row("half a character", "[{\"text\":\"\xc3\"}]", "it is not UTF-8 from byte 11 on");
        row("name not UTF-8", "[{\"image\":\"\xff.png\"}]", "it is not UTF-8 from byte 12 on");
        row("missing image", R"([{"image":"none.png"}])", "the file \"none.png\" is missing");
        row("upwards", R"([{"image":"../a.png"}])",
            "\"../a.png\" has no usable path, expected a relative path that stays below");
        row("upwards within", R"([{"image":"x/../../a.png"}])", "no usable path");
        row("absolute", R"([{"image":"/etc/passwd"}])", "no usable path");
        row("empty path", R"([{"image":""}])", "no usable path");
        row("two slashes", "[{\"image\":\"x//a.png\"}]", "no usable path");
        row("NUL in path", R"([{"image":"a\u0000.png"}])", "no usable path");
        row("link", R"([{"image":"link.png"}])", "symbolic link");
        row("linked folder", R"([{"image":"outside/a.png"}])", "symbolic link");
        row("folder", R"([{"image":"folder"}])", "is no plain file");
        row("pipe", R"([{"image":"pipe"}])", "is no plain file");
        row("through a file", R"([{"image":"good.png/a.png"}])", "through a file");
        row("empty file", R"([{"image":"empty.png"}])", "the file is empty, expected PNG or JPEG");
        row("lying extension", R"([{"image":"sound.png"}])",
            "cannot read \"sound.png\": its content is WAV, expected PNG or JPEG");
        row("picture as audio", R"([{"audio":"good.png"}])", "its content is PNG, expected WAV or FLAC");
        row("huge picture", R"([{"image":"huge.png"}])", "30000 × 30000 pixels");
        row("cut recording", R"([{"audio":"cut.wav"}])", "cut off");
        row("escape in a name", "[{\"image\":\"\\u001b[31m.png\"}]", "\"?[31m.png\"");
    }
    void namesTheBrokenLine()
    {
        QFETCH(QByteArray, line);
        QFETCH(QString, names);
        const DataFixture data;
        data.write("a.png", greyPng(8, 8, 1));
        data.write("set/good.png", greyPng(8, 8, 1));
        data.write("set/empty.png", "");
        data.write("set/sound.png", shortWav());
        data.write("set/cut.wav", shortWav().substr(0, 100));
        data.write("set/huge.png", pngOf({30'000, 30'000, 8, 2, 0, "", "x"}));
        std::filesystem::create_directory(data.path("set/folder"));
        std::filesystem::create_symlink("good.png", data.path("set/link.png"));
        std::filesystem::create_directory_symlink("..", data.path("set/outside"));
        QCOMPARE(::mkfifo(data.path("set/pipe").c_str(), 0600), 0);
        const std::string good = R"([{"image":"good.png"},{"text":"a"}])";
        const auto path = data.write("set/bad.jsonl",
                                     good + "\n\n" + good + "\n" + line.toStdString() + "\n" + good + "\n");
        const ErrorCode code = names.contains("missing") || names.contains("?[31m") ? ErrorCode::NotFound
                                                                                    : ErrorCode::InvalidInput;
        VERIFY_ERROR(readAll(path), code, "bad.jsonl\", line 4: ");
        VERIFY_ERROR(readAll(path), code, names.toStdString());
        QVERIFY(!readAll(path).error().hint.empty());
    }

    void anotherKindOfPictureIsReadAndCounted()
    {
        const DataFixture data;
        data.write("a.png", fixtureBytes("two_colours.jpg"));
        data.write("b.flac", shortWav());
        const auto manifest = readAll(data.write("m.jsonl", R"([{"image":"a.png"},{"audio":"b.flac"}])"));
        VERIFY_OK(manifest);
        QCOMPARE(manifest->counts.numMisnamed, uint64_t(2));
        QCOMPARE(manifest->counts.firstMisnamed, std::string("a.png is JPEG"));
    }

    void theManifestItselfMayBeLinked()
    {
        const DataFixture data;
        data.write("real/a.png", greyPng(8, 8, 1));
        data.write("real/m.jsonl", R"([{"image":"a.png"}])");
        std::filesystem::create_directory_symlink("real", data.path("linked"));
        VERIFY_OK(readAll(data.path("linked/m.jsonl")));
    }

    void keepsToTheLimits()
    {
        const DataFixture data;
        data.write("a.png", greyPng(8, 8, 1));
        ManifestOptions options;
        options.maxLineBytes = 100;
        VERIFY_ERROR(
            readAll(data.write("m.jsonl", "[{\"text\":\"" + std::string(100, 'a') + "\"}]"), options),
            ErrorCode::InvalidInput, "line 1: the line has more than 100 bytes");
        options = {};
        options.mediaLimits.maxFileBytes = 10;
        VERIFY_ERROR(readAll(data.write("m.jsonl", R"([{"image":"a.png"}])"), options),
                     ErrorCode::InvalidInput, "expected at most 10");
        VERIFY_ERROR(readAll(data.write("m.jsonl", "[{\"text\":\"" + std::string(300'000, 'a') + "\"}]")),
                     ErrorCode::InvalidInput, "more than 262144 positions");
        VERIFY_ERROR(readAll(data.write("m.jsonl", "[{\"text\":\"" + std::string(20'000'000, 'a') + "\"}]")),
                     ErrorCode::InvalidInput, "more than 262144 positions");
        std::string many = "[{\"image\":\"a.png\"}";
        for (int i = 0; i < 8000; ++i) many += ",{\"image\":\"a.png\"}";
        VERIFY_ERROR(readAll(data.write("m.jsonl", many + "]")), ErrorCode::InvalidInput,
                     "more than 262144 positions");
    }

    void refusesToOpen()
    {
        const DataFixture data;
        VERIFY_ERROR(readAll(data.path("none.jsonl")), ErrorCode::NotFound, "none.jsonl");
        VERIFY_ERROR(readAll(data.path("none/none.jsonl")), ErrorCode::NotFound, "none");
        DataSpec plain;
        plain.specialTokens = "none";
        const auto tokenizer = Tokenizer::create(plain);
        ManifestOptions options;
        options.tokenizer = tokenizer->get();
        VERIFY_ERROR(readAll(data.write("m.jsonl", "[]"), options), ErrorCode::InvalidInput,
                     "special_tokens is none");
        options = {};
        options.frontEnd.patch = 0;
        VERIFY_ERROR(readAll(data.path("m.jsonl"), options), ErrorCode::InvalidInput, "patch size is 0");
    }

    void survivesMutations()
    {
        const std::string seed =
            R"({"parts":[{"text":"h\u00e9","loss":false},{"image":"a.png"},{"audio":"b.wav"}],"m":{"k":[null,1.5e3]}})";
        int numGood = 0;
        std::vector<ManifestPart> parts;
        numGood = survivesDamage(seed, 3000, [&](const std::string &line) -> Result<int> {
            const auto broken = parseManifestLine(line, parts);
            if (!broken) return 0;
            return Error{ErrorCode::InvalidInput, broken->found, broken->expected};
        });
        const std::string letters = "{}[]\",:\\u0123456789eE-+. ntfarlsx";
        const CounterRng rng({.seed = 3, .purpose = RngPurpose::Sampling});
        uint64_t draw = 0;
        for (int i = 0; i < 3000; ++i) {
            std::string line = seed;
            for (uint64_t change = rng.below(draw++, 4); change > 0; --change) {
                const size_t at = rng.below(draw++, line.size());
                if (rng.below(draw++, 2) == 0)
                    line[at] = letters[rng.below(draw++, letters.size())];
                else
                    line.erase(at, rng.below(draw++, 4));
                if (line.empty()) line = "x";
            }
            const auto broken = parseManifestLine(line, parts);
            if (broken)
                QVERIFY(!broken->found.empty() && !broken->expected.empty());
            else
                ++numGood;
        }
        QVERIFY2(numGood > 600, qPrintable(QString::number(numGood)));
    }
};

QTEST_APPLESS_MAIN(TestManifest)
#include "tst_manifest.moc"
