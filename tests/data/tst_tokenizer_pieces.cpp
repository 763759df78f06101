// SPDX-License-Identifier: Apache-2.0
// Text in pieces: streams that never split a character, long words, and where a text may be cut.
#include "core/base/text.h"
#include "core/data/tokenizer.h"
#include "core/data/tokenizer/bpe_trainer.h"
#include "core/data/tokenizer/unicode.h"
#include "core/data/tokenizer/utf8_stream.h"
#include "data_fixture.h"

#include <random>

using namespace orrery;

class TestTokenizerPieces : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void neverSplitsACharacter()
    {
        const std::string text = "a é ह 👩‍🚀 𝔘 z";
        for (size_t step = 1; step <= 5; ++step) {
            Utf8Stream stream;
            std::string shown;
            for (size_t at = 0; at < text.size(); at += step) {
                const std::string piece = stream.append(std::string_view(text).substr(at, step));
                QVERIFY(isValidUtf8(piece));
                shown += piece;
            }
            QVERIFY(stream.flush().empty());
            QCOMPARE(shown, text);
        }
    }

    void givesBrokenBytesAtOnce()
    {
        Utf8Stream stream;
        QCOMPARE(stream.append("a\xFF"), std::string("a\xFF"));
        QCOMPARE(stream.append("\xE2\x28"), std::string("\xE2\x28"));
        QCOMPARE(stream.append("\xE0\x80"), std::string("\xE0\x80")); // overlong
        QCOMPARE(stream.append("x\xE2\x82"), std::string("x"));
        QCOMPARE(stream.append("y"), std::string("\xE2\x82y"));
        QCOMPARE(stream.append("\xF0\x9F"), std::string());
        QCOMPARE(stream.flush(), std::string("\xF0\x9F")); // the end of an answer
        QVERIFY(stream.flush().empty());
    }

    void losesNothingOfAnyBytes()
    {
        std::mt19937 random(5);
        for (int i = 0; i < 300; ++i) {
            std::string text, shown;
            for (int k = 0; k < 50; ++k)
                text += static_cast<char>(random() % 2 ? 0x80 + random() % 0x80 : random() % 128);
            Utf8Stream stream;
            for (size_t at = 0; at < text.size();) {
                const size_t count = 1 + random() % 4;
                shown += stream.append(std::string_view(text).substr(at, count));
                at += count;
            }
            QCOMPARE(shown + stream.flush(), text);
        }
    }

    void cutsWhereNoWordGoesOn()
    {
        QCOMPARE(tok::safeCut("ab\ncd\nef"), size_t(6));
        QCOMPARE(tok::safeCut("ab\n  cd"), size_t(0)); // the white space goes with the line end
        QCOMPARE(tok::safeCut("ab\nx\n\n"), size_t(3));
        QCOMPARE(tok::safeCut("ab\nx\n\xE3\x80"), size_t(3)); // might become U+3000, a space
        QCOMPARE(tok::safeCut("ab"), size_t(0));
        QCOMPARE(tok::safeCut(""), size_t(0));
    }

    void encodesPiecesAsTheWhole()
    {
        const auto json = readRaw(QFINDTESTDATA("tokenizer/ours.json").toStdString());
        const auto tokenizer = Tokenizer::fromJson(json, "ours.json");
        VERIFY_OK(tokenizer);
        const std::string text = readRaw(QFINDTESTDATA("tokenizer/make_golden.py").toStdString());
        std::vector<int32_t> whole, pieces;
        VERIFY_OK((*tokenizer)->encode(text, whole));
        for (size_t at = 0; at < text.size();) {
            const size_t most = std::min<size_t>(700, text.size() - at);
            const size_t cut =
                at + most < text.size() ? tok::safeCut(std::string_view(text).substr(at, most)) : most;
            const size_t count = cut == 0 ? text.size() - at : cut;
            VERIFY_OK((*tokenizer)->encode(std::string_view(text).substr(at, count), pieces));
            at += count;
        }
        QCOMPARE(pieces, whole);
    }

    void mergesLongWordsAsShortOnes()
    {
        // Llama 2 has no words: a whole line is one. The heap for long ones and the search for short ones
        // agree.
        const auto json = readRaw(QFINDTESTDATA("tokenizer/llama2.json").toStdString());
        const auto tokenizer = Tokenizer::fromJson(json, "llama2.json");
        VERIFY_OK(tokenizer);
        const std::string line =
            readRaw(QFINDTESTDATA("tokenizer/mixed_lines.h").toStdString()).substr(0, 3000);
        std::vector<int32_t> ids;
        VERIFY_OK((*tokenizer)->encode(line, ids));
        QCOMPARE((*tokenizer)->decode(ids), line);
        QVERIFY(ids.size() < line.size());
    }

    void showsPieces()
    {
        const auto json = readRaw(QFINDTESTDATA("tokenizer/ours.json").toStdString());
        const auto tokenizer = Tokenizer::fromJson(json, "ours.json");
        VERIFY_OK(tokenizer);
        const auto pieces = (*tokenizer)->tokenize("int main() { return 0; } é\n");
        VERIFY_OK(pieces);
        std::string text;
        for (const TokenPiece &piece : *pieces) text += piece.bytes;
        QCOMPARE(text, std::string("int main() { return 0; } é\n"));
        QVERIFY(pieces->size() < text.size());
        QVERIFY((*tokenizer)->hasSpecials());
        QCOMPARE((*tokenizer)->startId(), (*tokenizer)->specialId(SpecialToken::EndOfText).value());
        QCOMPARE((*tokenizer)->tokenBytes(*(*tokenizer)->specialId(SpecialToken::User)),
                 std::string("<|user|>"));
        QCOMPARE((*tokenizer)->tokenBytes(5'000), std::string("<|id_5000|>"));
    }

    void knowsTheByteAlphabet()
    {
        std::string all;
        for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
        std::string back;
        QVERIFY(tok::bytesOfLetters(tok::lettersOfBytes(all), back));
        QCOMPARE(back, all);
        QCOMPARE(tok::lettersOfBytes(" a\n"), std::string("ĠaĊ"));
        QVERIFY(!tok::bytesOfLetters("▁", back));
    }
};

QTEST_APPLESS_MAIN(TestTokenizerPieces)
#include "tst_tokenizer_pieces.moc"
