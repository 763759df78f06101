// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_session.h"
#include "widgets/curves/curves_model.h"

#include <QSignalSpy>
#include <QTest>

#include <random>
#include <set>

using namespace orrery;
using namespace orrery::ui;
using namespace orrery::ui::test;

namespace {

std::vector<FakePoint> randomPoints(int count, unsigned seed, int64_t firstStep = 1)
{
    std::mt19937 random(seed);
    std::normal_distribution<double> noise;
    std::uniform_int_distribution<int> dice(0, 199);
    std::vector<FakePoint> points;
    int64_t step = firstStep;
    for (int i = 0; i < count; ++i) {
        double value = noise(random);
        const int thrown = dice(random);
        if (thrown == 0) value = std::nan("");
        if (thrown == 1) value = INFINITY;
        if (thrown == 2) value *= 100; // a spike
        points.push_back({step, 1e9 + double(step), 0, value});
        step += 1 + thrown % 3;
    }
    return points;
}

/// Every finite point lies within a bucket of its step, all extrema are points, and nothing is counted twice.
void verifyHolds(const std::vector<SeriesBucket> &buckets, const std::vector<FakePoint> &points)
{
    uint64_t numPoints = 0, numNonFinite = 0;
    double low = INFINITY, high = -INFINITY, sum = 0;
    std::set<double> values;
    for (const FakePoint &point : points)
        if (std::isfinite(point.value)) values.insert(point.value);
    for (const SeriesBucket &bucket : buckets) {
        numPoints += bucket.numPoints;
        numNonFinite += bucket.numNonFinite;
        if (numFinite(bucket) == 0) {
            QVERIFY(std::isnan(bucket.minimum) && std::isnan(bucket.mean));
            continue;
        }
        QVERIFY(values.count(bucket.minimum) == 1 && values.count(bucket.maximum) == 1);
        QVERIFY(bucket.minimum <= bucket.mean + 1e-9 && bucket.mean <= bucket.maximum + 1e-9);
        low = std::min(low, bucket.minimum);
        high = std::max(high, bucket.maximum);
        sum += bucket.mean * double(numFinite(bucket));
    }
    QCOMPARE(numPoints, uint64_t(points.size()));
    QCOMPARE(numNonFinite, uint64_t(points.size() - size_t(std::count_if(points.begin(), points.end(),
                                                                         [](const FakePoint &p) {
                                                                             return std::isfinite(p.value);
                                                                         }))));
    QCOMPARE(low, *values.begin());
    QCOMPARE(high, *values.rbegin());
    double expected = 0;
    for (const FakePoint &point : points)
        if (std::isfinite(point.value)) expected += point.value;
    QVERIFY(std::abs(sum - expected) < 1e-6);
    for (const FakePoint &point : points) {
        const auto holder = std::find_if(buckets.begin(), buckets.end(), [&](const SeriesBucket &b) {
            return b.firstStep <= point.step && point.step <= b.lastStep && b.attempt == point.attempt;
        });
        QVERIFY(holder != buckets.end());
        if (std::isfinite(point.value))
            QVERIFY(holder->minimum <= point.value && point.value <= holder->maximum);
        else
            QVERIFY(holder->numNonFinite > 0);
    }
}

void appendAll(SeriesBuffer &buffer, const std::vector<FakePoint> &points)
{
    for (const FakePoint &point : points)
        buffer.append(point.step, point.wallTime, point.attempt, point.value);
}

} // namespace

class TestSeriesBuffer : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void appendKeepsEveryExtremum_data();
    void appendKeepsEveryExtremum();
    void memoryIsBounded();
    void historyMergesWithWhatCameLive_data();
    void historyMergesWithWhatCameLive();
    void knownReportsAreSkipped();
    void newAttemptSupersedesTheTail();
    void oldAttemptIsIgnored();
    void detailReplacesItsWindow();
    void bucketsAcrossTheEdgeKeepTheirExtrema();
    void livePointsBehindTheDetailAreShown();
    void coarseOnlyWhereBucketsHoldSeveralPoints();
    void modelTellsAboutANewAttempt();
    void modelForgetsARun();
};

void TestSeriesBuffer::appendKeepsEveryExtremum_data()
{
    QTest::addColumn<int>("count");
    QTest::newRow("few") << 10;
    QTest::newRow("at the limit") << int(SeriesBuffer::kMaxBuckets);
    QTest::newRow("one more") << int(SeriesBuffer::kMaxBuckets) + 1;
    QTest::newRow("many") << 50000;
}

void TestSeriesBuffer::appendKeepsEveryExtremum()
{
    QFETCH(int, count);
    const std::vector<FakePoint> points = randomPoints(count, 1);
    SeriesBuffer buffer;
    appendAll(buffer, points);
    verifyHolds(buffer.buckets(), points);
}

void TestSeriesBuffer::memoryIsBounded()
{
    SeriesBuffer buffer;
    for (int64_t step = 1; step <= 300000; ++step) {
        buffer.append(step, double(step), 0, 1.0);
        QVERIFY(buffer.numStoredBuckets() <= SeriesBuffer::kMaxBuckets);
    }
    QVERIFY(buffer.numStoredBuckets() > SeriesBuffer::kMaxBuckets / 4); // and not thrown away in haste
    QCOMPARE(buffer.numPoints(), uint64_t(300000));
}

void TestSeriesBuffer::historyMergesWithWhatCameLive_data()
{
    QTest::addColumn<int>("historyEnd"); // how many points the store had when it answered
    QTest::addColumn<int>("liveStart");  // the first point that came live before the answer
    QTest::newRow("history meets live") << 5000 << 5000;
    QTest::newRow("history overlaps live") << 5200 << 5000;
    QTest::newRow("history has all") << 6000 << 5000;
    QTest::newRow("small") << 10 << 10;
}

void TestSeriesBuffer::historyMergesWithWhatCameLive()
{
    QFETCH(int, historyEnd);
    QFETCH(int, liveStart);
    const std::vector<FakePoint> points = randomPoints(6000, 2);
    SeriesBuffer buffer;
    appendAll(buffer, {points.begin() + liveStart, points.end()});
    const std::vector<FakePoint> stored(points.begin(), points.begin() + historyEnd);
    buffer.setHistory(bucketsOf(stored, 0, INT64_MAX, 2000));
    verifyHolds(buffer.buckets(), points);
    appendAll(buffer, randomPoints(100, 3, points.back().step + 1));
    QCOMPARE(buffer.numPoints(), uint64_t(6100));
}

void TestSeriesBuffer::knownReportsAreSkipped()
{
    const std::vector<FakePoint> points = randomPoints(500, 4);
    SeriesBuffer buffer;
    buffer.setHistory(bucketsOf(points, 0, INT64_MAX, 2000));
    QCOMPARE(buffer.append(points[400].step, 0, 0, 5.0), SeriesBuffer::Append::Known);
    appendAll(buffer, points);
    verifyHolds(buffer.buckets(), points);
}

void TestSeriesBuffer::newAttemptSupersedesTheTail()
{
    SeriesBuffer buffer;
    for (int64_t step = 1; step <= 100; ++step) buffer.append(step, double(step), 0, 1);
    QCOMPARE(buffer.append(61, 200, 1, 2), SeriesBuffer::Append::NewAttempt);
    QCOMPARE(buffer.append(62, 201, 1, 2), SeriesBuffer::Append::Added);
    int numSuperseded = 0;
    for (const SeriesBucket &bucket : buffer.buckets()) {
        numSuperseded += bucket.isSuperseded;
        QCOMPARE(bucket.isSuperseded, bucket.attempt == 0 && bucket.firstStep >= 61);
    }
    QCOMPARE(numSuperseded, 40);
}

void TestSeriesBuffer::oldAttemptIsIgnored()
{
    SeriesBuffer buffer;
    buffer.append(10, 1, 2, 1);
    QCOMPARE(buffer.append(11, 2, 1, 1), SeriesBuffer::Append::Known);
    QCOMPARE(buffer.numPoints(), uint64_t(1));
}

void TestSeriesBuffer::detailReplacesItsWindow()
{
    const std::vector<FakePoint> points = randomPoints(20000, 5);
    SeriesBuffer buffer;
    buffer.setHistory(bucketsOf(points, 0, INT64_MAX, 500));
    const int64_t from = points[9000].step, to = points[9800].step;
    buffer.setDetail(from, to, bucketsOf(points, from, to, 2000));
    int numFine = 0;
    int64_t before = -1;
    for (const SeriesBucket &bucket : buffer.buckets()) {
        QVERIFY(bucket.firstStep > before); // in order, without overlap
        before = bucket.lastStep;
        numFine += bucket.firstStep >= from && bucket.lastStep <= to && bucket.numPoints == 1;
    }
    QCOMPARE(numFine, 801);
    buffer.setDetail(0, -1, {});
    QCOMPARE(buffer.buckets().size(), bucketsOf(points, 0, INT64_MAX, 500).size());
}

void TestSeriesBuffer::bucketsAcrossTheEdgeKeepTheirExtrema()
{
    std::vector<FakePoint> points;
    for (int64_t step = 1; step <= 100; ++step)
        points.push_back({step, double(step), 0, step == 98 ? 50.0 : 1.0});
    SeriesBuffer buffer;
    buffer.setHistory(bucketsOf(points, 0, INT64_MAX, 10)); // 91 … 100 is one bucket, with the spike
    buffer.setDetail(41, 95, bucketsOf(points, 41, 95, 2000));
    const SeriesBucket last = buffer.buckets().back();
    QCOMPARE(last.firstStep, int64_t(96));
    QCOMPARE(last.lastStep, int64_t(100));
    QCOMPARE(last.maximum, 50.0);
}

void TestSeriesBuffer::livePointsBehindTheDetailAreShown()
{
    std::vector<FakePoint> points = randomPoints(5000, 6);
    SeriesBuffer buffer;
    buffer.setHistory(bucketsOf(points, 0, INT64_MAX, 500));
    const int64_t last = points.back().step;
    buffer.setDetail(last - 500, last + 1000, bucketsOf(points, last - 500, last + 1000, 2000));
    buffer.append(last + 1, 0, 0, 77.0);
    QCOMPARE(buffer.buckets().back().maximum, 77.0);
    QCOMPARE(buffer.buckets().back().lastStep, last + 1);
}

void TestSeriesBuffer::coarseOnlyWhereBucketsHoldSeveralPoints()
{
    std::vector<FakePoint> points;
    for (int64_t step = 1; step <= 1000; ++step) points.push_back({step, double(step), 0, 1.0});
    SeriesBuffer fine, coarse;
    fine.setHistory(bucketsOf(points, 0, INT64_MAX, 2000));
    coarse.setHistory(bucketsOf(points, 0, INT64_MAX, 100));
    QVERIFY(!fine.isCoarse(100, 200));
    QVERIFY(coarse.isCoarse(100, 200));
    QVERIFY(!coarse.isCoarse(2000, 3000));
}

void TestSeriesBuffer::modelTellsAboutANewAttempt()
{
    CurvesModel model;
    QSignalSpy changed(&model, &CurvesModel::changed);
    const QString run = QStringLiteral("a");
    QVERIFY(!model.hasPoints(run));
    QCOMPARE(model.appendReports(run, {makeReport(1, 5), makeReport(2, 4)}), CurvesModel::Append::Complete);
    QCOMPARE(changed.count(), 1);
    QCOMPARE(model.lastStep(run), int64_t(2));
    QCOMPARE(model.lastWallTime(run), 1.7e9 + 0.2);
    QCOMPARE(model.appendReports(run, {makeReport(2, 4, 1)}), CurvesModel::Append::NeedsHistory);
    QCOMPARE(model.appendReports(run, {makeReport(1, 4, 1)}), CurvesModel::Append::Complete);
    QCOMPARE(changed.count(), 2); // nothing new, nothing to draw
}

void TestSeriesBuffer::modelForgetsARun()
{
    CurvesModel model;
    const QString run = QStringLiteral("a");
    model.appendReports(run, {makeReport(1, 5)});
    model.removeRun(run);
    QVERIFY(!model.hasPoints(run));
    QVERIFY(model.buckets(run, series::kLoss).empty());
    model.setDetail(run, series::kLoss, 0, 10, {}); // a late answer
    QVERIFY(!model.hasPoints(run));
}

QTEST_GUILESS_MAIN(TestSeriesBuffer)
#include "tst_series_buffer.moc"
