// SPDX-License-Identifier: Apache-2.0
#include "core/base/counter_rng.h"

#include <QtTest>
#include <cmath>
#include <set>

using namespace orrery;
using Words = std::array<uint32_t, 4>;

class TestCounterRng : public QObject {
    Q_OBJECT
private Q_SLOTS:
    // Source: Random123's kat_vectors, philox4x32-10.
    void matchesKnownAnswers()
    {
        QVERIFY(philox4x32({0, 0, 0, 0}, {0, 0}) == (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
        QVERIFY(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) ==
                (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
        QVERIFY(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
                (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
    }
    void differsWhenAnyPartOfTheKeyDiffers()
    {
        const RngKey base{1, 2, 3, 4, RngPurpose::Dropout};
        std::set<Words> blocks = {CounterRng(base).block(0), CounterRng(base).block(1)};
        for (int part = 0; part < 7; ++part) {
            RngKey key = base;
            if (part == 0) key.seed += 1;
            if (part == 1) key.seed += uint64_t{1} << 40;
            if (part == 2) key.step += 1;
            if (part == 3) key.step += uint64_t{1} << 40;
            if (part == 4) key.sample += 1;
            if (part == 5) key.layer += 1;
            if (part == 6) key.purpose = RngPurpose::AttentionDropout;
            blocks.insert(CounterRng(key).block(0));
        }
        QCOMPARE(blocks.size(), size_t{9});
    }
    void isAFunctionOfItsIndexAlone()
    {
        const CounterRng rng({42, 7, 0, 0, RngPurpose::Sampling});
        const uint32_t last = rng.bits(1003);
        for (uint64_t i = 0; i < 1003; ++i) (void)rng.bits(i);
        QCOMPARE(rng.bits(1003), last);
        QCOMPARE(rng.bits(5), rng.block(1)[1]);
    }
    void givesKernelsTheWordsOfItsBlocks()
    {
        const CounterRng rng({42, 7, 1, 2, RngPurpose::Dropout});
        const auto words = rng.words();
        QVERIFY(philox4x32({9, 1, words[2], words[3]}, {words[0], words[1]}) ==
                rng.block((uint64_t{1} << 32) + 9));
    }
    void isUniformWithinItsBounds()
    {
        const CounterRng rng({1, 0, 0, 0, RngPurpose::Split});
        double sum = 0;
        double squares = 0;
        constexpr int kNum = 200'000;
        for (int i = 0; i < kNum; ++i) {
            const double value =
                i % 2 ? rng.uniformDouble(static_cast<uint64_t>(i)) : rng.uniform(static_cast<uint64_t>(i));
            QVERIFY(value >= 0 && value < 1);
            sum += value;
            squares += value * value;
        }
        // Standard errors: 0.00065 and 0.00067; four of them.
        QVERIFY2(std::abs(sum / kNum - 0.5) < 0.0026, qPrintable(QString::number(sum / kNum)));
        QVERIFY(std::abs(squares / kNum - 1.0 / 3) < 0.0027);
    }
    void isNormalInItsFirstFourMoments()
    {
        const CounterRng rng({2, 0, 0, 0, RngPurpose::WeightInit});
        std::array<double, 4> moments{};
        constexpr int kNum = 200'000;
        for (int i = 0; i < kNum; ++i) {
            const double value = rng.normal(static_cast<uint64_t>(i));
            QVERIFY(std::isfinite(value));
            double power = 1;
            for (double &moment : moments) moment += (power *= value) / kNum;
        }
        // Standard errors: 0.0022, 0.0032, 0.0087, 0.022; four of them.
        QVERIFY(std::abs(moments[0]) < 0.009);
        QVERIFY(std::abs(moments[1] - 1) < 0.013);
        QVERIFY(std::abs(moments[2]) < 0.035);
        QVERIFY(std::abs(moments[3] - 3) < 0.088);
    }
    void neighboursAreNotCorrelated()
    {
        const CounterRng rng({3, 0, 0, 0, RngPurpose::WeightInit});
        double sum = 0;
        constexpr int kNum = 100'000;
        for (uint64_t i = 0; i < kNum; ++i) sum += static_cast<double>(rng.normal(i)) * rng.normal(i + 1);
        QVERIFY(std::abs(sum / kNum) < 0.0127);
    }
    void drawsEveryIntegerBelowTheBoundEquallyOften()
    {
        const CounterRng rng({4, 0, 0, 0, RngPurpose::BatchOrder});
        std::array<int, 7> counts{};
        for (uint64_t i = 0; i < 70'000; ++i) ++counts.at(rng.below(i, 7));
        double chiSquare = 0;
        for (const int count : counts) chiSquare += (count - 10'000.0) * (count - 10'000.0) / 10'000.0;
        QVERIFY2(chiSquare < 22.5, qPrintable(QString::number(chiSquare))); // 6 degrees of freedom, p = 0.001
        QCOMPARE(rng.below(5, 1), uint64_t{0});
        for (uint64_t i = 0; i < 1000; ++i) QVERIFY(rng.below(i, uint64_t{1} << 63) < uint64_t{1} << 63);
    }
};

QTEST_GUILESS_MAIN(TestCounterRng)
#include "tst_counter_rng.moc"
