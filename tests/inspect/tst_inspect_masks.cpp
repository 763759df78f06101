// SPDX-License-Identifier: Apache-2.0
// Every weight against the slow model, which computes softmax(q·k) in loops over doubles: masks, positions,
// norms, precisions, and several modalities.
#include "core/nn/attention_tap.h"
#include "core/nn/modality_embedding.h"
#include "core/nn/modality_input.h"
#include "tests/inspect/inspect_fixture.h"
#include "tests/nn/slow_model.h"

#include <map>

using namespace orrery;
using namespace orrery::test;
using nn::test::SlowModel;
using nn::test::SlowToken;

namespace {

using MaySee = std::function<bool(size_t t, size_t s)>;

/// How far the maps of a report are from what the slow model has computed.
double worstError(const InspectReport &report, const SlowModel &slow)
{
    double worst = 0;
    for (const AttentionMap &map : report.maps) {
        const auto &rows = slow.weights(map.head.layer, map.head.head);
        if (map.mean.size() != rows.size() * rows.size() || !map.maximum.empty()) return 1e9;
        for (size_t t = 0; t < rows.size(); ++t)
            for (size_t s = 0; s < rows.size(); ++s) {
                const double found = static_cast<double>(map.mean[t * rows.size() + s]);
                worst = std::max(worst, std::isnan(found) ? 1e9 : std::abs(found - rows[t][s]));
            }
    }
    return worst;
}

/// Scores of each layer, from the queries and keys that the kernel gets.
class HeadsKeeper final : public nn::AttentionTap {
public:
    void look(const nn::AttentionLook &look) override
    {
        const at::Tensor q = look.q_BHTD[0].to(at::kDouble), k = look.k_BHSD[0].to(at::kDouble);
        scores.push_back(at::matmul(q, k.transpose(1, 2)) * look.scale);
    }
    std::vector<at::Tensor> scores;
};

struct Sums {
    double entropy = 0, distance = 0, first = 0, self = 0;
};
Sums summaryOf(const std::vector<nn::test::Row> &rows)
{
    Sums sums;
    const auto count = static_cast<double>(rows.size());
    for (size_t t = 0; t < rows.size(); ++t)
        for (size_t s = 0; s < rows.size(); ++s) {
            const double weight = rows[t][s];
            if (weight > 0) sums.entropy -= weight * std::log(weight) / count;
            sums.distance += weight * std::abs(double(t) - double(s)) / count;
            sums.first += s == 0 ? weight / count : 0;
            sums.self += s == t ? weight / count : 0;
        }
    return sums;
}

bool isClose(double a, double b, double within) { return std::abs(a - b) <= within; }

} // namespace

class TestInspectMasks : public QObject {
    Q_OBJECT

    std::map<std::string, double> m_worst; ///< error by reference, told at the end

private Q_SLOTS:
    void cleanupTestCase()
    {
        for (const auto &[reference, error] : m_worst)
            qInfo("worst error, %s: %.2g", reference.c_str(), error);
    }
    void weightsAreThoseOfTheSlowModel_data()
    {
        QTest::addColumn<QString>("mask");
        QTest::addColumn<int>("window");
        QTest::addColumn<int>("prefix");
        QTest::addColumn<bool>("isGpt2");
        QTest::addColumn<bool>("isDouble");
        for (const bool isDouble : {false, true}) {
            const auto row = [&](const char *name, const char *mask, int window, int prefix, bool isGpt2) {
                QTest::addRow("%s, %s", name, isDouble ? "double" : "fp32")
                    << QString::fromLatin1(mask) << window << prefix << isGpt2 << isDouble;
            };
            row("causal, rope", "causal", 0, 0, false);
            row("causal, learned positions", "causal", 0, 0, true);
            row("window", "causal", 5, 0, false);
            row("window of one", "causal", 1, 0, false);
            row("both ways", "bidirectional", 0, 0, false);
            row("prefix", "prefix", 0, 7, false);
            row("prefix and window", "prefix", 4, 7, false);
            row("prefix of all", "prefix", 0, 19, false);
            row("no prefix", "prefix", 0, 0, true);
        }
    }
    void weightsAreThoseOfTheSlowModel()
    {
        QFETCH(QString, mask);
        QFETCH(int, window);
        QFETCH(int, prefix);
        QFETCH(bool, isGpt2);
        QFETCH(bool, isDouble);
        constexpr int64_t kTokens = 19;
        ModelSpec spec = lookSpec();
        if (isGpt2) {
            const ModelSpec plain = nn::test::gpt2Spec();
            spec.norm = plain.norm;
            spec.position = plain.position;
            spec.ffn = plain.ffn;
            spec.qkNorm = false;
        }
        spec.window = window;
        const auto model = lookModel(spec);
        SlowModel slow(*model);
        const auto free = static_cast<size_t>(prefix);
        const auto isNear = [window](size_t t, size_t s) {
            return window == 0 || s + static_cast<size_t>(window) > t;
        };
        if (mask == u"causal") slow.maySee = [&](size_t t, size_t s) { return s <= t && isNear(t, s); };
        if (mask == u"bidirectional") slow.maySee = [](size_t, size_t) { return true; };
        if (mask == u"prefix")
            slow.maySee = [&](size_t t, size_t s) { return t < free ? s < free : s <= t && isNear(t, s); };
        const std::vector<int32_t> ids = lookIds(kTokens);
        const auto logits = slow.logits(std::vector<int64_t>(ids.begin(), ids.end()));
        InspectInput input = lookInput(kTokens);
        input.maskPolicy = mask.toStdString();
        input.prefixLength = prefix;
        const InspectReport report =
            lookInto(*model, input, exactRequest(spec), isDouble ? at::kDouble : at::kFloat);
        QCOMPARE(report.maps.size(), size_t(12));
        double &worst = m_worst[isDouble ? "double, of the slow model" : "fp32, of the slow model"];
        worst = std::max(worst, worstError(report, slow));
        // A float of a report holds 6e-8; the tables of rope are fp32 in both.
        QVERIFY2(worstError(report, slow) <= (isDouble ? 1e-6 : 1e-5),
                 qPrintable(QString::number(worstError(report, slow))));

        QCOMPARE(report.summaries.size(), size_t(12));
        for (const HeadSummary &summary : report.summaries) {
            const Sums sums = summaryOf(slow.weights(summary.head.layer, summary.head.head));
            const double within = isDouble ? 1e-6 : 1e-5;
            QVERIFY(isClose(summary.entropy, sums.entropy, within));
            QVERIFY(isClose(summary.distance, sums.distance, 10 * within));
            QVERIFY(isClose(summary.firstMass, sums.first, within));
            QVERIFY(isClose(summary.selfMass, sums.self, within));
        }
        // Surprise where the token before could not look at it, and nowhere else.
        for (size_t t = 0; t < report.tokens.size(); ++t) {
            const bool isGuessed = t > 0 && !slow.maySee(t - 1, t);
            QCOMPARE(std::isfinite(report.tokens[t].surprise), isGuessed);
            if (!isGuessed) continue;
            double total = 0;
            for (const double logit : logits[t - 1]) total += std::exp(logit);
            const double expected = std::log(total) - logits[t - 1][static_cast<size_t>(ids[t])];
            QVERIFY(isClose(report.tokens[t].surprise, expected, 1e-4));
        }
    }

    void halfPrecisionHasTwoReferences_data()
    {
        QTest::addColumn<QString>("mask");
        QTest::addColumn<int>("window");
        QTest::addColumn<bool>("isTrained");
        QTest::newRow("causal, as models begin") << "causal" << 0 << false;
        QTest::newRow("window, as models begin") << "causal" << 5 << false;
        QTest::newRow("both ways, as models begin") << "bidirectional" << 0 << false;
        QTest::newRow("causal, as after training") << "causal" << 0 << true;
        QTest::newRow("both ways, as after training") << "bidirectional" << 0 << true;
    }
    /// In a bf16 pass a weight is that of the queries and keys which the kernel gets, bf16 themselves:
    /// against softmax(q·k) of these in doubles it is as exact as in fp32. The slow model computes queries
    /// and keys in doubles, too; what is between is bf16's own rounding of all that comes before, which no
    /// look can undo: it grows with the size of the scores, so that it has a bound for models as they begin
    /// only.
    void halfPrecisionHasTwoReferences()
    {
        QFETCH(QString, mask);
        QFETCH(int, window);
        QFETCH(bool, isTrained);
        ModelSpec spec = lookSpec();
        spec.window = window;
        const auto model = isTrained ? lookModel(spec) : nn::test::makeModel(spec);
        constexpr size_t kTokens = 30;
        const auto maySee = [&](size_t t, size_t s) {
            return mask == u"bidirectional" || (s <= t && (window == 0 || s + size_t(window) > t));
        };
        InspectInput input = lookInput(kTokens);
        input.maskPolicy = mask.toStdString();
        const InspectReport report = lookInto(*model, input, exactRequest(spec), at::kBFloat16);

        HeadsKeeper keeper;
        nn::ForwardContext context;
        context.dtype = at::kBFloat16;
        context.maskPolicy = input.maskPolicy;
        context.tap = &keeper;
        const at::NoGradGuard noGradients;
        (void)model->hidden(nn::test::makeIds(1, kTokens), context);
        SlowModel slow(*model);
        slow.maySee = maySee;
        (void)slow.logits(std::vector<int64_t>(input.ids.begin(), input.ids.end()));
        double fromHeads = 0;
        for (const AttentionMap &map : report.maps) {
            const at::Tensor scores =
                keeper.scores.at(size_t(map.head.layer))[map.head.head].contiguous(); // double
            const auto exponential = [&](size_t t, size_t s) {
                return maySee(t, s) ? std::exp(scores.const_data_ptr<double>()[t * kTokens + s]) : 0;
            };
            for (size_t t = 0; t < kTokens; ++t) {
                double total = 0;
                for (size_t s = 0; s < kTokens; ++s) total += exponential(t, s);
                for (size_t s = 0; s < kTokens; ++s)
                    fromHeads = std::max(
                        fromHeads, std::abs(double(map.mean[t * kTokens + s]) - exponential(t, s) / total));
            }
        }
        const double fromModel = worstError(report, slow);
        m_worst["bf16, of its own queries and keys"] =
            std::max(m_worst["bf16, of its own queries and keys"], fromHeads);
        double &worstOfModel = m_worst[isTrained ? "bf16, of the slow model as after training"
                                                 : "bf16, of the slow model as models begin"];
        worstOfModel = std::max(worstOfModel, fromModel);
        QVERIFY2(fromHeads <= 1e-6, qPrintable(QString::number(fromHeads)));
        if (!isTrained) QVERIFY2(fromModel <= 1e-2, qPrintable(QString::number(fromModel)));
        QVERIFY(fromModel > 10 * fromHeads); // else the second reference would be the first
    }

    void severalModalities()
    {
        ModelSpec spec = lookSpec();
        spec.attention.numModalities = 3;
        spec.media.imageSize = 4;
        spec.media.patchSize = 2;
        spec.media.audioTokens = 3;
        const auto model = lookModel(spec);
        // text, a picture of 4, text, a recording of 3, text
        const std::vector<uint8_t> modalities = {0, 0, 1, 1, 1, 1, 0, 2, 2, 2, 0, 0, 0};
        ModalityBatch batch{
            .numModalities = 3, .modality_BT = modalities, .rows = std::vector<ModalityRows>(3)};
        std::vector<SlowToken> slowTokens;
        std::vector<int32_t> ids = lookIds(std::ssize(modalities));
        for (size_t t = 0; t < modalities.size(); ++t) {
            const size_t m = modalities[t];
            if (m == 0) {
                slowTokens.push_back({.id = ids[t]});
                continue;
            }
            ids[t] = 0;
            ModalityRows &rows = batch.rows[m];
            rows.width = nn::featureWidth(spec.media, kModalities[m]);
            SlowToken token{.modality = static_cast<int64_t>(m), .position = std::ssize(rows.places_N)};
            for (int64_t i = 0; i < rows.width; ++i) {
                rows.features_NF.push_back(std::sin(0.37f * float(i) + float(t)));
                token.features.push_back(double(rows.features_NF.back()));
            }
            rows.places_N.push_back(static_cast<int32_t>(token.position));
            slowTokens.push_back(std::move(token));
        }
        SlowModel slow(*model);
        const auto logits = slow.logits(slowTokens);
        const InspectInput input = describeTokens(bytesTokenizer(), ids, &batch);
        InspectRequest request = exactRequest(spec);
        request.wantsLens = request.wantsAttribution = true;
        const InspectReport report = lookInto(*model, input, request);
        QVERIFY2(worstError(report, slow) <= 1e-5, qPrintable(QString::number(worstError(report, slow))));
        m_worst["fp32, of the slow model with several modalities"] = worstError(report, slow);
        QCOMPARE(report.lens.size(), size_t(spec.layers + 1));
        QCOMPARE(report.attribution.size(), modalities.size());
        QVERIFY(std::abs(report.attribution[3]) > 1e-6F); // a patch matters, too

        QCOMPARE(report.flows.size(), size_t(12));
        for (const ModalityFlow &flow : report.flows) {
            const auto &rows = slow.weights(flow.head.layer, flow.head.head);
            std::vector<double> mass(9);
            std::vector<int> count(3);
            for (const uint8_t m : modalities) ++count[m];
            for (size_t t = 0; t < rows.size(); ++t)
                for (size_t s = 0; s < rows.size(); ++s)
                    mass[size_t(modalities[t]) * 3 + modalities[s]] += rows[t][s] / count[modalities[t]];
            QCOMPARE(flow.mass.size(), size_t(9));
            for (size_t i = 0; i < 9; ++i) QVERIFY(isClose(double(flow.mass[i]), mass[i], 1e-5));
            const at::Tensor raw = parameterOf(*model, "blocks." + std::to_string(flow.head.layer) +
                                                           ".attention.cross_modal_weights")
                                       .master.detach()[flow.head.head]
                                       .view(-1);
            QCOMPARE(flow.weights.size(), size_t(9));
            for (size_t i = 0; i < 9; ++i)
                QVERIFY(isClose(double(flow.weights[i]), std::log1p(std::exp(raw[int64_t(i)].item<double>())),
                                1e-6));
        }
        // What is no text is nobody's guess.
        for (size_t t = 0; t < modalities.size(); ++t)
            QCOMPARE(std::isfinite(report.tokens[t].surprise), t > 0 && modalities[t] == 0);
        QCOMPARE(report.tokens[5].place, int64_t(3));
        QCOMPARE(report.tokens[5].item, int64_t(0));
        QCOMPARE(report.tokens[7].item, int64_t(1));
        QVERIFY(report.tokens[7].modality == Modality::Audio);
        QCOMPARE(report.tokens[7].id, -1);
        QCOMPARE(report.tokens[6].item, int64_t(-1));
    }
};

QTEST_APPLESS_MAIN(TestInspectMasks)
#include "tst_inspect_masks.moc"
