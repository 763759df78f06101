// SPDX-License-Identifier: Apache-2.0
// The penalty on repetitions, min-p and typical sampling, and with what chance candidates are drawn: by hand,
// by the reference, and by what `transformers` makes of the same logits.
#include "core/base/counter_rng.h"
#include "core/infer/sampler.h"
#include "core/infer/sampler_cuts.h"
#include "core/infer/sampler_reference.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <cmath>
#include <limits>

using namespace orrery;

namespace {

/// Numbers one after the other.
class Dice {
public:
    explicit Dice(uint64_t seed) : m_rng(RngKey{.seed = seed}) {}
    double uniform() { return m_rng.uniformDouble(m_next++); }
    float normal() { return m_rng.normal(m_next++); }
    uint64_t below(uint64_t bound) { return m_rng.below(m_next++, bound); }

private:
    CounterRng m_rng;
    uint64_t m_next = 0;
};

std::vector<int> survivors(const std::vector<double> &weight_V)
{
    std::vector<int> ids;
    for (size_t i = 0; i < weight_V.size(); ++i)
        if (weight_V[i] > 0) ids.push_back(static_cast<int>(i));
    return ids;
}

SamplingSettings randomSettings(Dice &dice)
{
    SamplingSettings settings;
    constexpr double kTemperatures[] = {0, 1e-9, 0.3, 0.8, 1, 2, 10};
    settings.temperature = kTemperatures[dice.below(7)];
    if (dice.below(3) == 0) settings.topK = 1 + static_cast<int64_t>(dice.below(30));
    if (dice.below(3) == 0) settings.topP = 0.001 + 0.999 * dice.uniform();
    if (dice.below(2) == 0) settings.minP = dice.below(4) == 0 ? 1 : 0.3 * dice.uniform();
    if (dice.below(2) == 0) settings.typicalP = 0.001 + 0.999 * dice.uniform();
    if (dice.below(2) == 0) settings.repetitionPenalty = 0.1 + 3 * dice.uniform();
    settings.penaltyWindow = static_cast<int64_t>(dice.below(12));
    settings.numAlternatives = 50;
    return settings;
}

std::vector<float> randomLogits(Dice &dice)
{
    std::vector<float> logits_V(1 + dice.below(45));
    const float spread = static_cast<float>(6 * dice.uniform());
    for (float &logit : logits_V) logit = spread * dice.normal();
    if (logits_V.size() > 3 && dice.below(5) == 0) logits_V[2] = logits_V[0];
    if (logits_V.size() > 3 && dice.below(5) == 0) logits_V[1] = -std::numeric_limits<float>::infinity();
    return logits_V;
}

std::vector<int32_t> randomHistory(Dice &dice, size_t numTokens)
{
    std::vector<int32_t> history(dice.below(20));
    for (int32_t &id : history) id = static_cast<int32_t>(dice.below(numTokens));
    return history;
}

struct WarperCase {
    std::vector<float> logits_V;
    std::vector<int32_t> history;
    SamplingSettings settings;
    std::vector<double> expected_V;
};

WarperCase readCase(const QJsonObject &json)
{
    WarperCase one;
    for (const QJsonValue &logit : json["logits"].toArray())
        one.logits_V.push_back(static_cast<float>(logit.toDouble() / 1000));
    for (const QJsonValue &id : json["history"].toArray()) one.history.push_back(id.toInt());
    SamplingSettings &settings = one.settings;
    settings.temperature = json["temperature"].toDouble();
    settings.topK = json["top_k"].toInteger(0);
    settings.topP = json["top_p"].toDouble(1);
    settings.minP = json["min_p"].toDouble(0);
    settings.typicalP = json["typical_p"].toDouble(1);
    settings.repetitionPenalty = json["repetition_penalty"].toDouble(1);
    settings.penaltyWindow = json["penalty_window"].toInteger(0);
    settings.numAlternatives = 50;
    one.expected_V.assign(one.logits_V.size(), 0);
    const QJsonObject expected = json["expected"].toObject();
    for (auto it = expected.begin(); it != expected.end(); ++it)
        one.expected_V[it.key().toULongLong()] = it.value().toDouble();
    return one;
}

} // namespace

class TestSamplerCuts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void thePenaltyDividesAboveZeroAndMultipliesBelow()
    {
        const std::vector<float> logits_V = {2, -2, 0, 4, -1};
        const std::vector<int32_t> history = {0, 1, 2, 0};
        QCOMPARE(penalizedLogits(logits_V, history, 2.0, 0), (std::vector<double>{1, -4, 0, 4, -1}));
        QCOMPARE(penalizedLogits(logits_V, history, 0.5, 0), (std::vector<double>{4, -1, 0, 4, -1}));
    }

    void thePenaltyLooksAtTheWindowOnly()
    {
        const std::vector<float> logits_V = {8, 8, 8};
        const std::vector<int32_t> history = {0, 1, 2};
        QCOMPARE(penalizedLogits(logits_V, history, 2, 1), (std::vector<double>{8, 8, 4}));
        QCOMPARE(penalizedLogits(logits_V, history, 2, 2), (std::vector<double>{8, 4, 4}));
        QCOMPARE(penalizedLogits(logits_V, history, 2, 100), (std::vector<double>{4, 4, 4}));
        QCOMPARE(penalizedLogits(logits_V, history, 2, 0), (std::vector<double>{4, 4, 4}));
    }

    void thePenaltySkipsWhatHasNoLogit()
    {
        const std::vector<int32_t> history = {-1, 7, 1};
        QCOMPARE(penalizedLogits(std::vector<float>{1, 1}, history, 2, 0), (std::vector<double>{1, 0.5}));
    }

    void theLargestLogitsStayFinite()
    {
        const float huge = std::numeric_limits<float>::max();
        const std::vector<float> logits_V = {-huge, -huge};
        const std::vector<int32_t> history = {0, 1};
        const auto choice = sampleToken(logits_V, {.temperature = 1, .repetitionPenalty = 10}, 0.75, history);
        QVERIFY(choice.ok());
        QCOMPARE(choice->id, 1);
        QCOMPARE(choice->chance, 0.5);
    }

    void minPKeepsWhatIsNotMuchLessProbableThanTheFirst()
    {
        std::vector<double> weight_V = {0.5, 0.04, 0.05, 0.3, 0.11};
        cutMinP(weight_V, 0.1);
        QCOMPARE(survivors(weight_V), (std::vector<int>{0, 2, 3, 4}));
        cutMinP(weight_V, 0.5);
        QCOMPARE(survivors(weight_V), (std::vector<int>{0, 3}));
        cutMinP(weight_V, 1);
        QCOMPARE(survivors(weight_V), (std::vector<int>{0}));
    }

    /// The entropy is 2.05 nats. The first token has a surprise of 0.92, each of the others 2.81: they are
    /// nearer.
    void typicalMayLeaveOutTheMostProbable()
    {
        std::vector<double> weight_V(11, 0.06);
        weight_V[0] = 0.4;
        cutTypical(weight_V, 0.5);
        QCOMPARE(survivors(weight_V), (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
    }

    void typicalSharesAreOfWhatIsLeft()
    {
        // The same distribution, before something else was cut: twice its weights.
        std::vector<double> weight_V(12, 0.12);
        weight_V[0] = 0.8;
        weight_V[11] = 0;
        cutTypical(weight_V, 0.5);
        QCOMPARE(survivors(weight_V).size(), size_t(9));
        QCOMPARE(weight_V[0], 0.0);
    }

    void aSingleTokenIsNeverCut()
    {
        for (const double share : {1e-12, 0.5, 0.999}) {
            std::vector<double> weight_V = {0, 3, 0};
            cutMinP(weight_V, 1);
            cutTypical(weight_V, share);
            cutTopP(weight_V, share);
            QCOMPARE(survivors(weight_V), (std::vector<int>{1}));
        }
    }

    void whatIsOffChangesNothing()
    {
        Dice dice(2);
        for (int round = 0; round < 300; ++round) {
            const std::vector<float> logits_V = randomLogits(dice);
            const std::vector<int32_t> history = randomHistory(dice, logits_V.size());
            const double uniform = dice.uniform();
            const auto plain = sampleToken(logits_V, {.temperature = 0.8, .topK = 9, .topP = 0.9}, uniform);
            const auto off = sampleToken(logits_V,
                                         {.temperature = 0.8,
                                          .topK = 9,
                                          .topP = 0.9,
                                          .minP = 0,
                                          .typicalP = 1,
                                          .repetitionPenalty = 1,
                                          .penaltyWindow = 3},
                                         uniform, history);
            QCOMPARE(off->id, plain->id);
            QVERIFY(off->chance == plain->chance && off->probability == plain->probability);
        }
    }

    void drawsWhatTheReferenceDraws()
    {
        Dice dice(1);
        for (int round = 0; round < 4000; ++round) {
            const std::vector<float> logits_V = randomLogits(dice);
            const std::vector<int32_t> history = randomHistory(dice, logits_V.size());
            const SamplingSettings settings = randomSettings(dice);
            const double uniform = dice.uniform();
            const auto choice = sampleToken(logits_V, settings, uniform, history);
            QVERIFY(choice.ok());
            const std::string name = "round " + std::to_string(round);
            QVERIFY2(choice->id == referenceSample(logits_V, settings, uniform, history), name.c_str());
            const std::vector<double> p_V = referenceDistribution(logits_V, settings, history);
            double sum = 0;
            for (const CandidateToken &one : choice->alternatives) {
                const double expected = p_V[static_cast<size_t>(one.id)];
                QVERIFY2(std::abs(one.chance - expected) < 1e-12, name.c_str());
                QVERIFY2((one.chance == 0) == (expected == 0), name.c_str());
                sum += one.chance;
            }
            QVERIFY2(std::abs(sum - 1) < 1e-12, name.c_str());
            QVERIFY2(std::abs(choice->chance - p_V[static_cast<size_t>(choice->id)]) < 1e-12, name.c_str());
        }
    }

    void agreesWithTransformers()
    {
        QFile file(QString::fromUtf8(ORRERY_TEST_DATA) + "/sampler/warper_cases.json");
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonArray cases = QJsonDocument::fromJson(file.readAll())["cases"].toArray();
        QVERIFY(cases.size() >= 300);
        for (qsizetype i = 0; i < cases.size(); ++i) {
            const WarperCase one = readCase(cases[i].toObject());
            const auto choice = sampleToken(one.logits_V, one.settings, 0.5, one.history);
            QVERIFY(choice.ok());
            QCOMPARE(choice->alternatives.size(), one.logits_V.size());
            for (const CandidateToken &candidate : choice->alternatives) {
                const double expected = one.expected_V[static_cast<size_t>(candidate.id)];
                const std::string name =
                    "case " + std::to_string(i) + ", token " + std::to_string(candidate.id) + ": " +
                    std::to_string(candidate.chance) + ", expected " + std::to_string(expected);
                QVERIFY2((candidate.chance == 0) == (expected == 0), name.c_str());
                QVERIFY2(std::abs(candidate.chance - expected) <= 1e-5 * expected, name.c_str());
            }
        }
    }

    void temperatureZeroDrawsTheFirstBehindThePenalty()
    {
        const std::vector<float> logits_V = {3, 2, 1};
        const std::vector<int32_t> history = {0};
        const auto choice = sampleToken(
            logits_V, {.temperature = 0, .repetitionPenalty = 2, .penaltyWindow = 0}, 0.9, history);
        QCOMPARE(choice->id, 1);
        QCOMPARE(choice->chance, 1.0);
        QCOMPARE(choice->alternatives[0].id, 0); // the model's own belief is as it was
        QCOMPARE(choice->alternatives[0].chance, 0.0);
        QCOMPARE(choice->alternatives[1].chance, 1.0);
    }

    void chancesShowWhatWasCut()
    {
        const std::vector<float> logits_V = {std::log(0.5f), std::log(0.3f), std::log(0.2f)};
        const auto choice = sampleToken(logits_V, {.temperature = 1, .minP = 0.5}, 0.0);
        QCOMPARE(choice->alternatives.size(), size_t(3));
        QVERIFY(std::abs(choice->alternatives[0].chance - 0.625) < 1e-6);
        QVERIFY(std::abs(choice->alternatives[1].chance - 0.375) < 1e-6);
        QCOMPARE(choice->alternatives[2].chance, 0.0);
        QVERIFY(std::abs(choice->alternatives[2].probability - 0.2) < 1e-6);
        QCOMPARE(choice->id, 0);
        QCOMPARE(choice->chance, choice->alternatives[0].chance);
    }
};

QTEST_APPLESS_MAIN(TestSamplerCuts)
#include "tst_sampler_cuts.moc"
