// SPDX-License-Identifier: Apache-2.0
#include "core/base/counter_rng.h"
#include "core/base/text.h"
#include "core/tensorfile/safetensors.h"

#include <QDir>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <cstring>
#include <fstream>

using namespace orrery;
namespace fs = std::filesystem;

namespace {

std::span<const std::byte> asBytes(const std::vector<float> &values)
{
    return std::as_bytes(std::span(values));
}

void writeRaw(const fs::path &path, const std::string &content)
{
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
}

std::string readRaw(const fs::path &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A file with this header and numData zero bytes behind it; length overrides the true header length.
std::string makeFile(const std::string &header, size_t numData, std::optional<uint64_t> length = std::nullopt)
{
    const uint64_t written = length.value_or(header.size());
    std::string out(8, '\0');
    std::memcpy(out.data(), &written, 8);
    return out + header + std::string(numData, '\0');
}

const char *kGood = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

} // namespace

class TestSafetensors : public QObject {
    Q_OBJECT

private:
    // In memory where that exists: these tests write thousands of small files.
    QTemporaryDir m_folder{QFileInfo("/dev/shm").isWritable() ? "/dev/shm/orrery-XXXXXX"
                                                              : QDir::tempPath() + "/orrery-XXXXXX"};
    fs::path path(const char *name = "t.safetensors") const
    {
        return fs::path(m_folder.path().toStdString()) / name;
    }

private Q_SLOTS:
    void readsBackWhatItWrote()
    {
        const std::vector<float> weights = {1.5f, -2.0f, 3.0f, 4.0f, 5.0f, 6.0f};
        const std::vector<float> scalar = {0.25f};
        const uint8_t flag = 1;
        const auto digests =
            writeSafetensors(path(),
                             {{"flag", TensorType::Bool, {1}, std::as_bytes(std::span(&flag, 1))},
                              {"w", TensorType::F32, {2, 3}, asBytes(weights)},
                              {"empty", TensorType::F32, {0, 4}, {}},
                              {"scalar", TensorType::F32, {}, asBytes(scalar)}},
                             {{"format", "pt"}, {"name \"ü\"", "x\ny"}});
        QVERIFY2(digests.ok(), digests.ok() ? "" : digests.error().message.c_str());
        QCOMPARE(digests->size(), size_t(4));
        QCOMPARE((*digests)[0].name, std::string("w")); // wide types first
        QCOMPARE((*digests)[0].sha256,
                 sha256Hex({reinterpret_cast<const char *>(weights.data()), weights.size() * sizeof(float)}));

        const auto reader = SafetensorsReader::open(path());
        QVERIFY2(reader.ok(), reader.ok() ? "" : reader.error().message.c_str());
        QCOMPARE(reader->metadata().at("name \"ü\""), std::string("x\ny"));
        const TensorInfo *w = reader->find("w");
        QVERIFY(w);
        QCOMPARE(w->shape, (std::vector<uint64_t>{2, 3}));
        QVERIFY(std::memcmp(reader->bytes(*w).data(), weights.data(), 24) == 0);
        QCOMPARE(reinterpret_cast<uintptr_t>(reader->bytes(*w).data()) % 8, uintptr_t(0));
        QCOMPARE(reader->find("empty")->numBytes, uint64_t(0));
        QCOMPARE(reader->find("scalar")->numBytes, uint64_t(4));
        QCOMPARE(reader->bytes(*reader->find("flag"))[0], std::byte{1});
        QVERIFY(!reader->find("nothing"));
    }

    void acceptsTensorsInAnyHeaderOrder()
    {
        writeRaw(path(), makeFile(R"({"b":{"dtype":"U8","shape":[3],"data_offsets":[2,5]},)"
                                  R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}   )",
                                  5));
        const auto reader = SafetensorsReader::open(path());
        QVERIFY2(reader.ok(), reader.ok() ? "" : reader.error().message.c_str());
        QCOMPARE(reader->tensors()[0].name, std::string("a"));
        QCOMPARE(reader->tensors()[1].offset, uint64_t(2));
    }

    void refusesBadFiles_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("names");
        auto row = [](const char *name, const std::string &content, const char *names) {
            QTest::newRow(name) << QByteArray(content.data(), static_cast<qsizetype>(content.size()))
                                << QString::fromUtf8(names);
        };
        const std::string good = kGood;
        row("empty", "", "0 bytes");
        row("seven bytes", std::string(7, 'x'), "7 bytes");
        row("header longer than file", makeFile(good, 8, 1'000'000), "header length is 1000000");
        row("header length near 2^64", makeFile(good, 8, ~0ull), "18446744073709551615");
        row("header of zero bytes", makeFile("", 0), "does not begin");
        row("leading space", makeFile(" " + good, 8), "does not begin");
        row("array", makeFile("[1]", 0), "does not begin");
        row("broken JSON", makeFile(R"({"a":{)", 0), "broken JSON");
        row("trailing garbage", makeFile(good + "x", 8), "broken JSON");
        row("NUL padding", makeFile(good + std::string(1, '\0'), 8), "broken JSON");
        row("text behind a NUL", makeFile(good + std::string(1, '\0') + "garbage", 8), "broken JSON");
        row("bad UTF-8", makeFile("{\"\xff\":{}}", 0), "broken JSON");
        row("duplicate name",
            makeFile(
                R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                2),
            "\"a\" stands twice");
        row("duplicate through an escape",
            makeFile(
                R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                2),
            "\"a\" stands twice");
        row("duplicate field",
            makeFile(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1),
            "dtype twice");
        row("duplicate metadata", makeFile(R"({"__metadata__":{"k":"1","k":"2"}})", 0), "\"k\" stands twice");
        row("metadata twice", makeFile(R"({"__metadata__":{},"__metadata__":{}})", 0),
            "\"__metadata__\" stands twice");
        row("metadata number", makeFile(R"({"__metadata__":{"k":1}})", 0), "\"k\" is the number 1");
        row("unknown field", makeFile(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}})", 1),
            "a field \"x\"");
        row("lacks shape", makeFile(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", 1), "lacks shape");
        row("tensor is a number", makeFile(R"({"a":5})", 0), "\"a\" is the number 5");
        row("unknown dtype", makeFile(R"({"a":{"dtype":"F12","shape":[1],"data_offsets":[0,1]}})", 1),
            "dtype \"F12\"");
        row("dtype number", makeFile(R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,1]}})", 1),
            "dtype of tensor \"a\" is the number 7");
        row("negative dim", makeFile(R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1), "-1");
        row("fractional dim", makeFile(R"({"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})", 1),
            "1.0");
        row("nested shape", makeFile(R"({"a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}})", 1),
            "an array");
        row("overflowing dims",
            makeFile(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}})", 8),
            "overflow");
        row("dims that wrap to the size",
            makeFile(R"({"a":{"dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8]}})", 8),
            "overflow");
        row("three offsets", makeFile(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}})", 1),
            "more than two");
        row("one offset", makeFile(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", 1),
            "has 1 data_offsets");
        row("offsets reversed", makeFile(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", 1),
            "[1, 0]");
        row("truncated data", makeFile(kGood, 7), "ends at byte 8");
        row("trailing bytes", makeFile(kGood, 9), "1 bytes stand behind");
        row("bytes against shape", makeFile(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8),
            "has 8 bytes");
        row("overlap",
            makeFile(
                R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}})",
                7),
            "\"b\" begins at byte 3 of the data and overlaps");
        row("same place twice",
            makeFile(
                R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
                4),
            "overlaps");
        row("hole",
            makeFile(
                R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[5,9]}})",
                9),
            "leaves a hole");
        row("hole at the front", makeFile(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}})", 5),
            "leaves a hole");
        row("data without tensors", makeFile("{}", 3), "3 bytes stand behind");
        row("deep nesting", makeFile(R"({"a":)" + std::string(100'000, '['), 0), "\"a\" is an array");
    }

    void refusesBadFiles()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, names);
        writeRaw(path(), content.toStdString());
        const auto reader = SafetensorsReader::open(path());
        QVERIFY(!reader.ok());
        QCOMPARE(reader.error().code, ErrorCode::InvalidInput);
        const QString message = QString::fromStdString(reader.error().message);
        QVERIFY2(message.contains(names), qPrintable(message));
        QVERIFY2(message.contains(QString::fromStdString(path().string())), qPrintable(message));
        QVERIFY(!reader.error().hint.empty());
    }

    void refusesHeaderAboveTheFormatsLimit()
    {
        writeRaw(path("huge"), makeFile("", 0, kMaxSafetensorsHeader + 1));
        fs::resize_file(path("huge"), kMaxSafetensorsHeader + 100); // sparse
        const auto reader = SafetensorsReader::open(path("huge"));
        QVERIFY(!reader.ok());
        QVERIFY(reader.error().message.find("100000001") != std::string::npos);
        fs::remove(path("huge"));
    }

    void namesAMissingFile()
    {
        const auto reader = SafetensorsReader::open(path("missing"));
        QVERIFY(!reader.ok());
        QCOMPARE(reader.error().code, ErrorCode::NotFound);
        QVERIFY(reader.error().message.find("missing") != std::string::npos);
    }

    void refusesBadSources_data()
    {
        QTest::addColumn<int>("which");
        QTest::addColumn<QString>("names");
        QTest::newRow("duplicate name") << 0 << "\"a\" stands twice";
        QTest::newRow("bytes against shape") << 1 << "8 bytes, expected 12";
        QTest::newRow("overflowing shape") << 2 << "overflow";
        QTest::newRow("reserved name") << 3 << "__metadata__";
        QTest::newRow("name not UTF-8") << 4 << "not UTF-8";
        QTest::newRow("no dtype") << 5 << "no known dtype";
        QTest::newRow("metadata not UTF-8") << 6 << "metadata";
    }

    void refusesBadSources()
    {
        QFETCH(int, which);
        QFETCH(QString, names);
        const std::vector<float> two = {1, 2};
        std::vector<TensorSource> tensors = {{"a", TensorType::F32, {2}, asBytes(two)}};
        std::map<std::string, std::string> metadata;
        if (which == 0) tensors.push_back(tensors[0]);
        if (which == 1) tensors[0].shape = {3};
        if (which == 2) tensors[0].shape = {1ull << 32, 1ull << 32};
        if (which == 3) tensors[0].name = "__metadata__";
        if (which == 4) tensors[0].name = "\xff";
        if (which == 5) tensors[0].type = TensorType::Unknown;
        if (which == 6) metadata["k"] = "\xff";
        const auto written = writeSafetensors(path("bad"), tensors, metadata);
        QVERIFY(!written.ok());
        QCOMPARE(written.error().code, ErrorCode::InvalidInput);
        QVERIFY2(QString::fromStdString(written.error().message).contains(names),
                 written.error().message.c_str());
        QVERIFY(!fs::exists(path("bad")));
    }

    void reportsAFullDisk()
    {
        const std::vector<float> two = {1, 2};
        setWriteFault([](WriteOperation operation, const fs::path &, size_t) {
            return operation == WriteOperation::Write ? ENOSPC : 0;
        });
        const auto written = writeSafetensors(path("full"), {{"a", TensorType::F32, {2}, asBytes(two)}});
        setWriteFault(nullptr);
        QVERIFY(!written.ok());
        QCOMPARE(written.error().code, ErrorCode::Io);
        QVERIFY(written.error().message.find("full") != std::string::npos);
    }

    /// 3,000 random changes of a valid file: every one is refused with a typed error or is a valid file whose
    /// tensors can be read to the last byte (address sanitizer watches the latter).
    void survivesMutations()
    {
        std::vector<float> values(64, 1.0f);
        QVERIFY(
            writeSafetensors(path("seed"),
                             {{"blocks.0.weight", TensorType::F32, {4, 8}, asBytes(values).subspan(0, 128)},
                              {"blocks.1.weight", TensorType::BF16, {32}, asBytes(values).subspan(0, 64)},
                              {"flag", TensorType::U8, {3}, asBytes(values).subspan(0, 3)}},
                             {{"format", "pt"}})
                .ok());
        const std::string seed = readRaw(path("seed"));
        const CounterRng rng({.seed = 7, .purpose = RngPurpose::Sampling});
        uint64_t draw = 0;
        auto below = [&](uint64_t bound) { return rng.below(draw++, bound); };
        const std::string tokens = "{}[]\",:0123456789eE-+.\\u nulltruefalseF32";
        int numValid = 0;
        int numRefused = 0;
        for (int i = 0; i < 3000; ++i) {
            std::string bytes = seed;
            for (uint64_t change = below(4) + 1; change > 0; --change) {
                const size_t at = below(bytes.size());
                switch (below(6)) {
                case 0:
                    bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
                    break;
                case 1:
                    bytes[at] = tokens[below(tokens.size())];
                    break;
                case 2:
                    bytes.insert(at, 1, tokens[below(tokens.size())]);
                    break;
                case 3:
                    bytes.erase(at, below(9) + 1);
                    break;
                case 4:
                    bytes.insert(at, bytes.substr(below(bytes.size()), below(40)));
                    break;
                default:
                    bytes[below(8)] = static_cast<char>(below(256));
                    break;
                }
                if (bytes.size() < 9) bytes = seed;
            }
            writeRaw(path("mutant"), bytes);
            const auto reader = SafetensorsReader::open(path("mutant"));
            if (!reader.ok()) {
                ++numRefused;
                QCOMPARE(reader.error().code, ErrorCode::InvalidInput);
                QVERIFY(isValidUtf8(reader.error().message));
                continue;
            }
            ++numValid;
            uint64_t sum = 0;
            for (const TensorInfo &tensor : reader->tensors())
                for (std::byte b : reader->bytes(tensor)) sum += static_cast<uint64_t>(b);
            QVERIFY(sum < 1u << 20);
        }
        QVERIFY2(numValid > 100 && numRefused > 1000,
                 qPrintable(QString("%1 valid, %2 refused").arg(numValid).arg(numRefused)));
    }
};

QTEST_APPLESS_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
