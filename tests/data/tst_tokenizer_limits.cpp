// SPDX-License-Identifier: Apache-2.0
// Tokenizer files that would cost too much, mean another thing to each program, or let a text become a
// special token.
#include "core/data/tokenizer.h"
#include "core/data/tokenizer/bpe_trainer.h"
#include "core/data/tokenizer/json_limits.h"
#include "core/data/tokenizer/pattern.h"
#include "core/data/tokenizer/unicode.h"
#include "data_fixture.h"

#include <nlohmann/json.hpp>

using namespace orrery;
using Json = nlohmann::json;

namespace {

/// Byte level without merges; a special token behind the bytes.
Json plainTokenizer()
{
    Json vocabulary = Json::object();
    for (int byte = 0; byte < 256; ++byte)
        vocabulary[tok::lettersOfBytes(std::string(1, static_cast<char>(byte)))] = byte;
    return {{"added_tokens", Json::array({{{"id", 256}, {"content", "</s>"}, {"special", true}}})},
            {"normalizer", nullptr},
            {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}},
            {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", Json::array()}}}};
}

Json replacing(const std::string &from, const std::string &to)
{
    return {{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
}

Json inSequence(const char *key, const Json &part, size_t count)
{
    return {{"type", "Sequence"}, {key, Json(Json::array_t(count, part))}};
}

Result<std::unique_ptr<Tokenizer>> read(const Json &json)
{
    return Tokenizer::fromJson(json.dump(), "t.json");
}

Result<std::vector<int32_t>> encoded(const Json &json, std::string_view text)
{
    ORRERY_ASSIGN(const auto tokenizer, read(json));
    std::vector<int32_t> ids;
    ORRERY_TRY(tokenizer->encode(text, ids));
    return ids;
}

Result<std::vector<std::string>> found(const std::string &pattern, const std::string &text)
{
    ORRERY_ASSIGN(const tok::Pattern made, tok::Pattern::create(pattern, "rule", "t.json"));
    std::vector<tok::PatternPiece> pieces;
    ORRERY_TRY(tok::Matcher(made).cut(text, pieces));
    std::vector<std::string> texts;
    for (const tok::PatternPiece &piece : pieces)
        if (piece.isMatch) texts.push_back(text.substr(piece.begin, piece.end - piece.begin));
    return texts;
}

} // namespace

class TestTokenizerLimits : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void refusesATextThatGrows()
    {
        Json json = plainTokenizer();
        json["added_tokens"] = nullptr;
        json["normalizer"] = inSequence("normalizers", replacing("a", std::string(10, 'a')), 10);
        VERIFY_ERROR(encoded(json, "aaaa"), ErrorCode::InvalidInput,
                     "its normalizer makes more than 65600 bytes of a text");
        json["normalizer"] = nullptr;
        const Json spaces = {{"type", "Metaspace"}, {"replacement", std::string(10, ' ')}};
        json["pre_tokenizer"] = inSequence("pretokenizers", spaces, 10);
        VERIFY_ERROR(encoded(json, "a b"), ErrorCode::InvalidInput, "its pre_tokenizer makes more than");
        json = plainTokenizer();
        json["decoder"] = inSequence("decoders", replacing("a", "aaaa"), 3);
        VERIFY_ERROR(read(json), ErrorCode::InvalidInput,
                     "its decoder make a token more than 16 times as long");
    }

    void keepsWhatGrowsALittle()
    {
        Json json = plainTokenizer();
        json["normalizer"] = replacing("a", std::string(16, 'b'));
        const auto ids = encoded(json, std::string(100'000, 'a'));
        VERIFY_OK(ids);
        QCOMPARE(ids->size(), size_t(1'600'000));
    }

    void refusesAnAddedTokenThatGrows()
    {
        Json json = plainTokenizer();
        json["added_tokens"][0]["normalized"] = true;
        json["normalizer"] = replacing("s", std::string(2'000, 's'));
        VERIFY_ERROR(read(json), ErrorCode::InvalidInput, "more than 1024 bytes");
        json = plainTokenizer();
        json["added_tokens"][0]["content"] = std::string(2'000, 'x');
        VERIFY_ERROR(read(json), ErrorCode::InvalidInput, "the added token 256 has 2000 bytes");
    }

    void refusesTooManySteps()
    {
        Json json = plainTokenizer();
        json["normalizer"] = inSequence("normalizers", {{"type", "NFC"}}, 65);
        VERIFY_ERROR(read(json), ErrorCode::InvalidInput, "\"normalizers\" of its normalizer has 65 entries");
        json["normalizer"] = inSequence("normalizers", inSequence("normalizers", {{"type", "NFC"}}, 20), 4);
        VERIFY_ERROR(read(json), ErrorCode::InvalidInput, "its normalizer has more than 64 steps");
        json = plainTokenizer();
        json["pre_tokenizer"] =
            inSequence("pretokenizers", inSequence("pretokenizers", {{"type", "Digits"}}, 20), 4);
        VERIFY_ERROR(read(json), ErrorCode::InvalidInput, "its pre_tokenizer has more than 64 steps");
        json = plainTokenizer();
        json["decoder"] = inSequence("decoders", inSequence("decoders", replacing("a", "b"), 20), 4);
        VERIFY_ERROR(read(json), ErrorCode::InvalidInput, "its decoder has more than 64 steps");
    }

    void refusesTooManyValues()
    {
        std::string text = "{\"a\":[";
        for (int list = 0; list < 6; ++list) {
            text += list == 0 ? "[" : ",[";
            for (int i = 0; i < 1'500'000; ++i) text += "1,";
            text += "1]";
        }
        VERIFY_ERROR(Tokenizer::fromJson(text + "]}", "t.json"), ErrorCode::InvalidInput,
                     "it has more than 8000000 values");
    }

    void findsTheLongestAddedToken()
    {
        Json json = plainTokenizer();
        int id = 256;
        json["added_tokens"] = Json::array();
        for (const char *content : {"[ab", "[a", "[abcd]", "xy", "[abc", "[]"})
            json["added_tokens"].push_back({{"id", id++}, {"content", content}, {"special", false}});
        const auto ids = encoded(json, "[abcd[abcd]xy[a");
        VERIFY_OK(ids);
        QCOMPARE(*ids, (std::vector<int32_t>{260, 'd', 258, 259, 257}));
    }

    void makesNoSpecialOfAText()
    {
        Json json = plainTokenizer();
        json["model"]["vocab"]["</s>"] = 256;
        json["model"]["ignore_merges"] = true;
        auto ids = encoded(json, "</s>");
        VERIFY_OK(ids);
        QCOMPARE(*ids, (std::vector<int32_t>{'<', '/', 's', '>'}));
        json["model"]["vocab"]["</"] = 257;
        json["model"]["vocab"]["s>"] = 258;
        json["model"]["merges"] = Json::array({"< /", "s >", "</ s>"});
        VERIFY_ERROR(read(json), ErrorCode::InvalidInput, "merge 2 makes the special token \"</s>\" of text");
        json = plainTokenizer(); // a unit: one character
        json["added_tokens"][0] = {{"id", int('a')}, {"content", "a"}, {"special", true}};
        ids = encoded(json, "cab");
        VERIFY_OK(ids);
        QCOMPARE(*ids, (std::vector<int32_t>{'c', 'b'}));
    }

    void makesNoEndOfTextOfUnknownCharacters()
    {
        Json json = plainTokenizer();
        json["model"]["vocab"] = {{"a", 0}, {"</s>", 1}, {"<unk>", 2}};
        json["added_tokens"] = Json::array({{{"id", 1}, {"content", "</s>"}, {"special", true}},
                                            {{"id", 2}, {"content", "<unk>"}, {"special", true}}});
        json["model"]["unk_token"] = "</s>";
        auto ids = encoded(json, "aXa");
        VERIFY_OK(ids);
        QCOMPARE(*ids, (std::vector<int32_t>{0, 0}));
        json["model"]["unk_token"] = "<unk>";
        ids = encoded(json, "aXa");
        VERIFY_OK(ids);
        QCOMPARE(*ids, (std::vector<int32_t>{0, 2, 0}));
    }

    void readsSetsAsTheyAreMeant()
    {
        const auto words = found(R"([[:alpha:]\s]+)", "ab c1]d");
        VERIFY_OK(words);
        QCOMPARE(*words, (std::vector<std::string>{"ab c", "d"}));
        const auto digits = found(R"([\h-]+)", "ag-F z");
        VERIFY_OK(digits);
        QCOMPARE(*digits, (std::vector<std::string>{"a", "-F"}));
        const auto others = found(R"(\H+|[^]\s]+)", "zz");
        VERIFY_OK(others);
        QCOMPARE(*others, (std::vector<std::string>{"zz"}));
        for (const char *pattern : {R"([\S])", R"([^\Wa])", R"(\bx)", R"(\B)", R"([[:^alpha:]])", R"([\H])"})
            VERIFY_ERROR(found(pattern, "x"), ErrorCode::InvalidInput, "which means another thing");
    }

    void endsAQuadraticPattern()
    {
        VERIFY_ERROR(found("(?=[ab]*[cd]).", std::string(200'000, 'a')), ErrorCode::InvalidInput,
                     "(?=[ab]*[cd]).\" of its rule explodes on this text");
    }

    void ownPatternTakesAnyText()
    {
        const std::string blanks(3'000'000, ' ');
        const auto pieces = found(tok::kTrainedPattern, "a" + blanks + "b");
        VERIFY_OK(pieces);
        QCOMPARE(pieces->size(), size_t(3));
        QCOMPARE(pieces->at(1).size(), blanks.size() - 1);
        VERIFY_OK(found(tok::kTrainedPattern, blanks));
        VERIFY_OK(found(tok::kTrainedPattern, std::string(3'000'000, 'x') + std::string(3'000'000, '!')));
    }
};

QTEST_APPLESS_MAIN(TestTokenizerLimits)
#include "tst_tokenizer_limits.moc"
