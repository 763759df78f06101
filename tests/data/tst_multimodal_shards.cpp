// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/document_groups.h"
#include "core/data/multimodal/manifest.h"
#include "core/data/multimodal/sampler.h"
#include "core/data/multimodal/shards.h"
#include "data_fixture.h"
#include "media_fixture.h"

#include <sys/wait.h>

#include <set>

using namespace orrery;

namespace fs = std::filesystem;

namespace {

std::string greyPng(uint32_t level)
{
    PngParts parts{48, 48, 8, 2, 0, "", ""};
    for (uint32_t y = 0; y < 48; ++y) {
        parts.rows += std::string(1, '\0');
        for (uint32_t x = 0; x < 48; ++x)
            for (uint32_t value : {level, x, y}) parts.rows += static_cast<char>(value);
    }
    return pngOf(parts);
}

std::string wavOfLevel(int16_t level)
{
    return wavOf({1, 1, 8000, 16, samplesOf(std::vector<int16_t>(900, level))});
}

PrepareManifestOptions optionsFor(const DataFixture &data, const fs::path &path)
{
    PrepareManifestOptions options;
    options.data.path = path.string();
    options.data.valFraction = 0.25;
    options.seed = 1;
    options.cacheDirectory = data.cache();
    return options;
}

/// `count` records, each with a picture and a recording of its own and a text.
fs::path writeSet(const DataFixture &data, int count)
{
    std::string lines;
    for (int i = 0; i < count; ++i) {
        const std::string n = std::to_string(i);
        data.write("set/i" + n + ".png", greyPng(static_cast<uint32_t>(i)));
        data.write("set/a" + n + ".wav", wavOfLevel(static_cast<int16_t>(100 + i)));
        lines += R"([{"image":"i)" + n + R"(.png"},{"text":"q)" + n + R"(","loss":false},{"audio":"a)" + n +
                 R"(.wav"},{"text":"answer )" + n + R"("}])" + "\n";
    }
    return data.write("set/m.jsonl", lines);
}

std::vector<MultiModalRecord> recordsOf(const MultiModalSource &source, Split split)
{
    std::vector<MultiModalRecord> records(source.numRecords(split));
    for (uint64_t i = 0; i < records.size(); ++i) source.readWhole(split, i, records[i]);
    return records;
}

std::string textOf(const MultiModalRecord &record)
{
    std::string text;
    for (int32_t id : record.ids_L)
        if (id > 0 && id < 256) text += static_cast<char>(id);
    return text;
}

void damage(const fs::path &file, size_t at, char bits)
{
    std::string bytes = readRaw(file);
    bytes[at] ^= bits;
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

} // namespace

class TestMultiModalShards : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void holdsWhatTheReaderReads()
    {
        const DataFixture data;
        const fs::path path = writeSet(data, 12);
        const auto shards = prepareManifest(optionsFor(data, path));
        VERIFY_OK(shards);
        QCOMPARE(shards->numRecords(Split::Train), uint64_t(9));
        QCOMPARE(shards->numRecords(Split::Validation), uint64_t(3));
        QCOMPARE(shards->numRecords(Split::Test), uint64_t(0));
        QCOMPARE(shards->vocabSize(), int64_t(272));
        auto tokenizer = Tokenizer::create({});
        ManifestOptions reading;
        reading.tokenizer = tokenizer->get();
        auto reader = ManifestReader::open(path, std::move(reading));
        VERIFY_OK(reader);
        auto train = recordsOf(*shards, Split::Train);
        auto val = recordsOf(*shards, Split::Validation);
        MultiModalRecord record;
        size_t t = 0;
        size_t v = 0;
        for (int i = 0; i < 12; ++i) {
            const auto next = reader->next(record);
            QVERIFY(next.ok() && *next);
            // In the order of the manifest on either side.
            if (t < train.size() && train[t] == record)
                ++t;
            else if (v < val.size() && val[v] == record)
                ++v;
            else
                QFAIL("a record is on neither side");
        }
        QCOMPARE(t, size_t(9));
        QCOMPARE(v, size_t(3));
        MultiModalRecord piece;
        for (uint64_t begin : {0, 1, 20, 37, 45})
            for (uint64_t count : {0, 1, 7}) {
                shards->read(Split::Train, 4, begin, count, piece);
                QVERIFY(piece == sliceRecord(train[4], begin, count, {}));
            }
    }

    void describesItself()
    {
        const DataFixture data;
        const auto shards = prepareManifest(optionsFor(data, writeSet(data, 12)));
        VERIFY_OK(shards);
        const MultiModalDescription &d = shards->description();
        QCOMPARE(d.numFiles, uint64_t(25));
        QCOMPARE(d.numImages, uint64_t(12));
        QCOMPARE(d.numRecordings, uint64_t(12));
        QCOMPARE(d.numTexts, uint64_t(24));
        QCOMPARE(d.splits[0].positionsOf[1], uint64_t(9 * 36));
        QCOMPARE(d.splits[1].positionsOf[2], uint64_t(3 * 3));
        QCOMPARE(d.splits[0].numDocuments + d.splits[1].numDocuments, uint64_t(12));
        uint64_t targets = 0;
        for (int i = 0; i < 12; ++i) targets += 7 + std::to_string(i).size() + 1;
        QCOMPARE(d.splits[0].numTargets + d.splits[1].numTargets, targets);
        QCOMPARE(d.samples.size(), size_t(5));
        QVERIFY2(d.samples[0].find("[image: 36 patches] q") == 0, d.samples[0].c_str());
        const std::string text = describeMultiModalText(d, 128);
        for (const char *part : {"manifest", "12 pictures", "36 patches of 192 numbers", "9 documents",
                                 "25.0 %", "Every document fits"})
            QVERIFY2(text.find(part) != std::string::npos,
                     (std::string(part) + " is not in\n" + text).c_str());
        QVERIFY(describeMultiModalText(d, 20).find("of those above the context of 20") != std::string::npos);
        const std::string json = describeMultiModalJson(d, 128);
        for (const char *part : {"\"format\":\"manifest\"", "\"documents\":12", "\"images\":12",
                                 "\"checks\":[", "\"train\":{\"documents\":9"})
            QVERIFY2(json.find(part) != std::string::npos, json.c_str());
        QVERIFY(*MultiModalShards::open(shards->folder()).value().description().samples.begin() ==
                d.samples[0]);
    }

    void preparesOnce()
    {
        const DataFixture data;
        const fs::path path = writeSet(data, 8);
        const auto first = prepareManifest(optionsFor(data, path));
        VERIFY_OK(first);
        const auto written = fs::last_write_time(first->folder() / "meta.json");
        uint64_t last = 0;
        uint64_t total = 0;
        bool hasFallen = false;
        PrepareManifestOptions options = optionsFor(data, path);
        options.progress = [&](uint64_t done, uint64_t all) {
            hasFallen = hasFallen || done < last;
            last = done;
            total = all;
        };
        const auto second = prepareManifest(options);
        VERIFY_OK(second);
        QCOMPARE(second->key(), first->key());
        QVERIFY(fs::last_write_time(second->folder() / "meta.json") == written);
        QVERIFY(!hasFallen && last == total && total > 0);
        // Any of these is other data.
        std::set<std::string> keys = {first->key()};
        options.seed = 2;
        keys.insert(prepareManifest(options)->key());
        options.seed = 1;
        options.data.valFraction = 0.5;
        keys.insert(prepareManifest(options)->key());
        options = optionsFor(data, path);
        options.frontEnd.gridWidth = 5;
        keys.insert(prepareManifest(options)->key());
        options = optionsFor(data, path);
        data.write("set/i3.png", greyPng(77));
        keys.insert(prepareManifest(options)->key());
        QCOMPARE(keys.size(), size_t(5));
        for (const auto &entry : fs::directory_iterator(data.cache()))
            QVERIFY(entry.path().extension() != ".partial" && entry.path().extension() != ".lock");
    }

    void whatSharesAFileStaysTogether()
    {
        const DataFixture data;
        std::string lines;
        // Twenty pictures under two names each, asked about twice each.
        for (int i = 0; i < 20; ++i) {
            const std::string n = std::to_string(i);
            data.write("set/a" + n + ".png", greyPng(static_cast<uint32_t>(i)));
            data.write("set/b" + n + ".png", greyPng(static_cast<uint32_t>(i)));
            for (const char *name : {"a", "b"})
                for (const char *question : {"x", "y"})
                    lines += std::string(R"([{"image":")") + name + n + R"(.png"},{"text":")" + question + n +
                             R"("}])" + "\n";
            lines += R"([{"text":"same text )" + n + R"("}])" + "\n" + R"([{"text":"same text )" + n +
                     R"("}])" + "\n";
        }
        const auto shards = prepareManifest(optionsFor(data, data.write("set/m.jsonl", lines)));
        VERIFY_OK(shards);
        QVERIFY(!shards->description().sharesFiles);
        QCOMPARE(shards->numRecords(Split::Train) + shards->numRecords(Split::Validation), uint64_t(120));
        std::set<std::string> pictures[2];
        std::set<std::string> texts[2];
        for (size_t side : {0, 1})
            for (const MultiModalRecord &record :
                 recordsOf(*shards, side == 0 ? Split::Train : Split::Validation)) {
                if (record.patches_PD.empty())
                    texts[side].insert(textOf(record));
                else
                    pictures[side].insert({record.patches_PD.begin(), record.patches_PD.end()});
            }
        QCOMPARE(pictures[0].size() + pictures[1].size(), size_t(20));
        QCOMPARE(texts[0].size() + texts[1].size(), size_t(20));
        QVERIFY(!pictures[1].empty() || !texts[1].empty());
    }

    void oneFileInEveryDocumentIsSaid()
    {
        const DataFixture data;
        data.write("set/a.png", greyPng(1));
        std::string lines;
        for (int i = 0; i < 30; ++i)
            lines += R"([{"image":"a.png"},{"text":"t)" + std::to_string(i % 15) + "\"}]\n";
        const auto shards = prepareManifest(optionsFor(data, data.write("set/m.jsonl", lines)));
        VERIFY_OK(shards);
        QVERIFY(shards->description().sharesFiles);
        QVERIFY(describeMultiModalText(shards->description(), 0).find("validation has seen it") !=
                std::string::npos);
        std::set<std::string> texts[2];
        for (size_t side : {0, 1})
            for (const MultiModalRecord &record :
                 recordsOf(*shards, side == 0 ? Split::Train : Split::Validation))
                texts[side].insert(textOf(record));
        QCOMPARE(texts[0].size() + texts[1].size(), size_t(15)); // equal documents stay together
    }

    void groupsJoinByAnyKey()
    {
        DocumentGroups groups(6);
        groups.join(0, "a");
        groups.join(1, "b");
        groups.join(2, "c");
        groups.join(2, "a");
        groups.join(4, "b");
        groups.join(4, "c");
        QCOMPARE(groups.count(), size_t(3));
        QCOMPARE(groups.largest(), size_t(4));
        QCOMPARE(groups.numbers(), (std::vector<size_t>{0, 0, 0, 1, 0, 2}));
    }

    void refuses()
    {
        const DataFixture data;
        VERIFY_ERROR(prepareManifest(optionsFor(data, data.path("none.jsonl"))), ErrorCode::NotFound,
                     "none.jsonl");
        VERIFY_ERROR(prepareManifest(optionsFor(data, data.write("a.jsonl", "\n \n"))),
                     ErrorCode::InvalidInput, "there is no record");
        VERIFY_ERROR(prepareManifest(
                         optionsFor(data, data.write("a.jsonl", "[{\"text\":\"a\"}]\n[{\"text\":\"a\"}]\n"))),
                     ErrorCode::InvalidInput, "2 records, all of the same content");
        VERIFY_ERROR(prepareManifest(optionsFor(
                         data, data.write("a.jsonl", "[{\"text\":\"a\"}]\n[{\"image\":\"no.png\"}]\n"))),
                     ErrorCode::NotFound, "line 2: the file \"no.png\" is missing");
        VERIFY_ERROR(prepareManifest(optionsFor(data, data.write("a.jsonl", "[{\"text\":\"a\"}]\n[5]\n"))),
                     ErrorCode::InvalidInput, "line 2");
        data.write("set/x.png", greyPng(1).substr(0, 100));
        VERIFY_ERROR(prepareManifest(optionsFor(
                         data, data.write("set/m.jsonl", "[{\"text\":\"a\"}]\n[{\"image\":\"x.png\"}]\n"))),
                     ErrorCode::InvalidInput, "line 2: cannot read \"x.png\": the file is cut off");
        for (const auto &entry : fs::directory_iterator(data.cache()))
            QVERIFY(entry.path().extension() != ".partial");
        PrepareManifestOptions options = optionsFor(data, writeSet(data, 8));
        options.data.valFraction = 1;
        VERIFY_ERROR(prepareManifest(options), ErrorCode::InvalidInput, "val_fraction is 1");
        options.data.valFraction = 0.1;
        options.limits.maxFiles = 3;
        VERIFY_ERROR(prepareManifest(options), ErrorCode::InvalidInput,
                     "line 2: the manifest names more than 3 files");
        options.limits.maxFiles = 100;
        options.limits.maxTotalBytes = 1000;
        VERIFY_ERROR(prepareManifest(options), ErrorCode::InvalidInput, "its files have more than");
        options.limits = {};
        const std::atomic<bool> cancel = true;
        options.cancel = &cancel;
        VERIFY_ERROR(prepareManifest(options), ErrorCode::Cancelled, "cancelled");
    }

    /// What was prepared to be measured is no data to train on.
    void oneDocumentIsEnoughToMeasure()
    {
        const DataFixture data;
        PrepareManifestOptions options =
            optionsFor(data, data.write("a.jsonl", "[{\"text\":\"a\"}]\n[{\"text\":\"a\"}]\n"));
        for (int i = 0; i < 2; ++i) { // made, then found
            options.use = DocumentUse::Measure;
            const auto shards = prepareManifest(options);
            VERIFY_OK(shards);
            QCOMPARE(recordsOf(*shards, Split::Validation).size(), size_t(2));
            QCOMPARE(shards->numRecords(Split::Train), uint64_t(0));
            options.use = DocumentUse::Train;
            VERIFY_ERROR(prepareManifest(options), ErrorCode::InvalidInput,
                         "2 records, all of the same content");
        }
        // Where there are two, both uses share what is prepared.
        options = optionsFor(data, writeSet(data, 8));
        const auto trained = prepareManifest(options);
        VERIFY_OK(trained);
        options.use = DocumentUse::Measure;
        const auto measured = prepareManifest(options);
        VERIFY_OK(measured);
        QCOMPARE(measured->key(), trained->key());
        QVERIFY(measured->numRecords(Split::Train) > 0);
    }

    void noticesAChangeWhileReading()
    {
        const DataFixture data;
        const fs::path path = writeSet(data, 8);
        PrepareManifestOptions options = optionsFor(data, path);
        bool isDone = false;
        uint64_t calls = 0;
        options.progress = [&](uint64_t, uint64_t) {
            // Behind the first pass over contents, which takes a call for each of the 17 files.
            if (++calls == 19 && !std::exchange(isDone, true)) data.write("set/i7.png", greyPng(99));
        };
        VERIFY_ERROR(prepareManifest(options), ErrorCode::Conflict,
                     "i7.png\": the file changed while it was read");
    }

    void aFullDiskLeavesNothing()
    {
        const DataFixture data;
        const PrepareManifestOptions options = optionsFor(data, writeSet(data, 8));
        setWriteFault([](WriteOperation, const fs::path &path, size_t) {
            return path.extension() == ".frames" ? ENOSPC : 0;
        });
        const auto failed = prepareManifest(options);
        setWriteFault(nullptr);
        VERIFY_ERROR(failed, ErrorCode::Io, ".frames");
        for (const auto &entry : fs::directory_iterator(data.cache()))
            QVERIFY(entry.path().extension() != ".partial");
        VERIFY_OK(prepareManifest(options));
    }

    void damagedFilesAreRefusedAndMadeAgain_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<int>("at");
        QTest::newRow("table, high byte") << "train.records" << 31;
        QTest::newRow("table, patches") << "train.records" << 32;
        QTest::newRow("table, end") << "val.records" << -24;
        QTest::newRow("kinds") << "train.kinds" << 5;
        QTest::newRow("no kind") << "val.kinds" << 0;
        QTest::newRow("meta") << "meta.json" << 0;
    }
    void damagedFilesAreRefusedAndMadeAgain()
    {
        const DataFixture data;
        const PrepareManifestOptions options = optionsFor(data, writeSet(data, 8));
        const auto shards = prepareManifest(options);
        VERIFY_OK(shards);
        QFETCH(QString, file);
        QFETCH(int, at);
        const fs::path path = shards->folder() / file.toStdString();
        damage(path, at < 0 ? readRaw(path).size() - size_t(-at) : size_t(at), 0x7);
        VERIFY_ERROR(MultiModalShards::open(shards->folder()), ErrorCode::InvalidInput,
                     "Cannot open prepared data");
        const auto again = prepareManifest(options);
        VERIFY_OK(again);
        QVERIFY(recordsOf(*again, Split::Train).size() == 6);
    }

    void shortAndMissingFilesAreRefused()
    {
        const DataFixture data;
        const auto shards = prepareManifest(optionsFor(data, writeSet(data, 8)));
        for (const char *name :
             {"train.ids", "train.kinds", "val.patches", "train.frames", "val.records", "meta.json"}) {
            const fs::path path = shards->folder() / name;
            const std::string whole = readRaw(path);
            fs::resize_file(path, whole.size() - (path.extension() == ".json" ? 9 : 1));
            VERIFY_ERROR(MultiModalShards::open(shards->folder()), ErrorCode::InvalidInput, "");
            fs::remove(path);
            QVERIFY(!MultiModalShards::open(shards->folder()).ok());
            std::ofstream(path, std::ios::binary) << whole;
            VERIFY_OK(MultiModalShards::open(shards->folder()));
        }
    }

    void damageNeverCrashes()
    {
        const DataFixture data;
        const auto shards = prepareManifest(optionsFor(data, writeSet(data, 4)));
        for (const char *name : {"meta.json", "train.records", "train.kinds"}) {
            const fs::path path = shards->folder() / name;
            const std::string whole = readRaw(path);
            survivesDamage(whole, 300, [&](const std::string &bytes) -> Result<int> {
                std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
                auto opened = MultiModalShards::open(shards->folder());
                if (!opened) return opened.error();
                (void)recordsOf(*opened, Split::Train);
                return 1;
            });
            std::ofstream(path, std::ios::binary | std::ios::trunc) << whole;
        }
    }

    void twoProcessesPrepareTheSame()
    {
        const DataFixture data;
        const PrepareManifestOptions options = optionsFor(data, writeSet(data, 40));
        std::vector<pid_t> children;
        for (int i = 0; i < 3; ++i) {
            const pid_t child = ::fork();
            if (child == 0) ::_exit(prepareManifest(options).ok() ? 0 : 1);
            children.push_back(child);
        }
        for (pid_t child : children) {
            int status = 0;
            QCOMPARE(::waitpid(child, &status, 0), child);
            QVERIFY(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        }
        VERIFY_OK(prepareManifest(options));
    }

    void batchesComeFromPreparedData()
    {
        const DataFixture data;
        const auto shards = prepareManifest(optionsFor(data, writeSet(data, 20)));
        const auto sampler = MultiModalSampler::create(*shards, 64, 3);
        VERIFY_OK(sampler);
        MultiModalBatch a;
        MultiModalBatch b;
        sampler->fill(9, 0, 4, a);
        MultiModalSampler::create(*MultiModalShards::open(shards->folder()), 64, 3)->fill(9, 0, 4, b);
        QVERIFY(a == b);
        QCOMPARE(a.rows[1].positions_N.size(), size_t(4 * 36));
    }
};

QTEST_APPLESS_MAIN(TestMultiModalShards)
#include "tst_multimodal_shards.moc"
