// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_session.h"
#include "widgets/curves/shown_series.h"

#include <QTest>

using namespace orrery;
using namespace orrery::ui;
using namespace orrery::ui::test;

namespace {

/// 100 steps, died; resumed at 60 four minutes later, goes on to 120.
std::vector<FakePoint> resumedRun()
{
    std::vector<FakePoint> points;
    for (int64_t step = 1; step <= 100; ++step)
        points.push_back({step, 1000 + double(step), 0, 5.0 - 0.01 * double(step), step > 60});
    for (int64_t step = 61; step <= 120; ++step)
        points.push_back({step, 1340 + double(step) - 60, 1, 5.0 - 0.01 * double(step)});
    return points;
}

ShownSeries shownOf(const std::vector<FakePoint> &points, double smoothing = 0, int maxBuckets = 2000)
{
    return makeShown(bucketsOf(points, 0, INT64_MAX, maxBuckets), smoothing);
}

bool ascends(const PlotCurve &curve)
{
    for (size_t i = 1; i < curve.line.size(); ++i)
        if (curve.line[i].x() < curve.line[i - 1].x()) return false;
    for (size_t i = 1; i < curve.raw.size(); ++i)
        if (curve.raw[i].x < curve.raw[i - 1].x) return false;
    return true;
}

} // namespace

class TestShownSeries : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void supersededTailIsItsOwnDimmedCurve_data();
    void supersededTailIsItsOwnDimmedCurve();
    void timeBetweenAttemptsIsAGap();
    void smoothingGoesOnAcrossAResume();
    void smoothingHardlyDependsOnBuckets();
    void nonFinitePointsBecomeGlyphsAndGaps();
    void hiddenNonFinitePointStillHasAGlyph();
    void nearestSkipsSupersededPoints();
    void timesMapToSteps();
};

void TestShownSeries::supersededTailIsItsOwnDimmedCurve_data()
{
    QTest::addColumn<int>("mode");
    QTest::newRow("steps") << int(XMode::Step);
    QTest::newRow("time") << int(XMode::Time);
}

void TestShownSeries::supersededTailIsItsOwnDimmedCurve()
{
    QFETCH(int, mode);
    const auto curves =
        makeCurves(shownOf(resumedRun()), {XMode(mode), 1001}, {.name = QStringLiteral("train")});
    QCOMPARE(curves.size(), size_t(2));
    QVERIFY(curves[0].isDimmed);
    QCOMPARE(curves[0].line.size(), size_t(40));
    QVERIFY(curves[0].name.isEmpty());
    QVERIFY(!curves[1].isDimmed);
    QCOMPARE(curves[1].name, QStringLiteral("train"));
    QVERIFY(ascends(curves[0]) && ascends(curves[1])); // no zigzag
}

void TestShownSeries::timeBetweenAttemptsIsAGap()
{
    const ShownSeries shown = shownOf(resumedRun());
    const auto byTime = makeCurves(shown, {XMode::Time, 1001}, {});
    const auto byStep = makeCurves(shown, {XMode::Step, 1001}, {});
    const auto gaps = [](const PlotCurve &curve) {
        return std::count_if(curve.line.begin(), curve.line.end(),
                             [](const QPointF &p) { return std::isnan(p.y()); });
    };
    QCOMPARE(gaps(byTime.back()), 1);
    QCOMPARE(gaps(byStep.back()), 0);
}

void TestShownSeries::smoothingGoesOnAcrossAResume()
{
    const ShownSeries resumed = shownOf(resumedRun(), 0.95);
    std::vector<FakePoint> unbroken;
    for (int64_t step = 1; step <= 120; ++step) unbroken.push_back({step, 0, 0, 5.0 - 0.01 * double(step)});
    const ShownSeries expected = shownOf(unbroken, 0.95);
    // The tail of the first attempt, too, goes on from where it left.
    for (size_t i = 0; i < resumed.buckets.size(); ++i)
        QCOMPARE(resumed.smoothed[i], expected.smoothed[size_t(resumed.buckets[i].firstStep - 1)]);
}

void TestShownSeries::smoothingHardlyDependsOnBuckets()
{
    std::vector<FakePoint> points;
    for (int64_t step = 1; step <= 8000; ++step)
        points.push_back(
            {step, 0, 0, 1.4 + 4 * std::exp(-double(step) / 1000) + 0.1 * std::sin(double(step) * 0.7)});
    const ShownSeries fine = shownOf(points, 0.99, 8000), coarse = shownOf(points, 0.99, 1000);
    for (size_t i = 20; i < coarse.buckets.size(); ++i) {
        const double there = fine.smoothed[size_t(coarse.buckets[i].lastStep - 1)];
        QVERIFY(std::abs(coarse.smoothed[i] - there) < 0.02);
    }
}

void TestShownSeries::nonFinitePointsBecomeGlyphsAndGaps()
{
    std::vector<FakePoint> points;
    for (int64_t step = 1; step <= 10; ++step)
        points.push_back({step, 0, 0, step == 5 ? std::nan("") : step == 8 ? -INFINITY : 2.0});
    const PlotCurve curve = makeCurves(shownOf(points, 0.5), {}, {}).front();
    QCOMPARE(curve.nonFinite.size(), size_t(2));
    QCOMPARE(curve.nonFinite[0].x, 5.0);
    QVERIFY(std::isnan(curve.nonFinite[0].value));
    QCOMPARE(curve.nonFinite[1].value, -INFINITY);
    QVERIFY(std::isnan(curve.line[4].y()) && std::isnan(curve.raw[4].mean));
    QCOMPARE(curve.line[5].y(), 2.0);
}

void TestShownSeries::hiddenNonFinitePointStillHasAGlyph()
{
    std::vector<FakePoint> points;
    for (int64_t step = 1; step <= 1000; ++step)
        points.push_back({step, 0, 0, step == 503 ? std::nan("") : 2.0});
    const PlotCurve curve = makeCurves(shownOf(points, 0, 10), {}, {}).front();
    QCOMPARE(curve.nonFinite.size(), size_t(1));
    QVERIFY(std::abs(curve.nonFinite[0].x - 503) <= 100);
}

void TestShownSeries::nearestSkipsSupersededPoints()
{
    const ShownSeries shown = shownOf(resumedRun());
    const auto index = nearestBucket(shown, {XMode::Step, 0}, 80);
    QVERIFY(index);
    QCOMPARE(shown.buckets[*index].attempt, 1);
    QCOMPARE(shown.buckets[*newestBucket(shown)].lastStep, int64_t(120));
    QVERIFY(!nearestBucket({}, {}, 3));
}

void TestShownSeries::timesMapToSteps()
{
    const ShownSeries shown = shownOf(resumedRun());
    const XAxis time{XMode::Time, 1001};
    const auto [first, last] = stepsBetween(shown, time, 9, 29); // steps 10 … 30
    QVERIFY(first <= 10 && first >= 8);
    QVERIFY(last >= 30 && last <= 32);
    const auto steps = stepsBetween(shown, {XMode::Step, 0}, -5.5, 20.2);
    QCOMPARE(steps.first, int64_t(0));
    QCOMPARE(steps.second, int64_t(21));
}

QTEST_GUILESS_MAIN(TestShownSeries)
#include "tst_shown_series.moc"
