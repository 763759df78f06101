// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer.h"
#include "data_fixture.h"

using namespace orrery;

class TestTokenizer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void encodesEveryByteAsItself()
    {
        const auto tokenizer = Tokenizer::create(DataSpec{});
        VERIFY_OK(tokenizer);
        std::string all;
        for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
        std::vector<int32_t> ids = {7}; // appends
        VERIFY_OK((*tokenizer)->encode(all, ids));
        QCOMPARE(ids.size(), size_t(257));
        for (int i = 0; i < 256; ++i) {
            QCOMPARE(ids[static_cast<size_t>(i) + 1], i);
            QCOMPARE((*tokenizer)->tokenBytes(i), std::string(1, static_cast<char>(i)));
        }
    }

    void neverMakesASpecialFromText()
    {
        const auto tokenizer = Tokenizer::create(DataSpec{});
        std::vector<int32_t> ids;
        VERIFY_OK((*tokenizer)->encode("<|end_of_text|>", ids));
        QCOMPARE(ids.size(), size_t(15));
    }

    void hasFixedIdsOfSpecials()
    {
        const auto tokenizer = Tokenizer::create(DataSpec{});
        QCOMPARE((*tokenizer)->vocabSize(), int64_t(272));
        QVERIFY((*tokenizer)->hasSpecials());
        QCOMPARE((*tokenizer)->fingerprint(), std::string("bytes/1"));
        QCOMPARE((*tokenizer)->tokenBytes(256), std::string("<|end_of_text|>"));
        QCOMPARE((*tokenizer)->tokenBytes(259), std::string("<|assistant|>"));
        QCOMPARE((*tokenizer)->tokenBytes(270), std::string("<|reserved_270|>"));
        QCOMPARE(specialTokenName(SpecialToken::EndOfTurn), "<|end_of_turn|>");
        QVERIFY((*tokenizer)->toJson().find("\"<|audio_start|>\": 265") != std::string::npos);
    }

    void withoutSpecialsTheVocabularyIsBytes()
    {
        DataSpec data;
        data.specialTokens = "none";
        const auto tokenizer = Tokenizer::create(data);
        QCOMPARE((*tokenizer)->vocabSize(), int64_t(256));
        QVERIFY(!(*tokenizer)->hasSpecials());
        QCOMPARE((*tokenizer)->fingerprint(), std::string("bytes/1/no-specials"));
        QVERIFY((*tokenizer)->toJson().find("end_of_text") == std::string::npos);
    }

    void takesALargerVocabulary()
    {
        DataSpec data;
        data.vocabSize = 50257;
        QCOMPARE((*Tokenizer::create(data))->vocabSize(), int64_t(50257));
    }

    void refusesUnknownSettings()
    {
        DataSpec data;
        data.tokenizer = "wordz";
        VERIFY_ERROR(Tokenizer::create(data), ErrorCode::NotFound, "\"wordz\"");
        data = {};
        data.specialTokens = "some";
        VERIFY_ERROR(Tokenizer::create(data), ErrorCode::InvalidInput, "\"some\"");
        data = {};
        data.vocabSize = 271;
        VERIFY_ERROR(Tokenizer::create(data), ErrorCode::InvalidInput, "271, expected 0 or at least 272");
        data.vocabSize = -5;
        VERIFY_ERROR(Tokenizer::create(data), ErrorCode::InvalidInput, "-5");
        data.vocabSize = 1ll << 40;
        VERIFY_ERROR(Tokenizer::create(data), ErrorCode::InvalidInput, "1099511627776");
    }
};

QTEST_APPLESS_MAIN(TestTokenizer)
#include "tst_tokenizer.moc"
