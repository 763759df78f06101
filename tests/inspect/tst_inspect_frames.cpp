// SPDX-License-Identifier: Apache-2.0
// Frames to keep: the same maps as a look has, in bytes.
#include "core/nn/modality_embedding.h"
#include "core/nn/modality_input.h"
#include "tests/inspect/inspect_fixture.h"

using namespace orrery;
using namespace orrery::test;

namespace {

AttentionFrame frameOf(nn::Transformer &model, const InspectInput &input, const std::vector<HeadRef> &heads,
                       int64_t edge)
{
    auto frame = lookForFrame(model, bytesTokenizer(), input, heads, edge, at::kFloat);
    if (!frame) qFatal("%s", frame.error().text().c_str());
    return std::move(frame).value();
}

void compareBytes(const uint8_t *bytes, const std::vector<float> &weights)
{
    for (size_t i = 0; i < weights.size(); ++i) {
        const double root = std::sqrt(double(weights[i]));
        QVERIFY(std::abs(bytes[i] / 255.0 - root) <= 0.5 / 255 + 1e-6); // the nearest one
        QVERIFY(std::abs(double(frameWeight(bytes[i])) - double(weights[i])) <= root / 255 + 1e-5);
    }
}

} // namespace

class TestInspectFrames : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void framesHoldTheOverview_data()
    {
        QTest::addColumn<int>("numTokens");
        QTest::addColumn<int>("perCell");
        QTest::newRow("one token") << 1 << 1;
        QTest::newRow("as many as cells") << 8 << 1;
        QTest::newRow("one more") << 9 << 2;
        QTest::newRow("odd") << 37 << 5;
    }
    void framesHoldTheOverview()
    {
        QFETCH(int, numTokens);
        QFETCH(int, perCell);
        const auto model = lookModel(lookSpec());
        const InspectInput input = lookInput(numTokens);
        InspectRequest request;
        request.overviewEdge = 8;
        const InspectReport report = lookInto(*model, input, request);
        const AttentionFrame frame = frameOf(*model, input, {}, 8);
        QCOMPARE(frame.tokensPerCell, int64_t(perCell));
        QCOMPARE(frame.edge(), report.overview[0].height());
        const auto cells = size_t(frame.edge() * frame.edge());
        QCOMPARE(frame.heads.size(), size_t(12));
        QCOMPARE(frame.mean.size(), 12 * cells);
        QCOMPARE(frame.maximum.size(), perCell == 1 ? 0 : 12 * cells);
        for (size_t i = 0; i < 12; ++i) {
            QVERIFY(frame.heads[i] == report.overview[i].head);
            QVERIFY(frame.summaries[i].head == frame.heads[i]);
            QCOMPARE(frame.summaries[i].entropy, report.summaries[i].entropy);
            compareBytes(frame.mean.data() + i * cells, report.overview[i].mean);
            if (perCell > 1) compareBytes(frame.maximum.data() + i * cells, report.overview[i].maximum);
        }
        QCOMPARE(frame.tokens.size(), size_t(numTokens));
        for (size_t t = 1; t < frame.tokens.size(); ++t) {
            QCOMPARE(frame.tokens[t].bytes, report.tokens[t].bytes);
            QCOMPARE(frame.tokens[t].surprise, report.tokens[t].surprise);
        }
        QCOMPARE(frame.candidates.size(), report.candidates.size());
        for (size_t i = 0; i < frame.candidates.size(); ++i)
            QCOMPARE(frame.candidates[i].probability, report.candidates[i].probability);
    }

    void starredHeadsComeInTheirOrder()
    {
        const auto model = lookModel(lookSpec());
        const InspectInput input = lookInput(30);
        const std::vector<HeadRef> heads = {{2, 1}, {0, 3}, {2, 0}};
        InspectRequest request;
        request.heads = heads;
        request.maxEdge = 15;
        const InspectReport report = lookInto(*model, input, request);
        const AttentionFrame frame = frameOf(*model, input, heads, 15);
        QCOMPARE(frame.heads, heads);
        QCOMPARE(frame.mean.size(), size_t(3 * 15 * 15));
        for (size_t i = 0; i < 3; ++i) {
            compareBytes(frame.mean.data() + i * 225, report.maps[i].mean);
            compareBytes(frame.maximum.data() + i * 225, report.maps[i].maximum);
            const HeadSummary &of = report.summaries[size_t(heads[i].layer * 4 + heads[i].head)];
            QVERIFY(std::abs(frame.summaries[i].distance - of.distance) < 1e-6);
        }
    }

    void flowsBetweenModalitiesAreKept()
    {
        ModelSpec spec = lookSpec();
        spec.attention.numModalities = 3;
        spec.media.imageSize = 4;
        spec.media.patchSize = 2;
        spec.media.audioTokens = 3;
        const auto model = lookModel(spec);
        ModalityBatch batch{.numModalities = 3,
                            .modality_BT = {0, 0, 1, 1, 1, 1, 0, 2, 2, 2, 0},
                            .rows = std::vector<ModalityRows>(3)};
        std::vector<int32_t> ids = lookIds(std::ssize(batch.modality_BT));
        for (size_t t = 0; t < ids.size(); ++t) {
            const size_t m = batch.modality_BT[t];
            if (m == 0) continue;
            ids[t] = 0;
            ModalityRows &rows = batch.rows[m];
            rows.width = nn::featureWidth(spec.media, kModalities[m]);
            for (int64_t i = 0; i < rows.width; ++i)
                rows.features_NF.push_back(std::sin(0.37F * float(i) + float(t)));
            rows.places_N.push_back(static_cast<int32_t>(rows.places_N.size()));
        }
        const InspectInput input = describeTokens(bytesTokenizer(), ids, &batch);
        const InspectReport report = lookInto(*model, input, {});
        QCOMPARE(report.flows.size(), size_t(12));
        const std::vector<HeadRef> some = {{2, 1}, {0, 3}};
        for (const auto &heads : {everyHead(spec), some}) {
            const AttentionFrame frame = frameOf(*model, input, heads, 8);
            QCOMPARE(frame.flows.size(), heads.size());
            for (size_t i = 0; i < heads.size(); ++i) {
                const ModalityFlow &flow = frame.flows[i],
                                   &expected = report.flows[size_t(heads[i].layer * 4 + heads[i].head)];
                QVERIFY(flow.head == heads[i] && expected.head == heads[i]);
                QCOMPARE(flow.mass.size(), size_t(9));
                for (size_t j = 0; j < 9; ++j) QVERIFY(std::abs(flow.mass[j] - expected.mass[j]) < 1e-6F);
                QCOMPARE(flow.weights.size(), size_t(9));
                const at::Tensor raw = parameterOf(*model, "blocks." + std::to_string(heads[i].layer) +
                                                               ".attention.cross_modal_weights")
                                           .master.detach()[heads[i].head]
                                           .view(-1);
                for (size_t j = 0; j < 9; ++j)
                    QVERIFY(std::abs(double(flow.weights[j]) -
                                     std::log1p(std::exp(raw[int64_t(j)].item<double>()))) < 1e-6);
            }
        }
        QVERIFY(frameOf(*model, lookInput(9), {}, 8).flows.empty()); // all is text
    }

    void sharpCellsStaySeen()
    {
        // A text of one cell: its mean says little, its maximum that the first token sees only itself.
        const auto model = lookModel(lookSpec());
        const AttentionFrame frame = frameOf(*model, lookInput(40), {}, 1);
        QCOMPARE(frame.tokensPerCell, int64_t(40));
        for (const uint8_t byte : frame.maximum) QCOMPARE(int(byte), 255);
        // 40 rows of sum 1 over 820 pairs.
        for (const uint8_t byte : frame.mean)
            QCOMPARE(int(byte), int(std::lround(255 * std::sqrt(40.0 / 820))));
    }

    void refusesWhatALookRefuses()
    {
        const auto model = lookModel(lookSpec());
        const auto errorOf = [&](int64_t numTokens, const std::vector<HeadRef> &heads, int64_t edge) {
            const auto frame =
                lookForFrame(*model, bytesTokenizer(), lookInput(numTokens), heads, edge, at::kFloat);
            return frame.ok() || frame.error().code != ErrorCode::InvalidInput ? std::string()
                                                                               : frame.error().message;
        };
        QVERIFY(errorOf(0, {}, 8).find("the text is empty") != std::string::npos);
        QVERIFY(errorOf(41, {}, 8).find("41 tokens") != std::string::npos);
        QVERIFY(errorOf(10, {{0, 4}}, 8).find("head 4") != std::string::npos);
        QVERIFY(errorOf(10, {}, 0).find("edge is 0") != std::string::npos);
        QVERIFY(errorOf(10, {}, 2049).find("edge is 2049") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestInspectFrames)
#include "tst_inspect_frames.moc"
