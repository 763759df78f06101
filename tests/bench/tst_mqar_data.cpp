// SPDX-License-Identifier: Apache-2.0
// Sequences of multi-query associative recall: their rules, over many of them, and their distributions.
#include "bench/science/mqar_data.h"

#include <QtTest>

#include <array>
#include <map>
#include <set>

using namespace orrery::bench;

class TestMqarData : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void keepsTheRules_data();
    void keepsTheRules();
    void noAnswerStandsInTheWindow();
    void placesFollowThePowerLaw();
    void noiseComesFromTheWholeVocabulary();
    void theSameNumberIsTheSameSequence();
};

void TestMqarData::keepsTheRules_data()
{
    QTest::addColumn<int>("numTokens");
    QTest::addColumn<int>("numPairs");
    QTest::addColumn<int>("gap");
    QTest::addColumn<int>("vocabSize");
    QTest::newRow("mqar") << 64 << 8 << 16 << 256;
    QTest::newRow("mqar-long") << 512 << 32 << 32 << 256;
    QTest::newRow("mqar-one") << 128 << 1 << 64 << 256;
    QTest::newRow("no room to spare") << 20 << 4 << 4 << 16;
    QTest::newRow("as the source, without a gap") << 64 << 8 << 0 << 256;
}

void TestMqarData::keepsTheRules()
{
    QFETCH(int, numTokens);
    QFETCH(int, numPairs);
    QFETCH(int, gap);
    QFETCH(int, vocabSize);
    const MqarShape shape = {
        .vocabSize = vocabSize, .numTokens = numTokens, .numPairs = numPairs, .gap = gap};
    for (uint64_t number = 0; number < 300; ++number) {
        const MqarSequence made = makeMqarSequence(shape, 7, number);
        QCOMPARE(made.ids.size(), size_t(numTokens));
        QCOMPARE(made.answers.size(), size_t(numTokens));
        std::map<int, int> valueOf;
        std::set<int> values;
        for (size_t i = 0; i < size_t(numPairs); ++i) {
            const int key = made.ids[2 * i], value = made.ids[2 * i + 1];
            QVERIFY(key >= 1 && key < vocabSize / 2);
            QVERIFY(value >= vocabSize / 2 && value < vocabSize);
            QVERIFY(valueOf.emplace(key, value).second);
            QVERIFY(values.insert(value).second);
        }
        std::set<int> asked;
        for (size_t t = 0; t < made.ids.size(); ++t) {
            QVERIFY(made.ids[t] >= 0 && made.ids[t] < vocabSize);
            if (made.answers[t] == kNoAnswer) continue;
            QVERIFY(t >= size_t(2 * numPairs + gap) && (t - size_t(2 * numPairs + gap)) % 2 == 0);
            QCOMPARE(made.answers[t], valueOf.at(made.ids[t]));
            QVERIFY(asked.insert(made.ids[t]).second);
        }
        QCOMPARE(asked.size(), size_t(numPairs));
    }
}

void TestMqarData::noAnswerStandsInTheWindow()
{
    const auto share = [](int gap) {
        const int window = 16;
        int numSeen = 0, numAsked = 0;
        for (uint64_t number = 0; number < 1000; ++number) {
            const MqarSequence made =
                makeMqarSequence({.numTokens = 64, .numPairs = 8, .gap = gap}, 3, number);
            for (int t = 0; t < 64; ++t) {
                if (made.answers[size_t(t)] == kNoAnswer) continue;
                ++numAsked;
                for (int pair = 0; pair < 8; ++pair)
                    numSeen += made.ids[size_t(2 * pair)] == made.ids[size_t(t)] && 2 * pair + 1 > t - window;
            }
        }
        return double(numSeen) / numAsked;
    };
    QCOMPARE(share(16), 0.0);
    // Without the gap: what the header says of the source's own layout.
    QVERIFY2(std::abs(share(0) - 0.39) < 0.02, qPrintable(QString::number(share(0))));
}

void TestMqarData::placesFollowThePowerLaw()
{
    // One pair: its place is one draw with p ∝ 1 / (place + 1) to the power 0.99.
    const MqarShape shape = {.numTokens = 22, .numPairs = 1, .gap = 0};
    std::array<int, 10> counts{};
    const int numDraws = 20000;
    for (uint64_t number = 0; number < uint64_t(numDraws); ++number) {
        const MqarSequence made = makeMqarSequence(shape, 5, number);
        for (size_t place = 0; place < counts.size(); ++place)
            counts[place] += made.answers[2 + 2 * place] != kNoAnswer;
    }
    double total = 0;
    for (int i = 1; i <= 10; ++i) total += std::pow(i, -0.99);
    for (int i = 1; i <= 10; ++i) {
        const double expected = std::pow(i, -0.99) / total;
        const double deviation = std::sqrt(expected * (1 - expected) / numDraws);
        QVERIFY(std::abs(double(counts[size_t(i - 1)]) / numDraws - expected) < 5 * deviation);
    }
}

void TestMqarData::noiseComesFromTheWholeVocabulary()
{
    std::set<int> seen;
    for (uint64_t number = 0; number < 200; ++number) {
        const MqarSequence made = makeMqarSequence({}, 9, number);
        for (size_t t = 16; t < made.ids.size(); ++t)
            if (made.answers[t] == kNoAnswer) seen.insert(made.ids[t]);
    }
    QCOMPARE(seen.size(), size_t(256));
}

void TestMqarData::theSameNumberIsTheSameSequence()
{
    const MqarSequence one = makeMqarSequence({}, 1, 5);
    QCOMPARE(makeMqarSequence({}, 1, 5).ids, one.ids);
    QVERIFY(makeMqarSequence({}, 1, 6).ids != one.ids);
    QVERIFY(makeMqarSequence({}, 2, 5).ids != one.ids);
}

QTEST_GUILESS_MAIN(TestMqarData)
#include "tst_mqar_data.moc"
