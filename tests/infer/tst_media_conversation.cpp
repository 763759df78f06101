// SPDX-License-Identifier: Apache-2.0
// Conversations with pictures and recordings: what is read from turn to turn, and what is refused.
#include "core/base/text.h"
#include "core/infer/decoded_media.h"
#include "core/infer/prompt_media.h"
#include "tests/base/check_result.h"
#include "tests/infer/media_model.h"

#include <QtTest>

#include <cmath>

using namespace orrery;
using namespace orrery::test;

namespace {

const std::atomic<bool> kNever{false};
constexpr int64_t kPatches = 4; // of a picture of mediaSpec()

struct Answer {
    std::vector<int32_t> ids;
    std::vector<double> probabilities;
    GenerateSummary summary;
};

Answer ask(TextGenerator &generator, std::vector<ChatMessage> messages, int64_t maxTokens = 4)
{
    Answer answer;
    const auto summary = generator.generate(
        {.prompt = "",
         .sampling = {.maxTokens = maxTokens, .temperature = 0, .numAlternatives = 0},
         .messages = std::move(messages)},
        [&](const GeneratedToken &token) {
            answer.ids.push_back(token.id);
            answer.probabilities.push_back(token.probability);
            return true;
        },
        kNever);
    if (!summary) qFatal("%s", summary.error().text().c_str());
    answer.summary = *summary;
    return answer;
}

/// Read at once or in turns, it is the same conversation.
void compareAnswers(const Answer &one, const Answer &other)
{
    QCOMPARE(one.ids, other.ids);
    QCOMPARE(one.summary.promptTokens, other.summary.promptTokens);
    for (size_t i = 0; i < one.probabilities.size(); ++i)
        QVERIFY(std::abs(one.probabilities[i] - other.probabilities[i]) < 1e-4);
}

ChatMessage turn(const std::string &text, std::vector<PromptMedia> media = {})
{
    return {"user", text, std::move(media)};
}

/// Grey, but for the last of its four patches.
std::string cornerPicture(uint8_t corner)
{
    Image image{16, 16, std::vector<uint8_t>(16 * 16 * 3, 120)};
    for (size_t y = 8; y < 16; ++y)
        for (size_t x = 8 * 3; x < 16 * 3; ++x) image.rgb[y * 16 * 3 + x] = corner;
    return encodePng(image).value();
}

} // namespace

class TestMediaConversation : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        if (!encodePng(Image{1, 1, {0, 0, 0}})) QSKIP("built without picture files");
    }

    void readsTurnsInTheirPlaces()
    {
        const LoadedModel loaded = mediaModel();
        GenerateRequest request;
        request.messages = {turn("see ", {{pictureOf(90), "a.png", 4}}),
                            {"assistant", "yes"},
                            turn("hear", {{recordingOf(0.2), "b.wav", 0}})};
        DecodedMedia decoded;
        const auto record = readPromptMedia(loaded, request, decoded);
        QVERIFY2(record.ok(), record ? "" : record.error().text().c_str());
        std::vector<int32_t> wanted{
            258, 's', 'e', 'e', ' ', int32_t(SpecialToken::ImageStart), 0, 0, 0, 0, 260, 259,
            'y', 'e', 's', 260, 258, int32_t(SpecialToken::AudioStart), 0, 0, 0, 0, 'h', 'e',
            'a', 'r', 260, 259};
        QCOMPARE(record->ids_L, wanted);
        QVERIFY(record->modality_L[6] == Modality::Image && record->modality_L[18] == Modality::Audio);
        QCOMPARE(record->modality_L[10], Modality::Text);
    }

    void readsOnlyWhatIsNew()
    {
        TextGenerator generator(mediaModel());
        std::vector<ChatMessage> messages{turn("see", {{pictureOf(90), "a.png", 0}})};
        const Answer first = ask(generator, messages, 1);
        QCOMPARE(first.summary.reusedTokens, int64_t{0});
        QCOMPARE(first.summary.promptTokens, 1 + 1 + kPatches + 3 + 1 + 1);
        messages.push_back({"assistant", "yes"});
        messages.push_back(turn("hear", {{recordingOf(0.2), "b.wav", 0}}));
        const Answer second = ask(generator, messages);
        QCOMPARE(second.summary.reusedTokens, first.summary.promptTokens);
        TextGenerator fresh(mediaModel());
        const Answer atOnce = ask(fresh, messages);
        QCOMPARE(atOnce.summary.reusedTokens, int64_t{0});
        compareAnswers(second, atOnce);
        // The picture still counts in a turn that does not show it again.
        messages[0].media[0].bytes = pictureOf(200);
        TextGenerator other(mediaModel());
        const Answer changed = ask(other, messages);
        QVERIFY(changed.probabilities != atOnce.probabilities);
    }

    void anotherPictureIsReadAnew()
    {
        TextGenerator generator(mediaModel());
        const std::string one = cornerPicture(10), other = cornerPicture(250);
        const Answer before = ask(generator, {turn("see", {{one, "a.png", 0}})}, 1);
        const Answer after = ask(generator, {turn("see", {{other, "a.png", 0}})}, 1);
        // Its first patches are the same, but a picture is weighed as a whole.
        QCOMPARE(after.summary.reusedTokens, int64_t{2});
        TextGenerator fresh(mediaModel());
        compareAnswers(after, ask(fresh, {turn("see", {{other, "a.png", 0}})}, 1));
        QVERIFY(after.probabilities != before.probabilities);
        // The same one under another name is the same.
        const Answer again = ask(generator, {turn("see", {{other, "b.png", 0}})}, 1);
        QCOMPARE(again.summary.reusedTokens, again.summary.promptTokens);
        // Without any, nothing of it stays behind.
        const Answer text = ask(generator, {turn("see")}, 1);
        QCOMPARE(text.summary.reusedTokens, int64_t{1});
        TextGenerator plain(mediaModel());
        compareAnswers(text, ask(plain, {turn("see")}, 1));
    }

    void decodesWhatIsNewAndForgetsWhatIsGone()
    {
        const LoadedModel loaded = mediaModel();
        DecodedMedia decoded;
        GenerateRequest request;
        request.messages = {turn("a", {{pictureOf(1), "a.png", 0}})};
        const auto first = readPromptMedia(loaded, request, decoded);
        VERIFY_OK(first);
        QCOMPARE(decoded.size(), size_t{1});
        request.messages.push_back({"assistant", "b"});
        request.messages.push_back(turn("c", {{pictureOf(2), "b.png", 0}, {pictureOf(1), "c.png", 1}}));
        VERIFY_OK(readPromptMedia(loaded, request, decoded));
        QCOMPARE(decoded.size(), size_t{2}); // the same file twice is one
        const std::string digest = sha256Hex(pictureOf(1));
        QVERIFY(decoded.find(digest) != nullptr);
        // What stands there is what is read.
        decoded.add(digest, MultiModalRecord{{7}, {Modality::Text}, {0}, {0}, {}, {}});
        const auto known = readPromptMedia(loaded, request, decoded);
        VERIFY_OK(known);
        QCOMPARE(known->ids_L[1], 7);
        request.messages = {turn("a", {{pictureOf(3), "d.png", 0}})};
        VERIFY_OK(readPromptMedia(loaded, request, decoded));
        VERIFY_OK(readPromptMedia(loaded, request, decoded));
        QCOMPARE(decoded.size(), size_t{1});
    }

    /// Earlier pictures leave the context whole, and the answer goes on.
    void outlivesTheContext()
    {
        TextGenerator generator(mediaModel());
        std::vector<ChatMessage> messages;
        for (int i = 0; i < 8; ++i) {
            if (i > 0) messages.push_back({"assistant", "fine"});
            messages.push_back(turn("look " + std::to_string(i), {{pictureOf(uint8_t(i * 20)), "a.png", 5}}));
            const Answer answer = ask(generator, messages, 3);
            for (double p : answer.probabilities) QVERIFY(std::isfinite(p));
            TextGenerator fresh(mediaModel());
            const Answer atOnce = ask(fresh, messages, 3);
            QCOMPARE(atOnce.summary.promptTokens, answer.summary.promptTokens);
            if (answer.summary.promptTokens <= 48) compareAnswers(answer, atOnce);
        }
        QVERIFY(ask(generator, messages, 200).summary.promptTokens > 2 * 48);
    }

    /// What is asked now stays whole where the cache has the start of it already.
    void anEditedTurnKeepsItsPicture()
    {
        TextGenerator generator(mediaModel());
        const auto lastTurn = [](const std::string &text, uint8_t grey) {
            return turn(text, {{pictureOf(grey), "a.png", 0}});
        };
        const std::string start(18, 'a');
        const std::vector<ChatMessage> earlier{turn(std::string(8, 'x')), {"assistant", "fine"}};
        std::vector<ChatMessage> messages = earlier;
        messages.push_back(lastTurn(start + "cc", 10));
        QCOMPARE(ask(generator, messages, 1).summary.promptTokens, int64_t{44});
        // Longer than the context, while more than half of one of the turn has been read.
        messages.back() = lastTurn(start + std::string(8, 'b'), 10);
        const Answer edited = ask(generator, messages, 1);
        QCOMPARE(edited.summary.promptTokens, int64_t{50});
        TextGenerator fresh(mediaModel()), other(mediaModel());
        const Answer alone = ask(fresh, {messages.back()}, 1);
        const Answer changed = ask(other, {lastTurn(start + std::string(8, 'b'), 250)}, 1);
        QCOMPARE(edited.ids, alone.ids);
        // It is the turn alone, far nearer than with another picture.
        const double effect = std::abs(changed.probabilities.at(0) - alone.probabilities.at(0));
        const double found = std::abs(edited.probabilities.at(0) - alone.probabilities.at(0));
        QVERIFY2(found < effect / 10, qPrintable(QString("%1 of %2").arg(found).arg(effect)));
    }

    void refuses_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("place");
        QTest::addColumn<int>("modalities");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const std::string &bytes, int place, int modalities,
                            const char *text) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << place << modalities << text;
        };
        const std::string picture = pictureOf(90);
        row("a model of text", picture, 0, 1, "\"seer\" reads text only, expected text");
        row("a recording for a model of pictures", recordingOf(0.2), 0, 2,
            "it is a recording, and \"seer\" knows");
        row("a recording that is too long", recordingOf(0.5), 0, 3, "it has 10 tokens, 20 a second");
        row("text", "the quick brown fox jumps", 0, 3, "it is text, expected a picture");
        row("a picture cut off", picture.substr(0, picture.size() / 2), 0, 3, "thing.bin");
        row("behind the turn", picture, 10, 3, "its place is byte 10 of turn 2, expected 0 to 9");
    }
    void refuses()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(int, place);
        QFETCH(int, modalities);
        QFETCH(QString, text);
        TextGenerator generator(mediaModel(modalities));
        GenerateRequest request;
        request.messages = {turn("hello"),
                            {"assistant", "yes"},
                            turn("how many?", {{bytes.toStdString(), "thing.bin", place}})};
        VERIFY_ERROR(generator.generate(request, {}, kNever), ErrorCode::InvalidInput,
                     text.toUtf8().constData());
        // And the conversation goes on without it.
        request.messages.back().media.clear();
        request.sampling.maxTokens = 1;
        VERIFY_OK(generator.generate(request, {}, kNever));
    }

    void refusesTooMuch()
    {
        TextGenerator generator(mediaModel());
        GenerateRequest request;
        request.messages = {turn(std::string(40, 'x'), {{pictureOf(1), "a.png", 0}})};
        VERIFY_ERROR(
            generator.generate(request, {}, kNever), ErrorCode::InvalidInput,
            "the last turn with its pictures and recordings has 48 tokens, expected fewer than the context");
        request.messages = {
            turn("a", std::vector<PromptMedia>(kMaxMediaFiles + 1, {pictureOf(1), "a.png", 0}))};
        VERIFY_ERROR(generator.generate(request, {}, kNever), ErrorCode::InvalidInput,
                     "the request has 257 pictures and recordings, expected at most 256");
        request.messages = {turn("a", {{pictureOf(1), "a.png", 0}}), {"bot", "b"}};
        VERIFY_ERROR(generator.generate(request, {}, kNever), ErrorCode::InvalidInput,
                     "the role of turn 1 is \"bot\"");
    }
};

QTEST_GUILESS_MAIN(TestMediaConversation)
#include "tst_media_conversation.moc"
