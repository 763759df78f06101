// SPDX-License-Identifier: Apache-2.0
// Texts that end an answer: where it ends, whatever its tokens are, and that nobody is shown a part of one.
#include "core/base/counter_rng.h"
#include "core/infer/answer_gate.h"
#include "tests/base/check_result.h"

#include <optional>

using namespace orrery;

namespace {

using Texts = std::vector<std::string>;

/// What the matcher means, by looking at the whole text: where the answer ends.
std::optional<size_t> referenceEnd(const std::string &text, const Texts &stop, size_t numGiven)
{
    for (size_t end = numGiven + 1; end <= text.size(); ++end) {
        size_t longest = 0;
        for (const std::string &one : stop)
            if (one.size() <= end && text.compare(end - one.size(), one.size(), one) == 0)
                longest = std::max(longest, one.size());
        if (longest > 0) return end - longest;
    }
    return std::nullopt;
}

/// Bytes at the end that a text may begin with.
size_t referenceOpen(const std::string &text, const Texts &stop)
{
    for (size_t length = text.size(); length > 0; --length)
        for (const std::string &one : stop)
            if (length < one.size() && text.compare(text.size() - length, length, one, 0, length) == 0)
                return length;
    return 0;
}

/// Tokens from 1001 on have the bytes that a test says; what is cut anew is cut into bytes.
class PieceTokenizer final : public Tokenizer {
public:
    bool canSpell = true;
    [[nodiscard]] int64_t vocabSize() const override { return 1 << 20; }
    [[nodiscard]] bool hasSpecials() const override { return false; }
    [[nodiscard]] std::optional<int32_t> specialId(SpecialToken) const override { return std::nullopt; }
    [[nodiscard]] bool isSpecial(int32_t) const override { return false; }
    [[nodiscard]] Result<void> encode(std::string_view text, std::vector<int32_t> &ids) const override
    {
        if (!canSpell) ids.push_back(' ');
        for (const char byte : text) ids.push_back(static_cast<unsigned char>(byte));
        return {};
    }
    [[nodiscard]] std::string tokenBytes(int32_t id) const override { return {static_cast<char>(id)}; }
    [[nodiscard]] int64_t numTextBytes(int32_t) const override { return 1; }
    [[nodiscard]] std::string fingerprint() const override { return "pieces"; }
    [[nodiscard]] std::string toJson() const override { return "{}"; }
};

GeneratedToken token(int32_t id, const std::string &bytes)
{
    return {.id = id, .bytes = bytes, .probability = 0.25, .entropy = 1, .chance = 0.5};
}

PieceTokenizer pieces(bool canSpell)
{
    PieceTokenizer tokenizer;
    tokenizer.canSpell = canSpell;
    return tokenizer;
}
const PieceTokenizer kPieces = pieces(true), kSpaced = pieces(false);

/// Of the first bytes of tokens 1001, 1002 …: whole ones, then what is left of the next one, in bytes.
std::vector<int32_t> idsOf(const std::vector<std::string> &pieces, size_t numBytes)
{
    std::vector<int32_t> ids;
    for (size_t i = 0; i < pieces.size() && numBytes > 0; ++i) {
        const size_t count = std::min(numBytes, pieces[i].size());
        if (count == pieces[i].size())
            ids.push_back(1001 + static_cast<int32_t>(i));
        else
            (void)kPieces.encode(std::string_view(pieces[i]).substr(0, count), ids);
        numBytes -= count;
    }
    return ids;
}

/// Takes tokens one after the other and keeps what comes through.
struct Listener {
    std::vector<GeneratedToken> passed;
    size_t limit = 1'000'000; ///< then it wants no more
    AnswerGate gate;
    explicit Listener(const Texts &stop, const Tokenizer &tokenizer = kPieces)
        : gate(
              stop,
              [this](const GeneratedToken &one) {
                  passed.push_back(one);
                  return passed.size() < limit;
              },
              tokenizer)
    {
    }
    [[nodiscard]] std::string text() const
    {
        std::string text;
        for (const GeneratedToken &one : passed) text += one.bytes;
        return text;
    }
};

} // namespace

class TestStopText : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rejectsWhatIsNoStopText()
    {
        VERIFY_OK(checkStopTexts({}));
        VERIFY_OK(checkStopTexts(Texts(16, std::string(256, 'x'))));
        VERIFY_OK(checkStopTexts({"\xFF\xFE"}));
        VERIFY_ERROR(checkStopTexts(Texts(17, "x")), ErrorCode::InvalidInput,
                     "there are 17 stop texts, expected at most 16.");
        VERIFY_ERROR(checkStopTexts({"a", ""}), ErrorCode::InvalidInput,
                     "stop text 2 is empty, expected 1 … 256 bytes.");
        VERIFY_ERROR(checkStopTexts({"a", "b", std::string(257, 'x')}), ErrorCode::InvalidInput,
                     "stop text 3, \"xxxx");
        VERIFY_ERROR(checkStopTexts({std::string(257, 'x')}), ErrorCode::InvalidInput,
                     "has 257 bytes, expected 1 … 256.");
    }

    void withoutTextsEverythingComesAtOnce()
    {
        Listener listener({});
        for (int32_t id = 0; id < 5; ++id) {
            QVERIFY(listener.gate.take(token(id, "ab")) == AnswerGate::Next::GoOn);
            QCOMPARE(listener.passed.size(), static_cast<size_t>(id + 1));
        }
        QVERIFY(listener.gate.flush());
        QCOMPARE(listener.gate.numPassed(), int64_t{5});
        QCOMPARE(listener.gate.ids(), (std::vector<int32_t>{0, 1, 2, 3, 4}));
    }

    void holdsBackWhatMayBeginAText()
    {
        Listener listener({"\n\nUser:"});
        for (const char *bytes : {"Hi", ".\n", "\n", "Us"}) (void)listener.gate.take(token(1, bytes));
        QCOMPARE(listener.text(), std::string("Hi")); // the line end is in the token of the dot
        QVERIFY(listener.gate.take(token(2, "ual")) == AnswerGate::Next::GoOn);
        QCOMPARE(listener.text(), std::string("Hi.\n\nUsual"));
    }

    void aTextThatSpansTokensEndsTheAnswerBeforeIt()
    {
        Listener listener({"\n\nUser:"});
        for (const char *bytes : {"Hi.", "\n", "\n", "Us", "er"})
            QVERIFY(listener.gate.take(token(3, bytes)) == AnswerGate::Next::GoOn);
        QVERIFY(listener.gate.take(token(4, ": what")) == AnswerGate::Next::StopText);
        QCOMPARE(listener.text(), std::string("Hi."));
        QCOMPARE(listener.gate.ids(), (std::vector<int32_t>{3}));
    }

    /// ".\n\n" is one token of many tokenizers: the dot is said.
    void theBeginningOfACutTokenIsSaidInTokensOfItsOwn()
    {
        Listener listener({"\n\n"});
        QVERIFY(listener.gate.take(token(300, "Yes")) == AnswerGate::Next::GoOn);
        QVERIFY(listener.gate.take(token(301, "!?\n\n")) == AnswerGate::Next::StopText);
        QCOMPARE(listener.text(), std::string("Yes!?"));
        QCOMPARE(listener.gate.ids(), (std::vector<int32_t>{300, '!', '?'}));
        QCOMPARE(listener.gate.numPassed(), int64_t{3});
        QCOMPARE(listener.passed[1].id, int32_t{'!'});
        QCOMPARE(listener.passed[1].probability, 0.25); // of the token that was drawn
        QCOMPARE(listener.passed[1].chance, 0.5);
        QCOMPARE(listener.passed[2].probability, 1.0); // it came with the first
        QCOMPARE(listener.passed[2].entropy, 0.0);
    }

    void aTokenThatCannotBeSpeltAnewKeepsItsId()
    {
        Listener listener({"\n\n"}, kSpaced);
        QVERIFY(listener.gate.take(token(301, "!?\n\n")) == AnswerGate::Next::StopText);
        QCOMPARE(listener.text(), std::string("!?"));
        QCOMPARE(listener.passed.size(), size_t(1));
        QCOMPARE(listener.passed[0].id, 301);
        QVERIFY(listener.gate.ids().empty());
    }

    void theFirstThatIsCompleteWins()
    {
        Listener listener({"abcd", "c"});
        for (const char *bytes : {"a", "b"}) (void)listener.gate.take(token(1, bytes));
        QVERIFY(listener.gate.take(token(1, "c")) == AnswerGate::Next::StopText);
        QCOMPARE(listener.text(), std::string("ab"));
        Listener longest({"c", "bc"});
        QVERIFY(longest.gate.take(token(1, "abc")) == AnswerGate::Next::StopText);
        QCOMPARE(longest.text(), std::string("a"));
    }

    void aTextMayBeginInWhatTheAnswerWasToldToBeginWith()
    {
        Listener listener({"STOP"});
        listener.gate.begin("so STOP and ST"); // the whole one in it was asked for
        QVERIFY(listener.gate.take(token(1, "O")) == AnswerGate::Next::GoOn);
        QVERIFY(listener.passed.empty());
        QVERIFY(listener.gate.take(token(2, "P!")) == AnswerGate::Next::StopText);
        QVERIFY(listener.passed.empty());
        QVERIFY(listener.gate.ids().empty());
    }

    void theEndOfAnAnswerFreesWhatIsHeld()
    {
        Listener listener({"abc"});
        (void)listener.gate.take(token(1, "xab"));
        QVERIFY(listener.passed.empty());
        QVERIFY(listener.gate.flush());
        QCOMPARE(listener.text(), std::string("xab"));
    }

    void whoWantsNoMoreGetsNoMore()
    {
        Listener listener({"abz"});
        listener.limit = 2;
        (void)listener.gate.take(token(1, "a"));
        (void)listener.gate.take(token(2, "b"));
        QVERIFY(listener.gate.take(token(3, "cc")) == AnswerGate::Next::Refused);
        QCOMPARE(listener.passed.size(), size_t(2));
        Listener flushed({"abz"});
        flushed.limit = 1;
        (void)flushed.gate.take(token(1, "a"));
        QVERIFY(!flushed.gate.flush());
        Listener piece({"\n"});
        piece.limit = 1;
        QVERIFY(piece.gate.take(token(1, "ab\n")) == AnswerGate::Next::Refused);
        QCOMPARE(piece.passed.size(), size_t(1));
    }

    /// Random texts of few letters, so that stop texts overlap themselves and each other, cut into random
    /// tokens.
    void agreesWithTheReferenceForEveryCut()
    {
        const CounterRng rng(RngKey{.seed = 5});
        uint64_t next = 0;
        const auto letters = [&](size_t count) {
            std::string text;
            while (text.size() < count) text += static_cast<char>('a' + rng.below(next++, 3));
            return text;
        };
        int numStopped = 0;
        for (int round = 0; round < 3000; ++round) {
            Texts stop(rng.below(next++, 4));
            for (std::string &one : stop) one = letters(1 + rng.below(next++, 6));
            const std::string given = letters(rng.below(next++, 8)), text = letters(rng.below(next++, 40));
            const std::optional<size_t> end = referenceEnd(given + text, stop, given.size());
            Listener listener(stop);
            listener.gate.begin(given);
            std::string read = given;
            size_t numPassed = 0; // bytes of the tokens that are decided
            std::vector<std::string> pieces;
            AnswerGate::Next answer = AnswerGate::Next::GoOn;
            for (size_t at = 0; at < text.size() && answer == AnswerGate::Next::GoOn;) {
                pieces.push_back(text.substr(at, 1 + rng.below(next++, 5)));
                at += pieces.back().size();
                read += pieces.back();
                answer = listener.gate.take(token(1000 + static_cast<int32_t>(pieces.size()), pieces.back()));
                if (answer == AnswerGate::Next::StopText) break;
                const size_t decided = read.size() - referenceOpen(read, stop);
                numPassed = 0;
                for (const std::string &piece : pieces) {
                    if (given.size() + numPassed + piece.size() > decided) break;
                    numPassed += piece.size();
                }
                QCOMPARE(listener.text(), text.substr(0, numPassed)); // all that is decided, and no more
            }
            const bool isStopped = answer == AnswerGate::Next::StopText;
            QCOMPARE(isStopped, end.has_value());
            if (!isStopped) QVERIFY(listener.gate.flush());
            const size_t numKept = !end ? text.size() : *end > given.size() ? *end - given.size() : 0;
            QCOMPARE(listener.text(), text.substr(0, numKept));
            QCOMPARE(listener.gate.ids(), idsOf(pieces, numKept));
            numStopped += isStopped;
        }
        QVERIFY(numStopped > 500 && numStopped < 2900);
    }
};

QTEST_APPLESS_MAIN(TestStopText)
#include "tst_stop_text.moc"
