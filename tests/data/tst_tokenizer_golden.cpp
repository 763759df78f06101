// SPDX-License-Identifier: Apache-2.0
// The ids of the library `tokenizers` 0.23.3 on 12,000 lines of mixed scripts, emoji, code, white space and
// control characters, for eight tokenizers (tests/data/tokenizer/make_golden.py).
#include "core/data/tokenizer.h"
#include "data_fixture.h"
#include "tokenizer/mixed_lines.h"

#include <cstring>

using namespace orrery;

namespace {

constexpr uint32_t kFnvStart = 0x811C9DC5;

uint32_t fnv(uint32_t state, const void *data, size_t numBytes)
{
    const auto *bytes = static_cast<const uint8_t *>(data);
    for (size_t i = 0; i < numBytes; ++i) state = (state ^ bytes[i]) * 0x01000193u;
    return state;
}

std::string fileOf(const char *name)
{
    return QFINDTESTDATA("tokenizer/" + QString::fromLatin1(name)).toStdString();
}

std::unique_ptr<Tokenizer> open(const std::string &name)
{
    auto made = Tokenizer::fromJson(readRaw(fileOf((name + ".json").c_str())), name + ".json");
    if (!made) qWarning("%s", made.error().text().c_str());
    return made ? std::move(made).value() : nullptr;
}

} // namespace

class TestTokenizerGolden : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void hasTheIdsOfTheLibrary_data()
    {
        QTest::addColumn<bool>("decodes");
        for (const char *name : {"llama3", "qwen", "metaspace", "folded", "words"})
            QTest::newRow(name) << false;
        for (const char *name : {"gpt2", "llama2", "ours"}) QTest::newRow(name) << true;
    }
    void hasTheIdsOfTheLibrary()
    {
        QFETCH(bool, decodes);
        const std::string name = QTest::currentDataTag();
        const MixedLines lines(fileOf("mixed_lines.txt"));
        QVERIFY(!lines.isEmpty());
        const auto tokenizer = open(name);
        QVERIFY(tokenizer);
        const std::string golden = readRaw(fileOf((name + ".golden").c_str()));
        QCOMPARE(golden.size(), size_t(8 * MixedLines::kNumLines / MixedLines::kLinesOfBlock));
        for (uint64_t first = 0; first < MixedLines::kNumLines; first += MixedLines::kLinesOfBlock) {
            uint32_t ids = kFnvStart, text = kFnvStart;
            for (uint64_t index = first; index < first + MixedLines::kLinesOfBlock; ++index) {
                std::vector<int32_t> found;
                VERIFY_OK(tokenizer->encode(lines.line(index), found));
                const auto count = static_cast<uint32_t>(found.size());
                ids = fnv(ids, &count, sizeof count);
                ids = fnv(ids, found.data(), found.size() * sizeof(int32_t));
                const std::string decoded = tokenizer->decode(found);
                text = fnv(text, decoded.c_str(), decoded.size() + 1);
            }
            uint32_t wanted[2];
            std::memcpy(wanted, golden.data() + first / MixedLines::kLinesOfBlock * 8, sizeof wanted);
            QVERIFY2(ids == wanted[0], ("ids of lines from " + std::to_string(first)).c_str());
            QVERIFY2(!decodes || text == wanted[1], ("texts of lines from " + std::to_string(first)).c_str());
        }
    }

    void hasTheIdsOfReadableSamples()
    {
        const auto root = nlohmann::json::parse(readRaw(fileOf("samples.json")));
        std::map<std::string, std::unique_ptr<Tokenizer>> tokenizers;
        for (const auto &sample : root["samples"]) {
            auto &tokenizer = tokenizers[sample["tokenizer"]];
            if (!tokenizer) tokenizer = open(sample["tokenizer"]);
            QVERIFY(tokenizer);
            std::vector<int32_t> ids;
            VERIFY_OK(tokenizer->encode(sample["text"].get<std::string>(), ids));
            QVERIFY2(ids == sample["ids"].get<std::vector<int32_t>>(), sample.dump().c_str());
        }
        QCOMPARE(tokenizers.size(), size_t(7));
    }

    void writesWhatItRead()
    {
        for (const char *name : {"gpt2", "llama2", "ours"})
            QCOMPARE(open(name)->toJson(), readRaw(fileOf((std::string(name) + ".json").c_str())));
    }
};

QTEST_APPLESS_MAIN(TestTokenizerGolden)
#include "tst_tokenizer_golden.moc"
