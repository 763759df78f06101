// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/smoothing.h"

#include <QTest>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace orrery::ui;

namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

/// By definition: weights α^(t-i) over the finite points so far, divided by their sum. Slow and obviously
/// right.
double reference(const std::vector<double> &values, size_t t, double alpha)
{
    double sum = 0, weights = 0, weight = 1;
    for (size_t i = t + 1; i > 0; --i) {
        const double value = values[i - 1];
        if (!std::isfinite(value)) continue;
        sum += weight * value;
        weights += weight;
        weight *= alpha;
        if (weight == 0) break; // α = 0: the last finite point alone
    }
    return sum / weights;
}

std::vector<double> noisy(size_t count, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<double> noise(0, 0.3);
    std::vector<double> values;
    for (size_t i = 0; i < count; ++i) values.push_back(1.4 + 4 * std::exp(-double(i) / 100) + noise(random));
    return values;
}

} // namespace

class TestSmoothing : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void agreesWithTheDefinition_data();
    void agreesWithTheDefinition();
    void firstValueIsTheFirstPoint();
    void constantStaysToTheBit_data();
    void constantStaysToTheBit();
    void nonFiniteIsSkippedAndMarked();
    void bucketsCountAsTheirPoints();
    void zeroIsNoSmoothing();
    void copyGoesOnFromTheState();
    void weightIsClamped();
};

void TestSmoothing::agreesWithTheDefinition_data()
{
    QTest::addColumn<double>("alpha");
    for (const double alpha : {0.0, 0.5, 0.9, 0.97, 0.999}) QTest::addRow("%g", alpha) << alpha;
}

void TestSmoothing::agreesWithTheDefinition()
{
    QFETCH(double, alpha);
    std::vector<double> values = noisy(600, 1);
    values[50] = values[51] = kNan;
    values[300] = INFINITY;
    DebiasedEma average(alpha);
    for (size_t t = 0; t < values.size(); ++t) {
        const double smoothed = average.add(values[t]);
        if (!std::isfinite(values[t])) continue;
        const double expected = reference(values, t, alpha);
        QVERIFY2(std::abs(smoothed - expected) < 1e-10,
                 qPrintable(QStringLiteral("t=%1: %2, expected %3").arg(t).arg(smoothed).arg(expected)));
    }
}

void TestSmoothing::firstValueIsTheFirstPoint()
{
    DebiasedEma average(0.999);
    QVERIFY(std::isnan(average.value()));
    QCOMPARE(average.add(5.5), 5.5);
}

void TestSmoothing::constantStaysToTheBit_data()
{
    QTest::addColumn<double>("value");
    for (const double value : {0.1, 1e-300, -7.3, 6.2e-4}) QTest::addRow("%g", value) << value;
}

void TestSmoothing::constantStaysToTheBit()
{
    QFETCH(double, value);
    DebiasedEma average(0.97);
    for (uint64_t i = 0; i < 5000; ++i) QVERIFY(average.add(value, 1 + i % 7) == value);
}

void TestSmoothing::nonFiniteIsSkippedAndMarked()
{
    DebiasedEma average(0.9);
    average.add(1);
    const double before = average.add(2);
    QVERIFY(std::isnan(average.add(kNan)));
    QVERIFY(std::isnan(average.add(INFINITY)));
    QVERIFY(std::isnan(average.add(3, 0)));
    QCOMPARE(average.value(), before);
}

void TestSmoothing::bucketsCountAsTheirPoints()
{
    std::mt19937 random(3);
    std::uniform_int_distribution<int> size(1, 9);
    DebiasedEma buckets(0.95);
    std::vector<double> points;
    for (const double mean : noisy(200, 2)) {
        const int n = size(random);
        points.insert(points.end(), size_t(n), mean);
        const double smoothed = buckets.add(mean, uint64_t(n));
        QVERIFY(std::abs(smoothed - reference(points, points.size() - 1, 0.95)) < 1e-10);
    }
}

void TestSmoothing::zeroIsNoSmoothing()
{
    DebiasedEma average(0);
    for (const double value : noisy(50, 4)) QVERIFY(average.add(value, 3) == value);
}

void TestSmoothing::copyGoesOnFromTheState()
{
    const std::vector<double> values = noisy(100, 5);
    DebiasedEma average(0.9);
    for (size_t i = 0; i < 60; ++i) average.add(values[i]);
    DebiasedEma branch = average;
    for (size_t i = 60; i < 100; ++i) QCOMPARE(branch.add(values[i]), average.add(values[i]));
}

void TestSmoothing::weightIsClamped()
{
    DebiasedEma tooStrong(1.5), strongest(kMaxSmoothing);
    for (const double value : noisy(50, 6)) QCOMPARE(tooStrong.add(value), strongest.add(value));
}

QTEST_APPLESS_MAIN(TestSmoothing)
#include "tst_smoothing.moc"
