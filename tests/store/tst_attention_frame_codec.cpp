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

/// With what flows between three modalities, and weights of it.
AttentionFrame withFlows(AttentionFrame frame)
{
    for (size_t i = 0; i < frame.heads.size(); ++i) {
        ModalityFlow flow{
            .head = frame.heads[i], .mass = std::vector<float>(9), .weights = std::vector<float>(9)};
        for (size_t j = 0; j < 9; ++j) {
            flow.mass[j] = 0.125F * static_cast<float>(i + j);
            flow.weights[j] = 1.0F + static_cast<float>(j);
        }
        frame.flows.push_back(flow);
    }
    return frame;
}

std::string packed(const AttentionFrame &frame)
{
    const auto bytes = packFrame(frame);
    if (!bytes) qFatal("%s", bytes.error().text().c_str());
    return *bytes;
}

bool isSame(const ModalityFlow &a, const ModalityFlow &b)
{
    return a.head == b.head && a.mass == b.mass && a.weights == b.weights;
}

std::string compressed(const std::string &plain)
{
    std::string bytes(ZSTD_compressBound(plain.size()), '\0');
    bytes.resize(ZSTD_compress(bytes.data(), bytes.size(), plain.data(), plain.size(), 1));
    return bytes;
}

std::string plainOf(const std::string &bytes)
{
    std::string plain(ZSTD_getFrameContentSize(bytes.data(), bytes.size()), '\0');
    ZSTD_decompress(plain.data(), plain.size(), bytes.data(), bytes.size());
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
    void flowsReadBack_data();
    void flowsReadBack();
    void framesOfVersionOneAreRead();
    void withoutFlowsOldProgramsReadIt();
    void whatCannotBeReadIsNotPacked_data();
    void whatCannotBeReadIsNotPacked();
    void asMuchAsFitsIsPackedAndRead();
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
    const std::string bytes = packed(frame);
    const auto back = unpackFrame(bytes);
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
    QVERIFY(back->flows.empty());
    QCOMPARE(packed(*back), bytes);
}

void TestAttentionFrameCodec::flowsReadBack_data()
{
    QTest::addColumn<int>("modalities");
    QTest::addColumn<bool>("hasWeights");
    QTest::newRow("one") << 1 << false;
    QTest::newRow("two") << 2 << true;
    QTest::newRow("three") << 3 << true;
    QTest::newRow("three without weights") << 3 << false;
}

void TestAttentionFrameCodec::flowsReadBack()
{
    QFETCH(int, modalities);
    QFETCH(bool, hasWeights);
    AttentionFrame frame = withFlows(someFrame(6, 2, 5));
    const auto size = static_cast<size_t>(modalities * modalities);
    for (ModalityFlow &flow : frame.flows) {
        flow.mass.resize(size);
        flow.weights.resize(hasWeights ? size : 0);
    }
    const std::string bytes = packed(frame);
    const auto back = unpackFrame(bytes);
    VERIFY_OK(back);
    QCOMPARE(back->flows.size(), size_t{5});
    for (size_t i = 0; i < 5; ++i) QVERIFY(isSame(back->flows[i], frame.flows[i]));
    QVERIFY(back->mean == frame.mean && back->maximum == frame.maximum);
    QCOMPARE(packed(*back), bytes);
}

/// The bytes are what the program that knew version 1 only wrote.
void TestAttentionFrameCodec::framesOfVersionOneAreRead()
{
    const QByteArray bytes = QByteArray::fromHex(
        "28b52ffd20d85d030054034146524d010000002a000200030000000500000001ff00f87f61000100f87f073f626301e03f00"
        "f8d0e83f4101ff00807fff00c8c91800333380ba4b050499ada4006d70185e12c0ae0e163b035a1976b59811428045b018cb"
        "ebaade7c2ec36a6de008901118780048");
    const auto frame = unpackFrame(bytes.toStdString());
    VERIFY_OK(frame);
    QCOMPARE(frame->step, int64_t{42});
    QCOMPARE(frame->tokensPerCell, int64_t{2});
    QCOMPARE(frame->tokens.size(), size_t{3});
    QCOMPARE(frame->tokens[0].bytes, std::string("a"));
    QVERIFY(frame->tokens[1].modality == Modality::Image && frame->tokens[1].place == 1);
    QCOMPARE(frame->tokens[2].surprise, 1.5);
    QVERIFY(frame->heads == (std::vector<HeadRef>{{1, 3}}));
    QCOMPARE(frame->summaries[0].selfMass, 0.75);
    QVERIFY(frame->mean == (std::vector<uint8_t>{255, 0, 128, 127}));
    QVERIFY(frame->maximum == (std::vector<uint8_t>{255, 0, 200, 201}));
    QCOMPARE(frame->candidates[0].probability, 0.75);
    QVERIFY(frame->flows.empty());
}

void TestAttentionFrameCodec::withoutFlowsOldProgramsReadIt()
{
    const auto versionOf = [](const AttentionFrame &frame) {
        const std::string plain = plainOf(packed(frame));
        uint32_t version = 0;
        std::memcpy(&version, plain.data() + 4, sizeof version);
        return version;
    };
    QCOMPARE(versionOf(someFrame(6, 2, 2)), 1U);
    QCOMPARE(versionOf(withFlows(someFrame(6, 2, 2))), 2U);
}

void TestAttentionFrameCodec::whatCannotBeReadIsNotPacked_data()
{
    QTest::addColumn<QString>("reason");
    const auto row = [](const char *name, const char *reason) { QTest::newRow(name) << QString(reason); };
    row("heads", "4097 heads, expected at most 4096");
    row("summaries", "4097 summaries, expected at most 4096");
    row("edge", "maps of 513 cells a side, expected at most 512");
    row("tokens", "1048577 tokens, expected at most 1048576");
    row("token bytes", "65537 bytes of a token, expected at most 65536");
    row("candidates", "4097 candidates, expected at most 4096");
    row("candidate bytes", "65537 bytes of a candidate, expected at most 65536");
    row("per cell", "0 tokens a cell, expected 1 to 1048576");
    row("head number", "a head's number is out of range, expected 0 to 65536");
    row("modality", "a token has an unknown modality");
    row("cells", "maps of 31 and 32 cells, expected 32");
    row("fewer flows", "flows that are not of its heads");
    row("other flows", "flows that are not of its heads");
    row("sizes of flows", "flows that are not of its heads or of other sizes");
    row("modalities of flows", "expected one table of up to 3 modalities for each head");
    row("bytes", "expected at most 67108864");
}

void TestAttentionFrameCodec::whatCannotBeReadIsNotPacked()
{
    QFETCH(QString, reason);
    AttentionFrame frame = withFlows(someFrame(8, 2, 2));
    const std::string what = QTest::currentDataTag();
    if (what == "heads") frame = someFrame(1, 1, 4097);
    if (what == "summaries") frame.summaries.resize(4097);
    if (what == "edge") frame = someFrame(513, 1, 0);
    if (what == "tokens") {
        frame = someFrame(0, 1 << 20, 0);
        frame.tokens.resize((size_t{1} << 20) + 1);
    }
    if (what == "token bytes") frame.tokens[1].bytes.resize(65537);
    if (what == "candidates") frame.candidates.resize(4097);
    if (what == "candidate bytes") frame.candidates[1].bytes.resize(65537);
    if (what == "per cell") frame.tokensPerCell = 0;
    if (what == "head number") frame.heads[1].layer = 65537;
    if (what == "modality") frame.tokens[1].modality = static_cast<Modality>(4);
    if (what == "cells") frame.mean.pop_back();
    if (what == "fewer flows") frame.flows.pop_back();
    if (what == "other flows") frame.flows[1].head.head = 7;
    if (what == "sizes of flows") frame.flows[1].weights.clear();
    if (what == "modalities of flows")
        for (ModalityFlow &flow : frame.flows) flow.mass.resize(16);
    if (what == "bytes") frame = someFrame(512, 1, 260);
    VERIFY_ERROR(packFrame(frame), ErrorCode::InvalidInput, reason.toUtf8().constData());
    VERIFY_ERROR(packFrame(frame), ErrorCode::InvalidInput, "Cannot keep an attention frame: ");
}

void TestAttentionFrameCodec::asMuchAsFitsIsPackedAndRead()
{
    AttentionFrame manyHeads = withFlows(someFrame(1, 1, kMaxFrameHeads));
    manyHeads.tokens[0].bytes.resize(kMaxFrameTokenBytes);
    manyHeads.candidates.resize(kMaxFrameCandidates);
    manyHeads.heads[7].layer = manyHeads.summaries[7].head.layer = manyHeads.flows[7].head.layer =
        kMaxFrameHeadNumber;
    const auto back = unpackFrame(packed(manyHeads));
    VERIFY_OK(back);
    QCOMPARE(back->flows.size(), static_cast<size_t>(kMaxFrameHeads));
    AttentionFrame longText = someFrame(kMaxFrameEdge * 4, 4, 1);
    VERIFY_OK(unpackFrame(packed(longText)));
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
    const std::string good = packed(someFrame(8, 2, 2));
    const std::string plain = plainOf(good);
    const auto changed = [&plain](size_t at, auto value) {
        std::string other = plain;
        put(other, at, value);
        return compressed(other);
    };
    // Cells of two tokens each make 512 of 1024 tokens; said to be of one token, there are more.
    std::string largeMaps = plainOf(packed(someFrame(1024, 2, 0)));
    put(largeMaps, 16, int64_t{1});
    largeMaps = compressed(largeMaps);
    row("nothing", "", "do not begin as one");
    row("text", "this is no frame", "do not begin as one");
    row("cut in half", good.substr(0, good.size() / 2), "cut short");
    row("something behind", good + "x", "too many");
    row("another frame behind", good + good, "too many");
    row("other content", compressed("some text that somebody compressed"), "of something else");
    row("a newer program", changed(4, uint32_t{3}), "its version is 3, expected 1 or 2");
    row("flows without tables", changed(4, uint32_t{2}), "counts do not fit");
    const std::string plainWithFlows = plainOf(packed(withFlows(someFrame(8, 2, 2))));
    const size_t atFlows = plainWithFlows.size() - 2 * 2 * 9 * 4 - 5;
    const auto changedFlows = [&](size_t at, auto value) {
        std::string other = plainWithFlows;
        put(other, atFlows + at, value);
        return compressed(other);
    };
    row("flows of no modality", changedFlows(0, uint32_t{0}), "counts do not fit");
    row("flows of fewer modalities", changedFlows(0, uint32_t{2}), "counts do not fit");
    row("flows of more modalities", changedFlows(0, uint32_t{4}), "counts do not fit");
    row("flows of all there are", changedFlows(0, ~uint32_t{0}), "counts do not fit");
    row("flows without weights", changedFlows(4, uint8_t{0}), "counts do not fit");
    std::string noTables = plainWithFlows.substr(0, atFlows) + std::string(5, '\0');
    row("flows that say nothing", compressed(noTables), "flows that are not of its heads");
    row("no tokens a cell", changed(16, int64_t{0}), "0 tokens a cell");
    row("too many tokens a cell", changed(16, std::numeric_limits<int64_t>::max()), "tokens a cell");
    row("more tokens than bytes", changed(24, uint32_t{1U << 19}), "counts do not fit");
    row("all tokens there are", changed(24, ~uint32_t{0}), "counts do not fit");
    row("unknown modality", changed(32, uint8_t{77}), "unknown modality");
    row("large maps", largeMaps, "maps of 1024 cells");
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
    const std::string good = packed(withFlows(someFrame(12, 1, 3)));
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
    const std::string good = packed(withFlows(someFrame(12, 1, 3)));
    for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        static_cast<void>(unpackFrame(bad)); // whatever it says: it must come back
    }
}

void TestAttentionFrameCodec::survivesDamageWithinWholeZstd()
{
    const std::string plain = plainOf(packed(withFlows(someFrame(12, 1, 3))));
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
        QVERIFY(frame->flows.empty() || frame->flows.size() == frame->heads.size());
        VERIFY_OK(packFrame(*frame)); // both sides have the same limits
    }
    QVERIFY(numRefused > 1000);
}

QTEST_GUILESS_MAIN(TestAttentionFrameCodec)
#include "tst_attention_frame_codec.moc"
