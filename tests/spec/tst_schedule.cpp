// SPDX-License-Identifier: Apache-2.0
#include "core/spec/schedule.h"

#include <QtTest>
#include <cmath>
#include <limits>
#include <numbers>

using namespace orrery;

namespace {

ScheduleSpec specOf(const QString &preset, qint64 warmup = -1, qint64 cycle = -1, qint64 total = 0)
{
    ScheduleSpec spec;
    spec.preset = preset.toStdString();
    spec.warmupSteps = warmup;
    spec.cycleSteps = cycle;
    spec.totalSteps = total;
    return spec;
}

} // namespace

class TestSchedule : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void hasHandComputedRates_data()
    {
        QTest::addColumn<QString>("preset");
        QTest::addColumn<qint64>("steps");
        QTest::addColumn<qint64>("step");
        QTest::addColumn<double>("rate"); // of a peak of 1
        const auto row = [](const char *preset, qint64 steps, qint64 step, double rate, const char *where) {
            QTest::addRow("%s of %lld: %s (%lld)", preset, static_cast<long long>(steps), where,
                          static_cast<long long>(step))
                << QString(preset) << steps << step << rate;
        };
        // Portfolio: w = 2000, four cycles of 25000. 1 - cos(pi / 25000) = 7.8956835e-9.
        row("portfolio", 5000, 0, 0.0005, "first");
        row("portfolio", 5000, 1998, 0.9995, "w - 2");
        row("portfolio", 5000, 1999, 1.0, "w - 1");
        row("portfolio", 5000, 2000, 1.0, "w");
        row("portfolio", 5000, 14500, 0.55, "middle of cycle 0");
        row("portfolio", 5000, 26999, 0.1000000035530576, "w + cycle - 1");
        row("portfolio", 5000, 27000, 0.5, "w + cycle");
        row("portfolio", 5000, 39500, 0.275, "middle of cycle 1");
        row("portfolio", 5000, 52000, 0.25, "w + 2 cycles");
        row("portfolio", 5000, 77000, 0.125, "w + 3 cycles");
        row("portfolio", 5000, 101999, 0.0125000004441322, "last of the last cycle");
        row("portfolio", 5000, 102000, 0.0125, "end");
        row("portfolio", 5000, 1000000, 0.0125, "beyond");
        // Scaled to 2000: w = 40, four cycles of 490. 1 - cos(pi / 490) = 2.05530398e-5.
        row("scaled", 2000, 0, 0.025, "first");
        row("scaled", 2000, 39, 1.0, "w - 1");
        row("scaled", 2000, 40, 1.0, "w");
        row("scaled", 2000, 285, 0.55, "middle of cycle 0");
        row("scaled", 2000, 529, 0.1000092488679, "w + cycle - 1");
        row("scaled", 2000, 530, 0.5, "w + cycle");
        row("scaled", 2000, 1020, 0.25, "w + 2 cycles");
        row("scaled", 2000, 1510, 0.125, "w + 3 cycles");
        row("scaled", 2000, 1755, 0.06875, "middle of cycle 3");
        row("scaled", 2000, 1999, 0.0125011561085, "last");
        row("scaled", 2000, 2000, 0.0125, "end");
        row("scaled", 2000, 9999, 0.0125, "beyond");
        // Scaled to 10: w = 1, cycles of ceil(9 / 4) = 3, so the fourth reaches over the end.
        row("scaled", 10, 0, 1.0, "w - 1");
        row("scaled", 10, 1, 1.0, "w");
        row("scaled", 10, 2, 0.775, "a third into cycle 0");
        row("scaled", 10, 3, 0.325, "w + cycle - 1");
        row("scaled", 10, 4, 0.5, "w + cycle");
        row("scaled", 10, 12, 0.040625, "last of the last cycle");
        row("scaled", 10, 13, 0.0125, "end");
        row("scaled", 1, 0, 1.0, "the only step");
        row("scaled", 1, 99, 0.0125, "beyond");
        // Cosine over 2000: w = 100, one cycle of 1900. 1 - cos(pi / 1900) = 1.36698090754785e-6.
        row("cosine", 2000, 0, 0.01, "first");
        row("cosine", 2000, 98, 0.99, "w - 2");
        row("cosine", 2000, 99, 1.0, "w - 1");
        row("cosine", 2000, 100, 1.0, "w");
        row("cosine", 2000, 575, 0.868198051533946, "a quarter");
        row("cosine", 2000, 1050, 0.55, "middle");
        row("cosine", 2000, 1999, 0.1000006151414084, "w + cycle - 1");
        row("cosine", 2000, 2000, 0.1, "end");
        row("cosine", 2000, 5000, 0.1, "beyond");
        // Runs that are shorter than the usual warm-up still reach the peak.
        row("cosine", 50, 48, 1.0, "w - 1");
        row("cosine", 50, 49, 1.0, "w");
        row("cosine", 50, 50, 0.1, "end");
        row("cosine", 1, 0, 1.0, "the only step");
        row("cosine", 1, 1, 0.1, "end");
        row("constant", 2000, 0, 1.0, "first");
        row("constant", 2000, 1999, 1.0, "last");
        row("constant", 2000, 2000, 1.0, "end");
        row("constant", 2000, 90000, 1.0, "beyond");
    }
    void hasHandComputedRates()
    {
        QFETCH(QString, preset);
        QFETCH(qint64, steps);
        QFETCH(qint64, step);
        QFETCH(double, rate);
        const auto schedule = resolveSchedule(specOf(preset), steps);
        const double found = learningRateAt(schedule, 1.0, step);
        QVERIFY2(std::abs(found - rate) < 1e-12, qPrintable(QString::number(found, 'g', 15)));
        QVERIFY(std::abs(learningRateAt(schedule, 3e-4, step) - 3e-4 * rate) < 1e-15);
    }
    void resolvesItsPresets_data()
    {
        QTest::addColumn<QString>("preset");
        QTest::addColumn<qint64>("steps");
        QTest::addColumn<qint64>("warmup");
        QTest::addColumn<qint64>("cycle");
        QTest::addColumn<qint64>("cycles");
        QTest::addColumn<qint64>("end");
        QTest::newRow("portfolio") << "portfolio" << 300000ll << 2000ll << 25000ll << 4ll << 102000ll;
        QTest::newRow("scaled") << "scaled" << 102000ll << 2040ll << 24990ll << 4ll << 102000ll;
        QTest::newRow("scaled, 49 steps") << "scaled" << 49ll << 1ll << 12ll << 4ll << 49ll;
        QTest::newRow("cosine") << "cosine" << 2000ll << 100ll << 1900ll << 1ll << 2000ll;
        QTest::newRow("cosine, 100 steps") << "cosine" << 100ll << 99ll << 1ll << 1ll << 100ll;
        QTest::newRow("constant") << "constant" << 2000ll << 0ll << 2000ll << 1ll << 2000ll;
    }
    void resolvesItsPresets()
    {
        QFETCH(QString, preset);
        QFETCH(qint64, steps);
        const auto schedule = resolveSchedule(specOf(preset), steps);
        QTEST(static_cast<qint64>(schedule.warmupSteps), "warmup");
        QTEST(static_cast<qint64>(schedule.cycleSteps), "cycle");
        QTEST(static_cast<qint64>(schedule.numCycles), "cycles");
        QTEST(static_cast<qint64>(schedule.endStep), "end");
    }
    void explicitValuesWin()
    {
        const auto scaled = resolveSchedule(specOf("scaled", 10, 30), 100);
        QCOMPARE(scaled.warmupSteps, int64_t{10});
        QCOMPARE(scaled.numCycles, int64_t{3});
        QCOMPARE(scaled.endStep, int64_t{100});
        QCOMPARE(learningRateAt(scaled, 1.0, 40), 0.5);
        const auto portfolio = resolveSchedule(specOf("portfolio", 0, 100), 100);
        QCOMPARE(portfolio.endStep, int64_t{400});
        QCOMPARE(learningRateAt(portfolio, 1.0, 0), 1.0);
        const auto constant = resolveSchedule(specOf("constant", 10), 100);
        QCOMPARE(learningRateAt(constant, 1.0, 4), 0.5);
        ScheduleSpec own = specOf("scaled", 0, 10);
        own.decay = 0.25;
        own.minRatio = 0.5;
        QCOMPARE(learningRateAt(resolveSchedule(own, 40), 2.0, 10), 0.5);
        QCOMPARE(learningRateAt(resolveSchedule(own, 40), 2.0, 5), 1.5);
    }
    void staysWhenARunIsMadeLonger()
    {
        const auto first = resolveSchedule(specOf("scaled", -1, -1, 2000), 2000);
        const auto longer = resolveSchedule(specOf("scaled", -1, -1, 2000), 5000);
        for (int64_t step = 0; step < 2500; ++step)
            QCOMPARE(learningRateAt(first, 1e-3, step), learningRateAt(longer, 1e-3, step));
    }
    // The peer's own expression (bench/train_peer.py), to the bit.
    void cosineEqualsThePeer()
    {
        const double peak = 1e-3;
        for (const int64_t steps : {200, 2000, 12345}) {
            const auto schedule = resolveSchedule(specOf("cosine"), steps);
            for (int64_t step = 0; step < steps; ++step) {
                const double s = static_cast<double>(step);
                const double peer =
                    step < 100
                        ? peak * std::min(1.0, (s + 1) / 100)
                        : peak *
                              (0.1 + 0.45 * (1 + std::cos(std::numbers::pi * (s - 100) /
                                                          std::max(1.0, static_cast<double>(steps) - 100))));
                QCOMPARE(learningRateAt(schedule, peak, step), peer);
            }
        }
    }
    // Whatever stands in the spec, a rate is finite and within 0 … peak.
    void neverLeavesItsBounds()
    {
        for (const char *preset : {"scaled", "portfolio", "cosine", "constant"})
            for (const qint64 steps : {1, 2, 3, 49, 51, 1000})
                for (const qint64 warmup : {-1, 0, 1, 2000})
                    for (const qint64 cycle : {-1, 1, 7}) {
                        const auto schedule = resolveSchedule(specOf(preset, warmup, cycle), steps);
                        for (const int64_t step :
                             {int64_t{-5}, int64_t{0}, int64_t{1}, int64_t{48}, int64_t{999},
                              int64_t{1000000}, std::numeric_limits<int64_t>::max() - 1}) {
                            const double rate = learningRateAt(schedule, 1.0, step);
                            QVERIFY(rate >= 0 && rate <= 1);
                        }
                    }
    }
};

QTEST_GUILESS_MAIN(TestSchedule)
#include "tst_schedule.moc"
