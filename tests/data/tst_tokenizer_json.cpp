// SPDX-License-Identifier: Apache-2.0
// What is wrong with a tokenizer.json is said: the value, the rule, the next step.
#include "core/data/tokenizer.h"
#include "core/data/tokenizer/bpe_tokenizer.h"
#include "core/data/tokenizer/json_limits.h"
#include "data_fixture.h"

#include <nlohmann/json.hpp>

#include <random>

using namespace orrery;
using Json = nlohmann::json;

namespace {

/// Byte level: all bytes, "th" and "the", a plain and two special added tokens.
Json smallTokenizer()
{
    Json vocabulary = Json::object();
    for (int byte = 0; byte < 256; ++byte)
        vocabulary[tok::lettersOfBytes(std::string(1, static_cast<char>(byte)))] = byte;
    vocabulary["th"] = 256;
    vocabulary["the"] = 257;
    return {
        {"version", "1.0"},
        {"added_tokens",
         Json::array({{{"id", 258}, {"content", "<|endoftext|>"}, {"special", true}, {"normalized", false}},
                      {{"id", 259}, {"content", "<|im_end|>"}, {"special", true}, {"normalized", false}},
                      {{"id", 260}, {"content", "[X]"}, {"special", false}, {"normalized", false}}})},
        {"normalizer", nullptr},
        {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}},
        {"post_processor", nullptr},
        {"decoder", {{"type", "ByteLevel"}}},
        {"model",
         {{"type", "BPE"},
          {"vocab", vocabulary},
          {"merges", Json::array({"t h", Json::array({"th", "e"})})}}}};
}

Json bytePattern(const char *pattern)
{
    return {{"type", "Sequence"},
            {"pretokenizers",
             Json::array({{{"type", "Split"},
                           {"pattern", {{"Regex", pattern}}},
                           {"behavior", "Isolated"},
                           {"invert", false}},
                          {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}})}};
}

Result<std::unique_ptr<Tokenizer>> read(const Json &json)
{
    return Tokenizer::fromJson(json.dump(), "t.json");
}

std::vector<int32_t> idsOf(const Tokenizer &tokenizer, std::string_view text)
{
    std::vector<int32_t> ids;
    const auto encoded = tokenizer.encode(text, ids);
    return encoded.ok() ? ids : std::vector<int32_t>{-1};
}

} // namespace

class TestTokenizerJson : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsASmallOne()
    {
        const auto tokenizer = read(smallTokenizer());
        VERIFY_OK(tokenizer);
        QCOMPARE((*tokenizer)->vocabSize(), int64_t(261));
        QCOMPARE(idsOf(**tokenizer, "the th"), (std::vector<int32_t>{257, ' ', 256}));
        QCOMPARE((*tokenizer)->tokenBytes(257), std::string("the"));
        QCOMPARE((*tokenizer)->specialId(SpecialToken::EndOfText), std::optional<int32_t>(258));
        QCOMPARE((*tokenizer)->specialId(SpecialToken::EndOfTurn), std::optional<int32_t>(259));
        QVERIFY(!(*tokenizer)->specialId(SpecialToken::User));
        QVERIFY(!(*tokenizer)->hasSpecials());
        QCOMPARE((*tokenizer)->numTextBytes(257), int64_t(3));
        QCOMPARE((*tokenizer)->numTextBytes(258), int64_t(0));
    }

    void keepsSpecialsOfATextAsText()
    {
        const auto tokenizer = read(smallTokenizer());
        VERIFY_OK(tokenizer);
        const std::string text = "a<|endoftext|>[X]b<|im_end|>";
        const std::vector<int32_t> ids = idsOf(**tokenizer, text);
        for (const int32_t id : ids) QVERIFY(!(*tokenizer)->isSpecial(id));
        QCOMPARE(std::count(ids.begin(), ids.end(), 260), std::ptrdiff_t(1)); // the plain one is found
        QCOMPARE((*tokenizer)->decode(ids), text);
    }

    void givesBrokenBytesBack()
    {
        const auto tokenizer = read(smallTokenizer());
        VERIFY_OK(tokenizer);
        std::mt19937 random(7);
        for (int i = 0; i < 300; ++i) {
            std::string text;
            for (int k = 0; k < 40; ++k) text += static_cast<char>(random() % 256);
            QCOMPARE((*tokenizer)->decode(idsOf(**tokenizer, text)), text);
        }
        QCOMPARE(idsOf(**tokenizer, "th\xFFth\xE2\x82"), (std::vector<int32_t>{256, 255, 256, 0xE2, 0x82}));
    }

    void refuses_data()
    {
        QTest::addColumn<QByteArray>("patch");
        QTest::addColumn<QByteArray>("part");
        const auto add = [](const char *name, const Json &patch, const char *part) {
            QTest::newRow(name) << QByteArray::fromStdString(patch.dump()) << QByteArray(part);
        };
        const auto replace = [](const char *path, const Json &value) {
            return Json::array({{{"op", "add"}, {"path", path}, {"value", value}}});
        };
        add("other model", replace("/model", {{"type", "Unigram"}, {"vocab", Json::array()}}),
            "its model is of type \"Unigram\", expected BPE");
        add("no vocabulary", replace("/model/vocab", nullptr), "no object \"vocab\"");
        add("no merges", replace("/model/merges", 3), "no list \"merges\"");
        add("id below 0", replace("/model/vocab/the", -1), "the id of token \"the\" is \"-1\"");
        add("id too large", replace("/model/vocab/the", 4'000'000'000), "from 0 to 1048575");
        add("id no number", replace("/model/vocab/the", "x"), "the id of token \"the\"");
        add("id twice", replace("/model/vocab/the", 7), "both have the id 7");
        add("empty token", replace("/model/vocab/", 300),
            "token 300 is empty, so that a merge could go in circles");
        add("merge of nothing", replace("/model/merges/0", " a"), "needs \"\", which is no token");
        add("missing part", replace("/model/merges/0", "q zz"),
            "merge 0 (\"q\" and \"zz\") needs \"zz\", which is no token");
        add("missing whole", replace("/model/merges/0", "q z"), "needs \"qz\", which is no token");
        add("merge of three", replace("/model/merges/0", "a b c"), "merge 0 is \"\"a b c\"\"");
        add("merge of numbers", replace("/model/merges/0", Json::array({1, 2})), "merge 0 is");
        add("dropout", replace("/model/dropout", 0.1), "a dropout of \"0.1\"");
        add("suffix", replace("/model/end_of_word_suffix", "</w>"), "end_of_word_suffix");
        add("unknown token", replace("/model/unk_token", "<unk>"), "unk_token");
        add("flag", replace("/model/byte_fallback", 1),
            "\"byte_fallback\" of its model is neither true nor false");
        add("normalizer", replace("/normalizer", {{"type", "BertNormalizer"}}),
            "its normalizer is of type \"BertNormalizer\", expected NFC");
        add("replace", replace("/normalizer", {{"type", "Replace"}, {"pattern", 1}, {"content", ""}}),
            "the pattern of its normalizer Replace");
        add("pre-tokenizer", replace("/pre_tokenizer", {{"type", "BertPreTokenizer"}}),
            "its pre_tokenizer is of type \"BertPreTokenizer\"");
        add("no type", replace("/pre_tokenizer", Json::object()), "its pre_tokenizer has no type");
        add("behavior",
            replace("/pre_tokenizer",
                    {{"type", "Split"}, {"pattern", {{"String", "a"}}}, {"behavior", "Odd"}}),
            "the behavior of its pre_tokenizer Split is \"Odd\"");
        add("behind bytes",
            replace("/pre_tokenizer",
                    {{"type", "Sequence"},
                     {"pretokenizers", Json::array({{{"type", "ByteLevel"}}, {{"type", "Digits"}}})}}),
            "a step behind ByteLevel (\"Digits\")");
        add("scheme",
            replace("/pre_tokenizer",
                    {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "often"}}),
            "prepend_scheme");
        add("broken pattern", replace("/pre_tokenizer", bytePattern("a(b")),
            "the pattern \"a(b\" of its pre_tokenizer Split is broken at character 3");
        add("nested set", replace("/pre_tokenizer", bytePattern("[a[bc]]")), "has a set within a set");
        add("long pattern", replace("/pre_tokenizer", bytePattern(std::string(70'000, 'a').c_str())),
            "has 70000 bytes");
        add("decoder", replace("/decoder", {{"type", "WordPiece"}}), "its decoder is of type \"WordPiece\"");
        add("strip", replace("/decoder", {{"type", "Strip"}, {"content", "x"}, {"start", 1}, {"stop", 0}}),
            "its decoder Strip");
        add("post-processor", replace("/post_processor", {{"type", "BertProcessing"}}),
            "its post_processor is of type \"BertProcessing\"");
        add("template",
            replace("/post_processor", {{"type", "TemplateProcessing"},
                                        {"single", Json::array({{{"SpecialToken", {{"id", "<s>"}}}}})}}),
            "names a token without ids");
        add("template id",
            replace("/post_processor", {{"type", "TemplateProcessing"},
                                        {"single", Json::array({{{"SpecialToken", {{"id", "<s>"}}}}})},
                                        {"special_tokens", {{"<s>", {{"ids", Json::array({900})}}}}}}),
            "has the id \"900\"");
        add("added id", replace("/added_tokens/2/id", -4), "the id of the added token \"[X]\"");
        add("added twice", replace("/added_tokens/2/id", 259), "stands there twice");
        add("added empty", replace("/added_tokens/2/content", ""), "the added token 260 is empty");
        add("added over another", replace("/added_tokens/2/id", 5), "which is that of");
        add("added list", replace("/added_tokens", 4), "its added_tokens are no list");
        Json deep = {{"type", "NFC"}};
        for (int i = 0; i < 9; ++i) deep = {{"type", "Sequence"}, {"normalizers", Json::array({deep})}};
        add("deep", replace("/normalizer", deep), "sequences within sequences");
    }
    void refuses()
    {
        QFETCH(QByteArray, patch);
        QFETCH(QByteArray, part);
        const Json broken = smallTokenizer().patch(Json::parse(patch.toStdString()));
        VERIFY_ERROR(read(broken), ErrorCode::InvalidInput, part.toStdString());
        QVERIFY(read(broken).error().message.starts_with("Cannot read tokenizer \"t.json\": "));
    }

    void refusesWhatIsNoTokenizer()
    {
        VERIFY_ERROR(Tokenizer::fromJson("{\"model\": ", "t.json"), ErrorCode::InvalidInput,
                     "no JSON at byte");
        VERIFY_ERROR(Tokenizer::fromJson("", "t.json"), ErrorCode::InvalidInput, "no JSON at byte");
        VERIFY_ERROR(Tokenizer::fromJson("[1]", "t.json"), ErrorCode::InvalidInput, "no JSON object");
        VERIFY_ERROR(Tokenizer::fromJson("{\"a\": \"\xFF\"}", "t.json"), ErrorCode::InvalidInput,
                     "no JSON at byte");
        VERIFY_ERROR(
            Tokenizer::fromJson("{\"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}}", "t.json"),
            ErrorCode::InvalidInput, "it has no tokens");
        VERIFY_ERROR(Tokenizer::fromJson(smallTokenizer().dump(), "t.json", 100), ErrorCode::InvalidInput,
                     "at least the 261");
        DataSpec missing;
        missing.tokenizer = "/nowhere/tokenizer.json";
        VERIFY_ERROR(Tokenizer::create(missing), ErrorCode::NotFound, "/nowhere/tokenizer.json");
        missing.tokenizer = "bpe";
        VERIFY_ERROR(Tokenizer::create(missing), ErrorCode::NotFound, "none was trained");
    }

    void refusesTooMuchBeforeItIsKept()
    {
        std::string merges = "{\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[";
        merges.reserve(45'000'000);
        for (int i = 0; i < 10'000'000; ++i) merges += "\"\",";
        merges += "\"\"]}}";
        VERIFY_ERROR(Tokenizer::fromJson(std::move(merges), "t.json"), ErrorCode::InvalidInput,
                     "its model.merges has more than 2000000 entries");
        VERIFY_ERROR(Tokenizer::fromJson(std::string(200, '[') + std::string(200, ']'), "t.json"),
                     ErrorCode::InvalidInput, "more than 32 levels");
        const DataFixture files(DataFixture::Place::Disk);
        const auto path = files.write("huge.json", "{");
        std::filesystem::resize_file(path, uint64_t{1} << 30); // a hole: takes no room
        DataSpec data;
        data.tokenizer = path.string();
        const auto huge = Tokenizer::create(data);
        VERIFY_ERROR(huge, ErrorCode::InvalidInput, "huge.json");
    }

    void endsAnExplodingPattern()
    {
        Json json = smallTokenizer();
        json["pre_tokenizer"] = bytePattern("(a+)+$|(?:a|a?)+b");
        const auto tokenizer = read(json);
        VERIFY_OK(tokenizer);
        std::vector<int32_t> ids;
        VERIFY_ERROR((*tokenizer)->encode(std::string(60, 'a') + "!", ids), ErrorCode::InvalidInput,
                     "explodes on this text");
        VERIFY_ERROR((*tokenizer)->encode(std::string(60, 'a') + "!", ids), ErrorCode::InvalidInput,
                     "(a+)+$|(?:a|a?)+b\" of its pre_tokenizer Split");
        VERIFY_ERROR((*tokenizer)->tokenize(std::string(60, 'a') + "!"), ErrorCode::InvalidInput, "explodes");
    }

    void survivesBrokenFiles() // what a fuzzer would find first: single bytes changed, and a file cut off
    {
        const std::string good = smallTokenizer().dump();
        std::mt19937 random(3);
        int numRead = 0;
        for (int i = 0; i < 1500; ++i) {
            std::string bad = good;
            for (unsigned k = 0; k <= random() % 3; ++k)
                bad[random() % bad.size()] = static_cast<char>(random() % 256);
            if (i % 4 == 0) bad.resize(random() % bad.size());
            const auto tokenizer = Tokenizer::fromJson(bad, "t.json");
            if (!tokenizer) {
                QVERIFY(tokenizer.error().message.find("expected") != std::string::npos);
                continue;
            }
            ++numRead;
            std::vector<int32_t> ids;
            const auto encoded = (*tokenizer)->encode("the <|endoftext|> quick \xFF", ids);
            for (const int32_t id : ids) QVERIFY(id >= 0 && id < (*tokenizer)->vocabSize());
            QVERIFY(encoded.ok() || !encoded.error().hint.empty());
        }
        QVERIFY(numRead > 0);
    }
};

QTEST_APPLESS_MAIN(TestTokenizerJson)
#include "tst_tokenizer_json.moc"
