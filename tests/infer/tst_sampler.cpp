// SPDX-License-Identifier: Apache-2.0
#include "core/base/counter_rng.h"
#include "core/infer/sampler.h"
#include "core/infer/sampler_reference.h"

#include <QtTest>

#include <cmath>
#include <limits>

using namespace orrery;

namespace {

/// Logits whose softmax is what the reader sees.
std::vector<float> logitsOf(const std::vector<double> &probability_V)
{
    std::vector<float> logits_V;
    for (double p : probability_V) logits_V.push_back(static_cast<float>(std::log(p)));
    return logits_V;
}

std::vector<float> randomLogits(uint64_t seed, size_t numTokens, float scale)
{
    const CounterRng rng(RngKey{.seed = seed});
    std::vector<float> logits_V(numTokens);
    for (size_t i = 0; i < numTokens; ++i) logits_V[i] = scale * rng.normal(i);
    return logits_V;
}

std::vector<int> survivors(const std::vector<double> &probability_V)
{
    std::vector<int> ids;
    for (size_t i = 0; i < probability_V.size(); ++i)
        if (probability_V[i] > 0) ids.push_back(static_cast<int>(i));
    return ids;
}

const std::vector<double> kFour = {0.05, 0.5, 0.15, 0.3};

} // namespace

class TestSampler : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rejectsSettingsOutOfRange_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<double>("value");
        QTest::addColumn<QString>("found");
        QTest::newRow("cold") << "temperature" << -0.5 << "-0.5";
        QTest::newRow("hot") << "temperature" << 10.5 << "10.5";
        QTest::newRow("temperature NaN") << "temperature" << std::nan("") << "nan";
        QTest::newRow("top_p 0") << "top_p" << 0.0 << "0";
        QTest::newRow("top_p above 1") << "top_p" << 1.5 << "1.5";
        QTest::newRow("top_k") << "top_k" << -1.0 << "-1";
        QTest::newRow("min_p below") << "min_p" << -0.1 << "-0.1";
        QTest::newRow("min_p above") << "min_p" << 1.01 << "1.01";
        QTest::newRow("min_p NaN") << "min_p" << std::nan("") << "nan";
        QTest::newRow("typical_p 0") << "typical_p" << 0.0 << "0";
        QTest::newRow("typical_p above 1") << "typical_p" << 2.0 << "2";
        QTest::newRow("typical_p NaN") << "typical_p" << std::nan("") << "nan";
        QTest::newRow("weak penalty") << "repetition_penalty" << 0.09 << "0.09";
        QTest::newRow("strong penalty") << "repetition_penalty" << 10.5 << "10.5";
        QTest::newRow("penalty NaN") << "repetition_penalty" << std::nan("") << "nan";
        QTest::newRow("window") << "penalty_window" << -1.0 << "-1";
        QTest::newRow("no tokens") << "max_tokens" << 0.0 << "0";
        QTest::newRow("too many tokens") << "max_tokens" << 1000001.0 << "1000001";
        QTest::newRow("alternatives below") << "alternatives" << -1.0 << "-1";
        QTest::newRow("alternatives above") << "alternatives" << 51.0 << "51";
    }

    void rejectsSettingsOutOfRange()
    {
        QFETCH(QString, name);
        QFETCH(double, value);
        QFETCH(QString, found);
        SamplingSettings settings;
        if (name == "temperature") settings.temperature = value;
        if (name == "top_p") settings.topP = value;
        if (name == "top_k") settings.topK = static_cast<int64_t>(value);
        if (name == "min_p") settings.minP = value;
        if (name == "typical_p") settings.typicalP = value;
        if (name == "repetition_penalty") settings.repetitionPenalty = value;
        if (name == "penalty_window") settings.penaltyWindow = static_cast<int64_t>(value);
        if (name == "max_tokens") settings.maxTokens = static_cast<int64_t>(value);
        if (name == "alternatives") settings.numAlternatives = static_cast<int32_t>(value);
        const auto checked = checkSampling(settings);
        QVERIFY(!checked.ok());
        QCOMPARE(checked.error().code, ErrorCode::InvalidInput);
        const QString message = QString::fromStdString(checked.error().message);
        QVERIFY2(message.contains(name), qPrintable(message));
        QVERIFY2(message.contains(found, Qt::CaseInsensitive), qPrintable(message));
    }

    void acceptsTheEndsOfEveryRange()
    {
        QVERIFY(checkSampling({.maxTokens = 1, .temperature = 0, .topP = 1, .numAlternatives = 0}).ok());
        QVERIFY(
            checkSampling({.maxTokens = 1'000'000, .temperature = 10, .topP = 1e-9, .numAlternatives = 50})
                .ok());
        QVERIFY(
            checkSampling({.minP = 1, .typicalP = 1e-9, .repetitionPenalty = 0.1, .penaltyWindow = 0}).ok());
        QVERIFY(checkSampling({.minP = 0, .typicalP = 1, .repetitionPenalty = 10}).ok());
    }

    void rejectsStopTextsThatAreNone()
    {
        const auto checked = checkSampling({.stop = {"a", ""}});
        QVERIFY(!checked.ok());
        QVERIFY(checked.error().message.find("stop text 2 is empty") != std::string::npos);
    }

    void zeroTemperatureTakesTheLargestAndTheLowerIdOnATie()
    {
        const std::vector<float> logits_V = {1, 3, 2, 3};
        for (double uniform : {0.0, 0.5, 0.999}) {
            const auto choice = sampleToken(logits_V, {.temperature = 0}, uniform);
            QVERIFY(choice.ok());
            QCOMPARE(choice->id, 1);
        }
    }

    void topKKeepsTheKMostProbable()
    {
        const auto p_V = referenceDistribution(logitsOf(kFour), {.temperature = 1, .topK = 2});
        QCOMPARE(survivors(p_V), (std::vector<int>{1, 3}));
        QVERIFY(std::abs(p_V[1] - 0.5 / 0.8) < 1e-6);
    }

    void topKKeepsExactlyKOfATie()
    {
        const std::vector<float> logits_V = {1, 1, 1, 1};
        QCOMPARE(survivors(referenceDistribution(logits_V, {.temperature = 1, .topK = 2})),
                 (std::vector<int>{0, 1}));
        QCOMPARE(sampleToken(logits_V, {.temperature = 1, .topK = 2}, 0.999)->id, 1);
    }

    void topPKeepsTheSmallestSetThatReachesIt()
    {
        const auto logits_V = logitsOf(kFour);
        QCOMPARE(survivors(referenceDistribution(logits_V, {.temperature = 1, .topP = 0.45})),
                 (std::vector<int>{1}));
        QCOMPARE(survivors(referenceDistribution(logits_V, {.temperature = 1, .topP = 0.79})),
                 (std::vector<int>{1, 3}));
        QCOMPARE(survivors(referenceDistribution(logits_V, {.temperature = 1, .topP = 0.9})),
                 (std::vector<int>{1, 2, 3}));
    }

    /// At temperature 2 the shares are 0.119, 0.378, 0.207, 0.293. Cut to three and renormalised, the two
    /// largest hold 0.76.
    void cutsInTheOrderTemperatureThenTopKThenTopP()
    {
        const auto logits_V = logitsOf(kFour);
        QCOMPARE(survivors(referenceDistribution(logits_V, {.temperature = 2, .topK = 3, .topP = 0.75})),
                 (std::vector<int>{1, 3}));
        // Without the renormalisation by top-k the same share needs three tokens.
        QCOMPARE(survivors(referenceDistribution(logits_V, {.temperature = 2, .topP = 0.75})),
                 (std::vector<int>{1, 2, 3}));
        // Before the temperature two tokens would reach it.
        QCOMPARE(survivors(referenceDistribution(logits_V, {.temperature = 1, .topP = 0.75})),
                 (std::vector<int>{1, 3}));
    }

    void drawsWhatTheReferenceDraws_data()
    {
        QTest::addColumn<double>("temperature");
        QTest::addColumn<int>("topK");
        QTest::addColumn<double>("topP");
        QTest::newRow("plain") << 1.0 << 0 << 1.0;
        QTest::newRow("cool") << 0.3 << 0 << 1.0;
        QTest::newRow("hot") << 10.0 << 0 << 1.0;
        QTest::newRow("nearly zero") << 1e-9 << 0 << 1.0;
        QTest::newRow("greedy") << 0.0 << 5 << 0.5;
        QTest::newRow("top-k") << 0.8 << 7 << 1.0;
        QTest::newRow("top-k 1") << 0.8 << 1 << 1.0;
        QTest::newRow("top-k of all") << 0.8 << 100000 << 1.0;
        QTest::newRow("top-p") << 0.8 << 0 << 0.6;
        QTest::newRow("tiny top-p") << 1.2 << 0 << 1e-12;
        QTest::newRow("both") << 1.3 << 20 << 0.9;
    }

    void drawsWhatTheReferenceDraws()
    {
        QFETCH(double, temperature);
        QFETCH(int, topK);
        QFETCH(double, topP);
        const SamplingSettings settings{
            .temperature = temperature, .topK = topK, .topP = topP, .numAlternatives = 0};
        const CounterRng rng(RngKey{.seed = 7});
        for (uint64_t round = 0; round < 60; ++round) {
            auto logits_V =
                randomLogits(round, round % 3 == 0 ? 1 + round : 272, round % 2 == 0 ? 3.0f : 0.4f);
            if (round % 5 == 0 && logits_V.size() > 3) logits_V[2] = logits_V[0]; // a tie
            if (round % 7 == 0 && logits_V.size() > 3) logits_V[1] = -std::numeric_limits<float>::infinity();
            for (uint64_t draw = 0; draw < 50; ++draw) {
                const double uniform = rng.uniformDouble(round * 1000 + draw);
                const auto choice = sampleToken(logits_V, settings, uniform);
                QVERIFY(choice.ok());
                QCOMPARE(choice->id, referenceSample(logits_V, settings, uniform));
            }
        }
    }

    /// Chi-square over 40,000 draws with the generator's own uniforms; the seed is fixed, so the outcome is
    /// too.
    void countsFollowTheReferenceDistribution()
    {
        const auto logits_V = randomLogits(3, 24, 1.5f);
        const SamplingSettings settings{.temperature = 0.9, .topK = 12, .topP = 0.95, .numAlternatives = 0};
        const auto p_V = referenceDistribution(logits_V, settings);
        constexpr int kDraws = 40'000;
        std::vector<int> count_V(p_V.size());
        for (int i = 0; i < kDraws; ++i)
            ++count_V[static_cast<size_t>(sampleToken(logits_V, settings, samplingUniform(11, i))->id)];
        double chiSquare = 0;
        int numKept = 0;
        for (size_t i = 0; i < p_V.size(); ++i) {
            if (p_V[i] == 0) {
                QCOMPARE(count_V[i], 0);
                continue;
            }
            const double expected = p_V[i] * kDraws;
            chiSquare += (count_V[i] - expected) * (count_V[i] - expected) / expected;
            ++numKept;
        }
        QVERIFY(numKept > 4);
        // Mean k − 1, standard deviation √(2(k − 1)): five of them.
        const double freedom = numKept - 1;
        QVERIFY2(chiSquare < freedom + 5 * std::sqrt(2 * freedom), qPrintable(QString::number(chiSquare)));
    }

    void reportsTheModelsBeliefBeforeAnyCut()
    {
        const auto choice = sampleToken(
            logitsOf(kFour), {.temperature = 5, .topK = 1, .topP = 0.1, .numAlternatives = 3}, 0.5);
        QVERIFY(choice.ok());
        QCOMPARE(choice->id, 1);
        QVERIFY(std::abs(choice->probability - 0.5) < 1e-6);
        double entropy = 0;
        for (double p : kFour) entropy -= p * std::log(p);
        QVERIFY(std::abs(choice->entropy - entropy) < 1e-6);
        QCOMPARE(choice->alternatives.size(), size_t(3));
        QCOMPARE(choice->alternatives[0].id, 1);
        QCOMPARE(choice->alternatives[1].id, 3);
        QCOMPARE(choice->alternatives[2].id, 2);
        QVERIFY(std::abs(choice->alternatives[1].probability - 0.3) < 1e-6);
    }

    void offersNoMoreAlternativesThanTokens()
    {
        QCOMPARE(sampleToken(logitsOf(kFour), {.numAlternatives = 50}, 0.1)->alternatives.size(), size_t(4));
    }

    void rejectsBrokenLogits_data()
    {
        QTest::addColumn<float>("value");
        QTest::addColumn<bool>("everywhere");
        QTest::newRow("NaN") << std::numeric_limits<float>::quiet_NaN() << false;
        QTest::newRow("Inf") << std::numeric_limits<float>::infinity() << false;
        QTest::newRow("all -Inf") << -std::numeric_limits<float>::infinity() << true;
    }

    void rejectsBrokenLogits()
    {
        QFETCH(float, value);
        QFETCH(bool, everywhere);
        std::vector<float> logits_V = {0, 1, 2};
        if (everywhere)
            logits_V.assign(3, value);
        else
            logits_V[1] = value;
        const auto choice = sampleToken(logits_V, {}, 0.5);
        QVERIFY(!choice.ok());
        QCOMPARE(choice.error().code, ErrorCode::InvalidInput);
        if (!everywhere) QVERIFY(choice.error().message.find("token 1") != std::string::npos);
    }

    void uniformsDependOnSeedAndIndexOnly()
    {
        QCOMPARE(samplingUniform(5, 9), samplingUniform(5, 9));
        QVERIFY(samplingUniform(5, 9) != samplingUniform(5, 10));
        QVERIFY(samplingUniform(5, 9) != samplingUniform(6, 9));
    }
};

QTEST_APPLESS_MAIN(TestSampler)
#include "tst_sampler.moc"
