// SPDX-License-Identifier: Apache-2.0
// Frames read back as they were, and no bytes from outside crash the reader or make it take much memory.
#include "core/store/attention_frame_codec.h"
#include "tests/base/check_result.h"

#include <zstd.h>

#include <cmath>
#include <cstring>
#include <random>

using namespace orrery;

namespace {

AttentionFrame someFrame(int64_t numTokens, int64_t tokensPerCell, int64_t numHeads)
{
    AttentionFrame frame;
    frame.step = 1234;
    frame.tokensPerCell = tokensPerCell;
    for (int64_t i = 0; i < numTokens; ++i) {
        InspectedToken token;
        token.id = static_cast<int32_t>(i);
        token.bytes = std::string(static_cast<size_t>(i % 5), static_cast<char>(i));
        token.modality = kModalities[static_cast<size_t>(i) % kModalities.size()];
        token.item = i % 3 - 1;
        token.place = i;
        token.surprise = i == 0 ? std::nan("") : 0.5 * static_cast<double>(i);
        frame.tokens.push_back(token);
    }
    const auto numCells = static_cast<size_t>(numHeads * frame.edge() * frame.edge());
    for (int64_t i = 0; i < numHeads; ++i) {
        frame.heads.push_back({i / 2, i % 2});
        frame.summaries.push_back({frame.heads.back(), 1.5, 2.25, 0.125, static_cast<double>(i)});
    }
    for (size_t i = 0; i < numCells; ++i) frame.mean.push_back(static_cast<uint8_t>(i * 7));
    if (tokensPerCell > 1) frame.maximum = std::vector<uint8_t>(numCells, 200);
    frame.candidates = {{65, "A", 0.75}, {66, "", 0.25}};
    return frame;
}

std::string compressed(const std::string &plain)
{
    std::string packed(ZSTD_compressBound(plain.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 1));
    return packed;
}

std::string plainOf(const std::string &packed)
{
    std::string plain(ZSTD_getFrameContentSize(packed.data(), packed.size()), '\0');
    ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size());
    return plain;
}

template <typename T> void put(std::string &plain, size_t at, T value)
{
    std::memcpy(plain.data() + at, &value, sizeof value);
}

} // namespace

class TestAttentionFrameCodec : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsBackWhatWasWritten_data();
    void readsBackWhatWasWritten();
    void bytesStandForWeights();
    void refusesWhatIsNoFrame_data();
    void refusesWhatIsNoFrame();
    void refusesEveryTruncation();
    void survivesFlippedBits();
    void survivesDamageWithinWholeZstd();
};

void TestAttentionFrameCodec::readsBackWhatWasWritten_data()
{
    QTest::addColumn<int>("tokens");
    QTest::addColumn<int>("perCell");
    QTest::addColumn<int>("heads");
    QTest::newRow("one token") << 1 << 1 << 1;
    QTest::newRow("a token a cell") << 17 << 1 << 4;
    QTest::newRow("pooled") << 100 << 4 << 16;
    QTest::newRow("no heads") << 3 << 1 << 0;
    QTest::newRow("as large as maps get") << 1024 << 2 << 2;
}

void TestAttentionFrameCodec::readsBackWhatWasWritten()
{
    QFETCH(int, tokens);
    QFETCH(int, perCell);
    QFETCH(int, heads);
    const AttentionFrame frame = someFrame(tokens, perCell, heads);
    const std::string packed = packFrame(frame);
    const auto back = unpackFrame(packed);
    VERIFY_OK(back);
    QCOMPARE(back->step, int64_t{1234});
    QCOMPARE(back->tokensPerCell, int64_t{perCell});
    QCOMPARE(back->tokens.size(), frame.tokens.size());
    for (size_t i = 0; i < frame.tokens.size(); ++i) {
        const InspectedToken &token = back->tokens[i], &expected = frame.tokens[i];
        QVERIFY(token.id == expected.id && token.bytes == expected.bytes &&
                token.modality == expected.modality);
        QVERIFY(token.item == expected.item && token.place == expected.place);
        QVERIFY(i == 0 ? std::isnan(token.surprise) : token.surprise == expected.surprise);
    }
    QVERIFY(back->heads == frame.heads);
    QCOMPARE(back->summaries.size(), frame.summaries.size());
    for (size_t i = 0; i < frame.summaries.size(); ++i) {
        const HeadSummary &summary = back->summaries[i];
        QVERIFY(summary.head == frame.heads[i] && summary.entropy == 1.5 && summary.distance == 2.25);
        QVERIFY(summary.firstMass == 0.125 && summary.selfMass == static_cast<double>(i));
    }
    QVERIFY(back->mean == frame.mean && back->maximum == frame.maximum);
    QCOMPARE(back->candidates.size(), size_t{2});
    QCOMPARE(back->candidates[0].bytes, std::string("A"));
    QCOMPARE(back->candidates[0].probability, 0.75);
    QCOMPARE(back->candidates[1].id, 66);
    QCOMPARE(packFrame(*back), packed);
}

void TestAttentionFrameCodec::bytesStandForWeights()
{
    QCOMPARE(frameWeight(0), 0.0F);
    QCOMPARE(frameWeight(255), 1.0F);
    QVERIFY(std::abs(frameWeight(51) - 0.04F) < 1e-6F);
}

void TestAttentionFrameCodec::refusesWhatIsNoFrame_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("reason");
    const auto row = [](const char *name, const std::string &bytes, const char *reason) {
        QTest::newRow(name) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()))
                            << QString(reason);
    };
    const std::string good = packFrame(someFrame(8, 2, 2));
    const std::string plain = plainOf(good);
    const auto changed = [&plain](size_t at, auto value) {
        std::string other = plain;
        put(other, at, value);
        return compressed(other);
    };
    row("nothing", "", "do not begin as one");
    row("text", "this is no frame", "do not begin as one");
    row("cut in half", good.substr(0, good.size() / 2), "cut short");
    row("something behind", good + "x", "too many");
    row("another frame behind", good + good, "too many");
    row("other content", compressed("some text that somebody compressed"), "of something else");
    row("a newer program", changed(4, uint32_t{2}), "its version is 2, expected 1");
    row("no tokens a cell", changed(16, int64_t{0}), "0 tokens a cell");
    row("too many tokens a cell", changed(16, std::numeric_limits<int64_t>::max()), "tokens a cell");
    row("more tokens than bytes", changed(24, uint32_t{1U << 19}), "counts do not fit");
    row("all tokens there are", changed(24, ~uint32_t{0}), "counts do not fit");
    row("unknown modality", changed(32, uint8_t{77}), "unknown modality");
    row("large maps", packFrame(someFrame(513, 1, 0)), "maps of 513 cells");
    row("a byte less", compressed(plain.substr(0, plain.size() - 1)), "counts do not fit");
    row("a byte more", compressed(plain + "x"), "counts do not fit");
    std::string bomb(size_t{65} << 20, '\0');
    row("unpacks to far too much", compressed(bomb), "unpacks to 68157440 bytes");
}

void TestAttentionFrameCodec::refusesWhatIsNoFrame()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, reason);
    VERIFY_ERROR(unpackFrame(bytes.toStdString()), ErrorCode::InvalidInput, reason.toUtf8().constData());
}

void TestAttentionFrameCodec::refusesEveryTruncation()
{
    const std::string good = packFrame(someFrame(12, 1, 3));
    for (size_t size = 0; size < good.size(); ++size)
        VERIFY_ERROR(unpackFrame(std::string_view(good).substr(0, size)), ErrorCode::InvalidInput,
                     "attention frame");
    const std::string plain = plainOf(good);
    for (size_t size = 0; size < plain.size(); ++size)
        VERIFY_ERROR(unpackFrame(compressed(plain.substr(0, size))), ErrorCode::InvalidInput,
                     "attention frame");
}

void TestAttentionFrameCodec::survivesFlippedBits()
{
    const std::string good = packFrame(someFrame(12, 1, 3));
    for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        static_cast<void>(unpackFrame(bad)); // whatever it says: it must come back
    }
}

void TestAttentionFrameCodec::survivesDamageWithinWholeZstd()
{
    const std::string plain = plainOf(packFrame(someFrame(12, 1, 3)));
    std::mt19937 random(11);
    int numRefused = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bad = plain;
        for (int change = 0; change <= round % 4; ++change) {
            const size_t at = random() % (bad.size() - 4);
            const uint32_t extreme[] = {0, ~uint32_t{0}, 0x7FFFFFFF, static_cast<uint32_t>(random())};
            put(bad, at, extreme[random() % 4]);
        }
        const auto frame = unpackFrame(compressed(bad));
        if (!frame) {
            ++numRefused;
            continue;
        }
        QVERIFY(frame->tokens.size() <= bad.size() && frame->heads.size() <= bad.size());
        QVERIFY(frame->mean.size() <= bad.size() && frame->maximum.size() <= bad.size());
        QVERIFY(frame->edge() <= kMaxFrameEdge);
    }
    QVERIFY(numRefused > 1000);
}

QTEST_GUILESS_MAIN(TestAttentionFrameCodec)
#include "tst_attention_frame_codec.moc"
