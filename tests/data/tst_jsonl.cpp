// SPDX-License-Identifier: Apache-2.0
#include "core/base/counter_rng.h"
#include "core/base/platform.h"
#include "core/data/corpus_reader.h"
#include "core/data/jsonl_record.h"
#include "data_fixture.h"

using namespace orrery;

namespace {

constexpr int32_t kEndOfText = 256;
constexpr int32_t kUser = 258;
constexpr int32_t kAssistant = 259;
constexpr int32_t kEndOfTurn = 260;

/// Keeps all documents as they come.
class KeepingSink : public DocumentSink {
public:
    std::vector<std::vector<int32_t>> documents;
    std::vector<std::vector<uint8_t>> masks;
    bool isOpen = false;

    Result<void> beginDocument() override
    {
        documents.emplace_back();
        masks.emplace_back();
        isOpen = true;
        return {};
    }
    Result<void> append(std::span<const int32_t> ids, uint8_t mask) override
    {
        documents.back().insert(documents.back().end(), ids.begin(), ids.end());
        masks.back().insert(masks.back().end(), ids.size(), mask);
        return {};
    }
    Result<void> append(std::span<const int32_t> ids, std::span<const uint8_t> own) override
    {
        documents.back().insert(documents.back().end(), ids.begin(), ids.end());
        masks.back().insert(masks.back().end(), own.begin(), own.end());
        return {};
    }
    Result<void> endDocument() override
    {
        isOpen = false;
        return {};
    }
};

Result<KeepingSink> readAll(const std::filesystem::path &path, const DataSpec &data = {},
                            const CorpusLimits &limits = {})
{
    ORRERY_ASSIGN(const auto tokenizer, Tokenizer::create(data));
    ORRERY_ASSIGN(const CorpusListing listing, listCorpus(path, limits));
    ReadOptions options;
    options.tokenizer = tokenizer.get();
    options.limits = limits;
    KeepingSink sink;
    ORRERY_TRY(readDocuments(listing, options, sink));
    return sink;
}

std::vector<int32_t> ids(std::initializer_list<int32_t> front, const std::string &text,
                         std::initializer_list<int32_t> back)
{
    std::vector<int32_t> out(front);
    for (char c : text) out.push_back(static_cast<unsigned char>(c));
    out.insert(out.end(), back);
    return out;
}

} // namespace

class TestJsonl : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsTexts()
    {
        const DataFixture data;
        const auto read = readAll(data.write(
            "a.jsonl",
            "{\"text\":\"a\\nb\", \"meta\":{\"x\":[1,{\"text\":2}]}}\r\n\n{\"id\":7,\"text\":\"\"}"));
        VERIFY_OK(read);
        QCOMPARE(read->documents.size(), size_t(2));
        QCOMPARE(read->documents[0], ids({}, "a\nb", {kEndOfText}));
        QCOMPARE(read->documents[1], ids({}, "", {kEndOfText}));
        QCOMPARE(read->masks[0], (std::vector<uint8_t>{1, 1, 1, 1}));
        QVERIFY(!read->isOpen);
    }

    void onlyTheAssistantCarriesLoss()
    {
        const DataFixture data;
        const auto read = readAll(data.write(
            "a.jsonl",
            R"({"messages":[{"role":"user","content":"hi","name":"x"},{"content":"yo","extra":[{"role":5}],"role":"assistant"}]})"));
        VERIFY_OK(read);
        std::vector<int32_t> expected = ids({kUser}, "hi", {kEndOfTurn, kAssistant});
        for (int32_t id : ids({}, "yo", {kEndOfTurn, kEndOfText})) expected.push_back(id);
        QCOMPARE(read->documents[0], expected);
        QCOMPARE(read->masks[0], (std::vector<uint8_t>{0, 0, 0, 0, 0, 1, 1, 1, 0}));
    }

    void readsTokensWithAndWithoutMask()
    {
        const DataFixture data;
        const auto read = readAll(
            data.write("a.jsonl", "{\"tokens\":[1,271,3]}\n{\"loss_mask\":[0,1,true],\"tokens\":[4,5,6]}\n"));
        VERIFY_OK(read);
        QCOMPARE(read->documents[0], (std::vector<int32_t>{1, 271, 3, kEndOfText}));
        QCOMPARE(read->masks[0], (std::vector<uint8_t>{1, 1, 1, 1}));
        QCOMPARE(read->masks[1], (std::vector<uint8_t>{0, 1, 1, 0}));
    }

    void withoutSpecialsNothingIsAdded()
    {
        const DataFixture data;
        DataSpec plain;
        plain.specialTokens = "none";
        QCOMPARE(readAll(data.write("a.jsonl", "{\"text\":\"ab\"}\n"), plain)->documents[0],
                 ids({}, "ab", {}));
        const auto messages =
            readAll(data.write("b.jsonl", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}\n"), plain);
        VERIFY_ERROR(messages, ErrorCode::InvalidInput, "b.jsonl\", line 1: messages need role tokens");
        QVERIFY(messages.error().hint.find("data.special_tokens") != std::string::npos);
        VERIFY_ERROR(readAll(data.write("c.jsonl", "{\"tokens\":[256]}\n"), plain), ErrorCode::InvalidInput,
                     "from 0 to 255");
    }

    void namesTheBrokenLine_data()
    {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<QString>("names");
        auto row = [](const char *tag, const std::string &line, const char *names) {
            QTest::newRow(tag) << QByteArray(line.data(), static_cast<qsizetype>(line.size()))
                               << QString::fromUtf8(names);
        };
        row("no JSON", "hello", "broken JSON at byte 1");
        row("cut off", "{\"text\":\"a", "broken JSON");
        row("two objects", R"({"text":"a"} {"text":"b"})", "broken JSON");
        row("array", R"([1])", "the line is a list");
        row("number", "17", "the line is the number 17");
        row("bad UTF-8", "{\"text\":\"\xff\"}", "broken JSON");
        row("NUL", std::string("{\"text\":\"a\"}\0x", 14), "NUL at byte 13");
        row("lone surrogate", R"({"text":"\ud800"})", "broken JSON");
        row("nothing to read", R"({"body":"a"})", "neither \"text\"");
        row("a picture and no parts", R"({"image":"a.png","caption":"a"})",
            "has \"image\" and neither \"text\", \"messages\" nor \"tokens\", expected a list of parts");
        row("two kinds", R"({"text":"a","tokens":[1]})", "more than one of");
        row("text twice", R"({"text":"a","text":"b"})", "text twice");
        row("text is a number", R"({"text":5})", "\"text\" is the number 5");
        row("text is null", R"({"text":null})", "\"text\" is null");
        row("text is a list", R"({"text":["a"]})", "\"text\" is a list");
        row("other kind", R"({"tokens":[1]})", "of kind jsonl_tokens, expected jsonl_text");
        row("messages no list", R"({"messages":"a"})", "\"messages\" is the text");
        row("messages empty", R"({"messages":[]})", "\"messages\" is empty");
        row("message no object", R"({"messages":["a"]})", "message 0 is the text \"a\"");
        row("unknown role", R"({"messages":[{"role":"tool","content":"a"}]})",
            "role of message 0 is \"tool\"");
        row("role a number", R"({"messages":[{"role":3,"content":"a"}]})",
            "the role of message 0 is the number 3");
        row("content null", R"({"messages":[{"role":"user","content":null}]})",
            "the content of message 0 is null");
        row("content parts", R"({"messages":[{"role":"user","content":[{"type":"text"}]}]})",
            "the content of message 0 is a list");
        row("no role", R"({"messages":[{"role":"user","content":"a"},{"content":"a"}]})",
            "message 1 lacks role");
        row("no content", R"({"messages":[{"role":"user"}]})", "message 0 lacks content");
        row("role twice", R"({"messages":[{"role":"user","role":"user","content":"a"}]})", "has role twice");
        row("token too large", R"({"tokens":[1,272]})", "token 1 is 272, expected an id from 0 to 271");
        row("token negative", R"({"tokens":[-1]})", "token 0 is the number -1");
        row("token fraction", R"({"tokens":[1.5]})", "token 0 is the number 1.5");
        row("token nested", R"({"tokens":[[1]]})", "token 0 is a list");
        row("tokens a number", R"({"tokens":4})", "\"tokens\" is the number 4");
        row("mask alone", R"({"text":"a","loss_mask":[1]})", "without \"tokens\"");
        row("mask length", R"({"tokens":[1,2],"loss_mask":[1]})", "has 1 entries, expected 2");
        row("mask value", R"({"tokens":[1],"loss_mask":[2]})", "loss_mask 0 is the number 2");
        row("deep", R"({"x":)" + std::string(10'000, '[') + std::string(10'000, ']') + R"(,"text":"a"})",
            "nested more than 64");
    }
    void namesTheBrokenLine()
    {
        QFETCH(QByteArray, line);
        QFETCH(QString, names);
        const DataFixture data;
        const std::string good = "{\"text\":\"a\"}\n";
        // A NUL at the front of a file would make all of it binary.
        const std::string front = "{\"text\":\"" + std::string(9000, 'a') + "\"}\n";
        const auto read =
            readAll(data.write("bad.jsonl", front + "\n" + good + line.toStdString() + "\n" + good));
        VERIFY_ERROR(read, ErrorCode::InvalidInput, "bad.jsonl\", line 4: ");
        VERIFY_ERROR(read, ErrorCode::InvalidInput, names.toStdString());
        QVERIFY(read.error().hint.find("line 4") != std::string::npos || names.contains("of kind"));
    }

    void refusesALineAboveTheLimit()
    {
        const DataFixture data;
        const std::string good = "{\"text\":\"a\"}\n";
        CorpusLimits limits;
        limits.maxLineBytes = 3'000'000;
        const std::string atLimit = "{\"text\":\"" + std::string(3'000'000 - 11, 'x') + "\"}";
        QCOMPARE(atLimit.size(), size_t(3'000'000));
        QCOMPARE(readAll(data.write("a.jsonl", good + atLimit + "\n" + good), {}, limits)->documents.size(),
                 size_t(3));
        QCOMPARE(readAll(data.write("a.jsonl", good + atLimit), {}, limits)->documents.size(), size_t(2));
        VERIFY_ERROR(readAll(data.write("a.jsonl", good + atLimit + " \n" + good), {}, limits),
                     ErrorCode::InvalidInput, "line 2: the line has more than 3000000 bytes");
        VERIFY_ERROR(readAll(data.write("a.jsonl", good + atLimit + " "), {}, limits),
                     ErrorCode::InvalidInput, "line 2");
    }

    /// A line of 100 MB: refused without being held; as plain text it is only text.
    void refusesAHundredMegabyteLine()
    {
        const DataFixture data(DataFixture::Place::Disk);
        data.write("long.jsonl", "{\"text\":\"a\"}\n{\"text\":\"");
        {
            std::ofstream file(data.path("long.jsonl"), std::ios::app | std::ios::binary);
            const std::string block(1 << 20, 'x');
            for (int i = 0; i < 100; ++i) file << block;
            file << "\"}\n";
        }
        const uint64_t before = residentBytes();
        VERIFY_ERROR(data.prepare(DataFixture::spec(data.path("long.jsonl"))), ErrorCode::InvalidInput,
                     "line 2: the line has more than 67108864 bytes, expected at most 64");
        QVERIFY(residentBytes() < before + (200u << 20));
        std::filesystem::rename(data.path("long.jsonl"), data.path("long.txt"));
        const auto text = data.prepare(DataFixture::spec(data.path("long.txt")));
        VERIFY_OK(text);
        QCOMPARE(text->description().numTokens, uint64_t(13 + 9 + (100u << 20) + 3));
    }

    void survivesMutations()
    {
        const std::string seed =
            R"({"messages":[{"role":"user","content":"h\u00e9"}],"tokens":[1,2],"loss_mask":[0,1],"text":"a","m":{"k":[null,1.5e3]}})";
        const std::string letters = "{}[]\",:\\u0123456789eE-+. ntfarlsx";
        const CounterRng rng({.seed = 3, .purpose = RngPurpose::Sampling});
        uint64_t draw = 0;
        int numValid = 0;
        JsonlRecord record;
        for (int i = 0; i < 3000; ++i) {
            std::string line = seed;
            // Without two of the three kinds most lines would fail for the same reason.
            const char *kinds[] = {"\"messages\"", "\"tokens\"", "\"text\""};
            for (uint64_t k = 0, keep = rng.below(draw++, 3); k < 3; ++k)
                if (k != keep) line.replace(line.find(kinds[k]), 2, "\"_");
            if (line.find("\"tokens\"") == std::string::npos) line.replace(line.find("\"loss"), 2, "\"_");
            for (uint64_t change = rng.below(draw++, 4); change > 0; --change) {
                const size_t at = rng.below(draw++, line.size());
                if (rng.below(draw++, 2) == 0)
                    line[at] = letters[rng.below(draw++, letters.size())];
                else
                    line.erase(at, rng.below(draw++, 4));
                if (line.empty()) line = "x";
            }
            const auto broken = parseJsonlRecord(line, 272, record);
            if (broken)
                QVERIFY(!broken->found.empty() && !broken->expected.empty());
            else
                ++numValid;
        }
        QVERIFY2(numValid > 300, qPrintable(QString::number(numValid)));
    }
};

QTEST_APPLESS_MAIN(TestJsonl)
#include "tst_jsonl.moc"
