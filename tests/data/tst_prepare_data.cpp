// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.h"
#include "data_fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>

using namespace orrery;
namespace fs = std::filesystem;

namespace {

constexpr int32_t kEndOfText = 256;

uint64_t inodeOf(const fs::path &path)
{
    struct stat status = {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

fs::path indexFile(const DataFixture &data)
{
    for (const auto &entry : fs::directory_iterator(data.cache() / "index")) return entry.path();
    return {};
}

} // namespace

class TestPrepareData : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void keepsEveryByteOfAText()
    {
        const DataFixture data;
        std::string text = numberedLines(100);
        text[17] = '\xff'; // no UTF-8, still a text
        const auto shards = data.prepare(DataFixture::spec(data.write("a.txt", text)));
        VERIFY_OK(shards);
        std::string joined;
        for (Split split : {Split::Train, Split::Validation})
            for (int32_t id : tokensOf(*shards, split)) joined += static_cast<char>(id);
        QCOMPARE(joined, text); // one stream: no end-of-text
        QCOMPARE(shards->numBytes(Split::Train) + shards->numBytes(Split::Validation), uint64_t(1000));
        QVERIFY(!shards->hasMask());
        QCOMPARE(masksOf(*shards, Split::Validation),
                 std::vector<uint8_t>(shards->numTokens(Split::Validation), 1));
        const CorpusDescription &description = shards->description();
        QCOMPARE(description.numDocuments, uint64_t(1));
        QCOMPARE(description.numTokens, uint64_t(1000));
        QCOMPARE(description.numTrainTokens, uint64_t(900));
        QCOMPARE(description.numValTokens, uint64_t(100));
        QCOMPARE(description.numInvalidUtf8Files, uint64_t(1));
        QCOMPARE(description.lengthHistogram.size(), size_t(10)); // 512 … 1023
        QCOMPARE(description.lengthHistogram.back(), uint64_t(1));
        QCOMPARE(fs::file_size(shards->folder() / "train.bin"), uintmax_t(1800));
        QVERIFY(!fs::exists(shards->folder() / "all.bin"));
    }

    void joinsDocumentsWithEndOfText()
    {
        const DataFixture data;
        for (int i = 0; i < 40; ++i)
            data.write("tree/" + std::to_string(100 + i) + ".txt",
                       numberedLines(10, static_cast<size_t>(i) * 10));
        const auto shards = data.prepare(DataFixture::spec(data.path("tree")));
        VERIFY_OK(shards);
        QCOMPARE(shards->description().numTokens, uint64_t(40 * 101));
        QCOMPARE(shards->description().numValTokens, uint64_t(4 * 101)); // a tenth of the documents
        QCOMPARE(shards->numBytes(Split::Validation), uint64_t(4 * 100));
        const auto val = tokensOf(*shards, Split::Validation);
        for (size_t i = 0; i < val.size(); ++i) QCOMPARE(val[i] == kEndOfText, i % 101 == 100);
        const auto plain = data.prepare(DataFixture::spec(data.path("tree"), "none"));
        QCOMPARE(plain->description().numTokens, uint64_t(40 * 100));
        QVERIFY(plain->key() != shards->key());
    }

    void countsValidUtf8AcrossChunks()
    {
        const DataFixture data;
        std::string text = "x";
        while (text.size() < (2u << 20)) text += "€"; // three bytes: chunks of 1 MiB cut characters
        QCOMPARE(
            data.prepare(DataFixture::spec(data.write("a.txt", text)))->description().numInvalidUtf8Files,
            uint64_t(0));
        text.pop_back();
        QCOMPARE(
            data.prepare(DataFixture::spec(data.write("b.txt", text)))->description().numInvalidUtf8Files,
            uint64_t(1));
    }

    void keepsTheLossMask()
    {
        const DataFixture data;
        const fs::path fixture = fs::path(ORRERY_TEST_DATA) / "fixtures" / "conversation.jsonl";
        const auto shards = data.prepare(DataFixture::spec(fixture));
        VERIFY_OK(shards);
        QVERIFY(shards->hasMask());
        std::string learned;
        for (Split split : {Split::Train, Split::Validation}) {
            const auto ids = tokensOf(*shards, split);
            const auto masks = masksOf(*shards, split);
            for (size_t i = 0; i < ids.size(); ++i)
                if (masks[i]) learned += ids[i] < 256 ? static_cast<char>(ids[i]) : '|';
        }
        QCOMPARE(learned, std::string("Gravity.|Gears.|"));
        QCOMPARE(shards->description().format, CorpusFormat::JsonlMessages);
        QCOMPARE(shards->description().numDocuments, uint64_t(2));
    }

    void dropsAMaskOfOnes()
    {
        const DataFixture data;
        std::string lines;
        for (int i = 0; i < 30; ++i)
            lines += "{\"tokens\":[1,2,3,4,5,6,7,8],\"loss_mask\":[1,1,1,1,1,1,1,1]}\n";
        const auto shards = data.prepare(DataFixture::spec(data.write("a.jsonl", lines), "none"), 4);
        VERIFY_OK(shards);
        QVERIFY(!shards->hasMask());
        QVERIFY(!fs::exists(shards->folder() / "train.mask"));
    }

    void keepsLargeIds()
    {
        const DataFixture data;
        std::string lines;
        for (int i = 0; i < 30; ++i) lines += "{\"tokens\":[70000,65536,65535,1,2,3,4,99999]}\n";
        DataSpec spec = DataFixture::spec(data.write("a.jsonl", lines), "none");
        spec.vocabSize = 100'000;
        const auto shards = data.prepare(spec, 4);
        VERIFY_OK(shards);
        const auto ids = tokensOf(*shards, Split::Train);
        QCOMPARE(std::vector<int32_t>(ids.begin(), ids.begin() + 8),
                 (std::vector<int32_t>{70000, 65536, 65535, 1, 2, 3, 4, 99999}));
        QCOMPARE(shards->numBytes(Split::Train), uint64_t(0)); // another tokenizer's ids: unknown
        QCOMPARE(fs::file_size(shards->folder() / "train.bin"), shards->numTokens(Split::Train) * 4);
    }

    void preparesOnce()
    {
        const DataFixture data;
        const DataSpec spec = DataFixture::spec(data.write("a.txt", numberedLines(100)));
        const auto first = data.prepare(spec);
        VERIFY_OK(first);
        const uint64_t inode = inodeOf(first->folder() / "train.bin");
        const auto second = data.prepare(spec);
        VERIFY_OK(second);
        QCOMPARE(second->folder(), first->folder());
        QCOMPARE(inodeOf(second->folder() / "train.bin"), inode);
        QCOMPARE(second->description().firstText, first->description().firstText);
        QCOMPARE(second->description().contentDigest, first->description().contentDigest);
        for (const auto &entry : fs::directory_iterator(data.cache()))
            QVERIFY(entry.path().extension() != ".partial" && entry.path().extension() != ".lock");
    }

    void anyChangeMakesAnotherKey()
    {
        const DataFixture data;
        DataSpec spec = DataFixture::spec(data.write("a.txt", numberedLines(1000)));
        std::vector<std::string> keys = {data.prepare(spec)->key(), data.prepare(spec, 17)->key(),
                                         data.prepare(spec, 16, 2)->key()};
        spec.valFraction = 0.2;
        keys.push_back(data.prepare(spec)->key());
        spec.valFraction = 0.1;
        spec.vocabSize = 300;
        keys.push_back(data.prepare(spec)->key());
        spec.vocabSize = 0;
        std::string text = numberedLines(1000);
        text[5000] = 'x'; // same size, same name
        data.write("a.txt", text);
        keys.push_back(data.prepare(spec)->key());
        std::sort(keys.begin(), keys.end());
        QVERIFY(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
        data.write("a.txt", numberedLines(1000));
        QVERIFY(std::binary_search(keys.begin(), keys.end(), data.prepare(spec)->key()));
        // The place of a file says nothing about its content.
        const std::string key = data.prepare(spec)->key();
        spec.path = data.write("elsewhere/b.txt", numberedLines(1000)).string();
        QCOMPARE(data.prepare(spec)->key(), key);
    }

    void remembersHashesOfSettledFiles()
    {
        const DataFixture data;
        const DataSpec spec =
            DataFixture::spec(fs::path(ORRERY_TEST_DATA) / "fixtures" / "conversation.jsonl");
        const std::string digest = data.prepare(spec)->description().contentDigest;
        const fs::path index = indexFile(data);
        std::string text = readRaw(index);
        const size_t at = text.find("\"sha256\":\"");
        if (at == std::string::npos) QSKIP("the fixture changed within the last two seconds");
        // A false hash in the memory shows that the file is not read again …
        text.replace(at + 10, 64, std::string(64, 'a'));
        std::ofstream(index, std::ios::trunc) << text;
        const auto fooled = data.prepare(spec);
        VERIFY_ERROR(fooled, ErrorCode::Conflict,
                     "changed while it was read"); // … and that preparing notices
        // A memory that is damaged is made again without a word.
        for (const std::string &broken :
             {std::string("{"), std::string("[]"), std::string("{\"version\":1,\"files\":[3,{\"name\":7}]}"),
              std::string("\0\1\2", 3), text.substr(0, text.size() / 2)}) {
            std::ofstream(index, std::ios::trunc) << broken;
            const auto again = data.prepare(spec);
            VERIFY_OK(again);
            QCOMPARE(again->description().contentDigest, digest);
        }
        QVERIFY(readRaw(index).find("\"sha256\":\"") != std::string::npos);
    }

    void doesNotTrustFreshTimeStamps()
    {
        const DataFixture data;
        const fs::path text = data.write("a.txt", numberedLines(100));
        // Fresh however long the machine takes from here to its look at the file.
        fs::last_write_time(text, fs::file_time_type::clock::now() + std::chrono::hours(1));
        VERIFY_OK(data.prepare(DataFixture::spec(text)));
        QVERIFY(readRaw(indexFile(data)).find("\"sha256\":\"") == std::string::npos);
    }

    void rebuildsDamagedShards_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<bool>("isRemoved");
        for (const char *file : {"train.bin", "val.bin", "train.mask", "val.mask", "meta.json"}) {
            QTest::addRow("%s truncated", file) << QString(file) << false;
            QTest::addRow("%s removed", file) << QString(file) << true;
        }
    }
    void rebuildsDamagedShards()
    {
        QFETCH(QString, file);
        QFETCH(bool, isRemoved);
        const DataFixture data;
        const DataSpec spec =
            DataFixture::spec(fs::path(ORRERY_TEST_DATA) / "fixtures" / "conversation.jsonl");
        const auto first = data.prepare(spec);
        VERIFY_OK(first);
        const auto ids = tokensOf(*first, Split::Train);
        const fs::path path = first->folder() / file.toStdString();
        if (isRemoved)
            fs::remove(path);
        else
            fs::resize_file(path, fs::file_size(path) - 2); // of meta.json the last brace
        const auto opened = TokenShards::open(first->folder());
        QVERIFY(!opened.ok());
        QVERIFY2(opened.error().message.find(file.toStdString()) != std::string::npos,
                 opened.error().message.c_str());
        const auto second = data.prepare(spec);
        VERIFY_OK(second);
        QCOMPARE(tokensOf(*second, Split::Train), ids);
    }

    void refusesForeignMeta_data()
    {
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::newRow("format") << "orrery-shards/1"
                                << "orrery-shards/2";
        QTest::newRow("token bytes") << "\"token_bytes\": 2"
                                     << "\"token_bytes\": 3";
        QTest::newRow("other width") << "\"token_bytes\": 2"
                                     << "\"token_bytes\": 4";
        QTest::newRow("negative") << "\"tokens\": 900"
                                  << "\"tokens\": -9";
        QTest::newRow("huge") << "\"tokens\": 900"
                              << "\"tokens\": 9223372036854776708";
        QTest::newRow("format of data") << "\"format\": \"text\""
                                        << "\"format\": \"odd\"";
    }
    void refusesForeignMeta()
    {
        QFETCH(QString, from);
        QFETCH(QString, to);
        const DataFixture data;
        const auto shards = data.prepare(DataFixture::spec(data.write("a.txt", numberedLines(100))));
        const fs::path path = shards->folder() / "meta.json";
        QString text = QString::fromStdString(readRaw(path));
        QVERIFY(text.contains(from));
        std::ofstream(path, std::ios::trunc) << text.replace(from, to).toStdString();
        VERIFY_ERROR(TokenShards::open(shards->folder()), ErrorCode::InvalidInput,
                     "Cannot open prepared data");
    }

    void opensNothingWhereNothingIs()
    {
        const DataFixture data;
        VERIFY_ERROR(TokenShards::open(data.path("none")), ErrorCode::NotFound, "none");
    }

    void twoProcessesPrepareTheSame()
    {
        const DataFixture data(DataFixture::Place::Disk);
        std::string text;
        while (text.size() < (8u << 20)) text += numberedLines(10'000);
        const DataSpec spec = DataFixture::spec(data.write("a.txt", text));
        pid_t children[3];
        for (pid_t &child : children) {
            child = ::fork();
            QVERIFY(child >= 0);
            if (child == 0) {
                const auto shards = data.prepare(spec);
                ::_exit(shards.ok() && shards->description().numTokens == text.size() ? 0 : 1);
            }
        }
        for (pid_t child : children) {
            int status = 1;
            QCOMPARE(::waitpid(child, &status, 0), child);
            QCOMPARE(status, 0);
        }
        int numEntries = 0;
        for (const auto &entry : fs::directory_iterator(data.cache()))
            numEntries += entry.path().filename() == "index" ? 0 : 1;
        QCOMPARE(numEntries, 1); // one folder, no lock, nothing partial
        VERIFY_OK(data.prepare(spec));
    }

    void clearsWhatAKillLeft()
    {
        const DataFixture data;
        data.write("cache/" + std::string(64, 'b') + ".partial/train.bin", "half");
        data.write("cache/" + std::string(64, 'b') + ".lock", "a process long gone");
        VERIFY_OK(data.prepare(DataFixture::spec(data.write("a.txt", numberedLines(100)))));
        QVERIFY(!fs::exists(data.cache() / (std::string(64, 'b') + ".partial")));
    }

    void progressNeverFallsAndEndsAtTheTotal()
    {
        const DataFixture data;
        for (int i = 0; i < 25; ++i)
            data.write("tree/" + std::to_string(i), numberedLines(i == 3 ? 300'000 : 1));
        uint64_t last = 0;
        uint64_t sum = 0;
        int numCalls = 0;
        bool isMonotone = true;
        const auto progress = [&](uint64_t done, uint64_t total) {
            isMonotone = isMonotone && done >= last && done <= total;
            last = done;
            sum = total;
            ++numCalls;
        };
        VERIFY_OK(prepareData(DataFixture::spec(data.path("tree")), 16, 1, data.cache(), progress));
        QVERIFY(isMonotone);
        QCOMPARE(last, sum);
        QCOMPARE(sum, uint64_t(2 * (3'000'000 + 24 * 10)));
        QVERIFY(numCalls > 50);
    }

    void stopsWhenCancelled()
    {
        const DataFixture data;
        const DataSpec spec = DataFixture::spec(data.write("a.txt", numberedLines(200'000)));
        // At every second call of the progress: while hashing and while writing.
        for (int stopAt = 0;; stopAt += 2) {
            std::atomic<bool> cancel = stopAt == 0;
            int numCalls = 0;
            const auto shards = prepareData(
                spec, 16, 1, data.cache(), [&](uint64_t, uint64_t) { cancel = ++numCalls >= stopAt; },
                &cancel);
            if (shards.ok()) {
                QVERIFY(stopAt >= 15);
                break;
            }
            VERIFY_ERROR(shards, ErrorCode::Cancelled, "a.txt");
            if (fs::exists(data.cache()))
                for (const auto &entry : fs::directory_iterator(data.cache()))
                    QCOMPARE(entry.path().filename().string(), "index");
        }
    }

    void refusesBadSettings()
    {
        const DataFixture data;
        DataSpec spec = DataFixture::spec(data.write("a.txt", numberedLines(100)));
        VERIFY_ERROR(data.prepare(spec, 0), ErrorCode::InvalidInput, "model.context is 0");
        for (double fraction : {1.0, -0.1, std::nan("")}) {
            spec.valFraction = fraction;
            VERIFY_ERROR(data.prepare(spec), ErrorCode::InvalidInput, "data.val_fraction is");
        }
        spec.valFraction = 0.1;
        spec.tokenizer = "wordpiece";
        VERIFY_ERROR(data.prepare(spec), ErrorCode::NotFound, "wordpiece");
    }
};

QTEST_APPLESS_MAIN(TestPrepareData)
#include "tst_prepare_data.moc"
